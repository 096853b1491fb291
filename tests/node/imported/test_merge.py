"""A chain that begins with proof of work and does not say in which block that ends."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from eth_typing import Address

from chain.blocks import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, NO_NONCE, Block, Header, encode_block
from chain.chain import Chain, Invalid
from chain.config import ChainConfig
from chain.errors import HeaderMismatch
from chain.forks.fork import Fork
from chain.header_rules import next_base_fee, next_difficulty
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from genesis.block import genesis_block
from genesis.document import ChainGenesis, load_chain_genesis
from node.errors import InvalidFile
from node.imported.importing import import_file
from node.imported.merge import settled, total_difficulty
from node.json_rpc.fork_config import fork_id

DIFFICULTY = 131_072
"""The least there is; with 13 seconds a block it stays."""
PROOF_OF_WORK_BLOCKS = 3
BLOCKS = 6
GENESIS = {
    "config": {
        "chainId": 7, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0, "eip158Block": 0,
        "byzantiumBlock": 0, "constantinopleBlock": 0, "istanbulBlock": 0, "berlinBlock": 0,
        "londonBlock": 0, "terminalTotalDifficulty": DIFFICULTY * (1 + PROOF_OF_WORK_BLOCKS),
        "shanghaiTime": 100 + 13 * 5,
    },
    "gasLimit": "0x1c9c380", "difficulty": hex(DIFFICULTY), "timestamp": 100,
    "baseFeePerGas": "0x7", "alloc": {},
}  # fmt: skip


@pytest.fixture
def document() -> ChainGenesis:
    return load_chain_genesis(json.loads(json.dumps(GENESIS)))


@pytest.fixture
def store(document: ChainGenesis) -> MemoryStore:
    made = MemoryStore()
    Chain.initialize(made, *genesis_block(document))
    return made


@pytest.fixture
def make_file(document: ChainGenesis, tmp_path: Path) -> Callable[[int], Path]:
    """A file of six blocks, so many of which have proof of work."""

    def make(proofs: int) -> Path:
        path = tmp_path / "chain.rlp"
        path.write_bytes(b"".join(_payloads(document, proofs)))
        return path

    return make


def _payloads(document: ChainGenesis, proofs: int) -> list[bytes]:
    store = MemoryStore()
    Chain.initialize(store, *genesis_block(document))
    config = document.config.with_merge_at(proofs + 1)
    chain = Chain(store, config, PyEvmEngine(), allows_withdrawals=True)
    payloads = []
    for _ in range(BLOCKS):
        block = _next_block(chain.head, config)
        while isinstance(verdict := chain.execute_payload(encode_block(block)), Invalid):
            # Whatever execution gives is what the header should say.
            reason = verdict.reason
            assert isinstance(reason, HeaderMismatch), reason
            assert reason.field in ("state_root", "receipts_root"), reason
            block = replace(block, header=replace(block.header, **{reason.field: reason.expected}))
        chain.commit(verdict.executed)
        payloads.append(verdict.executed.payload)
    return payloads


def _next_block(parent: Header, config: ChainConfig) -> Block:
    timestamp = parent.timestamp + 13
    rules = config.rules(parent.number + 1, timestamp)
    is_shanghai = rules.fork >= Fork.SHANGHAI
    header = Header(
        parent_hash=parent.hash,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=Address(b"\xc0" * 20),
        state_root=parent.state_root,
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        bloom=bytes(256),
        difficulty=next_difficulty(parent, timestamp, rules),
        number=parent.number + 1,
        gas_limit=parent.gas_limit,
        gas_used=0,
        timestamp=timestamp,
        extra_data=b"",
        mix_hash=parent.mix_hash,
        nonce=NO_NONCE,
        base_fee=next_base_fee(parent),
        withdrawals_root=EMPTY_TRIE_ROOT if is_shanghai else None,
    )
    return Block(header, withdrawals=() if is_shanghai else None)


def test_paris_begins_behind_the_block_that_reaches_the_difficulty(
    document: ChainGenesis, store: MemoryStore, make_file: Callable[[int], Path]
) -> None:
    """EIP-3675; the forks by time come after it."""
    assert document.config.awaits_merge
    assert settled(document.config, store) == document.config
    import_file(store, document, make_file(PROOF_OF_WORK_BLOCKS))
    config = settled(document.config, store)
    assert not config.awaits_merge
    forks = [config.fork_at(number, 100 + 13 * number) for number in range(BLOCKS + 1)]
    assert forks == [Fork.LONDON] * 4 + [Fork.PARIS] + [Fork.SHANGHAI] * 2
    assert total_difficulty(store) == document.config.terminal_total_difficulty


def test_an_import_goes_on_on_either_side_of_the_merge(
    document: ChainGenesis, store: MemoryStore, make_file: Callable[[int], Path], tmp_path: Path
) -> None:
    make_file(PROOF_OF_WORK_BLOCKS)
    payloads = _payloads(document, PROOF_OF_WORK_BLOCKS)
    for count in range(BLOCKS + 1):
        path = tmp_path / "part.rlp"
        path.write_bytes(b"".join(payloads[:count]))
        import_file(store, document, path)
    assert settled(document.config, store).fork_blocks[Fork.PARIS] == PROOF_OF_WORK_BLOCKS + 1


def test_proof_of_work_does_not_go_on_when_it_has_ended(
    document: ChainGenesis, store: MemoryStore, make_file: Callable[[int], Path]
) -> None:
    path = make_file(PROOF_OF_WORK_BLOCKS + 1)
    with pytest.raises(InvalidFile, match=r"block 4 .* difficulty: got 131072, expected 0"):
        import_file(store, document, path)


def test_proof_of_work_does_not_end_before_its_time(
    document: ChainGenesis, store: MemoryStore, make_file: Callable[[int], Path]
) -> None:
    path = make_file(PROOF_OF_WORK_BLOCKS - 1)
    with pytest.raises(InvalidFile, match=r"block 3 .* difficulty: got 0, expected 131072"):
        import_file(store, document, path)


def test_a_merge_block_that_was_found_is_in_no_fork_id(
    document: ChainGenesis, store: MemoryStore, make_file: Callable[[int], Path]
) -> None:
    """EIP-6122: only what was scheduled counts."""
    import_file(store, document, make_file(PROOF_OF_WORK_BLOCKS))
    genesis = genesis_block(document)[0]
    waiting, found = (
        fork_id(config, genesis.hash, genesis.timestamp, 0)
        for config in (document.config, settled(document.config, store))
    )
    assert waiting == found
