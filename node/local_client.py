"""The JSON-RPC process's end of the socket to its node (`local_socket.py`)."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol

from node.filter_book import Poll
from node.local_socket import (
    FRAME_BYTES_MAX,
    LENGTH_BYTES,
    Accepted,
    BadFrame,
    LocalSocketError,
    NodeBusy,
    NodeNotRunning,
    NodeStatus,
    PoolContent,
    Refused,
    SubmitResult,
    frame_of,
    message_of,
)

SUBMISSIONS_PER_FRAME_MAX = 128
SUBMISSION_BYTES_PER_FRAME_MAX = 8 * 1024 * 1024
OUTSTANDING_MAX = 4_096
"""Questions and submissions of one client that the node has not answered yet."""
ANSWER_SECONDS_MAX = 15.0
RECONNECT_SECONDS = 0.05

_logger = logging.getLogger("zerog.rpc")


class FeedListener(Protocol):
    """Who is told what the node announces, in the event loop of the JSON-RPC process."""

    def on_head(self, number: int) -> None: ...

    def on_pending(self, transactions: Sequence[bytes]) -> None:
        """Encoded transactions that can be in the next block; after `watch_pending(True)` only."""


class NodeClient:
    """The JSON-RPC process's end. Use from one event loop; `start` first, `stop` last."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: asyncio.StreamWriter | None = None
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next_id = 0
        self._submissions: list[tuple[str, asyncio.Future[Any]]] = []
        self._unanswered = 0
        self._tasks: set[asyncio.Task[Any]] = set()
        self.announced_head: int | None = None
        """Number of the newest block that the node told of."""
        self.listener: FeedListener | None = None
        self._watches_pending = False

    @property
    def is_connected(self) -> bool:
        return self._writer is not None

    async def start(self) -> None:
        """Try to connect once, then keep trying in the background."""
        connection = await self._connected()
        self._spawn(self._keep_connected(connection))

    async def stop(self) -> None:
        """Close; every question still waiting fails with `NodeNotRunning`."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def submit_transaction(self, encoded: bytes) -> SubmitResult:
        """Offer one transaction; those of one turn of the event loop travel together.

        Raises `NodeNotRunning` or `NodeBusy`.
        """
        self._check_room()
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self._submissions:
            asyncio.get_running_loop().call_soon(self._flush_submissions)
        self._submissions.append((encoded.hex(), future))
        answer = await self._answer(future)
        if "hash" in answer:
            return Accepted(bytes.fromhex(answer["hash"]))
        return Refused(str(answer["message"]), int(answer["code"]))

    async def pending_nonce(self, address: bytes) -> int | None:
        """As `NodeService.pending_nonce`; raises `LocalSocketError`."""
        answer = await self._ask("pending_nonce", address.hex())
        return None if answer is None else int(answer)

    async def pending_transaction(self, transaction_hash: bytes) -> bytes | None:
        """As `NodeService.pending_transaction`; raises `LocalSocketError`."""
        answer = await self._ask("pending_transaction", transaction_hash.hex())
        return None if answer is None else bytes.fromhex(answer)

    async def pool_content(self) -> PoolContent:
        """As `NodeService.pool_content`, cut at a size; raises `LocalSocketError`."""
        answer = await self._ask("pool_content", None)
        return PoolContent(
            [bytes.fromhex(item) for item in answer["pending"]],
            [bytes.fromhex(item) for item in answer["queued"]],
        )

    async def status(self) -> NodeStatus:
        """As `NodeService.status`; raises `LocalSocketError`."""
        return NodeStatus(**await self._ask("status", None))

    async def filter_install(self, kind: str, criteria: str, head: int) -> str | None:
        """As `FilterBook.install`; this and all below raise `LocalSocketError`."""
        answer = await self._ask("filter_install", [kind, criteria, head])
        return None if answer is None else str(answer)

    async def filter_look(self, identity: str) -> Poll | None:
        """As `FilterBook.look`."""
        return _poll_of(await self._ask("filter_look", identity))

    async def filter_take(self, identity: str, head: int) -> Poll | None:
        """As `FilterBook.take`."""
        return _poll_of(await self._ask("filter_take", [identity, head]))

    async def filter_give_back(self, identity: str, cursor: int) -> None:
        """As `FilterBook.give_back`."""
        await self._ask("filter_give_back", [identity, cursor])

    async def filter_remove(self, identity: str) -> bool:
        """As `FilterBook.remove`."""
        return bool(await self._ask("filter_remove", identity))

    def watch_pending(self, wanted: bool) -> None:
        """Whether the node is to announce pending transactions; kept across reconnections."""
        if wanted != self._watches_pending:
            self._watches_pending = wanted
            self._tell_watch()

    def _tell_watch(self) -> None:
        if self._writer is not None:
            self._writer.write(
                frame_of({"method": "watch_pending", "params": self._watches_pending})
            )

    async def _ask(self, method: str, params: Any) -> Any:
        self._check_room()
        return await self._answer(self._sent(method, params))

    def _check_room(self) -> None:
        if self._writer is None:
            raise NodeNotRunning
        if self._unanswered >= OUTSTANDING_MAX:
            raise NodeBusy

    def _sent(self, method: str, params: Any) -> asyncio.Future[Any]:
        if self._writer is None:
            raise NodeNotRunning
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._next_id += 1
        self._waiting[self._next_id] = future
        self._writer.write(frame_of({"id": self._next_id, "method": method, "params": params}))
        return future

    async def _answer(self, future: asyncio.Future[Any]) -> Any:
        self._unanswered += 1
        try:
            return await asyncio.wait_for(future, ANSWER_SECONDS_MAX)
        except TimeoutError:
            raise NodeBusy from None
        finally:
            self._unanswered -= 1

    def _flush_submissions(self) -> None:
        """Send what has gathered, in frames of a bounded size."""
        gathered, self._submissions = self._submissions, []
        start = size = 0
        for index, (encoded, _) in enumerate(gathered):
            size += len(encoded)
            last = index + 1 == len(gathered)
            full = (
                index + 1 - start >= SUBMISSIONS_PER_FRAME_MAX
                or size >= SUBMISSION_BYTES_PER_FRAME_MAX
            )
            if last or full:
                self._spawn(self._submit_frame(gathered[start : index + 1]))
                start, size = index + 1, 0

    async def _submit_frame(self, gathered: list[tuple[str, asyncio.Future[Any]]]) -> None:
        try:
            answers = await self._sent("submit", [encoded for encoded, _ in gathered])
        except LocalSocketError as error:
            for _, future in gathered:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(gathered, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    def _spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connected(self) -> asyncio.StreamReader | None:
        try:
            reader, self._writer = await asyncio.open_unix_connection(str(self._path))
        except OSError:
            return None
        if self._watches_pending:
            self._tell_watch()
        return reader

    async def _keep_connected(self, reader: asyncio.StreamReader | None) -> None:
        try:
            while True:
                if reader is None:
                    await asyncio.sleep(RECONNECT_SECONDS)
                else:
                    await self._listen(reader)
                    self._disconnect()
                reader = await self._connected()
        finally:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        waiting, self._waiting = self._waiting, {}
        for future in waiting.values():
            if not future.done():
                future.set_exception(NodeNotRunning())

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        """Hand out answers until the connection ends."""
        while True:
            try:
                length = int.from_bytes(await reader.readexactly(LENGTH_BYTES), "big")
                if length > FRAME_BYTES_MAX:
                    raise BadFrame(f"{length} bytes, at most {FRAME_BYTES_MAX}")
                message = message_of(await reader.readexactly(length))
            except (asyncio.IncompleteReadError, OSError):
                return
            except BadFrame as error:
                _logger.warning("bad frame from the node: %s", error)
                return
            self._on_message(message)

    def _on_message(self, message: dict[str, Any]) -> None:
        if "head" in message:
            self.announced_head = int(message["head"]["number"])
            if self.listener is not None:
                self.listener.on_head(self.announced_head)
            return
        if "pending" in message:
            if self.listener is not None:
                self.listener.on_pending([bytes.fromhex(item) for item in message["pending"]])
            return
        future = self._waiting.pop(int(message["id"]), None)
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(NodeBusy())
        else:
            future.set_result(message["result"])


def _poll_of(answer: Any) -> Poll | None:
    if answer is None:
        return None
    return Poll(**(answer | {"hashes": tuple(bytes.fromhex(item) for item in answer["hashes"])}))
