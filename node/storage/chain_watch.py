"""Follows the chain over JSON-RPC: the Flow's Submit events of finalized blocks, into the index."""

import logging
import threading
from dataclasses import dataclass

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError
from node.storage.errors import InvalidSubmission
from node.storage.index import Identity, Index, Progress
from node.storage.shards import Shard
from node.storage.submissions import SUBMIT_TOPIC, Submission, parse_log

LOG_BLOCKS_MAX = 1_000
"""Asked for at once; fewer where the node finds that too much."""

_logger = logging.getLogger("zerog.storage")


@dataclass(frozen=True, slots=True)
class WatchedFlow:
    """Whose events are followed, and from which block on."""

    address: str
    first_block: int


class ChainWatch:
    """Looks at new blocks when told to."""

    def __init__(self, client: RpcClient, index: Index, flow: WatchedFlow, shard: Shard) -> None:
        self._client, self._index, self._flow, self._shard = client, index, flow, shard
        self._is_checked = False
        self._blocks_at_once = LOG_BLOCKS_MAX
        self._lock = threading.Lock()
        self.chain_id: int | None = None
        """Known from the first look on."""

    def catch_up(self) -> None:
        """Up to the finalized block.

        Raises `IdentityMismatch` where the directory is another chain's, or what the client raises.
        """
        with self._lock:
            self._check_chain()
            final = self._client.call("eth_getBlockByNumber", "finalized", False)
            if not final:
                return
            last = int(final["number"], 16)
            with self._index.view() as view:
                next_block = max(view.progress().block_number + 1, self._flow.first_block)
            while next_block <= last:
                end = min(last, next_block + self._blocks_at_once - 1)
                try:
                    self._take(next_block, end, final if end == last else None)
                except RpcError:
                    # Nodes bound how many logs or blocks one answer has, each in its own way.
                    if self._blocks_at_once == 1:
                        raise
                    self._blocks_at_once = max(1, self._blocks_at_once // 4)
                    continue
                next_block = end + 1
                self._blocks_at_once = min(LOG_BLOCKS_MAX, 2 * self._blocks_at_once)

    def _take(self, first: int, last: int, block: dict[str, str] | None) -> None:
        """The events of these blocks and the progress past them, together."""
        logs = self._client.call(
            "eth_getLogs",
            {
                "address": self._flow.address,
                "topics": [SUBMIT_TOPIC],
                "fromBlock": hex(first),
                "toBlock": hex(last),
            },
        )
        submissions = [found for log in logs if (found := _parsed(log)) is not None]
        block = block or self._client.call("eth_getBlockByNumber", hex(last), False)
        if not block:
            raise NoJsonRpc(f"{self._client.url}: block {last} is gone")
        with self._index.write() as batch:
            for submission in submissions:
                batch.add_submission(submission, self._shard)
            batch.set_progress(Progress(last, block["hash"]))

    def _check_chain(self) -> None:
        if self._is_checked:
            return
        chain_id = self._client.number("eth_chainId")
        genesis = self._client.call("eth_getBlockByNumber", "0x0", False)
        if not genesis:
            raise NoJsonRpc(f"{self._client.url}: has no block 0")
        self._index.check_identity(
            Identity(chain_id, genesis["hash"], self._flow.address.lower(), self._shard)
        )
        self.chain_id = chain_id
        self._is_checked = True


def _parsed(log: dict[str, str]) -> Submission | None:
    try:
        return parse_log(log)
    except InvalidSubmission as error:
        # Some other contract's at this address; it must not stop what comes behind.
        _logger.warning("a log of block %s is left out: %s", log.get("blockNumber"), error)
        return None
