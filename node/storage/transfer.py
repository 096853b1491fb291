"""Files to storage nodes and back, each segment of what comes back proven against the root on chain."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from eth_typing import Hash32

from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Sender
from node.storage.errors import InvalidProof, RefusedRequest, TransferFailed
from node.storage.file_merkle import (
    CHUNK_BYTES,
    SEGMENT_BYTES,
    FileShape,
    FileTree,
    Node,
    check_proof,
    folded,
    segment_root,
    shape_of,
    submission_nodes,
)
from node.storage.flow import Flow
from node.storage.storage_client import StorageNetwork, StorageNode, holder_of
from node.storage.store import Segment
from node.storage.submissions import Submission
from node.storage.wire import hash_text, parse_hash, parse_sent_segment, sent_json

SEGMENTS_A_REQUEST = 8
SEEN_S_MAX = 60.0
"""From the receipt until the storage nodes know of the submission, or have all of it."""
POLL_S = 0.1
_ALREADY = "already uploaded and finalized"

Progress = Callable[[str, int, int], None]
"""What is being done, bytes done, bytes in all."""


def no_progress(what: str, done: int, total: int) -> None:
    """Says nothing."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file that the storage nodes have."""

    root: Hash32
    size: int
    sequence: int
    transaction: str | None
    """None: the chain knew of it already."""


class LocalFile:
    """A file on this machine, its tree worked out."""

    def __init__(self, path: Path, progress: Progress = no_progress) -> None:
        """Raises `TransferFailed` for an empty file, `OSError` where it cannot be read."""
        self._path = path
        size = path.stat().st_size
        if size == 0:
            raise TransferFailed(f"{path}: empty; 0G storage takes files of one byte or more")
        self.shape = shape_of(size)
        roots = []
        last = b""
        for index in range(self.shape.segments):
            last = self.segment(index)
            roots.append(segment_root(last, self.shape.segment_padded_chunks(index)))
            progress("hashing", min(size, (index + 1) * SEGMENT_BYTES), size)
        self.tree = FileTree(self.shape, roots)
        self.nodes = submission_nodes(self.tree, last)

    def segment(self, index: int) -> bytes:
        """Its data, filled up to whole chunks."""
        with self._path.open("rb") as file:
            file.seek(index * SEGMENT_BYTES)
            data = file.read(SEGMENT_BYTES)
        return data + bytes(-len(data) % CHUNK_BYTES)


def put(
    chain: RpcClient,
    network: StorageNetwork,
    sender: Callable[[], Sender],
    path: Path,
    progress: Progress = no_progress,
) -> Stored:
    """Announce a file and upload it; returns when every node has its shard.

    What is announced already is not announced again, what is there already not sent again. `sender`
    is asked for only where the chain is to be told. Raises `TransferFailed`.
    """
    file = LocalFile(path, progress)
    root, size = file.tree.root, file.shape.size
    if network.file_info(root) is not None:
        submission, transaction = _on_chain(chain, network, root), None
        if _is_complete(network.nodes_with(root), submission):
            return Stored(root, size, submission.sequence, None)
    else:
        flow = Flow(chain, network.flow())
        submission, receipt = flow.submit(sender(), size, file.nodes)
        transaction = receipt["transactionHash"]
    if submission.root != root:
        raise TransferFailed(f"the Flow announced {hash_text(submission.root)}, not this file")
    _upload(file, submission, network.nodes(), progress)
    return Stored(root, size, submission.sequence, transaction)


def get(
    chain: RpcClient,
    network: StorageNetwork,
    root: Hash32,
    path: Path,
    progress: Progress = no_progress,
) -> Submission:
    """Fetch a file, every segment with its proof; the file appears whole and verified, or not at all.

    Raises `TransferFailed` naming the segment that is not what the root on chain says.
    """
    submission = _on_chain(chain, network, root)
    nodes = network.nodes_with(root)
    size = submission.size
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with partial.open("wb") as file:
            for index in range(submission.shape.segments):
                node = holder_of(nodes, submission.start_segment, index)
                file.write(_fetched(node, submission, index))
                progress("downloading", min(size, (index + 1) * SEGMENT_BYTES), size)
            file.truncate(size)
            os.fsync(file.fileno())
        partial.rename(path)
    finally:
        partial.unlink(missing_ok=True)
    return submission


def _is_complete(nodes: list[StorageNode], submission: Submission) -> bool:
    """Whether these nodes, each with its shard, have every segment together."""
    most = max((node.shard.count for node in nodes), default=1)
    try:
        for index in range(min(most, submission.shape.segments)):
            holder_of(nodes, submission.start_segment, index)
    except TransferFailed:
        return False
    return True


def _upload(
    file: LocalFile, submission: Submission, nodes: list[StorageNode], progress: Progress
) -> None:
    shape, start = file.shape, submission.start_segment
    by_node: dict[str, tuple[StorageNode, list[int]]] = {}
    for index in range(shape.segments):
        node = holder_of(nodes, start, index)
        by_node.setdefault(node.client.url, (node, []))[1].append(index)
    sent = 0
    for node, indices in by_node.values():
        _wait_for_info(node, submission, is_final=False)
        for place in range(0, len(indices), SEGMENTS_A_REQUEST):
            part = indices[place : place + SEGMENTS_A_REQUEST]
            _send(node, file, submission, part)
            sent += sum(shape.segment_bytes(index) for index in part)
            progress("uploading", min(sent, shape.size), shape.size)
    for node, _ in by_node.values():
        _wait_for_info(node, submission, is_final=True)


def _send(node: StorageNode, file: LocalFile, submission: Submission, indices: list[int]) -> None:
    content = [
        sent_json(
            file.tree.root,
            file.shape,
            Segment(index, file.segment(index), file.tree.proof(index)),
            file.tree.segment_root(index),
        )
        for index in indices
    ]
    try:
        node.call("zgs_uploadSegmentsByTxSeq", content, submission.sequence)
    except RpcError as error:
        # Its peers may have brought it the rest meanwhile.
        if _ALREADY not in error.message:
            raise TransferFailed(
                f"{node.client.url} refuses segments {indices[0]} to {indices[-1]}: {error.message}"
            ) from None


def _wait_for_info(node: StorageNode, submission: Submission, *, is_final: bool) -> None:
    deadline = time.monotonic() + SEEN_S_MAX
    while True:
        info = node.call("zgs_getFileInfoByTxSeq", submission.sequence)
        if info is not None and (info["finalized"] or not is_final):
            return
        if time.monotonic() > deadline:
            what = "all of" if is_final else "to hear of"
            raise TransferFailed(
                f"{node.client.url}: waited {SEEN_S_MAX:.0f} s for it {what} submission "
                f"{submission.sequence}"
            )
        time.sleep(POLL_S)


def _on_chain(chain: RpcClient, network: StorageNetwork, root: Hash32) -> Submission:
    """The submission as the chain announced it: the storage node only says which to look for."""
    info = network.file_info(root)
    if info is None:
        raise TransferFailed(f"{network.url} knows of no file {hash_text(root)}")
    try:
        entries = info["tx"]["merkleNodes"]
        nodes = [Node(parse_hash("node", entry[1]), int(entry[0]) - 1) for entry in entries]
        sequence = int(info["tx"]["seq"])
    except (KeyError, TypeError, ValueError, IndexError, RefusedRequest):
        nodes, sequence = [], 0
    if not nodes or folded(tuple(nodes)) != root:
        raise TransferFailed(f"{network.url} says of {hash_text(root)} what does not lead to it")
    found = Flow(chain, network.flow()).find(nodes, sequence)
    if found is None or found.root != root:
        raise TransferFailed(f"the chain has no submission {sequence} of {hash_text(root)}")
    return found


def _fetched(node: StorageNode, submission: Submission, index: int) -> bytes:
    """A segment's data, proven; raises `TransferFailed` naming it."""
    root, shape = submission.root, submission.shape
    where = f"segment {index} from {node.client.url}"
    try:
        answer = node.call("zgs_downloadSegmentWithProofByTxSeq", submission.sequence, index)
    except RpcError as error:
        raise TransferFailed(f"{where}: {error.message}") from None
    if answer is None:
        raise TransferFailed(f"{where}: the node has it not")
    try:
        segment = parse_sent_segment(answer).segment
    except RefusedRequest as error:
        raise TransferFailed(f"{where}: {error}") from None
    try:
        _check(segment, submission, shape, index)
    except InvalidProof as error:
        raise TransferFailed(f"{where} is not of the file {hash_text(root)}: {error}") from None
    return segment.data


def _check(segment: Segment, submission: Submission, shape: FileShape, index: int) -> None:
    if segment.index != index or len(segment.data) != shape.segment_bytes(index):
        raise InvalidProof(f"it is number {segment.index}, {len(segment.data)} bytes")
    leaf = segment_root(segment.data, shape.segment_padded_chunks(index))
    check_proof(submission.root, leaf, index, shape.padded_segments, segment.proof)
