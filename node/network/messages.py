"""What travels on `/zerog/consensus/1`: one frame is a kind byte and its fields.

1 vote         encoded vote
2 proposal     see block_transfer.py
3 piece        see block_transfer.py
4 summary      RLP, see `encode_summary`
5 certificate  encoded certificate (a polka)
"""

from dataclasses import dataclass

from libp2p.custom_types import TProtocol

from consensus.encoding import (
    decode_certificate,
    decode_vote,
    encode_certificate,
    encode_vote,
)
from consensus.errors import Undecodable
from consensus.recursive_length_prefix import (
    Item,
    decode,
    decode_integer,
    encode,
    encode_integer,
)
from consensus.validators import VALIDATORS_MAX
from consensus.values import Certificate, Vote
from node.network.block_transfer import (
    BlockAssembly,
    ProposedBlock,
    first_body,
    piece_bodies,
)
from node.network.frames import BrokenProtocol, frame

CONSENSUS_PROTOCOL = TProtocol("/zerog/consensus/1")
CONSENSUS_FRAME_BYTES_MAX = 160 * 1024
"""A certificate of the largest validator set."""
SUMMARY_ROUNDS_MAX = 8
BITMAP_BYTES_MAX = (VALIDATORS_MAX + 7) // 8

_VOTE, _PROPOSAL, _PIECE, _SUMMARY, _CERTIFICATE = range(1, 6)


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """What a validator holds of one round. Bit i of a bitmap: validator i of the set (LSB first)."""

    round: int
    has_proposal: bool
    has_polka: bool
    prevotes: int
    precommits: int


@dataclass(frozen=True, slots=True)
class Summary:
    """What a validator holds of the height it works on; `height` − 1 is committed."""

    height: int
    round: int
    step: int
    rounds: tuple[RoundSummary, ...] = ()


WireMessage = Vote | ProposedBlock | Summary | Certificate


def frames_of(message: WireMessage) -> list[bytes]:
    """Whole frames, length and all; more than one for a proposal with a large block."""
    match message:
        case Vote():
            return [_frame(_VOTE, encode_vote(message))]
        case ProposedBlock():
            pieces = [_frame(_PIECE, body) for body in piece_bodies(message)]
            return [_frame(_PROPOSAL, first_body(message)), *pieces]
        case Summary():
            return [_frame(_SUMMARY, encode_summary(message))]
        case Certificate():
            return [_frame(_CERTIFICATE, encode_certificate(message))]


class MessageReader:
    """Turns one peer's frames into messages; keeps a block's pieces until it is whole."""

    def __init__(self) -> None:
        self._assembly = BlockAssembly()

    def message(self, body: bytes) -> WireMessage | None:
        """None when the frame is a piece of something larger. Raises `BrokenProtocol`."""
        if not body:
            raise BrokenProtocol("an empty frame")
        kind, fields = body[0], body[1:]
        try:
            match kind:
                case 1:
                    return decode_vote(fields)
                case 2:
                    return self._assembly.begin(fields)
                case 3:
                    return self._assembly.add(fields)
                case 4:
                    return decode_summary(fields)
                case 5:
                    return decode_certificate(fields)
        except Undecodable as error:
            raise BrokenProtocol(f"message of kind {kind}: {error}") from error
        raise BrokenProtocol(f"message of unknown kind {kind}")


def encode_summary(summary: Summary) -> bytes:
    """RLP [height, round, step, [[round, flags, prevotes, precommits], …]]; flags: 1 proposal, 2 polka."""
    rounds: list[Item] = [
        [
            encode_integer(entry.round),
            encode_integer(entry.has_proposal + 2 * entry.has_polka),
            encode_integer(entry.prevotes),
            encode_integer(entry.precommits),
        ]
        for entry in summary.rounds
    ]
    place = [encode_integer(n) for n in (summary.height, summary.round, summary.step)]
    return encode([*place, rounds])


def decode_summary(data: bytes) -> Summary:
    """Raises `Undecodable`."""
    match decode(data):
        case [bytes(height), bytes(round), bytes(step), list(rounds)]:
            if len(rounds) > SUMMARY_ROUNDS_MAX:
                raise Undecodable(f"{len(rounds)} rounds, at most {SUMMARY_ROUNDS_MAX}")
            return Summary(
                decode_integer(height),
                decode_integer(round, bytes_max=4),
                decode_integer(step, bytes_max=1),
                tuple(_round_summary(entry) for entry in rounds),
            )
    raise Undecodable("summary: expected [height, round, step, rounds]")


def _round_summary(entry: Item) -> RoundSummary:
    match entry:
        case [bytes(round), bytes(flags), bytes(prevotes), bytes(precommits)]:
            bits = decode_integer(flags, bytes_max=1)
            return RoundSummary(
                round=decode_integer(round, bytes_max=4),
                has_proposal=bool(bits & 1),
                has_polka=bool(bits & 2),
                prevotes=decode_integer(prevotes, bytes_max=BITMAP_BYTES_MAX),
                precommits=decode_integer(precommits, bytes_max=BITMAP_BYTES_MAX),
            )
    raise Undecodable("round summary: expected [round, flags, prevotes, precommits]")


def _frame(kind: int, fields: bytes) -> bytes:
    return frame(bytes([kind]) + fields)
