"""A chain file's blocks into the database: each is executed on its parent and checked in full."""

import logging
import time
from pathlib import Path

from chain import block_store
from chain.blocks import Block, Header, decode_block
from chain.chain import Chain, Invalid
from chain.config import ChainConfig
from chain.errors import UndecodableBlock
from chain.key_value import KeyValueStore
from chain.py_evm import PyEvmEngine
from genesis.document import ChainGenesis
from node.errors import InvalidFile
from node.imported.chain_file import read_blocks
from node.imported.merge import settled, total_difficulty

PROGRESS_EVERY_S = 8.0
"""Between two lines of the log while a long file is imported."""

logger = logging.getLogger("zerog.import")


def import_file(store: KeyValueStore, document: ChainGenesis, path: Path) -> None:
    """Every block of the file that the database does not have yet; block zero is there already.

    What was imported before a wrong block stays. Raises `MissingFile`, or `InvalidFile` naming the block
    and what is wrong with it.
    """
    target = _Target(store, document.config, path)
    begun = shown = time.monotonic()
    first = target.head.number
    for place, payload in enumerate(read_blocks(path), 1):
        block = _decoded(path, place, payload)
        if block.header.number <= target.head.number:
            _check_known(store, path, block)
            continue
        target.append(block, payload)
        if time.monotonic() - shown > PROGRESS_EVERY_S:
            shown = time.monotonic()
            logger.info("imported up to block %d", target.head.number)
    logger.info(
        "imported %d blocks in %.1f s; the head is block %d, 0x%s",
        target.head.number - first,
        time.monotonic() - begun,
        target.head.number,
        target.head.hash.hex(),
    )


class _Target:
    """The chain that grows, and how much of its proof of work is still to come."""

    def __init__(self, store: KeyValueStore, config: ChainConfig, path: Path) -> None:
        self._store, self._path = store, path
        self._chain = self._opened(settled(config, store))
        self._total_difficulty = total_difficulty(store) if self._config.awaits_merge else 0

    @property
    def head(self) -> Header:
        return self._chain.head

    def append(self, block: Block, payload: bytes) -> None:
        """Check and commit the next block; raises `InvalidFile`."""
        self._check_parent(block.header)
        self._look_for_merge(block.header)
        verdict = self._chain.execute_payload(payload)
        if isinstance(verdict, Invalid):
            raise self._invalid(block.header, str(verdict.reason))
        self._chain.commit(verdict.executed)
        self._total_difficulty += block.header.difficulty

    def _opened(self, config: ChainConfig) -> Chain:
        self._config = config
        return Chain(self._store, config, PyEvmEngine(), allows_withdrawals=True)

    def _check_parent(self, header: Header) -> None:
        head = self._chain.head
        if header.number == head.number + 1 and header.parent_hash != head.hash:
            whose = "the genesis document's block 0" if head.number == 0 else "the block before"
            raise InvalidFile(
                self._path,
                f"block {header.number} is on top of 0x{header.parent_hash.hex()}; "
                f"{whose} is 0x{head.hash.hex()}",
            )

    def _look_for_merge(self, header: Header) -> None:
        terminal = self._config.terminal_total_difficulty
        if not self._config.awaits_merge or terminal is None or self._total_difficulty < terminal:
            return
        if header.difficulty:
            raise self._invalid(
                header,
                f"difficulty: got {header.difficulty}, expected 0: the blocks before it have reached "
                f"the terminal total difficulty {terminal}",
            )
        self._chain = self._opened(self._config.with_merge_at(header.number))

    def _invalid(self, header: Header, why: str) -> InvalidFile:
        return InvalidFile(
            self._path, f"block {header.number} (0x{header.hash.hex()}) is invalid: {why}"
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
