"""What the chain says of a file: the Flow's Submit event, read from a log, and kept as bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak
from eth_typing import Hash32

from node.storage.errors import InvalidSubmission
from node.storage.file_merkle import SEGMENT_CHUNKS, FileShape, Node, folded
from node.storage.shards import Shard

SUBMIT_TOPIC = (
    "0x"
    + keccak(
        b"Submit(address,bytes32,uint256,uint256,uint256,(uint256,bytes,(bytes32,uint256)[]))"
    ).hex()
)
"""167ce04d… (facts §3), the same in both generations of the ABI."""
HEIGHT_MAX = 63
POSITION_MAX = 2**63 - 1
_DATA_TYPES = ("uint256", "uint256", "uint256", "(uint256,bytes,(bytes32,uint256)[])")


@dataclass(frozen=True, slots=True)
class Submission:
    """A file as the chain announced it."""

    sequence: int
    """`txSeq`: its number in the flow."""
    start_chunk: int
    """Where in the flow it begins."""
    size: int
    """Bytes, at least one."""
    tags: bytes
    nodes: tuple[Node, ...]
    """Heights falling."""
    block_number: int

    @property
    def root(self) -> Hash32:
        """The file's Merkle root."""
        return folded(self.nodes)

    @property
    def shape(self) -> FileShape:
        return FileShape(self.size, sum(1 << node.height for node in self.nodes))

    @property
    def start_segment(self) -> int:
        return self.start_chunk // SEGMENT_CHUNKS

    def expected_segments(self, shard: Shard) -> int:
        """How many of its segments that shard holds."""
        return shard.expected(self.start_segment, self.shape.segments)


def parse_log(log: Mapping[str, Any]) -> Submission:
    """Of an `eth_getLogs` entry; raises `InvalidSubmission`."""
    try:
        data = bytes.fromhex(log["data"][2:])
        sequence, start, _, (size, tags, nodes) = decode(_DATA_TYPES, data, strict=False)
        block_number = int(log["blockNumber"], 16)
    except (DecodingError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise InvalidSubmission(f"no Submit event: {error}") from None
    submission = Submission(
        sequence, start, size, tags, tuple(Node(root, height) for root, height in nodes),
        block_number,
    )  # fmt: skip
    _check(submission)
    return submission


def identity(nodes: tuple[Node, ...]) -> Hash32:
    """The event's second topic: keccak of the nodes' roots, one behind the other (facts §3)."""
    return Hash32(keccak(b"".join(node.root for node in nodes)))


def to_record(submission: Submission) -> bytes:
    """For the index."""
    return orjson.dumps(
        [
            submission.sequence, submission.start_chunk, submission.size, submission.tags.hex(),
            [[node.root.hex(), node.height] for node in submission.nodes],
            submission.block_number,
        ]
    )  # fmt: skip


def from_record(record: bytes) -> Submission:
    """What `to_record` made bytes of."""
    sequence, start, size, tags, nodes, block_number = orjson.loads(record)
    return Submission(
        sequence, start, size, bytes.fromhex(tags),
        tuple(Node(Hash32(bytes.fromhex(root)), height) for root, height in nodes),
        block_number,
    )  # fmt: skip


def _check(submission: Submission) -> None:
    """What everything behind relies on; the Flow itself refuses all of this (facts §3)."""
    heights = [node.height for node in submission.nodes]
    if not heights or heights[0] > HEIGHT_MAX or sorted(set(heights), reverse=True) != heights:
        raise InvalidSubmission(f"node heights {heights}")
    if max(submission.sequence, submission.start_chunk) > POSITION_MAX:
        raise InvalidSubmission(f"number {submission.sequence} at {submission.start_chunk}")
    shape = submission.shape
    if not 0 < shape.chunks <= shape.padded_chunks:
        raise InvalidSubmission(f"{submission.size} bytes under nodes of heights {heights}")
