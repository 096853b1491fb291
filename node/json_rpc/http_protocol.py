"""uvicorn's HTTP parser with bounds, and a short way for requests that need not wait.

The bounds: a client cannot hold a connection or memory by never finishing. The short way: a small POST
whose answer needs nothing but a look at the chain is answered where it was read, without ASGI's task.
"""

import asyncio
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from node.json_rpc.application import Application

HEAD_BYTES_MAX = 1_048_576
"""Of request line and headers, as Go's default."""
HEAD_SECONDS_MAX = 30.0
"""From a request's first byte to the end of its headers; geth's read timeout."""
FIRST_REQUEST_SECONDS_MAX = 30.0
"""From the connection to the first byte."""


class BoundedHttpProtocol(HttpToolsProtocol):
    """Closes connections whose request head takes too long or grows too large."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._head_bytes = 0
        self._is_in_head = False
        self._head_deadline: asyncio.TimerHandle | None = None
        self._answered_at = 0.0
        self._idle_watch: asyncio.TimerHandle | None = None
        self._quick_body: bytes | None = None
        """Of a request that may be answered at once, as far as it has come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head_within(FIRST_REQUEST_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_complete()
        if self._idle_watch is not None:
            self._idle_watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX + len(data):
                self.transport.close()
                return
        super().data_received(data)
        if self._quick_body is not None:
            # The rest of the body is yet to come, perhaps never: there a time limit waits for it.
            self._take_the_long_way()
        # Most heads come in one piece, and need no timer.
        if self._is_in_head and self._head_bytes == 0:
            self._head_bytes = len(data)
            self._expect_head_within(HEAD_SECONDS_MAX)

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes = True, 0
        self.url, self.headers, self.expect_100_continue = b"", [], False

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._head_is_complete()
        if self._may_be_quick():
            self._quick_body = b""
        else:
            self._begin_long_way()

    def on_body(self, body: bytes) -> None:
        if self._quick_body is None:
            super().on_body(body)
            return
        self._quick_body += body

    def on_message_complete(self) -> None:
        if self._quick_body is not None and self._answered_at_once(self._quick_body):
            self._quick_body = None
            return
        if self._quick_body is not None:
            self._take_the_long_way()
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        # Before a 100 the client sends nothing: that must not wait for a body.
        if not cycle.waiting_for_100_continue:
            answer = _AnswerInOnePiece(cycle.transport)
            cycle.transport = answer  # type: ignore[assignment]
            cycle.on_response = partial(self._on_answer_complete, answer)
        super()._start_asgi_task(cycle, app)

    def _on_answer_complete(self, answer: "_AnswerInOnePiece") -> None:
        answer.flush()
        self.on_response_complete()

    def _may_be_quick(self) -> bool:
        """A body must follow with its length before it, and nothing be under way on the connection."""
        return (
            self.parser.get_method() == b"POST"
            and any(name == b"content-length" for name, _ in self.headers)
            and not self.expect_100_continue
            and not self.parser.should_upgrade()
            and self.parser.get_http_version() == "1.1"
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and (self.limit_concurrency is None or len(self.connections) < self.limit_concurrency)
            and isinstance(self.app, Application)
        )

    def _answered_at_once(self, body: bytes) -> bool:
        assert isinstance(self.app, Application)
        answer = self.app.quick_answer(dict(self.headers), body)
        if answer is None or self.transport.is_closing():
            return False
        keeps_alive = self.parser.should_keep_alive()
        ending = b"\r\n" if keeps_alive else b"connection: close\r\n\r\n"
        head = [b"%b: %b\r\n" % header for header in answer.headers]
        self.transport.write(b"".join((b"HTTP/1.1 200 OK\r\n", *head, ending, answer.body)))
        self.server_state.total_requests += 1
        if keeps_alive:
            self._watch_idleness()
        else:
            self.transport.close()
        return True

    def _watch_idleness(self) -> None:
        """One timer for many answers: uvicorn sets and cancels one for each."""
        self._answered_at = self.loop.time()
        if self._idle_watch is None:
            self._idle_watch = self.loop.call_later(self.timeout_keep_alive, self._check_idleness)

    def _check_idleness(self) -> None:
        idle_s = self.loop.time() - self._answered_at
        is_waiting = self.cycle is None or self.cycle.response_complete
        self._idle_watch = None
        if idle_s < self.timeout_keep_alive:
            rest_s = self.timeout_keep_alive - idle_s
            self._idle_watch = self.loop.call_later(rest_s, self._check_idleness)
        elif is_waiting and self.timeout_keep_alive_task is None and not self._is_in_head:
            self.transport.close()

    def _begin_long_way(self) -> None:
        url, headers, expects = self.url, self.headers, self.expect_100_continue
        # What ASGI is told of a request is made here, where it is needed.
        super().on_message_begin()
        self.url, self.expect_100_continue = url, expects
        self.headers.extend(headers)
        super().on_headers_complete()

    def _take_the_long_way(self) -> None:
        """Through ASGI, as if nothing had happened."""
        assert self._quick_body is not None
        body, self._quick_body = self._quick_body, None
        self._begin_long_way()
        super().on_body(body)

    def _expect_head_within(self, seconds: float) -> None:
        self._head_is_complete()
        self._head_deadline = self.loop.call_later(seconds, self.transport.close)

    def _head_is_complete(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None


class _AnswerInOnePiece:
    """A transport that keeps the head of an answer until its body comes: one packet instead of two."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""
        self._has_head = False

    def write(self, data: bytes) -> None:
        if self._has_head:
            self._transport.write(self._head + data)
            self._head = b""
        else:
            self._head, self._has_head = data, True

    def flush(self) -> None:
        """A head whose body never came: the answer to HEAD, or what was cut off."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()
