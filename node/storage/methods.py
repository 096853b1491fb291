"""The JSON-RPC methods of a storage node and of an indexer that knows it and its peers."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from eth_typing import Hash32

from node.storage.chain_watch import ChainWatch
from node.storage.errors import NotStored, RefusedRequest
from node.storage.file_merkle import CHUNK_BYTES, SEGMENT_CHUNKS
from node.storage.index import IndexView
from node.storage.peers import Peers, node_json
from node.storage.settings import StorageSettings
from node.storage.store import SegmentStore
from node.storage.submissions import Submission
from node.storage.wire import (
    SentSegment,
    base64_text,
    hash_text,
    parse_hash,
    parse_number,
    parse_sent_segment,
    segment_json,
    transaction_json,
)

SEGMENTS_A_REQUEST_MAX = 256
DAMAGED_SHOWN_MAX = 1_000
P2P_VERSION = {"major": 0, "minor": 0, "build": 0}
"""There is no peer-to-peer protocol here: peers talk over the same JSON-RPC."""
DONE = 0
"""Not null: the Python SDK takes a null for a failure."""

Method = Callable[[list[Any]], Any]


class Methods:
    """What a node answers; usable from every thread."""

    def __init__(
        self, settings: StorageSettings, store: SegmentStore, watch: ChainWatch, peers: Peers
    ) -> None:
        self._settings, self._store, self._watch, self._peers = settings, store, watch, peers
        self._since = int(time.time())
        self.table: Mapping[str, tuple[Method, int]] = {
            "zgs_getStatus": (self._status, 0),
            "zgs_getShardConfig": (lambda _: store.shard.as_json(), 0),
            "zgs_getFileInfo": (self._file_info, 1),
            "zgs_getFileInfoByTxSeq": (self._file_info_by_number, 1),
            "zgs_uploadSegment": (lambda given: self._upload([given[0]], None), 1),
            "zgs_uploadSegments": (lambda given: self._upload(given[0], None), 1),
            "zgs_uploadSegmentByTxSeq": (lambda given: self._upload([given[0]], given[1]), 2),
            "zgs_uploadSegmentsByTxSeq": (lambda given: self._upload(given[0], given[1]), 2),
            "zgs_downloadSegment": (self._download, 3),
            "zgs_downloadSegmentByTxSeq": (self._download_by_number, 3),
            "zgs_downloadSegmentWithProof": (self._proven, 2),
            "zgs_downloadSegmentWithProofByTxSeq": (self._proven_by_number, 2),
            "indexer_getShardedNodes": (self._nodes, 0),
            "indexer_getFileLocations": (self._locations, 1),
            "indexer_getNodeLocations": (lambda _: {}, 0),
            "zerog_storageStatus": (self._own_status, 0),
        }
        """Name → what answers it, and how many parameters it needs."""

    def _status(self, _: list[Any]) -> Any:
        with self._store.index.view() as view:
            progress, next_submission = view.progress(), view.next_submission()
        return {
            "connectedPeers": self._peers.answering,
            "logSyncHeight": max(0, progress.block_number),
            "logSyncBlock": progress.block_hash,
            "nextTxSeq": next_submission,
            "networkIdentity": {
                "chainId": self._watch.chain_id or 0,
                "flowAddress": self._settings.flow,
                "p2pProtocolVersion": P2P_VERSION,
            },
        }

    def _own_status(self, _: list[Any]) -> Any:
        with self._store.index.view() as view:
            submissions, unfinished = view.entries()
            damaged = view.damaged(DAMAGED_SHOWN_MAX)
            used, progress = view.used_bytes(), view.progress()
        return {
            "url": self._settings.url,
            "chainId": self._watch.chain_id,
            "flow": self._settings.flow,
            "rpcUrl": self._settings.rpc_url,
            "syncedBlock": progress.block_number,
            "shard": self._store.shard.as_json(),
            "submissions": submissions,
            "finalized": submissions - unfinished,
            "usedBytes": used,
            "quotaBytes": self._store.limits.quota,
            "peers": self._peers.as_json(),
            "damaged": [{"root": hash_text(root), "segment": index} for root, index in damaged],
        }

    def _file_info(self, given: list[Any]) -> Any:
        root = parse_hash("root", given[0])
        with self._store.index.view() as view:
            return self._info(view, self._store.chosen(view, root))

    def _file_info_by_number(self, given: list[Any]) -> Any:
        number = parse_number("txSeq", given[0])
        with self._store.index.view() as view:
            return self._info(view, view.submission(number))

    def _info(self, view: IndexView, submission: Submission | None) -> Any:
        """A file that is announced but not here is information too: clients wait for it."""
        if submission is None:
            return None
        return {
            "tx": transaction_json(submission),
            "finalized": view.is_finalized(submission, self._store.shard),
            "isCached": False,
            "uploadedSegNum": view.count(submission.root),
            "pruned": False,
        }

    def _upload(self, contents: Any, number: Any) -> int:
        if not isinstance(contents, list) or len(contents) > SEGMENTS_A_REQUEST_MAX:
            raise RefusedRequest("segments", f"expected a list of up to {SEGMENTS_A_REQUEST_MAX}")
        sent = [parse_sent_segment(content) for content in contents]
        if not sent:
            return DONE
        submission = self._submission_for(sent[0], number)
        for item in sent:
            if item.root not in (None, submission.root):
                raise RefusedRequest(
                    "root", f"submission {submission.sequence} has {hash_text(submission.root)}"
                )
            if item.file_size != submission.size:
                raise RefusedRequest("fileSize", f"the file has {submission.size} bytes")
        self._store.accept(submission, [item.segment for item in sent])
        return DONE

    def _submission_for(self, sent: SentSegment, number: Any) -> Submission:
        with self._store.index.view() as view:
            if number is not None:
                found = view.submission(parse_number("txSeq", number))
                what = ("txSeq", f"no submission {number} is known")
            else:
                found = self._announced(view, sent)
                what = ("root", "no submission of it is known")
        if found is None:
            raise RefusedRequest(*what)
        return found

    def _announced(self, view: IndexView, sent: SentSegment) -> Submission | None:
        if sent.root is None:
            return None
        same_size = self._store.chosen(view, sent.root, sent.file_size)
        return same_size or self._store.chosen(view, sent.root)

    def _download(self, given: list[Any]) -> Any:
        return self._range(self._of_root(given[0]), given[1], given[2])

    def _download_by_number(self, given: list[Any]) -> Any:
        return self._range(self._of_number(given[0]), given[1], given[2])

    def _range(self, submission: Submission | None, first: Any, end: Any) -> Any:
        """Chunks first to end of the file, end not included, in base64; null where they are not here."""
        first, end = parse_number("startIndex", first), parse_number("endIndex", end)
        if submission is None:
            return None
        if not first < end <= submission.shape.chunks:
            raise RefusedRequest("endIndex", "invalid chunk index")
        if end - first > SEGMENT_CHUNKS:
            raise RefusedRequest("endIndex", f"exceeds maximum chunks {SEGMENT_CHUNKS}")
        segments = range(first // SEGMENT_CHUNKS, (end - 1) // SEGMENT_CHUNKS + 1)
        try:
            data = b"".join(self._store.read(submission, index)[0] for index in segments)
        except NotStored:
            return None
        skipped = segments[0] * SEGMENT_CHUNKS
        return base64_text(data[(first - skipped) * CHUNK_BYTES : (end - skipped) * CHUNK_BYTES])

    def _proven(self, given: list[Any]) -> Any:
        return self._with_proof(self._of_root(given[0]), given[1])

    def _proven_by_number(self, given: list[Any]) -> Any:
        return self._with_proof(self._of_number(given[0]), given[1])

    def _with_proof(self, submission: Submission | None, index: Any) -> Any:
        index = parse_number("index", index)
        if submission is None:
            return None
        if index >= submission.shape.segments:
            raise RefusedRequest("index", "index out of bound")
        try:
            data, record = self._store.read(submission, index)
        except NotStored:
            return None
        return segment_json(submission, index, data, record)

    def _of_root(self, content: Any) -> Submission | None:
        root = parse_hash("root", content)
        with self._store.index.view() as view:
            return self._store.chosen(view, root)

    def _of_number(self, content: Any) -> Submission | None:
        number = parse_number("txSeq", content)
        with self._store.index.view() as view:
            return view.submission(number)

    def _nodes(self, _: list[Any]) -> Any:
        return {"trusted": [self._own_node(), *self._peers.as_json()], "discovered": []}

    def _locations(self, given: list[Any]) -> Any:
        root = parse_hash("root", given[0])
        found = [self._own_node()] if self._has(root) else []
        return [*found, *self._peers.with_file(root)]

    def _has(self, root: Hash32) -> bool:
        with self._store.index.view() as view:
            submission = self._store.chosen(view, root)
            return submission is not None and view.is_finalized(submission, self._store.shard)

    def _own_node(self) -> dict[str, Any]:
        return node_json(self._settings.url, self._store.shard, 0, self._since)
