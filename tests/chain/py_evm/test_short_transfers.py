"""A call of an account without code takes a short path, and nobody can tell by the outcome."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from eth_typing import Address
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.errors import InvalidTransaction, InvalidTransactionInBlock
from chain.forks.fork import Fork
from chain.py_evm import transaction_executor
from chain.py_evm.engine import PyEvmEngine

ETHER, GWEI = 10**18, 10**9
NOBODY = Address(b"\x77" * 20)
EMPTY = Address(b"\x78" * 20)
CONTRACT = Address(b"\x79" * 20)
DELEGATED = Address(b"\x7a" * 20)
COINBASE = Address(b"\xc0" * 20)
RIPEMD160 = Address(bytes(19) + b"\x03")
MISSING = object()


@dataclass(frozen=True)
class Call:
    """One transaction of Alice's."""

    to: Address | None
    value: int
    gas: int
    tip: int
    max_fee: int
    data: bytes
    access_list: Sequence[Any]
    nonce_gap: int


calls = st.builds(
    Call,
    to=st.sampled_from([NOBODY, EMPTY, CONTRACT, DELEGATED, COINBASE, RIPEMD160, MISSING]),
    value=st.sampled_from([0, 0, 1, ETHER, 600 * ETHER]),
    gas=st.sampled_from([20_999, 21_000, 30_000, 100_000]),
    tip=st.sampled_from([0, 1, GWEI]),
    max_fee=st.sampled_from([6, 7, GWEI, 10**15]),
    data=st.sampled_from([b"", b"\x01" * 40]),
    access_list=st.sampled_from([[], [[NOBODY, [bytes(32)]]]]),
    nonce_gap=st.sampled_from([0] * 9 + [1]),
)


def outcomes(world: Any, sent: Sequence[Call], has_short_transfers: bool) -> list[Any]:
    """Of each block with one transaction, one after the other: what it gave or why it is invalid."""
    world.engine = PyEvmEngine(has_short_transfers=has_short_transfers)
    world.ledger.put(CONTRACT, code=bytes.fromhex("60015f5500"))
    world.ledger.put(EMPTY)
    world.ledger.put(DELEGATED, code=b"\xef\x01\x00" + CONTRACT)
    found: list[Any] = []
    for call in sent:
        account = world.ledger.account(world.alice.address)
        transaction = world.alice.sign(
            account.nonce + call.nonce_gap,
            world.alice.address if call.to is MISSING else call.to,
            value=call.value, gas=call.gas, tip=call.tip, max_fee=call.max_fee,
            data=call.data, access_list=call.access_list,
        )  # fmt: skip
        try:
            found.append(world.block(transaction, base_fee=7))
        except InvalidTransactionInBlock as error:
            found.append(str(error))
    return found


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    fork=st.sampled_from([Fork.LONDON, Fork.SHANGHAI, Fork.CANCUN, Fork.PRAGUE]),
    is_zero_g=st.booleans(),
    sent=st.lists(calls, min_size=1, max_size=4),
)
def test_the_short_path_gives_what_the_long_one_gives(
    worlds: Any, fork: Fork, is_zero_g: bool, sent: list[Call]
) -> None:
    def world() -> Any:
        if is_zero_g:
            return worlds.zero_g(restaking_active=True)
        return worlds.ethereum(fork)

    assert outcomes(world(), sent, True) == outcomes(world(), sent, False)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    to=st.sampled_from([NOBODY, EMPTY, CONTRACT, DELEGATED, RIPEMD160]),
    value=st.sampled_from([0, 1, 999 * ETHER, 1_001 * ETHER]),
    gas=st.sampled_from([20_999, 21_000, 100_000]),
    gas_price=st.sampled_from([0, 1, 10**15]),
)
def test_calls_and_estimates_cannot_tell_either(
    worlds: Any, to: Address, value: int, gas: int, gas_price: int
) -> None:
    answers = []
    for has_short_transfers in (True, False):
        world = worlds.ethereum()
        outcomes(world, (), has_short_transfers)
        try:
            answers.append(world.call(to, gas=gas, value=value, gas_price=gas_price))
        except InvalidTransaction as error:
            answers.append(str(error))
    assert answers[0] == answers[1]


def test_a_transfer_takes_it_and_a_call_of_code_does_not(
    worlds: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[Any] = []
    short = transaction_executor._transfer

    def counted(state: Any, message: Any, intrinsic: int) -> Any:
        taken.append(message.to)
        return short(state, message, intrinsic)

    monkeypatch.setattr(transaction_executor, "_transfer", counted)
    world = worlds.ethereum()
    recipients = [NOBODY, CONTRACT, DELEGATED, RIPEMD160, EMPTY]
    sent = [Call(to, 1, 100_000, 0, GWEI, b"", [], 0) for to in recipients]
    outcomes(world, sent, True)
    assert taken == [NOBODY, EMPTY]
