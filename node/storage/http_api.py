"""The storage node's HTTP side: JSON-RPC 2.0 in POST bodies, batches too, open to web pages.

An answer has a result or an error, never both: the Python SDK takes any `error`, null too, for one.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson

from node.json_rpc.access import Access, Headers
from node.storage.errors import RefusedRequest, StorageError
from node.storage.methods import Methods

REQUEST_BYTES_MAX = 100 * 1024 * 1024
"""As 0G's node; a request of 256 segments has 90 MB."""
BODIES_BYTES_MAX = 2 * REQUEST_BYTES_MAX
"""Of all requests that are read or worked on at the same time; others wait unread."""
ROOM_WAIT_S_MAX = 60.0
BODY_READ_S_MAX = 120.0
BATCH_MAX = 200
WORKERS = 8
"""Requests worked on at the same time; each may wait for the disk."""
RETRY_S = 1
_JSON = (b"content-type", b"application/json")
_PARSE_ERROR, _INVALID_REQUEST, _NO_SUCH_METHOD = -32_700, -32_600, -32_601
_INVALID_PARAMETERS, _INTERNAL_ERROR = -32_602, -32_603

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_logger = logging.getLogger("zerog.storage")


class _Refusal(Exception):
    """An HTTP answer with a status of its own."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class _ClientGone(Exception):
    """Nobody is left to answer."""


class StorageApplication:
    """The ASGI application of one node."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self._access = Access(["*"], ["*"])
        self._room = _Room()
        self._workers = ThreadPoolExecutor(WORKERS, "storage request")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = dict(scope["headers"])
        cors = self._access.cors_headers(headers.get(b"origin"))
        match scope["method"]:
            case "POST":
                await self._post(headers, cors, receive, send)
            case "GET" | "HEAD":
                await _answer(send, 200, cors, await self._worked_on(self._overview))
            case "OPTIONS":
                await _answer(send, 204, self._access.preflight_headers(headers), b"")
            case _:
                await _answer(send, 405, cors, _said("method not allowed"))

    def close(self) -> None:
        """What has not begun is dropped."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _post(
        self, headers: Mapping[bytes, bytes], cors: Headers, receive: Receive, send: Send
    ) -> None:
        try:
            size = _announced_size(headers.get(b"content-length"))
            async with self._room.for_body(size):
                body = await _body(receive, size)
                answer = await self._worked_on(lambda: answered(self._methods, body))
        except _ClientGone:
            return
        except _Refusal as refusal:
            retry = [(b"retry-after", b"%d" % RETRY_S)] if refusal.status == 503 else []
            closing = [*cors, *retry, (b"connection", b"close")]
            await _answer(send, refusal.status, closing, _said(str(refusal)))
            return
        await _answer(send, 200, cors, answer)

    async def _worked_on(self, work: Callable[[], bytes]) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._workers, work)

    def _overview(self) -> bytes:
        """For somebody who opens the URL in a browser."""
        method, _ = self._methods.table["zerog_storageStatus"]
        return orjson.dumps(method([]), option=orjson.OPT_INDENT_2)


class _Room:
    """Bytes of bodies that may be in memory."""

    def __init__(self) -> None:
        self._used = 0
        self._changed = asyncio.Condition()

    def for_body(self, size: int) -> "_Place":
        return _Place(self, size)

    async def take(self, size: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._used + size <= BODIES_BYTES_MAX)
            self._used += size

    async def give_back(self, size: int) -> None:
        async with self._changed:
            self._used -= size
            self._changed.notify_all()


class _Place:
    """Room for one body, for as long as it is worked on."""

    def __init__(self, room: _Room, size: int) -> None:
        self._room, self._size = room, size

    async def __aenter__(self) -> None:
        try:
            async with asyncio.timeout(ROOM_WAIT_S_MAX):
                await self._room.take(self._size)
        except TimeoutError:
            # Both SDKs try again at these words, or at the status.
            raise _Refusal(503, "too many data writing") from None

    async def __aexit__(self, *_: object) -> None:
        await self._room.give_back(self._size)


def answered(methods: Methods, body: bytes) -> bytes:
    """The answer to a request or a batch."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return orjson.dumps(_error(None, _PARSE_ERROR, f"Parse error: {error}"))
    if not isinstance(request, list):
        return orjson.dumps(_answer_to(methods, request))
    if not 0 < len(request) <= BATCH_MAX:
        text = f"expected 1 to {BATCH_MAX} requests in a batch, got {len(request)}"
        return orjson.dumps(_error(None, _INVALID_REQUEST, text))
    return orjson.dumps([_answer_to(methods, item) for item in request])


def _answer_to(methods: Methods, request: Any) -> dict[str, Any]:
    identifier = request.get("id") if isinstance(request, dict) else None
    if not isinstance(request, dict) or not isinstance(request.get("method"), str):
        return _error(identifier, _INVALID_REQUEST, "Invalid request")
    name, parameters = request["method"], request.get("params")
    if parameters is None:
        parameters = []
    found = methods.table.get(name)
    if found is None:
        return _error(identifier, _NO_SUCH_METHOD, "Method not found", name)
    method, needed = found
    if not isinstance(parameters, list) or len(parameters) < needed:
        text = f"expected a list of {needed} parameters"
        return _error(identifier, _INVALID_PARAMETERS, f"Invalid params: {text}", text)
    try:
        return {"jsonrpc": "2.0", "id": identifier, "result": method(parameters)}
    except RefusedRequest as error:
        return _error(identifier, error.code, str(error), error.why)
    except StorageError as error:
        return _error(identifier, _INTERNAL_ERROR, f"Internal error: {error}", str(error))
    except OSError as error:
        _logger.error("%s: %s", name, error)
        return _error(identifier, _INTERNAL_ERROR, f"Internal error: {error}", str(error))
    except Exception:
        # The edge of the process: one request must not take the others with it.
        _logger.exception("%s failed; this is a bug", name)
        return _error(identifier, _INTERNAL_ERROR, "Internal error: a bug; see the node's log")


def _error(identifier: Any, code: int, message: str, data: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"code": code, "message": message}
    if data is not None:
        content["data"] = data
    return {"jsonrpc": "2.0", "id": identifier, "error": content}


def _announced_size(text: bytes | None) -> int:
    if text is None:
        raise _Refusal(411, "expected a Content-Length")
    # The HTTP parser has refused what is no number.
    size = int(text)
    if size > REQUEST_BYTES_MAX:
        raise _Refusal(413, f"expected at most {REQUEST_BYTES_MAX} bytes, got {size}")
    return size


async def _body(receive: Receive, size: int) -> bytes:
    parts: list[bytes] = []
    try:
        async with asyncio.timeout(BODY_READ_S_MAX):
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _ClientGone
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    return b"".join(parts)
    except TimeoutError:
        raise _Refusal(408, f"expected {size} bytes within {BODY_READ_S_MAX:.0f} s") from None


def _said(text: str) -> bytes:
    return orjson.dumps(_error(None, _INVALID_REQUEST, text))


async def _answer(send: Send, status: int, headers: Headers, body: bytes) -> None:
    all_headers = [_JSON, *headers, (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": all_headers})
    await send({"type": "http.response.body", "body": body})
