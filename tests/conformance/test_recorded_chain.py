"""The chain of ethereum/execution-apis: a few blocks of every fork from Homestead on, imported from genesis.

Its last blocks are of forks that this node does not have yet; the import ends before them.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    ZERO_HASH,
    Block,
    Header,
    decode_block,
    encode_header,
)
from chain.config import UNKNOWN_FORK_KEYS, ChainConfig
from chain.engine import Account, AccountChange
from chain.errors import HeaderMismatch
from chain.forks.fork import Fork
from chain.importing import import_block
from chain.key_value import MemoryStore, Table
from chain.py_evm import PyEvmEngine
from chain.rlp_items import decode_item, encode_item
from chain.state import prepare_update, write_update

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "execution-apis" / "tests"
GENESIS, CHAIN = FOLDER / "genesis.json", FOLDER / "chain.rlp"

pytestmark = pytest.mark.skipif(
    not CHAIN.exists(), reason=f"no recorded chain in {FOLDER}: set ZEROG_SHARED"
)


def test_every_block_up_to_prague_imports_with_all_its_roots() -> None:
    genesis = json.loads(GENESIS.read_text())
    store, parent = _genesis(genesis)
    config, engine, forks = _config(genesis), PyEvmEngine(), set()
    for block, payload in _blocks(_first_unknown_time(genesis)):
        header = block.header
        with store.snapshot() as snapshot:
            executed = import_block(engine, config, parent, block, payload, snapshot)
        with store.write() as batch:
            write_update(batch, header.number, executed.update)
            batch.put(Table.HEADERS, header.number.to_bytes(8, "big"), encode_header(header))
        parent = header
        forks.add(config.fork_at(header.number, header.timestamp))
    assert forks == {fork for fork in Fork if fork >= Fork.HOMESTEAD}


def test_a_block_that_claims_another_state_root_is_refused_with_both() -> None:
    genesis = json.loads(GENESIS.read_text())
    store, parent = _genesis(genesis)
    [(block, payload), *_] = _blocks(_first_unknown_time(genesis))
    items: Any = decode_item(payload)
    items[0][3] = bytes(32)
    wrong = encode_item(items)
    with store.snapshot() as snapshot, pytest.raises(HeaderMismatch) as caught:
        import_block(PyEvmEngine(), _config(genesis), parent, decode_block(wrong), wrong, snapshot)
    assert caught.value.field == "state_root"
    assert {caught.value.got, caught.value.expected} == {bytes(32), block.header.state_root}


def _config(genesis: Any) -> ChainConfig:
    known = {key: value for key, value in genesis["config"].items() if key not in UNKNOWN_FORK_KEYS}
    return ChainConfig.from_genesis(known)


def _first_unknown_time(genesis: Any) -> int:
    return min(genesis["config"].get(key, 2**64) for key in UNKNOWN_FORK_KEYS)


def _blocks(end_time: int) -> Iterator[tuple[Block, bytes]]:
    raw = CHAIN.read_bytes()
    while raw:
        prefix = raw[0] - 0xF7
        size = 1 + prefix + int.from_bytes(raw[1 : 1 + prefix], "big")
        payload, raw = raw[:size], raw[size:]
        block = decode_block(payload)
        if block.header.timestamp >= end_time:
            return
        yield block, payload


def _genesis(genesis: Any) -> tuple[MemoryStore, Header]:
    store = MemoryStore()
    changes = sorted(
        (_allocation(key, entry) for key, entry in genesis["alloc"].items()),
        key=lambda change: change.address,
    )
    with store.write() as batch:
        update = prepare_update(batch, changes)
        write_update(batch, 0, update)
        header = _genesis_header(genesis, update.state_root)
        batch.put(Table.HEADERS, bytes(8), encode_header(header))
    return store, header


def _allocation(key: str, entry: Any) -> AccountChange:
    code = _bytes(entry.get("code", "0x"))
    slots = {_number(slot): _number(value) for slot, value in entry.get("storage", {}).items()}
    return AccountChange(
        address=Address(_bytes(key)),
        account=Account(
            _number(entry.get("nonce", "0x0")), _number(entry["balance"]), Hash32(keccak(code))
        ),
        slots=tuple(sorted(slots.items())),
        code=code or None,
    )


def _genesis_header(genesis: Any, state_root: Hash32) -> Header:
    return Header(
        parent_hash=ZERO_HASH,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=Address(_bytes(genesis["coinbase"])),
        state_root=state_root,
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        bloom=EMPTY_BLOOM,
        difficulty=_number(genesis["difficulty"]),
        number=0,
        gas_limit=_number(genesis["gasLimit"]),
        gas_used=0,
        timestamp=_number(genesis["timestamp"]),
        extra_data=_bytes(genesis["extraData"]),
        mix_hash=Hash32(_bytes(genesis["mixHash"])),
        nonce=_number(genesis["nonce"]).to_bytes(8, "big"),
    )


def _number(value: str) -> int:
    return int(value, 16)


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
