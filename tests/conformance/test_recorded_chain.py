"""The chain of ethereum/execution-apis: some blocks of every fork from Homestead to BPO2, from genesis on."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.blocks import decode_block
from chain.chain import Chain, Invalid, Valid
from chain.errors import HeaderMismatch
from chain.forks.fork import Fork
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from chain.rlp_items import decode_item, encode_item
from genesis.block import genesis_block
from genesis.document import ChainGenesis, load_chain_genesis

SHARED = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
FOLDER = SHARED / "execution-apis" / "tests"
GENESIS, CHAIN = FOLDER / "genesis.json", FOLDER / "chain.rlp"

pytestmark = pytest.mark.skipif(
    not CHAIN.exists(), reason=f"no recorded chain in {FOLDER}: set ZEROG_SHARED"
)


def test_every_block_imports_with_all_its_roots_and_the_head_is_the_recorded_one() -> None:
    genesis = load_chain_genesis(json.loads(GENESIS.read_text()))
    chain, forks = _chain(genesis), set()
    for payload in _payloads():
        verdict = chain.execute_payload(payload)
        assert isinstance(verdict, Valid), verdict
        chain.commit(verdict.executed)
        forks.add(genesis.config.fork_at(chain.head.number, chain.head.timestamp))
    assert forks == {fork for fork in Fork if Fork.HOMESTEAD <= fork <= Fork.BPO2}
    choice = json.loads((FOLDER / "headfcu.json").read_text())["params"][0]
    assert "0x" + chain.head.hash.hex() == choice["headBlockHash"]


def test_a_block_that_claims_another_state_root_is_refused_with_both() -> None:
    chain = _chain(load_chain_genesis(json.loads(GENESIS.read_text())))
    payload = next(_payloads())
    items: Any = decode_item(payload)
    items[0][3] = bytes(32)
    verdict = chain.execute_payload(encode_item(items))
    assert isinstance(verdict, Invalid)
    assert isinstance(verdict.reason, HeaderMismatch)
    assert verdict.reason.field == "state_root"
    roots = {verdict.reason.got, verdict.reason.expected}
    assert roots == {bytes(32), decode_block(payload).header.state_root}


def _chain(genesis: ChainGenesis) -> Chain:
    store = MemoryStore()
    Chain.initialize(store, *genesis_block(genesis))
    return Chain(store, genesis.config, PyEvmEngine(), allows_withdrawals=True)


def _payloads() -> Iterator[bytes]:
    raw = CHAIN.read_bytes()
    while raw:
        prefix = raw[0] - 0xF7
        size = 1 + prefix + int.from_bytes(raw[1 : 1 + prefix], "big")
        yield raw[:size]
        raw = raw[size:]
