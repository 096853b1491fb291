"""The ASGI application: HTTP requests in, JSON-RPC answers out."""

import asyncio
import gzip
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from node.json_rpc.access import Access, Headers, Refusal, accepts_gzip, content_type_refusal
from node.json_rpc.bearer_tokens import BearerTokens
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Dispatcher
from node.json_rpc.quick_answers import QuickAnswers
from node.json_rpc.settings import (
    BODY_BYTES_MAX,
    BODY_READ_SECONDS_MAX,
    COMPRESSED_BYTES_MIN,
    WAITING_BODIES_BYTES_MAX,
)
from node.json_rpc.subscriptions import Feed
from node.json_rpc.table import all_methods
from node.json_rpc.websocket import ABORT_EXTENSION, WebSocketSession
from node.json_rpc.websocket import CONNECTIONS_MAX as WEBSOCKETS_MAX

DRAINED_BYTES_MAX = 4 * BODY_BYTES_MAX
"""Of an oversized body read away, so that its sender gets to read the refusal."""
COMPRESSION_LEVEL = 1
COMPRESSED_INLINE_BYTES_MAX = 32 * 1024
"""Takes half a millisecond."""
WATCH_AFTER_SECONDS = 0.05
"""An answer that takes longer is given up when its client goes away."""

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_JSON = (b"content-type", b"application/json")
_TEXT = (b"content-type", b"text/plain; charset=utf-8")
_GZIPPED = [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]


@dataclass(frozen=True, slots=True)
class QuickAnswer:
    """A finished answer with status 200; `headers` have the body's length."""

    headers: Headers
    body: bytes


class _ClientGone(Exception):
    """Nobody is left to answer."""


class Application:
    """One server: HTTP requests and WebSockets."""

    def __init__(
        self,
        services: Services,
        dispatcher: Dispatcher,
        feed: Feed,
        tokens: BearerTokens | None = None,
    ) -> None:
        """`tokens`: what callers must bring; None lets everybody call."""
        settings = services.settings
        self._services, self._dispatcher, self._feed = services, dispatcher, feed
        self._websockets = 0
        self._access = Access(settings.cors_origins, settings.virtual_hosts)
        self._tokens = tokens
        self._bodies = _Bodies()
        self._quick = QuickAnswers(services, all_methods(is_foreign=settings.is_foreign))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or serve one WebSocket."""
        headers = dict(scope["headers"])
        if scope["type"] == "websocket":
            await self._websocket(scope, headers, receive, send)
            return
        cors = self._access.cors_headers(headers.get(b"origin"))
        refusal = self._access.host_refusal(headers.get(b"host"))
        if refusal is not None:
            await _refuse(send, refusal, [])
            return
        # A preflight carries no token: browsers send it before the request that does.
        refusal = None if scope["method"] == "OPTIONS" else self._token_refusal(headers)
        if refusal is not None:
            await _refuse(send, refusal, cors)
            return
        match scope["method"]:
            case "POST":
                await self._post(headers, cors, receive, send)
            case "GET" | "HEAD":
                await _answer(send, 200, [_JSON, *cors], self._health())
            case "OPTIONS":
                await _answer(send, 204, self._access.preflight_headers(headers), b"")
            case _:
                await _refuse(send, Refusal(405, "method not allowed"), cors)

    def _token_refusal(self, headers: Mapping[bytes, bytes]) -> Refusal | None:
        """401 where a secret is set and the request has no fresh token of it."""
        return None if self._tokens is None else self._tokens.refusal(headers.get(b"authorization"))

    def quick_answer(self, headers: Mapping[bytes, bytes], body: bytes) -> QuickAnswer | None:
        """To a POST that needs not wait for anything; None where it has to come through ASGI."""
        if (
            self._access.host_refusal(headers.get(b"host"))
            or content_type_refusal(headers.get(b"content-type"))
            or self._token_refusal(headers)
        ):
            return None
        answer = self._quick.answer(body)
        if answer is None:
            return None
        cors = self._access.cors_headers(headers.get(b"origin"))
        encoding: Headers = []
        if len(answer) > COMPRESSED_BYTES_MIN and accepts_gzip(headers.get(b"accept-encoding")):
            if len(answer) > COMPRESSED_INLINE_BYTES_MAX:
                return None
            answer = gzip.compress(answer, COMPRESSION_LEVEL, mtime=0)
            encoding = _GZIPPED
        length = (b"content-length", b"%d" % len(answer))
        return QuickAnswer([_JSON, *encoding, *cors, length], answer)

    async def _websocket(
        self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        refusal = self._access.host_refusal(headers.get(b"host")) or self._access.origin_refusal(
            headers.get(b"origin")
        )
        refusal = refusal or self._token_refusal(headers)
        if refusal is None and self._websockets >= WEBSOCKETS_MAX:
            refusal = Refusal(503, "too many connections")
        await receive()
        if refusal is not None:
            await _answer(
                send, refusal.status, [_TEXT], refusal.text.encode(), "websocket.http.response"
            )
            return
        abort = scope["state"][ABORT_EXTENSION]
        self._websockets += 1
        try:
            await WebSocketSession(self._dispatcher, self._feed, receive, send, abort).run()
        finally:
            self._websockets -= 1

    async def _post(
        self, headers: Mapping[bytes, bytes], cors: Headers, receive: Receive, send: Send
    ) -> None:
        refusal = content_type_refusal(headers.get(b"content-type"))
        if refusal is not None:
            await _refuse(send, refusal, cors)
            return
        try:
            body = await self._bodies.read(receive)
            if isinstance(body, Refusal):
                await _refuse(send, body, [*cors, (b"connection", b"close")])
                return
            answer = await self._answered(body, receive)
        except _ClientGone:
            return
        encoding: Headers = []
        if len(answer) > COMPRESSED_BYTES_MIN and accepts_gzip(headers.get(b"accept-encoding")):
            answer = await _compressed(answer)
            encoding = _GZIPPED
        await _answer(send, 200, [_JSON, *encoding, *cors], answer)

    async def _answered(self, body: bytes, receive: Receive) -> bytes:
        """The answer; raises `_ClientGone` where the client went away meanwhile."""
        watch = _DisconnectWatch(receive)
        try:
            return await self._dispatcher.answer(body)
        except asyncio.CancelledError:
            if watch.has_fired:
                raise _ClientGone from None
            raise
        finally:
            watch.stop()

    def _health(self) -> bytes:
        with self._services.queries.view() as view:
            height = view.head_number
        return orjson.dumps(
            {
                "status": "ok" if self._services.node.is_connected else "node is not running",
                "client": self._services.settings.client_version,
                "chainId": self._services.config.chain_id,
                "blockNumber": height,
            }
        )


class _DisconnectWatch:
    """Cancels the task that made it when the client goes away; quick answers never notice it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._watched = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self.has_fired = False
        self._timer = asyncio.get_running_loop().call_later(WATCH_AFTER_SECONDS, self._begin)

    def stop(self) -> None:
        self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._until_gone())

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        assert self._watched is not None
        self.has_fired = True
        self._watched.cancel()


class _Bodies:
    """Reads bodies, and bounds what those that come in parts hold in memory together."""

    def __init__(self) -> None:
        self._waiting_bytes = 0

    async def read(self, receive: Receive) -> bytes | Refusal:
        """The whole body, or why not; raises `_ClientGone`."""
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body"):
            body: bytes = message.get("body", b"")
            return body if len(body) <= BODY_BYTES_MAX else _too_large(len(body))
        try:
            async with asyncio.timeout(BODY_READ_SECONDS_MAX):
                return await self._read_parts(message, receive)
        except TimeoutError:
            return Refusal(408, "read timeout")

    async def _read_parts(self, message: Mapping[str, Any], receive: Receive) -> bytes | Refusal:
        parts: list[bytes] = []
        size = kept = 0
        try:
            while True:
                if message["type"] == "http.disconnect":
                    raise _ClientGone
                part: bytes = message.get("body", b"")
                size += len(part)
                if size <= BODY_BYTES_MAX:
                    if self._waiting_bytes + len(part) > WAITING_BODIES_BYTES_MAX:
                        return Refusal(503, "too many large requests at once")
                    parts.append(part)
                    kept += len(part)
                    self._waiting_bytes += len(part)
                if not message.get("more_body") or size > DRAINED_BYTES_MAX:
                    break
                message = await receive()
        finally:
            self._waiting_bytes -= kept
        return b"".join(parts) if size <= BODY_BYTES_MAX else _too_large(size)


def _too_large(size: int) -> Refusal:
    return Refusal(413, f"content length too large ({size}>{BODY_BYTES_MAX})")


async def _compressed(answer: bytes) -> bytes:
    """Quickly rather than well; a large answer on a thread, so that others are answered meanwhile."""
    if len(answer) <= COMPRESSED_INLINE_BYTES_MAX:
        return gzip.compress(answer, COMPRESSION_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, answer, COMPRESSION_LEVEL, mtime=0)


async def _refuse(send: Send, refusal: Refusal, headers: Headers) -> None:
    await _answer(send, refusal.status, [_TEXT, *headers], refusal.text.encode() + b"\n")


async def _answer(
    send: Send, status: int, headers: Headers, body: bytes, kind: str = "http.response"
) -> None:
    headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
