"""uvicorn's HTTP parser with bounds: a client cannot hold a connection or memory by never finishing."""

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

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
        self._head_deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head_within(FIRST_REQUEST_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        self._head_is_complete()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._head_deadline is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX + len(data):
                self.transport.close()
                return
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_bytes = 0
        self._expect_head_within(HEAD_SECONDS_MAX)

    def on_headers_complete(self) -> None:
        self._head_is_complete()
        super().on_headers_complete()

    def _expect_head_within(self, seconds: float) -> None:
        self._head_is_complete()
        self._head_deadline = self.loop.call_later(seconds, self.transport.close)

    def _head_is_complete(self) -> None:
        if self._head_deadline is not None:
            self._head_deadline.cancel()
            self._head_deadline = None
