"""A proposal with its block as frames small enough that a vote never waits long behind one.

proposal frame body = kind ‖ RLP [proposal, block length, first piece of the block]
piece frame body    = kind ‖ RLP [value id, offset, piece]
"""

from dataclasses import dataclass

from consensus.encoding import BLOCK_BYTES_MAX, decode_proposal, encode_proposal
from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.values import Proposal, ValueId
from node.network.frames import BrokenProtocol

PIECE_BYTES_MAX = 48 * 1024


@dataclass(frozen=True, slots=True)
class ProposedBlock:
    """A signed proposal and the encoded consensus block that it proposes."""

    proposal: Proposal
    block: bytes


def first_body(message: ProposedBlock) -> bytes:
    """RLP of the proposal and the block's beginning."""
    size = encode_integer(len(message.block))
    return encode([encode_proposal(message.proposal), size, message.block[:PIECE_BYTES_MAX]])


def piece_bodies(message: ProposedBlock) -> list[bytes]:
    """RLP of each further piece."""
    value_id = message.proposal.value_id
    return [
        encode([value_id, encode_integer(at), message.block[at : at + PIECE_BYTES_MAX]])
        for at in range(PIECE_BYTES_MAX, len(message.block), PIECE_BYTES_MAX)
    ]


class BlockAssembly:
    """Puts one peer's proposals together again: one at a time, pieces in order."""

    def __init__(self) -> None:
        self._proposal: Proposal | None = None
        self._size = 0
        self._bytes = bytearray()

    def begin(self, body: bytes) -> ProposedBlock | None:
        """A proposal frame; the message if the block is complete. Raises `BrokenProtocol`."""
        try:
            match decode(body):
                case [bytes(proposal), bytes(size), bytes(piece)]:
                    decoded, total = decode_proposal(proposal), decode_integer(size)
                case _:
                    raise BrokenProtocol("proposal: expected [proposal, size, piece]")
        except Undecodable as error:
            raise BrokenProtocol(f"proposal: {error}") from error
        if not 0 < total <= BLOCK_BYTES_MAX:
            raise BrokenProtocol(f"proposal: a block of {total} bytes, limit {BLOCK_BYTES_MAX}")
        if total == len(piece):
            return ProposedBlock(decoded, piece)
        self._proposal, self._size, self._bytes = decoded, total, bytearray()
        self._extend(piece)
        return None

    def add(self, body: bytes) -> ProposedBlock | None:
        """A piece frame; the message if it was the last. Raises `BrokenProtocol`."""
        try:
            match decode(body):
                case [bytes(value_id), bytes(offset), bytes(piece)]:
                    place = ValueId(value_id), decode_integer(offset)
                case _:
                    raise BrokenProtocol("piece: expected [value id, offset, piece]")
        except Undecodable as error:
            raise BrokenProtocol(f"piece: {error}") from error
        if self._proposal is None or place != (self._proposal.value_id, len(self._bytes)):
            raise BrokenProtocol("piece: not the next one of the proposal before it")
        self._extend(piece)
        if len(self._bytes) < self._size:
            return None
        complete = ProposedBlock(self._proposal, bytes(self._bytes))
        self._proposal, self._bytes = None, bytearray()
        return complete

    def _extend(self, piece: bytes) -> None:
        if not piece or len(piece) > PIECE_BYTES_MAX:
            raise BrokenProtocol(f"piece: {len(piece)} bytes, expected 1 to {PIECE_BYTES_MAX}")
        if len(self._bytes) + len(piece) > self._size:
            raise BrokenProtocol("piece: the block is longer than announced")
        self._bytes += piece
