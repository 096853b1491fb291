"""The HTTP side as an ASGI server meets it: pages, sizes, slow and vanished clients."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from node.storage import http_api
from node.storage.http_api import REQUEST_BYTES_MAX, StorageApplication

Parts = Callable[..., Any]
STATUS = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "zgs_getShardConfig"}).encode()


class Exchange:
    """One request and what comes of it."""

    def __init__(self, method: str, headers: Mapping[str, str], body: list[bytes]) -> None:
        pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
        self.scope = {"type": "http", "method": method, "path": "/", "headers": pairs}
        self.waiting = [
            {"type": "http.request", "body": part, "more_body": place < len(body) - 1}
            for place, part in enumerate(body)
        ]
        self.sent: list[dict[str, Any]] = []

    async def receive(self) -> Mapping[str, Any]:
        return self.waiting.pop(0) if self.waiting else {"type": "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])

    @property
    def content(self) -> Any:
        return json.loads(self.sent[1]["body"])


def exchange(
    node: Any, method: str = "POST", headers: Mapping[str, str] | None = None, *body: bytes
) -> Exchange:
    size = sum(map(len, body))
    given = Exchange(method, {"content-length": str(size), **(headers or {})}, list(body))
    application = StorageApplication(node.methods)
    asyncio.run(application(given.scope, given.receive, given.send))
    application.close()
    return given


def test_a_request_in_pieces_is_answered(parts: Parts) -> None:
    answer = exchange(parts(), "POST", None, STATUS[:10], STATUS[10:])
    assert answer.status == 200
    assert answer.content["result"] == {"shardId": 0, "numShard": 1}


def test_any_web_page_may_ask(parts: Parts) -> None:
    node = parts()
    page = {"origin": "https://dapp.example"}
    answer = exchange(node, "POST", page, STATUS)
    assert answer.headers[b"access-control-allow-origin"] == b"*"
    asks = {**page, "access-control-request-method": "POST",
            "access-control-request-headers": "content-type"}  # fmt: skip
    preflight = exchange(node, "OPTIONS", asks)
    assert preflight.status == 204
    assert preflight.headers[b"access-control-allow-headers"] == b"content-type"
    assert b"POST" in preflight.headers[b"access-control-allow-methods"]


def test_a_browser_is_shown_the_nodes_status(parts: Parts) -> None:
    answer = exchange(parts(), "GET")
    assert answer.status == 200
    assert answer.content["damaged"] == []


def test_a_body_over_the_limit_is_refused_unread(parts: Parts) -> None:
    answer = exchange(parts(), "POST", {"content-length": str(REQUEST_BYTES_MAX + 1)}, STATUS)
    assert answer.status == 413
    assert "error" in answer.content
    assert answer.headers[b"connection"] == b"close"


def test_a_body_of_unknown_length_is_refused(parts: Parts) -> None:
    given = Exchange("POST", {}, [STATUS])
    application = StorageApplication(parts().methods)
    asyncio.run(application(given.scope, given.receive, given.send))
    application.close()
    assert given.status == 411


def test_a_client_that_goes_away_gets_no_answer_and_gives_its_room_back(parts: Parts) -> None:
    application = StorageApplication(parts().methods)

    async def both() -> Exchange:
        gone = Exchange("POST", {"content-length": str(REQUEST_BYTES_MAX)}, [])
        await application(gone.scope, gone.receive, gone.send)
        assert gone.sent == []
        for _ in range(3):
            again = Exchange("POST", {"content-length": str(REQUEST_BYTES_MAX)}, [STATUS])
            await application(again.scope, again.receive, again.send)
        return again

    assert asyncio.run(both()).status == 200
    application.close()


def test_who_finds_no_room_is_told_in_words_that_the_sdks_try_again_at(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_api, "ROOM_WAIT_S_MAX", 0.0)
    monkeypatch.setattr(http_api, "BODIES_BYTES_MAX", len(STATUS) - 1)
    answer = exchange(parts(), "POST", None, STATUS)
    assert answer.status == 503
    assert "too many data writing" in answer.content["error"]["message"]
    assert answer.headers[b"retry-after"] == b"1"
