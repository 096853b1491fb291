"""Blocks and transactions as JSON, against what other clients answered for the same chain."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import rlp

from chain.answers import BlockOutline, FeeHistory, PlacedReceipt, PlacedTransaction
from chain.blocks import Block, decode_block, encode_block
from chain.engine import Log, Receipt
from chain.transactions import decode_transaction, recover_frontier_sender
from node.json_rpc.encoding import (
    block_json,
    data,
    fee_history_json,
    pending_block_json,
    pending_transaction_json,
    placed_transaction_json,
    quantity,
    receipt_json,
    word,
)

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[4] / "shared"))
TESTS = SHARED / "execution-apis" / "tests"


def recorded(folder: str) -> Iterator[tuple[list[Any], Any]]:
    """(params, result) of every recorded exchange about blocks and transactions."""
    for path in sorted((TESTS / folder).glob("*.io")):
        lines = [line for line in path.read_bytes().splitlines() if line[:2] in (b">>", b"<<")]
        for request, response in zip(lines[::2], lines[1::2], strict=True):
            yield orjson.loads(request[3:])["params"], orjson.loads(response[3:]).get("result")


@pytest.fixture(scope="module")
def blocks() -> dict[str, Block]:
    """By hash and by number, in hex."""
    if not (TESTS / "chain.rlp").exists():
        pytest.skip(f"no execution-apis data in {SHARED}; set ZEROG_SHARED")
    rest = (TESTS / "chain.rlp").read_bytes()
    found: dict[str, Block] = {}
    while rest:
        _, _, length, start = rlp.codec.consume_length_prefix(rest, 0)
        encoded, rest = rest[: start + length], rest[start + length :]
        block = decode_block(encoded)
        found[data(block.header.hash)] = found[quantity(block.header.number)] = block
        found["safe"] = block
    return found


def placed_in(block: Block) -> list[PlacedTransaction]:
    return [
        PlacedTransaction(
            transaction=transaction,
            sender=recover_frontier_sender(transaction),
            block_hash=block.header.hash,
            block_number=block.header.number,
            block_timestamp=block.header.timestamp,
            index=index,
            base_fee=block.header.base_fee,
        )
        for index, transaction in enumerate(block.transactions)
    ]


def outline_of(block: Block) -> BlockOutline:
    return BlockOutline(
        header=block.header,
        transaction_hashes=tuple(transaction.hash for transaction in block.transactions),
        ommers=block.ommers,
        withdrawals=block.withdrawals,
        slashed=block.slashed,
        size=len(encode_block(block)),
    )


@pytest.mark.parametrize("folder", ["eth_getBlockByNumber", "eth_getBlockByHash"])
def test_blocks_read_as_other_clients_write_them(folder: str, blocks: dict[str, Block]) -> None:
    compared = 0
    for (reference, is_full), expected in recorded(folder):
        block = blocks.get(reference)
        if expected is not None and block is not None:
            transactions = placed_in(block) if is_full else None
            assert block_json(outline_of(block), transactions) == expected
            compared += 1
    assert compared


@pytest.mark.parametrize(
    "folder", ["eth_getTransactionByHash", "eth_getTransactionByBlockHashAndIndex"]
)
def test_transactions_read_as_other_clients_write_them(
    folder: str, blocks: dict[str, Block]
) -> None:
    compared = 0
    for _, expected in recorded(folder):
        if expected is not None:
            placed = placed_in(blocks[expected["blockHash"]])
            index = int(expected["transactionIndex"], 16)
            assert placed_transaction_json(placed[index]) == expected
            compared += 1
    assert compared


def test_a_pending_block_has_neither_hash_nor_nonce_nor_miner(blocks: dict[str, Block]) -> None:
    answer = pending_block_json(outline_of(blocks["safe"]))
    assert (answer["hash"], answer["nonce"], answer["miner"]) == (None, None, None)


LEGACY_TRANSACTION = decode_transaction(
    bytes.fromhex(
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a7640000"
        "8025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f76"
        "1aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    )
)
"""The example of EIP-155."""
PLACED = PlacedTransaction(
    transaction=LEGACY_TRANSACTION,
    sender=recover_frontier_sender(LEGACY_TRANSACTION),
    block_hash=bytes.fromhex("ab" * 32),
    block_number=7,
    block_timestamp=9,
    index=2,
    base_fee=None,
)


def test_a_pending_transaction_has_no_place_yet() -> None:
    answer = pending_transaction_json(LEGACY_TRANSACTION, PLACED.sender)
    assert answer["from"] == "0x9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
    assert (answer["chainId"], answer["v"], answer["type"]) == ("0x1", "0x25", "0x0")
    assert "yParity" not in answer
    for name in ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex"):
        assert answer[name] is None


def receipt(**changes: Any) -> PlacedReceipt:
    fields: dict[str, Any] = {
        "type": 0,
        "succeeded": True,
        "gas_used": 21_000,
        "cumulative_gas_used": 42_000,
        "logs": (),
        "contract_address": None,
        "effective_gas_price": 5,
        "blob_gas_used": 0,
        "output": b"",
        "error": None,
    }
    return PlacedReceipt(Receipt(**fields | changes), PLACED, 3, None)


def test_a_receipt_has_every_field_of_the_schema() -> None:
    log = Log(address=b"\x01" * 20, topics=(b"\x02" * 32,), data=b"\x03")
    answer = receipt_json(receipt(logs=(log, log)))
    assert answer["status"] == "0x1"
    assert "root" not in answer
    assert [entry["logIndex"] for entry in answer["logs"]] == ["0x3", "0x4"]
    assert answer["logs"][0] == {
        "address": data(b"\x01" * 20),
        "topics": [data(b"\x02" * 32)],
        "data": "0x03",
        "blockNumber": "0x7",
        "blockHash": data(PLACED.block_hash),
        "blockTimestamp": "0x9",
        "transactionHash": data(LEGACY_TRANSACTION.hash),
        "transactionIndex": "0x2",
        "logIndex": "0x3",
        "removed": False,
    }
    assert answer["logsBloom"] != data(bytes(256))
    assert answer["contractAddress"] is None


def test_a_receipt_from_before_byzantium_has_a_root_and_no_status() -> None:
    answer = receipt_json(receipt(post_state=b"\x07" * 32))
    assert answer["root"] == data(b"\x07" * 32)
    assert "status" not in answer


def test_a_failed_creation_still_names_its_address() -> None:
    answer = receipt_json(receipt(succeeded=False, contract_address=b"\x09" * 20))
    assert (answer["status"], answer["contractAddress"]) == ("0x0", data(b"\x09" * 20))


def test_rewards_are_there_only_where_percentiles_were_asked_for() -> None:
    history = FeeHistory(1, (5, 6), (0.5,), (1, 1), (0.0,), None)
    assert fee_history_json(history) == {
        "oldestBlock": "0x1",
        "baseFeePerGas": ["0x5", "0x6"],
        "gasUsedRatio": [0.5],
        "baseFeePerBlobGas": ["0x1", "0x1"],
        "blobGasUsedRatio": [0.0],
    }
    rewarded = FeeHistory(1, (5, 6), (0.5,), (1, 1), (0.0,), ((1, 2),))
    assert fee_history_json(rewarded)["reward"] == [["0x1", "0x2"]]


def test_words_are_padded_and_quantities_are_not() -> None:
    assert (quantity(0), quantity(255)) == ("0x0", "0xff")
    assert word(255) == "0x" + "0" * 62 + "ff"
