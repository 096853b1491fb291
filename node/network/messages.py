"""What travels on `/zerog/consensus/2`: one frame is a kind byte and its fields.

1 vote         encoded vote
2 proposal     see block_transfer.py
3 piece        see block_transfer.py
4 summary      encoded summary (consensus/repair.py)
5 certificate  encoded certificate: a polka, or a decision of the height both are at
6 transactions RLP list of encoded transactions
7 round        encoded round certificate: votes of more than a third in a later round
8 evidence     encoded evidence: two messages of one validator that exclude each other
9 peer record  see peer_record.py
10 question    see own_messages.py: what have you seen of this validator?
11 answer      see own_messages.py
"""

from libp2p.custom_types import TProtocol

from consensus.encoding import (
    decode_certificate,
    decode_round_certificate,
    decode_vote,
    encode_certificate,
    encode_round_certificate,
    encode_vote,
)
from consensus.errors import Undecodable
from consensus.evidence import Evidence, decode_evidence, encode_evidence
from consensus.repair import Summary, decode_summary, encode_summary
from consensus.values import Certificate, RoundCertificate, Vote
from node.network.block_transfer import (
    BlockAssembly,
    ProposedBlock,
    first_body,
    piece_bodies,
)
from node.network.frames import BrokenProtocol, frame
from node.network.own_messages import (
    OwnMessagesAnswer,
    OwnMessagesQuestion,
    decode_answer,
    decode_question,
    encode_answer,
    encode_question,
)
from node.network.peer_record import PeerRecord, decode_record, encode_record
from node.network.transaction_batch import (
    TransactionBatch,
    decode_transactions,
    encode_transactions,
)

CONSENSUS_PROTOCOL = TProtocol("/zerog/consensus/2")
CONSENSUS_FRAME_BYTES_MAX = 160 * 1024
"""A certificate of the largest validator set, or a batch with one of the largest transactions."""
(
    _VOTE, _PROPOSAL, _PIECE, _SUMMARY, _CERTIFICATE, _TRANSACTIONS, _ROUND, _EVIDENCE, _RECORD,
    _QUESTION, _ANSWER,
) = range(1, 12)  # fmt: skip


WireMessage = (
    Vote | ProposedBlock | Summary | Certificate | RoundCertificate | TransactionBatch
    | Evidence | PeerRecord | OwnMessagesQuestion | OwnMessagesAnswer
)  # fmt: skip


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
        case RoundCertificate():
            return [_frame(_ROUND, encode_round_certificate(message))]
        case Evidence():
            return [_frame(_EVIDENCE, encode_evidence(message))]
        case PeerRecord():
            return [_frame(_RECORD, encode_record(message))]
        case OwnMessagesQuestion():
            return [_frame(_QUESTION, encode_question(message))]
        case OwnMessagesAnswer():
            return [_frame(_ANSWER, encode_answer(message))]
        case TransactionBatch():
            return [_frame(_TRANSACTIONS, encode_transactions(message))]


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
                case 6:
                    return TransactionBatch(decode_transactions(fields))
                case 7:
                    return decode_round_certificate(fields)
                case 8:
                    return decode_evidence(fields)
                case 9:
                    return decode_record(fields)
                case 10:
                    return decode_question(fields)
                case 11:
                    return decode_answer(fields)
        except Undecodable as error:
            raise BrokenProtocol(f"message of kind {kind}: {error}") from error
        raise BrokenProtocol(f"message of unknown kind {kind}")


def _frame(kind: int, fields: bytes) -> bytes:
    return frame(bytes([kind]) + fields)
