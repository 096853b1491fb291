"""Dispatch: gas, selectors, read-only rule, code byte and errors (facts §1a, "Precompile framework")."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from precompiles.dispatch import PANIC_REASON, UNKNOWN_FUNCTION_GAS, Function, TablePrecompile
from precompiles.errors import CorruptStorage, DomainError
from precompiles.interface import Call, CallKind, Failed, Precompile, Returned, Reverted
from precompiles.registry import zero_g_precompiles

ChainOf = Callable[..., Any]
NOT_CALL = (CallKind.CALLCODE, CallKind.DELEGATECALL, CallKind.STATICCALL)


def _read(call: Call) -> tuple[int]:
    return (call.storage.load(1),)


def _write(call: Call, value: int) -> tuple[()]:
    call.storage.store(1, value)
    call.emit((), b"log")
    return ()


def _refuse(call: Call) -> tuple[()]:
    call.storage.store(1, 99)
    call.balances.add(call.caller, 1)
    call.emit((), b"log")
    raise DomainError("refused")


def _panic(call: Call) -> tuple[()]:
    raise CorruptStorage("no number")


READ = Function("read()", _read, gas=10, returns="(uint256)")
WRITE = Function("write(uint256)", _write, gas=20, writes=True)
SLIP = Function("slip(uint256)", _write, gas=20)
REFUSE = Function("refuse()", _refuse, gas=30)
PANIC = Function("panic()", _panic, gas=30)
TABLE = TablePrecompile(Address(b"\x01" * 20), (READ, WRITE, SLIP, REFUSE, PANIC))
SEVEN = (7).to_bytes(32, "big")


def test_less_gas_than_a_function_costs_is_out_of_gas_before_it_runs(chain_of: ChainOf) -> None:
    """§1a, Gas: out-of-gas, zero gas left, no data."""
    chain = chain_of(TABLE)
    assert chain.call(READ.selector, gas=9) is None
    assert chain.gas_left == 0
    assert chain.code.code == b""
    assert isinstance(chain.call(READ.selector, gas=10), Returned)
    assert chain.gas_left == 0


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x01\x02\x03", b"\xde\xad\xbe\xef", b"\0" * 50])
def test_short_input_and_unknown_selectors_cost_a_billion_and_revert_keeping_the_rest(
    chain_of: ChainOf, data: bytes
) -> None:
    """§1a, Gas: input < 4 bytes, or unknown selector."""
    chain = chain_of(TABLE)
    assert chain.call(data, gas=UNKNOWN_FUNCTION_GAS - 1) is None
    assert chain.call(data, gas=UNKNOWN_FUNCTION_GAS + 5) == Reverted()
    assert chain.gas_left == 5


def test_undecodable_arguments_revert_and_keep_the_rest(chain_of: ChainOf) -> None:
    """§1a, Error → EVM effect: the sentinel, empty return data."""
    chain = chain_of(TABLE)
    assert chain.call(WRITE.selector + SEVEN[:-1], gas=100) == Reverted()
    assert chain.gas_left == 80
    assert chain.code.code == b""


def test_a_domain_error_consumes_everything_and_leaves_no_trace(chain_of: ChainOf) -> None:
    """§1a, Error → EVM effect: any other error; the code byte goes too ([O16])."""
    chain = chain_of(TABLE)
    assert chain.call(REFUSE.selector, gas=1_000) == Failed("refused")
    assert chain.gas_left == 0
    assert (chain.storage.slots, chain.balances.wei, chain.code.code, chain.logs) == (
        {},
        {},
        b"",
        [],
    )


def test_a_panic_is_a_failed_call_with_an_alarm(chain_of: ChainOf) -> None:
    """[O14]: never a crash; that error, and a loud log."""
    assert chain_of(TABLE).call(PANIC.selector) == Failed(PANIC_REASON, "panic(): no number")


@pytest.mark.parametrize("kind", NOT_CALL)
def test_a_flagged_function_reverts_unless_the_kind_is_call(
    chain_of: ChainOf, kind: CallKind
) -> None:
    """§1a, Which call kinds are read-only."""
    chain = chain_of(TABLE)
    assert chain.call(WRITE.selector + SEVEN, kind=kind, gas=100) == Reverted()
    assert chain.gas_left == 80
    assert not chain.storage.slots


def test_call_inside_a_static_frame_writes(chain_of: ChainOf) -> None:
    """§1a, Static-context hole."""
    chain = chain_of(TABLE)
    outcome = chain.call(WRITE.selector + SEVEN, kind=CallKind.CALL, is_static=True)
    assert outcome == Returned()
    assert chain.storage.slots == {1: 7}
    assert chain.code.code == b"\x01"


@pytest.mark.parametrize("kind", NOT_CALL)
def test_a_function_that_is_not_flagged_writes_under_every_kind(
    chain_of: ChainOf, kind: CallKind
) -> None:
    """§1a: `makeEpoch` and `setMinterCap` are not flagged, but set no code byte when read-only."""
    chain = chain_of(TABLE)
    assert chain.call(SLIP.selector + SEVEN, kind=kind) == Returned()
    assert chain.storage.slots == {1: 7}
    assert chain.code.code == b""


def test_the_first_successful_plain_call_sets_the_code_byte_views_included(
    chain_of: ChainOf,
) -> None:
    """§1a, Code byte rule."""
    chain = chain_of(TABLE)
    chain.call(READ.selector, kind=CallKind.STATICCALL)
    assert chain.code.code == b""
    chain.call(READ.selector)
    assert chain.code.code == b"\x01"


def test_code_that_is_there_stays(chain_of: ChainOf) -> None:
    chain = chain_of(TABLE)
    chain.code.set(b"\x60\x00")
    chain.call(READ.selector)
    assert chain.code.code == b"\x60\x00"


def test_value_sent_along_is_no_reason_to_refuse(chain_of: ChainOf) -> None:
    """§1a: non-payable is not enforced."""
    assert isinstance(chain_of(TABLE).call(READ.selector, value=5), Returned)


PRECOMPILES = tuple(zero_g_precompiles().values())
ROWS = [
    (precompile, function)
    for precompile in PRECOMPILES
    if isinstance(precompile, TablePrecompile)
    for function in precompile.functions
]


@given(
    st.sampled_from(ROWS),
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.one_of(st.integers(0, 2**256 - 1), st.integers(0, 320)), max_size=12).map(
            lambda words: b"".join(word.to_bytes(32, "big") for word in words)
        ),
    ),
    st.integers(0, 4),
    st.sampled_from(CallKind),
)
def test_no_input_of_any_length_makes_anything_but_a_defined_outcome(
    chain_of: ChainOf,
    row: tuple[Precompile, Function],
    tail: bytes,
    selector_bytes: int,
    kind: CallKind,
) -> None:
    precompile, function = row
    chain = chain_of(precompile)
    outcome = chain.call(function.selector[:selector_bytes] + tail, kind=kind)
    assert isinstance(outcome, Returned | Reverted | Failed)
    if not isinstance(outcome, Returned):
        assert (chain.storage.slots, chain.code.code, chain.logs) == ({}, b"", [])
