"""A client of storage nodes: whom to ask for which segment, over their JSON-RPC."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError
from node.storage.errors import TransferFailed
from node.storage.shards import Shard, parse_shard
from node.storage.wire import hash_text

NODES_MAX = 1_000
"""Of those that an indexer names."""


@dataclass(frozen=True, slots=True)
class StorageNode:
    """A node and its shard."""

    client: RpcClient
    shard: Shard

    def call(self, method: str, *parameters: Any) -> Any:
        """The result; raises `TransferFailed` where nobody answers, `RpcError` for an error."""
        with _reached(self.client.url):
            return self.client.call(method, *parameters)


class StorageNetwork:
    """The nodes that one of them names, itself first.

    Whoever was named by the user is asked under the URL the user gave, whatever it calls itself.
    """

    def __init__(self, url: str) -> None:
        """Raises `TransferFailed` where nobody answers at `url`, `NoJsonRpc` where it is none."""
        self._entry = RpcClient.of_url(url)
        self._first = StorageNode(self._entry, self._shard_of_entry())
        trusted = self._first.call("indexer_getShardedNodes")["trusted"]
        self._own_name = trusted[0]["url"] if trusted else url
        """An indexer of ours names itself first."""

    @property
    def url(self) -> str:
        return self._entry.url

    def flow(self) -> str:
        """Address of the Flow that the node follows."""
        status = self._first.call("zgs_getStatus")
        return str(status["networkIdentity"]["flowAddress"])

    def file_info(self, root: bytes) -> dict[str, Any] | None:
        """What the node knows of the file."""
        answer: dict[str, Any] | None = self._first.call("zgs_getFileInfo", hash_text(root), True)
        return answer

    def nodes(self) -> list[StorageNode]:
        """All that the indexer trusts."""
        return [self._first, *self._others(self._first.call("indexer_getShardedNodes")["trusted"])]

    def nodes_with(self, root: bytes) -> list[StorageNode]:
        """Those that have their shard of the file."""
        info = self.file_info(root)
        others = self._others(self._first.call("indexer_getFileLocations", hash_text(root)))
        return [self._first, *others] if info is not None and info["finalized"] else others

    def _others(self, entries: Any) -> list[StorageNode]:
        """What the indexer names, but for the first node itself under the name it gives itself."""
        found = []
        for entry in entries[:NODES_MAX]:
            shard = parse_shard(entry.get("config"))
            if shard is not None and entry["url"] != self._own_name:
                found.append(StorageNode(RpcClient.of_url(entry["url"]), shard))
        return found

    def _shard_of_entry(self) -> Shard:
        with _reached(self._entry.url):
            try:
                shard = parse_shard(self._entry.call("zgs_getShardConfig"))
            except RpcError as error:
                raise TransferFailed(f"{self._entry.url}: no storage node: {error}") from None
        if shard is None:
            raise TransferFailed(f"{self._entry.url}: answers, but not as a storage node")
        return shard


def holder_of(nodes: list[StorageNode], start_segment: int, index: int) -> StorageNode:
    """The first of the nodes whose shard has the segment; raises `TransferFailed`."""
    for node in nodes:
        if node.shard.holds(start_segment, index):
            return node
    raise TransferFailed(f"no storage node that answers holds segment {index}")


@contextmanager
def _reached(url: str) -> Iterator[None]:
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        why = "nobody answers" if isinstance(error, ConnectionRefusedError) else error
        raise TransferFailed(f"{url}: {why or type(error).__name__}") from None
    except NoJsonRpc as error:
        raise TransferFailed(str(error)) from None
