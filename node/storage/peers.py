"""Other storage nodes of the same Flow: who answers, what of our shard they have, and fetching it."""

import http.client
import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError
from node.storage.errors import AlreadyFinalized, PeerFault, QuotaExceeded, RefusedRequest
from node.storage.shards import Shard, parse_shard
from node.storage.store import SegmentStore
from node.storage.submissions import Submission
from node.storage.wire import hash_text, parse_sent_segment

PEER_TIMEOUT_S = 10.0
LOOK_S = 2.0
"""Between two looks at a peer's health."""
REST_S = 60.0
"""How long a peer is left alone that answered what it must not."""
FILES_A_ROUND_MAX = 100
SEGMENTS_A_FILE_MAX = 64
"""Fetched in one go, so that one large file does not keep the others waiting."""

_logger = logging.getLogger("zerog.storage")
_AWAY = (OSError, http.client.HTTPException, RpcError, NoJsonRpc)


@dataclass
class _Peer:
    url: str
    client: RpcClient
    shard: Shard | None = None
    """None: it does not answer now."""
    latency_ms: int = 0
    since: int = 0
    """Seconds since 1970 when it was first heard of."""
    next_look: float = 0.0
    said: str = field(default="", repr=False)


class Peers:
    """A node's peers; `tend` is called again and again from one thread, the rest from any."""

    def __init__(self, urls: Iterable[str], store: SegmentStore, flow: str) -> None:
        self._store, self._flow = store, flow.lower()
        self._peers = [_Peer(url, _client(url)) for url in urls]
        self._first_number = 0

    @property
    def answering(self) -> int:
        return sum(peer.shard is not None for peer in self._peers)

    def as_json(self) -> list[dict[str, Any]]:
        """Those that answer, as the indexer lists nodes."""
        return [
            node_json(peer.url, peer.shard, peer.latency_ms, peer.since)
            for peer in self._peers
            if peer.shard is not None
        ]

    def with_file(self, root: bytes) -> list[dict[str, Any]]:
        """Those of them that have their shard of the file."""
        found = []
        for peer in self._peers:
            if peer.shard is None:
                continue
            client = _client(peer.url)
            try:
                info = client.call("zgs_getFileInfo", hash_text(root), True)
            except _AWAY:
                continue
            finally:
                client.close()
            if isinstance(info, dict) and info.get("finalized") is True:
                found.append(node_json(peer.url, peer.shard, peer.latency_ms, peer.since))
        return found

    def tend(self) -> None:
        """Look who is there, and fetch what this node misses."""
        for peer in self._peers:
            if time.monotonic() >= peer.next_look:
                self._look_at(peer)
        if self.answering:
            self._fetch_missing()

    def _look_at(self, peer: _Peer) -> None:
        peer.next_look = time.monotonic() + LOOK_S
        began = time.monotonic()
        try:
            status = peer.client.call("zgs_getStatus")
            shard = parse_shard(peer.client.call("zgs_getShardConfig"))
            if shard is None or _flow_of(status) != self._flow:
                raise PeerFault("no storage node of this Flow")
        except (*_AWAY, PeerFault) as error:
            peer.shard = None
            self._say(peer, f"peer {peer.url}: {error or type(error).__name__}")
            return
        peer.latency_ms = round((time.monotonic() - began) * 500)
        peer.since = peer.since or int(time.time())
        peer.shard, peer.said = shard, ""

    def _say(self, peer: _Peer, text: str) -> None:
        """Once, not at every look."""
        if text != peer.said:
            peer.said = text
            _logger.warning("%s", text)

    def _fetch_missing(self) -> None:
        index = self._store.index
        with index.view() as view:
            numbers = view.unfinished(self._first_number, FILES_A_ROUND_MAX)
            submissions = [view.submission(number) for number in numbers]
        is_end = len(numbers) < FILES_A_ROUND_MAX
        self._first_number = 0 if is_end else numbers[-1] + 1
        wanted = [item for item in submissions if item is not None and self._fits(item)]
        for peer in self._peers:
            if peer.shard is not None and wanted:
                self._fetch_from(peer, wanted)

    def _fits(self, submission: Submission) -> bool:
        return submission.size <= self._store.limits.file

    def _fetch_from(self, peer: _Peer, wanted: list[Submission]) -> None:
        try:
            answers = peer.client.batch(
                [("zgs_getFileInfoByTxSeq", [submission.sequence]) for submission in wanted]
            )
            for submission, answer in zip(wanted, answers, strict=True):
                info = answer.get("result")
                if isinstance(info, dict) and info.get("uploadedSegNum", 0):
                    self._fetch_file(peer, submission)
        except _AWAY as error:
            self._say(peer, f"peer {peer.url}: {error or type(error).__name__}")
            peer.shard = None
        except PeerFault as error:
            _logger.error("peer %s is left alone for %.0f s: %s", peer.url, REST_S, error)
            peer.shard, peer.next_look = None, time.monotonic() + REST_S
        except QuotaExceeded as error:
            self._say(peer, f"nothing more is fetched: {error}")

    def _fetch_file(self, peer: _Peer, submission: Submission) -> None:
        assert peer.shard is not None
        with self._store.index.view() as view:
            # Of another submission of the file the peer may have what is not its shard's of this one.
            has_others = len(list(islice(view.submissions_of(submission.root), 2))) > 1
        for index in self._store.missing(submission, SEGMENTS_A_FILE_MAX):
            if not has_others and not peer.shard.holds(submission.start_segment, index):
                continue
            try:
                answer = peer.client.call(
                    "zgs_downloadSegmentWithProofByTxSeq", submission.sequence, index
                )
                if answer is None:
                    continue
                sent = parse_sent_segment(answer)
                if sent.segment.index != index:
                    raise PeerFault(f"segment {sent.segment.index} in place of {index}")
                self._store.accept(submission, [sent.segment])
            except RpcError as error:
                _logger.info("peer %s: %s", peer.url, error)  # Damaged there, for one.
            except AlreadyFinalized:
                return
            except RefusedRequest as error:
                raise PeerFault(f"file 0x{submission.root.hex()}: {error.why}") from None


def node_json(url: str, shard: Shard, latency_ms: int, since: int) -> dict[str, Any]:
    """A node, as the indexer lists it."""
    return {"url": url, "config": shard.as_json(), "latency": latency_ms, "since": since}


def _flow_of(status: Any) -> str | None:
    network = status.get("networkIdentity") if isinstance(status, dict) else None
    flow = network.get("flowAddress") if isinstance(network, dict) else None
    return flow.lower() if isinstance(flow, str) else None


def _client(url: str) -> RpcClient:
    return RpcClient.of_url(url, timeout_s=PEER_TIMEOUT_S)
