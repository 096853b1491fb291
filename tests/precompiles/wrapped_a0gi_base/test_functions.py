"""WrappedA0GIBase: mint, burn and caps (facts §1a-2)."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.interface import CallKind, Failed, Reverted
from precompiles.storage import load_blob, store_blob
from precompiles.wrapped_a0gi_base import records
from precompiles.wrapped_a0gi_base.functions import AGENCY, WRAPPED_TOKEN, wrapped_a0gi_base

MINTER = Address(b"\xa1" * 20)
READ_ONLY = (CallKind.STATICCALL, CallKind.DELEGATECALL, CallKind.CALLCODE)


@pytest.fixture
def chain(chain_of: Any) -> Any:
    return chain_of(wrapped_a0gi_base())


def _set_cap(chain: Any, cap: int, initial: int, **options: Any) -> Any:
    return chain.invoke("setMinterCap", MINTER, cap, initial, **{"caller": AGENCY, **options})


def _mint(chain: Any, amount: int) -> Any:
    return chain.invoke("mint", MINTER, amount, caller=WRAPPED_TOKEN)


def _burn(chain: Any, amount: int) -> Any:
    return chain.invoke("burn", MINTER, amount, caller=WRAPPED_TOKEN)


def test_the_token_is_at_its_fixed_address(chain: Any) -> None:
    address = bytes.fromhex("1cd0690ff9a693f5ef2dd976660a8dafc81a109c")
    assert chain.invoke("getWA0GI") == (address,)


def test_an_unknown_minter_has_nothing(chain: Any) -> None:
    assert chain.invoke("minterSupply", MINTER) == ((0, 0, 0),)
    assert _mint(chain, 0) == ()
    assert _mint(chain, 1) == Failed("insufficient mint cap")


def test_minting_raises_supply_and_the_tokens_balance_up_to_the_cap(chain: Any) -> None:
    _set_cap(chain, 10, 4)
    assert _mint(chain, 5) == ()
    assert chain.invoke("minterSupply", MINTER) == ((10, 4, 9),)
    assert chain.balances.wei == {WRAPPED_TOKEN: 5}
    assert _mint(chain, 2) == Failed("insufficient mint cap")
    assert _mint(chain, 1) == ()
    assert chain.logs == []


def test_burning_lowers_both_and_wraps_the_balance(chain: Any) -> None:
    """No balance check: uint256 wrap-around if the contract holds less."""
    _set_cap(chain, 10, 4)
    assert _burn(chain, 3) == ()
    assert chain.invoke("minterSupply", MINTER) == ((10, 4, 1),)
    assert chain.balances.wei == {WRAPPED_TOKEN: 2**256 - 3}
    assert _burn(chain, 2) == Failed("insufficient mint supply")
    assert chain.balances.wei == {WRAPPED_TOKEN: 2**256 - 3}


@pytest.mark.parametrize(
    ("initials", "supply"),
    [([5], 5), ([5, 9], 9), ([9, 5], 5), ([0], 0)],
)
def test_the_supply_moves_with_the_initial_supply(
    chain: Any, initials: list[int], supply: int
) -> None:
    """supply += (new initial − old initial); cap/initial replaced."""
    for initial in initials:
        assert _set_cap(chain, 100, initial) == ()
    assert chain.invoke("minterSupply", MINTER) == ((100, initials[-1], supply),)


def test_the_supply_is_floored_at_zero(chain: Any) -> None:
    _set_cap(chain, 100, 50)
    _burn(chain, 45)
    assert _set_cap(chain, 7, 10) == ()
    assert chain.invoke("minterSupply", MINTER) == ((7, 10, 0),)


def test_a_supply_beyond_256_bits_is_kept_and_returned_modulo(chain: Any) -> None:
    """[O12]."""
    top = 2**256 - 1
    _set_cap(chain, top, 0)
    assert _mint(chain, top) == ()
    _set_cap(chain, top, 10)
    assert chain.invoke("minterSupply", MINTER) == ((top, 10, 9),)
    blob = load_blob(chain.storage, records.supply_key(MINTER))
    assert records.decode_supply(blob).supply == 2**256 + 9


@pytest.mark.parametrize(
    ("name", "arguments", "reason"),
    [
        ("mint", (MINTER, 0), "sender is not WA0GI"),
        ("burn", (MINTER, 0), "sender is not WA0GI"),
        ("setMinterCap", (MINTER, 0, 0), "sender is not agency"),
    ],
)
def test_each_function_has_its_caller(
    chain: Any, name: str, arguments: tuple[Any, ...], reason: str
) -> None:
    assert chain.invoke(name, *arguments, caller=MINTER) == Failed(reason)
    wrong = WRAPPED_TOKEN if name == "setMinterCap" else AGENCY
    assert chain.invoke(name, *arguments, caller=wrong) == Failed(reason)


@pytest.mark.parametrize("kind", READ_ONLY)
def test_minting_and_burning_need_a_plain_call_setting_caps_does_not(
    chain: Any, kind: CallKind
) -> None:
    """§1a: setMinterCap is not flagged, still needs caller == agency."""
    assert chain.invoke("mint", MINTER, 0, caller=WRAPPED_TOKEN, kind=kind) == Reverted()
    assert chain.invoke("burn", MINTER, 0, caller=WRAPPED_TOKEN, kind=kind) == Reverted()
    assert _set_cap(chain, 5, 1, kind=kind) == ()
    assert _set_cap(chain, 5, 1, kind=kind, caller=MINTER) == Failed("sender is not agency")
    assert chain.code.code == b""
    assert chain.invoke("minterSupply", MINTER, kind=kind) == ((5, 1, 1),)


def test_the_record_is_messagepack_in_the_order_of_gos_struct(chain: Any) -> None:
    """Supply: "Cap","InitialSupply","Supply"; key keccak(00‖addr)."""
    assert records.supply_key(MINTER) == keccak(b"\x00" + MINTER)
    _set_cap(chain, 8, 4)
    assert load_blob(chain.storage, records.supply_key(MINTER)) == (
        b"\x83\xa3Cap\xc4\x018\xadInitialSupply\xc4\x014\xa6Supply\xc4\x014"
    )


def test_the_recorded_supply_is_reproduced_slot_for_slot(chain: Any, shared: Path) -> None:
    vectors = json.loads((shared / "vectors/dasigners-chain1.json").read_text())
    expected = vectors["wa0gi_supply_signerOne"]
    minter = Address(bytes.fromhex(expected["account"][2:]))
    cap, initial, supply = (int(expected[name]) for name in ("cap", "initialSupply", "supply"))
    chain.invoke("setMinterCap", minter, cap, initial, caller=AGENCY)
    chain.invoke("mint", minter, supply - initial, caller=WRAPPED_TOKEN)
    assert chain.storage.slots == {
        int(slot, 16): int(value, 16) for slot, value in expected["slots"].items()
    }


@pytest.mark.parametrize("blob", [b"\xc0", b"\x80", b"\x81\xa3Cap\xc0"])
def test_a_record_without_numbers_is_an_alarm(chain: Any, blob: bytes) -> None:
    """[O14]."""
    store_blob(chain.storage, records.supply_key(MINTER), blob)
    assert chain.invoke("minterSupply", MINTER).alarm
    assert _mint(chain, 1).alarm
    assert _burn(chain, 1).alarm
    assert _set_cap(chain, 1, 1).alarm


def test_a_bad_record_is_an_ordinary_error(chain: Any) -> None:
    """[O14]."""
    store_blob(chain.storage, records.supply_key(MINTER), b"\x81\xa3Cap\x07")
    outcome = chain.invoke("minterSupply", MINTER)
    assert isinstance(outcome, Failed)
    assert outcome.alarm is None
