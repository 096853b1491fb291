"""`/zerog/sync/1`: one request and its answer on a stream of their own.

request frame = RLP [first height, count]
answer frames = RLP [encoded block, encoded commit certificate], ascending heights from the first
                on; as many as the answering node has and its limits allow; then end of stream
"""

from dataclasses import dataclass

from libp2p.custom_types import TProtocol

from consensus.encoding import (
    BLOCK_BYTES_MAX,
    CERTIFICATE_BYTES_MAX,
    decode_block,
    decode_certificate,
    encode_block,
    encode_certificate,
)
from consensus.errors import Undecodable
from consensus.header import ConsensusBlock
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.values import Certificate
from node.network.frames import BrokenProtocol

SYNC_PROTOCOL = TProtocol("/zerog/sync/1")
REQUEST_BYTES_MAX = 32
BLOCKS_PER_REQUEST_MAX = 64
ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""No further block is put into an answer of this size."""
DECISION_BYTES_MAX = BLOCK_BYTES_MAX + CERTIFICATE_BYTES_MAX + 64
REQUEST_TIMEOUT_S = 5.0
"""Until the request has come in, and until each decision of the answer has."""


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """Decisions from `first` on, at most `count`."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Decision:
    """A block and the proof that it was decided."""

    block: ConsensusBlock
    certificate: Certificate


def encode_request(request: SyncRequest) -> bytes:
    return encode([encode_integer(request.first), encode_integer(request.count)])


def decode_request(data: bytes) -> SyncRequest:
    """Raises `BrokenProtocol`."""
    try:
        match decode(data):
            case [bytes(first), bytes(count)]:
                request = SyncRequest(decode_integer(first), decode_integer(count))
                if request.first >= 1 and 1 <= request.count <= BLOCKS_PER_REQUEST_MAX:
                    return request
    except Undecodable as error:
        raise BrokenProtocol(f"sync request: {error}") from error
    raise BrokenProtocol(f"sync request: expected [height, 1 to {BLOCKS_PER_REQUEST_MAX}]")


def encode_decision(decision: Decision) -> bytes:
    return encode([encode_block(decision.block), encode_certificate(decision.certificate)])


def decode_decision(data: bytes) -> Decision:
    """Raises `BrokenProtocol`. Proves nothing yet."""
    try:
        match decode(data):
            case [bytes(block), bytes(certificate)]:
                return Decision(decode_block(block), decode_certificate(certificate))
    except Undecodable as error:
        raise BrokenProtocol(f"sync answer: {error}") from error
    raise BrokenProtocol("sync answer: expected [block, certificate]")
