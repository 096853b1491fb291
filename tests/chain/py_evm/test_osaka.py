"""What Osaka changes in the EVM: CLZ, P256VERIFY, MODEXP, and what a transaction may ask for."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.errors import InvalidTransactionInBlock
from chain.forks.fork import Fork
from chain.py_evm.ethereum_precompiles import ethereum_precompiles
from chain.py_evm.frame_errors import InvalidPrecompileInput

RECORDED: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("osaka_precompiles.json").read_text()
)
"""Inputs of ours, seeded and at the edges, with what the executable specification answers
(PyPI `ethereum-execution` 2.20.0, fork Osaka): gas and output, or that all gas is burnt."""
ADDRESSES = {"modexp": Address(bytes(19) + b"\5"), "p256Verify": Address(bytes(18) + b"\1\0")}
TARGET = Address(b"\xaa" * 20)
BLOB_HASH = Hash32(b"\1" + bytes(31))
GAS_LIMIT_MAX = 16_777_216


class Frame:
    """As much of a frame as a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg, self.data, self.output, self.gas = self, data, b"", 0

    def consume_gas(self, amount: int, reason: str = "") -> None:
        self.gas += amount


@pytest.mark.parametrize("name", ADDRESSES)
def test_precompiles_answer_as_the_executable_specification(name: str) -> None:
    run = ethereum_precompiles(Fork.OSAKA)[ADDRESSES[name]]
    assert len(RECORDED[name]) > 30
    for case in RECORDED[name]:
        frame = Frame(bytes.fromhex(case["input"]))
        if case.get("fails"):
            with pytest.raises(InvalidPrecompileInput):
                run(frame)  # type: ignore[arg-type]
        else:
            run(frame)  # type: ignore[arg-type]
            answer = (frame.gas, frame.output.hex())
            assert answer == (case["gas"], case["output"]), case["input"]


def test_modexp_keeps_its_price_before_osaka() -> None:
    """EIP-7883: the least price goes from 200 to 500."""
    prices = []
    for fork in (Fork.PRAGUE, Fork.OSAKA, Fork.BPO2):
        frame = Frame((1).to_bytes(32, "big") * 3 + b"\2\1\3")
        ethereum_precompiles(fork)[ADDRESSES["modexp"]](frame)  # type: ignore[arg-type]
        prices.append(frame.gas)
    assert prices == [200, 500, 500]


@pytest.mark.parametrize(
    ("word", "zeros"),
    [(0, 256), (1, 255), (2**255, 0), (2**255 - 1, 1), (2**256 - 1, 0), (0xFF << 8, 240)],
)
def test_clz_counts_the_zero_bits_before_the_first_one(worlds: Any, word: int, zeros: int) -> None:
    """EIP-7939."""
    world = worlds.ethereum(Fork.OSAKA)
    world.ledger.put(TARGET, code=_returning(b"\x7f" + word.to_bytes(32, "big") + b"\x1e"))
    assert int.from_bytes(world.call(TARGET).output, "big") == zeros


def test_clz_takes_a_word_that_another_opcode_left_as_bytes(worlds: Any) -> None:
    world = worlds.ethereum(Fork.OSAKA)
    world.ledger.put(TARGET, code=_returning(b"\x30\x1e"))
    # ADDRESS, 0xaa…aa: 96 bits before its first byte.
    assert int.from_bytes(world.call(TARGET).output, "big") == 96


def test_clz_costs_5_and_needs_an_item(worlds: Any) -> None:
    world = worlds.ethereum(Fork.OSAKA)
    world.ledger.put(TARGET, code=b"\x5f\x1e\x00")
    assert world.call(TARGET).gas_used == 21_000 + 2 + 5
    world.ledger.put(TARGET, code=b"\x1e\x00")
    assert "underflow" in str(world.call(TARGET).error)


def test_clz_is_no_opcode_before_osaka(world: Any) -> None:
    world.ledger.put(TARGET, code=b"\x5f\x1e\x00")
    assert world.call(TARGET).error == "invalid opcode: opcode 0x1e not defined"


def test_a_transaction_asks_for_at_most_2_to_the_24_gas(worlds: Any) -> None:
    """EIP-7825; before, as much as the block has."""
    world = worlds.ethereum(Fork.OSAKA)
    with pytest.raises(InvalidTransactionInBlock, match="transaction gas limit too high"):
        world.block(world.alice.sign(0, TARGET, gas=GAS_LIMIT_MAX + 1))
    assert world.block(world.alice.sign(0, TARGET, gas=GAS_LIMIT_MAX)).gas_used == 21_000
    prague = worlds.ethereum(Fork.PRAGUE)
    assert prague.block(prague.alice.sign(0, TARGET, gas=GAS_LIMIT_MAX + 1)).gas_used == 21_000


def test_a_call_is_no_transaction_and_may_have_more_gas(worlds: Any) -> None:
    """go-ethereum's eth_call does without that check."""
    assert worlds.ethereum(Fork.OSAKA).call(TARGET, gas=GAS_LIMIT_MAX + 1).error is None


def test_a_transaction_carries_at_most_6_blobs(worlds: Any) -> None:
    """EIP-7594; its block may have more."""
    world = worlds.ethereum(Fork.BPO2)
    with pytest.raises(InvalidTransactionInBlock, match="too many blobs"):
        world.block(world.alice.sign(0, TARGET, blobs=[BLOB_HASH] * 7))
    result = world.block(*(world.alice.sign(n, TARGET, blobs=[BLOB_HASH] * 6) for n in range(3)))
    assert result.blob_gas_used == 18 * 2**17


def _returning(code: bytes) -> bytes:
    """The code, and then the top of the stack as what the call returns."""
    return code + bytes.fromhex("5f5260205ff3")
