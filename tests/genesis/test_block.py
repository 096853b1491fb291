"""Block zero is geth's for the same document, field for field."""

import json
import os
import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak

from chain.key_value import MemoryStore
from chain.state import StateAt, prepare_update, write_update
from genesis.alloc import read_alloc
from genesis.block import genesis_block, state_root_of
from genesis.document import load_chain_genesis, load_document
from genesis.fields import Section
from genesis.networks import devnet_document

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ZEROG_SHARED", ROOT.parent / "shared"))
EXECUTION_APIS = SHARED / "execution-apis" / "tests"
ZERO_G_VECTORS = SHARED / "vectors" / "0g-geth"
VALIDATORS = [(PrivateKey(bytes(31) + b"\1").public_key.format(), "one")]
EMPTY_TRIE = keccak(rlp.encode(b""))


@pytest.mark.skipif(not EXECUTION_APIS.exists(), reason="no shared execution-apis data")
def test_the_execution_apis_chain_begins_with_its_known_block() -> None:
    document: dict[str, Any] = json.loads((EXECUTION_APIS / "genesis.json").read_text())
    header, _ = genesis_block(load_chain_genesis(document))
    exchange = (EXECUTION_APIS / "eth_getBlockByNumber" / "get-genesis.io").read_text()
    [answer] = re.findall(r"^<< (.*)$", exchange, re.MULTILINE)
    expected = json.loads(answer)["result"]
    assert "0x" + header.state_root.hex() == expected["stateRoot"]
    assert "0x" + header.hash.hex() == expected["hash"]


def zero_g_allocations() -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name, alloc and state root of each scenario."""
    for path in sorted(ZERO_G_VECTORS.glob("*.json")):
        for name, entry in json.loads(path.read_text()).items():
            # The estimates' file has another shape, without a root.
            if "scenario" in entry:
                yield name, entry["scenario"]["alloc"], entry["result"]["genesisRoot"]


@pytest.mark.skipif(not ZERO_G_VECTORS.exists(), reason="no shared 0g-geth vectors")
def test_the_allocations_of_0g_geth_have_its_state_roots() -> None:
    differing = [
        name
        for name, alloc, root in zero_g_allocations()
        if state_root_of(read_alloc(Section.of("", {"alloc": alloc}))) != bytes.fromhex(root[2:])
    ]
    assert differing == []


def test_the_devnets_state_is_read_back_from_a_store_as_the_document_has_it() -> None:
    _, changes = genesis_block(load_document(devnet_document(VALIDATORS)))
    store = MemoryStore()
    with store.write() as batch:
        write_update(batch, 0, prepare_update(batch, changes))
    with store.snapshot() as snapshot:
        state = StateAt(snapshot)
        for change in changes:
            account = state.account(change.address)
            assert account == change.account
            assert account is not None
            assert state.code(account.code_hash) == (change.code or b"")
            assert all(state.slot(change.address, slot) == value for slot, value in change.slots)


def test_a_devnets_header_has_every_field_of_prague() -> None:
    document = load_document(devnet_document(VALIDATORS, timestamp=5))
    header, changes = genesis_block(document)
    proposer = document.validators.addresses[0]
    items = [
        bytes(32), keccak(rlp.encode([])), proposer, header.state_root, EMPTY_TRIE, EMPTY_TRIE,
        bytes(256), 0, 0, 36_000_000, 0, 5, b"", bytes(32), bytes(8), 10**9, EMPTY_TRIE, 0, 0,
        bytes(32), sha256(b"").digest(),
    ]  # fmt: skip
    assert header.hash == keccak(rlp.encode(items))
    assert len(changes) == 10 + 2 + 2 + 3 + 1 + 3 + 1


@pytest.mark.parametrize(
    ("config", "fields"),
    [
        ({}, 15),
        ({"londonBlock": 0}, 16),
        ({"londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0}, 17),
        (
            {
                "londonBlock": 0,
                "terminalTotalDifficulty": 0,
                "shanghaiTime": 0,
                "cancunTime": 0,
            },
            20,
        ),
    ],
)
def test_a_fork_at_block_zero_brings_its_header_fields(config: dict[str, int], fields: int) -> None:
    document = {"config": {"chainId": 1, **config}, "gasLimit": 5000, "alloc": {}}
    header, _ = genesis_block(load_chain_genesis(document))
    assert header.state_root == EMPTY_TRIE
    later = (
        header.base_fee, header.withdrawals_root, header.blob_gas_used, header.excess_blob_gas,
        header.parent_beacon_block_root, header.requests_hash,
    )  # fmt: skip
    assert 15 + sum(value is not None for value in later) == fields


def test_the_header_takes_the_documents_fields() -> None:
    document = {
        "config": {"chainId": 1, "londonBlock": 0},
        "gasLimit": "0x1388",
        "gasUsed": 1,
        "timestamp": "0x10",
        "nonce": "0x42",
        "difficulty": "0x400000000",
        "extraData": "0x" + "ab" * 40,
        "mixHash": "0x" + "01" * 32,
        "coinbase": "0x" + "02" * 20,
        "parentHash": "0x" + "03" * 32,
        "baseFeePerGas": 7,
        "alloc": {},
    }
    header, _ = genesis_block(load_chain_genesis(document))
    assert header.nonce == bytes(7) + b"\x42"
    assert header.extra_data == b"\xab" * 40
    assert header.mix_hash == b"\1" * 32
    assert header.coinbase == b"\2" * 20
    assert header.parent_hash == b"\3" * 32
    assert (header.gas_limit, header.gas_used, header.timestamp) == (5000, 1, 16)
    assert (header.difficulty, header.base_fee) == (0x400000000, 7)
