"""Between a node and its JSON-RPC process: one Unix socket, both ends.

A frame is four bytes of length (big endian) and one JSON object. The client asks
`{"id", "method", "params"}` and is answered `{"id", "result"}` or `{"id", "error"}`, in order; between
the answers the node announces `{"head": {"number", "hash"}}`. Bytes travel as hex without `0x`.
The node serves with trio, the JSON-RPC process asks with asyncio.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson
import trio

FRAME_BYTES_MAX = 32 * 1024 * 1024
LENGTH_BYTES = 4
CONNECTIONS_MAX = 16
OUTGOING_FRAMES_MAX = 256
"""Waiting for one slow reader; announcements beyond are dropped, answers wait."""
SUBMISSIONS_PER_FRAME_MAX = 128
SUBMISSION_BYTES_PER_FRAME_MAX = 8 * 1024 * 1024
OUTSTANDING_MAX = 4_096
"""Questions and submissions of one client that the node has not answered yet."""
CONTENT_BYTES_MAX = 8 * 1024 * 1024
"""Of transactions in one answer about the pool's content; the rest is left out."""
ANSWER_SECONDS_MAX = 15.0
RECONNECT_SECONDS = 0.2

_logger = logging.getLogger("zerog.rpc")


@dataclass(frozen=True, slots=True)
class Accepted:
    """The pool took the transaction."""

    hash: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The pool did not; code and text are what JSON-RPC answers."""

    message: str
    code: int = -32000


SubmitResult = Accepted | Refused


@dataclass(frozen=True, slots=True)
class PoolContent:
    """Encoded transactions of the pool: those that can be in the next block, and those that wait."""

    pending: Sequence[bytes]
    queued: Sequence[bytes]


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """What a node says of itself."""

    height: int
    """Of the last block it has."""
    peers: int
    highest_known: int
    """The highest height any peer told of; above `height` while catching up."""
    starting_height: int = 0
    """`height` when catching up began."""
    pending: int = 0
    queued: int = 0
    """Transactions in the pool."""
    consensus: dict[str, Any] = field(default_factory=dict)
    """JSON: height, round, step and whose votes are missing."""


class NodeService(Protocol):
    """What a node answers to its JSON-RPC process."""

    async def submit_transactions(self, encoded: list[bytes]) -> list[SubmitResult]:
        """Offer transactions to the pool, in this order; one result each."""

    async def pending_nonce(self, address: bytes) -> int | None:
        """The account's next nonce behind its pending transactions; None where it has none."""

    async def pending_transaction(self, transaction_hash: bytes) -> bytes | None:
        """The encoded transaction, pending or queued."""

    async def pool_content(self) -> PoolContent: ...

    async def status(self) -> NodeStatus: ...


class LocalSocketError(Exception):
    """The node cannot be asked."""


class NodeNotRunning(LocalSocketError):
    """Nothing answers at the node's socket."""

    def __init__(self) -> None:
        super().__init__("node is not running")


class NodeBusy(LocalSocketError):
    """The node answers too slowly for what it is asked."""

    def __init__(self) -> None:
        super().__init__("node is busy, try again")


class _BadFrame(Exception):
    """What came is not a frame of ours."""


def _frame(message: dict[str, Any]) -> bytes:
    body = orjson.dumps(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def _message(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise _BadFrame(str(error)) from None
    if not isinstance(message, dict):
        raise _BadFrame("not an object")
    return message


class LocalSocketServer:
    """The node's end."""

    def __init__(self, path: Path, service: NodeService) -> None:
        self._path, self._service = path, service
        self._listeners: set[trio.MemorySendChannel[bytes]] = set()
        self._methods: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "submit": self._submit,
            "pending_nonce": self._pending_nonce,
            "pending_transaction": self._pending_transaction,
            "pool_content": self._pool_content,
            "status": self._status,
        }

    async def serve(self, *, task_status: Any = trio.TASK_STATUS_IGNORED) -> None:
        """Listen until cancelled; started once clients can connect. Takes over a stale socket file."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        listener = trio.socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            await listener.bind(str(self._path))
            self._path.chmod(0o600)
            listener.listen(CONNECTIONS_MAX)
            task_status.started()
            await trio.serve_listeners(self._converse, [trio.SocketListener(listener)])
        finally:
            listener.close()
            with suppress(FileNotFoundError):
                self._path.unlink()

    def announce_head(self, number: int, block_hash: bytes) -> None:
        """Tell every client of a new block; one that does not read is not waited for."""
        frame = _frame({"head": {"number": number, "hash": block_hash.hex()}})
        for listener in self._listeners:
            with suppress(trio.WouldBlock):
                listener.send_nowait(frame)

    async def _converse(self, stream: trio.SocketStream) -> None:
        if len(self._listeners) >= CONNECTIONS_MAX:
            await stream.aclose()
            return
        send, receive = trio.open_memory_channel[bytes](OUTGOING_FRAMES_MAX)
        self._listeners.add(send)
        try:
            async with stream, trio.open_nursery() as nursery:
                nursery.start_soon(self._write, stream, receive)
                await self._read(stream, send)
                nursery.cancel_scope.cancel()
        except* (trio.BrokenResourceError, trio.ClosedResourceError):
            _logger.debug("JSON-RPC process went away")
        except* _BadFrame as group:
            _logger.warning("bad frame on the local socket: %s", group.exceptions[0])
        finally:
            self._listeners.discard(send)

    async def _write(
        self, stream: trio.SocketStream, receive: trio.MemoryReceiveChannel[bytes]
    ) -> None:
        async for frame in receive:
            await stream.send_all(frame)

    async def _read(self, stream: trio.SocketStream, send: trio.MemorySendChannel[bytes]) -> None:
        buffer = bytearray()
        while True:
            chunk = await stream.receive_some()
            if not chunk:
                return
            buffer += chunk
            while len(buffer) >= LENGTH_BYTES:
                length = int.from_bytes(buffer[:LENGTH_BYTES], "big")
                if length > FRAME_BYTES_MAX:
                    raise _BadFrame(f"{length} bytes, at most {FRAME_BYTES_MAX}")
                end = LENGTH_BYTES + length
                if len(buffer) < end:
                    break
                message = _message(bytes(buffer[LENGTH_BYTES:end]))
                del buffer[:end]
                await send.send(_frame(await self._answer(message)))

    async def _answer(self, message: dict[str, Any]) -> dict[str, Any]:
        method = self._methods.get(str(message.get("method")))
        if method is None:
            return {"id": message.get("id"), "error": "unknown method"}
        try:
            return {"id": message.get("id"), "result": await method(message.get("params"))}
        except Exception:
            # The edge between two processes: a bug met by one question must not end the node.
            _logger.exception("cannot answer %s", message.get("method"))
            return {"id": message.get("id"), "error": "internal error"}

    async def _submit(self, params: Any) -> Any:
        results = await self._service.submit_transactions([bytes.fromhex(item) for item in params])
        return [
            {"hash": result.hash.hex()} if isinstance(result, Accepted) else asdict(result)
            for result in results
        ]

    async def _pending_nonce(self, params: Any) -> int | None:
        return await self._service.pending_nonce(bytes.fromhex(params))

    async def _pending_transaction(self, params: Any) -> str | None:
        encoded = await self._service.pending_transaction(bytes.fromhex(params))
        return None if encoded is None else encoded.hex()

    async def _pool_content(self, params: Any) -> dict[str, list[str]]:
        content = await self._service.pool_content()
        room = CONTENT_BYTES_MAX
        answer: dict[str, list[str]] = {"pending": [], "queued": []}
        for name, transactions in (("pending", content.pending), ("queued", content.queued)):
            for encoded in transactions:
                room -= len(encoded)
                if room < 0:
                    break
                answer[name].append(encoded.hex())
        return answer

    async def _status(self, params: Any) -> dict[str, Any]:
        return asdict(await self._service.status())


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
        self._writer.write(_frame({"id": self._next_id, "method": method, "params": params}))
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
                    raise _BadFrame(f"{length} bytes, at most {FRAME_BYTES_MAX}")
                message = _message(await reader.readexactly(length))
            except (asyncio.IncompleteReadError, OSError):
                return
            except _BadFrame as error:
                _logger.warning("bad frame from the node: %s", error)
                return
            self._on_message(message)

    def _on_message(self, message: dict[str, Any]) -> None:
        if "head" in message:
            self.announced_head = int(message["head"]["number"])
            return
        future = self._waiting.pop(int(message["id"]), None)
        if future is None or future.done():
            return
        if "error" in message:
            future.set_exception(NodeBusy())
        else:
            future.set_result(message["result"])
