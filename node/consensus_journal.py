"""What the consensus host writes into its journal: the core's inputs, and the values they speak of.

entry = 0x01 ‖ input     consensus/journal_encoding.py
      | 0x02 ‖ block     an encoded consensus block; before the first input that names it
"""

from dataclasses import dataclass

from consensus.encoding import decode_block, encode_block
from consensus.errors import Undecodable
from consensus.header import ConsensusBlock
from consensus.journal_encoding import decode_input, encode_input
from consensus.journal_file import DamagedJournal, Journal
from consensus.messages import Input

_INPUT, _BLOCK = b"\x01", b"\x02"


@dataclass(frozen=True, slots=True)
class JournalContent:
    """What a journal held."""

    inputs: tuple[Input, ...]
    blocks: tuple[ConsensusBlock, ...]


def decode_entry(entry: bytes) -> Input | ConsensusBlock:
    """What one entry says. Raises `Undecodable`."""
    if entry[:1] == _INPUT:
        return decode_input(entry[1:])
    if entry[:1] == _BLOCK:
        return decode_block(entry[1:])
    raise Undecodable(f"unknown kind {entry[:1].hex()}")


class ConsensusJournal:
    """Inputs and blocks of the current height, over the journal file."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def replay(self) -> JournalContent:
        """Before anything is appended. Raises `DamagedJournal`."""
        replayed = self._journal.replay()
        inputs: list[Input] = []
        blocks: list[ConsensusBlock] = []
        for index, entry in enumerate(replayed.entries if replayed else ()):
            try:
                decoded = decode_entry(entry)
            except Undecodable as error:
                # Its checksum is right, so another version of this program wrote it.
                raise DamagedJournal(0, f"entry {index}: {error}") from error
            if isinstance(decoded, ConsensusBlock):
                blocks.append(decoded)
            else:
                inputs.append(decoded)
        return JournalContent(tuple(inputs), tuple(blocks))

    def begin(self, height: int) -> None:
        """Start anew for `height`, durably."""
        self._journal.begin(height)

    def remember_block(self, block: ConsensusBlock) -> None:
        """On disk after the next `persist`."""
        self._journal.append(_BLOCK + encode_block(block))

    def persist(self, inputs: tuple[Input, ...]) -> None:
        """On disk when this returns."""
        for input in inputs:
            self._journal.append(_INPUT + encode_input(input))
        self._journal.sync()
