"""A chain file's blocks into the database: each is executed on its parent and checked in full."""

import logging
import time
from pathlib import Path

from chain import block_store
from chain.blocks import Block, decode_block
from chain.chain import Chain, Invalid
from chain.errors import UndecodableBlock
from chain.key_value import KeyValueStore
from chain.py_evm import PyEvmEngine
from genesis.document import ChainGenesis
from node.errors import InvalidFile
from node.imported.chain_file import read_blocks

PROGRESS_EVERY_S = 8.0
"""Between two lines of the log while a long file is imported."""

logger = logging.getLogger("zerog.import")


def import_file(store: KeyValueStore, document: ChainGenesis, path: Path) -> None:
    """Every block of the file that the database does not have yet; block zero is there already.

    What was imported before a wrong block stays. Raises `MissingFile`, or `InvalidFile` naming the block
    and what is wrong with it.
    """
    chain = Chain(store, document.config, PyEvmEngine(), allows_withdrawals=True)
    begun = shown = time.monotonic()
    first = chain.head.number
    for place, payload in enumerate(read_blocks(path), 1):
        block = _decoded(path, place, payload)
        if block.header.number <= chain.head.number:
            _check_known(store, path, block)
            continue
        _append(chain, path, block, payload)
        if time.monotonic() - shown > PROGRESS_EVERY_S:
            shown = time.monotonic()
            logger.info("imported up to block %d", chain.head.number)
    logger.info(
        "imported %d blocks in %.1f s; the head is block %d, 0x%s",
        chain.head.number - first,
        time.monotonic() - begun,
        chain.head.number,
        chain.head.hash.hex(),
    )


def _decoded(path: Path, place: int, payload: bytes) -> Block:
    try:
        return decode_block(payload)
    except UndecodableBlock as error:
        raise InvalidFile(path, f"its block number {place} from the beginning: {error}") from None


def _check_known(store: KeyValueStore, path: Path, block: Block) -> None:
    """A block below the head is the one that is there."""
    number = block.header.number
    with store.snapshot() as snapshot:
        known = block_store.read_header(snapshot, number)
    assert known is not None, "every block up to the head is stored"
    if known.hash != block.header.hash:
        which = "its genesis block" if number == 0 else f"block {number}"
        whose = "the genesis document's" if number == 0 else "the one in the database"
        raise InvalidFile(
            path, f"{which} is 0x{block.header.hash.hex()}, {whose} is 0x{known.hash.hex()}"
        )


def _append(chain: Chain, path: Path, block: Block, payload: bytes) -> None:
    header = block.header
    if header.number == chain.head.number + 1 and header.parent_hash != chain.head.hash:
        whose = "the genesis document's block 0" if chain.head.number == 0 else "the block before"
        raise InvalidFile(
            path,
            f"block {header.number} is on top of 0x{header.parent_hash.hex()}; "
            f"{whose} is 0x{chain.head.hash.hex()}",
        )
    verdict = chain.execute_payload(payload)
    if isinstance(verdict, Invalid):
        raise InvalidFile(
            path, f"block {header.number} (0x{header.hash.hex()}) is invalid: {verdict.reason}"
        )
    chain.commit(verdict.executed)
