"""Block zero: its header and its state, from a genesis document, as geth makes them."""

from hashlib import sha256
from typing import Final

from eth_typing import Hash32

from chain.blocks import EMPTY_BLOOM, EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH, Header
from chain.engine import AccountChange
from chain.forks.fork import Fork
from chain.key_value import MemoryStore
from chain.state import prepare_update
from genesis.document import ChainGenesis

INITIAL_BASE_FEE_WEI: Final = 10**9
"""EIP-1559."""
EMPTY_REQUESTS_HASH: Final = Hash32(sha256(b"").digest())
"""EIP-7685."""


def genesis_block(document: ChainGenesis) -> tuple[Header, tuple[AccountChange, ...]]:
    """The header of block zero, and the changes that make its state out of an empty one."""
    return _header(document, state_root_of(document.alloc)), document.alloc


def state_root_of(alloc: tuple[AccountChange, ...]) -> Hash32:
    """The root of the state that holds these accounts and no others."""
    with MemoryStore().snapshot() as nothing:
        return prepare_update(nothing, alloc).state_root


def _header(document: ChainGenesis, state_root: Hash32) -> Header:
    """Fields that later forks appended are there from the fork of block zero on."""
    fork = document.config.fork_at(document.number, document.timestamp)
    has_blobs = fork >= Fork.CANCUN
    return Header(
        parent_hash=document.parent_hash,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=document.coinbase,
        state_root=state_root,
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        bloom=EMPTY_BLOOM,
        difficulty=document.difficulty,
        number=document.number,
        gas_limit=document.gas_limit,
        gas_used=document.gas_used,
        timestamp=document.timestamp,
        extra_data=document.extra_data,
        mix_hash=document.mix_hash,
        nonce=document.nonce.to_bytes(8, "big"),
        base_fee=_base_fee(document) if fork >= Fork.LONDON else None,
        withdrawals_root=EMPTY_TRIE_ROOT if fork >= Fork.SHANGHAI else None,
        blob_gas_used=document.blob_gas_used if has_blobs else None,
        excess_blob_gas=document.excess_blob_gas if has_blobs else None,
        parent_beacon_block_root=ZERO_HASH if has_blobs else None,
        requests_hash=EMPTY_REQUESTS_HASH if fork >= Fork.PRAGUE else None,
    )


def _base_fee(document: ChainGenesis) -> int:
    return INITIAL_BASE_FEE_WEI if document.base_fee is None else document.base_fee
