"""geth's state overrides: what a call sees, and which are refused."""

from typing import Any

import pytest
from eth_typing import Address

from chain.engine import AccountOverride
from chain.errors import InvalidOverride

TARGET = Address(b"\x77" * 20)
ELSEWHERE = Address(b"\x78" * 20)
IDENTITY = Address(bytes(19) + b"\x04")
READS_SLOT = bytes.fromhex("60003554" + "60005260206000f3")
"""Returns the slot that the input names."""


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_code_balance_and_nonce_are_seen_and_not_kept(world: Any) -> None:
    # Returns own balance.
    override = AccountOverride(balance=5, code=bytes.fromhex("4760005260206000f3"))
    assert world.call(TARGET, overrides={TARGET: override}).output == word(5)
    assert world.call(TARGET).output == b""


def test_state_replaces_the_storage_and_state_diff_adds_to_it(world: Any) -> None:
    world.ledger.put(TARGET, nonce=1, code=READS_SLOT, slots={1: 10, 2: 20})
    replaced = {TARGET: AccountOverride(state={1: 11})}
    changed = {TARGET: AccountOverride(state_diff={1: 11})}
    assert world.call(TARGET, word(1), overrides=replaced).output == word(11)
    assert world.call(TARGET, word(2), overrides=replaced).output == word(0)
    assert world.call(TARGET, word(1), overrides=changed).output == word(11)
    assert world.call(TARGET, word(2), overrides=changed).output == word(20)


def test_a_moved_precompile_answers_at_its_new_place_only(world: Any) -> None:
    code = bytes.fromhex("602a60005260206000f3")
    overrides = {IDENTITY: AccountOverride(code=code, move_precompile_to=ELSEWHERE)}
    assert world.call(ELSEWHERE, b"hello", overrides=overrides).output == b"hello"
    assert world.call(IDENTITY, b"hello", overrides=overrides).output == word(42)
    assert world.call(IDENTITY, b"hello").output == b"hello"


@pytest.mark.parametrize(
    ("overrides", "why"),
    [
        ({TARGET: AccountOverride(move_precompile_to=ELSEWHERE)}, "is not a precompile"),
        (
            {
                IDENTITY: AccountOverride(move_precompile_to=ELSEWHERE),
                ELSEWHERE: AccountOverride(balance=1),
            },
            "is already overridden",
        ),
        ({TARGET: AccountOverride(state={}, state_diff={1: 1})}, "both 'state' and 'stateDiff'"),
    ],
)
def test_overrides_that_contradict_themselves_are_refused(
    world: Any, overrides: dict[Address, AccountOverride], why: str
) -> None:
    with pytest.raises(InvalidOverride, match=why):
        world.call(TARGET, overrides=overrides)
