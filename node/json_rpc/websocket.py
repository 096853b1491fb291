"""JSON-RPC over WebSocket: many calls under way on one connection, and notifications between the answers.

Calls are answered as they are done. A client with too many unanswered calls is not read from; one
that does not read its notifications is dropped, for they cannot be held back for it.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from chain.log_filter import LogFilter
from node.json_rpc.dispatch import Dispatcher
from node.json_rpc.errors import LIMIT_EXCEEDED, RpcError
from node.json_rpc.subscriptions import Feed, Kind, Subscription

CONNECTIONS_MAX = 2_048
"""WebSockets of one process; more are answered 503."""
CALLS_PER_CONNECTION_MAX = 16
"""Messages of one connection whose answers are not sent yet; a batch is one message."""
SUBSCRIPTIONS_PER_CONNECTION_MAX = 1_000
WAITING_NOTIFICATIONS_MAX = 10_000
WAITING_NOTIFICATION_BYTES_MAX = 8 * 1024 * 1024
"""Of one connection, beside what its socket takes; then it is dropped."""
PING_INTERVAL_S = 30.0
PONG_WAIT_S = 60.0
"""geth pings as often and waits half as long; a client with long calls is not read from meanwhile."""
UNSENT_PONGS_MAX = 1_000
"""To a client that pings and reads nothing; then it is dropped."""
CLOSE_SECONDS_MAX = 5.0
"""For the last bytes to leave; then the connection is cut."""
ABORT_EXTENSION = "zerog.abort"
"""In the state of the ASGI scope: cuts the connection, whatever waits to be sent."""

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class BoundedWebSocketProtocol(WebSocketsSansIOProtocol):
    """uvicorn's protocol, which waits for ever for a client that does not read.

    Its last bytes do not leave then, and the answers to its pings gather.
    """

    _unsent_pongs = 0

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope["state"][ABORT_EXTENSION] = self.transport.abort

    def handle_ping(self) -> None:
        self._unsent_pongs = 0 if self.writable.is_set() else self._unsent_pongs + 1
        if self._unsent_pongs > UNSENT_PONGS_MAX:
            self.transport.abort()
            return
        super().handle_ping()

    async def run_asgi(self) -> None:
        await super().run_asgi()
        self.loop.call_later(CLOSE_SECONDS_MAX, self.transport.abort)

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self.transport.abort()


class WebSocketSession:
    """One connection, from its acceptance to its end."""

    def __init__(
        self,
        dispatcher: Dispatcher,
        feed: Feed,
        receive: Receive,
        send: Send,
        abort: Callable[[], None],
    ) -> None:
        self._dispatcher, self._feed = dispatcher, feed
        self._receive, self._send, self._abort = receive, send, abort
        self._room = asyncio.Semaphore(CALLS_PER_CONNECTION_MAX)
        self._calls: set[asyncio.Task[None]] = set()
        self._subscriptions: dict[str, Subscription] = {}
        self._outgoing: deque[tuple[bytes, asyncio.Event | None]] = deque()
        self._has_outgoing = asyncio.Event()
        self._notifications = self._notification_bytes = 0
        self._too_slow = asyncio.Event()

    async def run(self) -> None:
        """Until the client leaves or is dropped."""
        loop = asyncio.get_running_loop()
        try:
            await self._send({"type": "websocket.accept"})
        except OSError:
            return
        parts = {
            loop.create_task(part) for part in (self._read(), self._write(), self._too_slow.wait())
        }
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for subscription in self._subscriptions.values():
                self._feed.remove(subscription)
            for task in (*parts, *self._calls):
                task.cancel()
            if self._too_slow.is_set():
                self._abort()
        await asyncio.gather(*parts, *self._calls, return_exceptions=True)

    def push(self, message: bytes) -> None:
        """A notification; the limits of `WAITING_NOTIFICATIONS_MAX` and bytes cost the connection."""
        if (
            self._notifications >= WAITING_NOTIFICATIONS_MAX
            or self._notification_bytes + len(message) > WAITING_NOTIFICATION_BYTES_MAX
        ):
            self._too_slow.set()
            return
        self._notifications += 1
        self._notification_bytes += len(message)
        self._put(message, None)

    def begin(self, subscription: Subscription) -> None:
        """Of one whose id the client has been told."""
        if subscription.identity in self._subscriptions:
            self._feed.add(subscription)

    def reserve(self, subscription: Subscription) -> None:
        """Raises `RpcError` where the connection has too many."""
        if len(self._subscriptions) >= SUBSCRIPTIONS_PER_CONNECTION_MAX:
            raise RpcError(LIMIT_EXCEEDED, "too many subscriptions on this connection")
        self._feed.check_room()
        self._subscriptions[subscription.identity] = subscription

    def unsubscribe(self, identity: str) -> bool:
        """See `Subscriber`."""
        subscription = self._subscriptions.pop(identity, None)
        if subscription is not None:
            self._feed.remove(subscription)
        return subscription is not None

    async def _read(self) -> None:
        while True:
            await self._room.acquire()
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            text = message.get("text")
            body = message["bytes"] if text is None else text.encode()
            task = asyncio.get_running_loop().create_task(self._answer(body))
            self._calls.add(task)
            task.add_done_callback(self._on_answered)

    def _on_answered(self, task: asyncio.Task[None]) -> None:
        self._calls.discard(task)
        self._room.release()

    async def _answer(self, body: bytes) -> None:
        """Answer, begin what was subscribed to, and wait until the client has been sent it."""
        exchange = _Exchange(self)
        answer = await self._dispatcher.answer(body, exchange)
        if answer:
            sent = asyncio.Event()
            self._put(answer, sent)
        for subscription in exchange.subscribed:
            self.begin(subscription)
        if answer:
            await sent.wait()

    def _put(self, message: bytes, sent: asyncio.Event | None) -> None:
        self._outgoing.append((message, sent))
        self._has_outgoing.set()

    async def _write(self) -> None:
        while True:
            await self._has_outgoing.wait()
            while self._outgoing:
                message, sent = self._outgoing.popleft()
                try:
                    await self._send({"type": "websocket.send", "text": message.decode()})
                except OSError:
                    return
                if sent is not None:
                    sent.set()
                else:
                    self._notifications -= 1
                    self._notification_bytes -= len(message)
            self._has_outgoing.clear()


class _Exchange:
    """One message's calls; implements `Subscriber`."""

    def __init__(self, session: WebSocketSession) -> None:
        self._session = session
        self.subscribed: list[Subscription] = []

    def subscribe(self, kind: Kind, log_filter: LogFilter | None = None) -> str:
        subscription = Subscription(kind, self._session, log_filter)
        self._session.reserve(subscription)
        self.subscribed.append(subscription)
        return subscription.identity

    def unsubscribe(self, identity: str) -> bool:
        return self._session.unsubscribe(identity)
