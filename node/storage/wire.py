"""Segments, proofs and file information as 0G's JSON has them."""

import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import Hash32

from node.storage.errors import RefusedRequest
from node.storage.file_merkle import PROOF_NODES_MAX, FileShape, Proof, sides
from node.storage.index import SegmentRecord
from node.storage.store import Segment
from node.storage.submissions import Submission

NUMBER_MAX = 2**53 - 1
"""JavaScript's."""
_HASH_CHARACTERS = 66


@dataclass(frozen=True, slots=True)
class SentSegment:
    """A segment as a client sends it, and what it says of the file."""

    root: Hash32 | None
    """The SDKs leave it out when a node dislikes it."""
    file_size: int
    segment: Segment


def segment_json(submission: Submission, index: int, data: bytes, record: SegmentRecord) -> Any:
    """A segment with its proof."""
    return {
        "root": hash_text(submission.root),
        "data": base64_text(data),
        "index": index,
        "proof": proof_json(submission, index, record),
        "fileSize": submission.size,
    }


def proof_json(submission: Submission, index: int, record: SegmentRecord) -> Any:
    """Leaf, siblings from the bottom up, root; and for each sibling whether ours is left of it."""
    leaves = submission.shape.padded_segments
    if not record.proof.siblings:
        return {"lemma": [hash_text(record.root)], "path": []}
    lemma = (record.root, *record.proof.siblings, submission.root)
    return {"lemma": [hash_text(item) for item in lemma], "path": list(sides(index, leaves))}


def sent_json(root: Hash32, shape: FileShape, segment: Segment, leaf: Hash32) -> Any:
    """A segment to upload."""
    lemma = (leaf, *segment.proof.siblings, root) if segment.proof.siblings else (leaf,)
    return {
        "root": hash_text(root),
        "data": base64_text(segment.data),
        "index": segment.index,
        "proof": {
            "lemma": [hash_text(item) for item in lemma],
            "path": list(sides(segment.index, shape.padded_segments)),
        },
        "fileSize": shape.size,
    }


def transaction_json(submission: Submission) -> dict[str, Any]:
    """What 0G's nodes call a file's transaction; a node's depth is its height and one."""
    return {
        "streamIds": [],
        "data": list(submission.tags),
        "dataMerkleRoot": hash_text(submission.root),
        "merkleNodes": [[node.height + 1, hash_text(node.root)] for node in submission.nodes],
        "startEntryIndex": submission.start_chunk,
        "size": submission.size,
        "seq": submission.sequence,
    }


def parse_sent_segment(content: Any) -> SentSegment:
    """Raises `RefusedRequest` naming the field."""
    if not isinstance(content, dict):
        raise RefusedRequest("segment", "expected an object")
    root = content.get("root")
    return SentSegment(
        parse_hash("root", root) if root is not None else None,
        parse_number("fileSize", content.get("fileSize")),
        Segment(
            parse_number("index", content.get("index")),
            parse_base64("data", content.get("data")),
            parse_proof(content.get("proof")),
        ),
    )


def parse_proof(content: Any) -> Proof:
    """The siblings; leaf, root and path are worked out anew by whoever checks it."""
    lemma = content.get("lemma") if isinstance(content, Mapping) else None
    if not isinstance(lemma, list) or not 0 < len(lemma) <= PROOF_NODES_MAX + 2:
        raise RefusedRequest("proof", "expected a lemma, a list of hashes")
    return Proof(tuple(parse_hash("proof", item) for item in lemma[1:-1]))


def parse_hash(name: str, content: Any) -> Hash32:
    """0x and 64 hex digits; raises `RefusedRequest`."""
    if isinstance(content, str) and len(content) == _HASH_CHARACTERS and content[:2] == "0x":
        try:
            return Hash32(binascii.unhexlify(content[2:]))
        except ValueError:
            pass
    raise RefusedRequest(name, "expected 0x and 64 hex digits")


def parse_number(name: str, content: Any) -> int:
    """A whole number; raises `RefusedRequest`."""
    if type(content) is not int or not 0 <= content <= NUMBER_MAX:
        raise RefusedRequest(name, "expected a whole number")
    return content


def parse_base64(name: str, content: Any) -> bytes:
    """Raises `RefusedRequest`."""
    if not isinstance(content, str):
        raise RefusedRequest(name, "expected base64")
    try:
        return binascii.a2b_base64(content, strict_mode=True)
    except ValueError as error:
        raise RefusedRequest(name, f"expected base64: {error}") from None


def base64_text(data: bytes) -> str:
    """The wire's form of bytes."""
    return binascii.b2a_base64(data, newline=False).decode()


def hash_text(value: bytes) -> str:
    """The wire's form of hashes."""
    return "0x" + value.hex()
