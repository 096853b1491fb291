"""Precompiles that behave as a Solidity contract: arguments, value, refusals, read-only calls, gas."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_typing import Address

from precompiles import contract
from precompiles.contract import ContractFunction, ContractPrecompile
from precompiles.errors import CorruptStorage
from precompiles.interface import Call, CallKind, Failed, Returned, Reverted

ChainOf = Callable[..., Any]
PANIC = bytes.fromhex("4e487b71")
ERROR = bytes.fromhex("08c379a0")


def _echo(call: Call, account: bytes, texts: tuple[bytes, ...]) -> tuple[Any, ...]:
    return account, texts


def _store(call: Call, value: int) -> tuple[()]:
    if call.storage.load(1) != value:
        call.storage.store(1, value)
    return ()


def _work(call: Call, amount: int) -> tuple[()]:
    call.storage.store(1, amount)
    call.charge(amount)
    return ()


def _refuse(call: Call) -> tuple[()]:
    call.storage.store(1, 9)
    raise contract.refusal("no")


def _corrupt(call: Call) -> tuple[()]:
    raise CorruptStorage("gone")


def _log(call: Call) -> tuple[()]:
    call.emit((), b"")
    return ()


ECHO = ContractFunction(
    "echo(address,bytes32[])", _echo, gas=lambda call, _, texts: 10 * len(texts),
    returns="(address,bytes32[])",
)  # fmt: skip
STORE = ContractFunction("store(uint256)", _store, gas=5, writes=True, is_payable=True)
WORK = ContractFunction("work(uint256)", _work, gas=0, writes=True)
REFUSE = ContractFunction("refuse()", _refuse, gas=0, writes=True)
MANY = ContractFunction(
    "many((bytes)[])", lambda call, items: (len(items),), gas=0, returns="(uint256)"
)
CORRUPT = ContractFunction("corrupt()", _corrupt, gas=0)
LOG = ContractFunction("log()", _log, gas=0, writes=True)
TABLE = ContractPrecompile(Address(b"\x02" * 20), (ECHO, STORE, WORK, REFUSE, CORRUPT, LOG, MANY))
ACCOUNT = b"\x77" * 20
BASE = contract.CALL_GAS
WORD = contract.INPUT_WORD_GAS


def echo_input(account: bytes, words: int) -> bytes:
    texts = [bytes([n]) * 32 for n in range(words)]
    return bytes(ECHO.selector + encode(["address", "bytes32[]"], [account, texts]))


def test_a_price_may_depend_on_the_arguments(chain_of: ChainOf) -> None:
    chain = chain_of(TABLE)
    outcome = chain.call(echo_input(ACCOUNT, 3), gas=10_000)
    assert outcome == Returned(echo_input(ACCOUNT, 3)[4:])
    assert chain.gas_left == 10_000 - BASE - 6 * WORD - 30


def test_input_that_cannot_be_paid_for_is_not_even_decoded(chain_of: ChainOf) -> None:
    assert chain_of(TABLE).call(echo_input(ACCOUNT, 3), gas=BASE + 6 * WORD - 1) is None


def test_data_that_many_offsets_lead_to_are_paid_for_as_often_as_they_are_read(
    chain_of: ChainOf,
) -> None:
    chain = chain_of(TABLE)
    text, count = b"x" * 320, 50
    plain = MANY.selector + encode(["(bytes)[]"], [[(text,)] * count])
    # Offset of the list, its length, as many times the same offset, one item: its offset, length, text.
    heads = [32, count, *[32 * count] * count, 32, len(text)]
    folded = MANY.selector + b"".join(word.to_bytes(32, "big") for word in heads) + text
    used = []
    for data in (plain, folded):
        assert chain.call(data, gas=10**6) == Returned(count.to_bytes(32, "big"))
        used.append(10**6 - chain.gas_left)
    assert used[0] == used[1] == 180 + 12 * (len(plain) // 32)
    assert chain.call(folded, gas=used[1] - 1) is None


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\x01", b"\xde\xad\xbe\xef", ECHO.selector, echo_input(ACCOUNT, 3)[:-1],
        ECHO.selector + b"\x01" + echo_input(ACCOUNT, 0)[5:],
    ],
    ids=["empty", "short", "unknown", "no arguments", "cut", "dirty address"],
)  # fmt: skip
def test_what_solidity_cannot_decode_reverts_without_data(chain_of: ChainOf, data: bytes) -> None:
    chain = chain_of(TABLE)
    assert chain.call(data, gas=10_000) == Reverted()
    assert chain.gas_left >= 10_000 - BASE - 6 * WORD


def test_a_length_beyond_all_memory_is_a_panic(chain_of: ChainOf) -> None:
    data = bytearray(echo_input(ACCOUNT, 0))
    data[-32:] = (2**64).to_bytes(32, "big")
    assert chain_of(TABLE).call(bytes(data)) == Reverted(PANIC + (0x41).to_bytes(32, "big"))


def test_value_is_for_payable_functions(chain_of: ChainOf) -> None:
    chain = chain_of(TABLE)
    assert chain.call(LOG.selector, value=1) == Reverted()
    assert chain.call(STORE.selector + encode(["uint256"], [7]), value=1) == Returned()


def test_a_refusal_keeps_the_gas_and_gives_its_reason(chain_of: ChainOf) -> None:
    chain = chain_of(TABLE)
    outcome = chain.call(REFUSE.selector, gas=1_000)
    assert outcome == Reverted(ERROR + encode(["string"], ["no"]))
    assert chain.gas_left == 1_000 - BASE
    assert not chain.storage.slots


def test_work_is_paid_for_while_it_is_done(chain_of: ChainOf) -> None:
    chain = chain_of(TABLE)
    data = WORK.selector + encode(["uint256"], [500])
    assert chain.call(data, gas=BASE + WORD + 499) is None
    assert (chain.gas_left, chain.storage.slots) == (0, {})
    assert chain.call(data, gas=BASE + WORD + 501) == Returned()
    assert (chain.gas_left, chain.storage.slots) == (1, {1: 500})


@pytest.mark.parametrize(
    "options",
    [{"is_static": True}, {"kind": CallKind.STATICCALL}, {"kind": CallKind.DELEGATECALL},
     {"kind": CallKind.CALLCODE}],
    ids=["a call in a static frame", "static", "delegate", "code"],
)  # fmt: skip
def test_a_read_only_call_may_read_and_never_writes(
    chain_of: ChainOf, options: dict[str, Any]
) -> None:
    chain = chain_of(TABLE)
    chain.storage.store(1, 7)
    same, other = (STORE.selector + encode(["uint256"], [value]) for value in (7, 8))
    assert chain.call(same, **options) == Returned()
    assert chain.call(other, **options) == Failed("write protection")
    assert chain.call(LOG.selector, **options) == Failed("write protection")
    assert chain.storage.slots == {1: 7}


def test_corrupt_storage_is_a_failed_call_and_an_alarm(chain_of: ChainOf) -> None:
    outcome = chain_of(TABLE).call(CORRUPT.selector)
    assert isinstance(outcome, Failed)
    assert outcome.alarm == "corrupt(): gone"


@pytest.mark.parametrize(
    ("compute", "code"),
    [
        (lambda: contract.add(2**256 - 1, 1), 0x11),
        (lambda: contract.subtract(0, 1), 0x11),
        (lambda: contract.multiply(2**128, 2**128), 0x11),
        (lambda: contract.divide(1, 0), 0x12),
    ],
)
def test_arithmetic_panics_as_solidity_does(compute: Callable[[], int], code: int) -> None:
    with pytest.raises(contract.Refusal) as caught:
        compute()
    assert caught.value.data == PANIC + code.to_bytes(32, "big")


def test_mutability_is_the_abis() -> None:
    assert [row.mutability for row in (ECHO, STORE, WORK)] == ["view", "payable", "nonpayable"]
    assert ContractFunction("p()", _log, gas=0, is_pure=True).mutability == "pure"
