"""Between a node and its JSON-RPC processes: one Unix socket, the node's end and what both ends say.

A frame is four bytes of length (big endian) and one JSON object. The client asks
`{"id", "method", "params"}` and is answered `{"id", "result"}` or `{"id", "error"}`, in order; between
the answers the node announces `{"head": {"number", "hash"}}` and, to those that asked for it,
`{"pending": [transactions]}`. Bytes travel as hex without `0x`.
The node serves with trio; `local_client.py` asks with asyncio.
"""

import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import orjson
import trio

from node.filter_book import FilterBook, Poll

FRAME_BYTES_MAX = 32 * 1024 * 1024
LENGTH_BYTES = 4
CONNECTIONS_MAX = 16
OUTGOING_FRAMES_MAX = 256
"""Waiting for one slow reader; announcements beyond are dropped, answers wait."""
CONTENT_BYTES_MAX = 8 * 1024 * 1024
"""Of transactions in one answer about the pool's content; the rest is left out."""

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
    name: str = ""
    """The node's peer id."""
    listening: Sequence[str] = ()
    """Multiaddrs at which peers reach it."""
    peer_heights: dict[str, int] = field(default_factory=dict)
    """By peer id, the highest height each claims to have."""


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


class BadFrame(Exception):
    """What came is not a frame of ours."""


def frame_of(message: dict[str, Any]) -> bytes:
    """The message's bytes, length first."""
    body = orjson.dumps(message)
    return len(body).to_bytes(LENGTH_BYTES, "big") + body


def message_of(body: bytes) -> dict[str, Any]:
    """The inverse, without the length; raises `BadFrame`."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadFrame(str(error)) from None
    if not isinstance(message, dict):
        raise BadFrame("not an object")
    return message


class LocalSocketServer:
    """The node's end."""

    def __init__(self, path: Path, service: NodeService) -> None:
        self._path, self._service = path, service
        self._listeners: set[trio.MemorySendChannel[bytes]] = set()
        self._watchers: set[trio.MemorySendChannel[bytes]] = set()
        self._filters = FilterBook()
        self._methods: dict[str, Callable[[Any], Awaitable[Any]]] = {
            "submit": self._submit,
            "pending_nonce": self._pending_nonce,
            "pending_transaction": self._pending_transaction,
            "pool_content": self._pool_content,
            "status": self._status,
            "filter_install": self._filter_install,
            "filter_look": self._filter_look,
            "filter_take": self._filter_take,
            "filter_give_back": self._filter_give_back,
            "filter_remove": self._filter_remove,
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
        frame = frame_of({"head": {"number": number, "hash": block_hash.hex()}})
        for listener in self._listeners:
            with suppress(trio.WouldBlock):
                listener.send_nowait(frame)

    def announce_pending(self, transactions: Sequence[tuple[bytes, bytes]]) -> None:
        """Tell of transactions that can be in the next block: hash and encoded form of each."""
        for transaction_hash, _ in transactions:
            self._filters.add_pending(transaction_hash)
        if self._watchers and transactions:
            frame = frame_of({"pending": [encoded.hex() for _, encoded in transactions]})
            for watcher in self._watchers:
                with suppress(trio.WouldBlock):
                    watcher.send_nowait(frame)

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
        except* BadFrame as group:
            _logger.warning("bad frame on the local socket: %s", group.exceptions[0])
        finally:
            self._listeners.discard(send)
            self._watchers.discard(send)

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
                    raise BadFrame(f"{length} bytes, at most {FRAME_BYTES_MAX}")
                end = LENGTH_BYTES + length
                if len(buffer) < end:
                    break
                message = message_of(bytes(buffer[LENGTH_BYTES:end]))
                del buffer[:end]
                if message.get("method") == "watch_pending":
                    (self._watchers.add if message.get("params") else self._watchers.discard)(send)
                    continue
                await send.send(frame_of(await self._answer(message)))

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

    async def _filter_install(self, params: Any) -> str | None:
        return self._filters.install(*params)

    async def _filter_look(self, params: Any) -> dict[str, Any] | None:
        return _poll_json(self._filters.look(params))

    async def _filter_take(self, params: Any) -> dict[str, Any] | None:
        return _poll_json(self._filters.take(*params))

    async def _filter_give_back(self, params: Any) -> None:
        self._filters.give_back(*params)

    async def _filter_remove(self, params: Any) -> bool:
        return self._filters.remove(params)


def _poll_json(poll: Poll | None) -> dict[str, Any] | None:
    return None if poll is None else asdict(poll) | {"hashes": [h.hex() for h in poll.hashes]}
