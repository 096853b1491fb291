"""Where a secret is set, only a fresh token made with it opens the door, over HTTP and WebSocket."""

import asyncio
import hmac
import http.client
import json
import time
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
import websockets
from hypothesis import given
from hypothesis import strategies as st

from node.errors import InvalidFile, MissingFile
from node.json_rpc.access import Refusal
from node.json_rpc.bearer_tokens import BearerTokens, read_secret

SECRET = bytes(range(32))
NOW = 1_800_000_000
HEAD = {"alg": "HS256", "typ": "JWT"}


def segment(content: bytes) -> bytes:
    return urlsafe_b64encode(content).rstrip(b"=")


def token(claims: Any, head: Any = HEAD, secret: bytes = SECRET) -> bytes:
    signed = segment(json.dumps(head).encode()) + b"." + segment(json.dumps(claims).encode())
    return b"Bearer " + signed + b"." + segment(hmac.digest(secret, signed, "sha256"))


@pytest.fixture
def tokens() -> BearerTokens:
    return BearerTokens(SECRET, lambda: float(NOW))


@pytest.mark.parametrize("age", [-60, 0, 60])
def test_a_token_of_the_last_minute_passes(tokens: BearerTokens, age: int) -> None:
    assert tokens.refusal(token({"iat": NOW - age})) is None
    assert tokens.refusal(token({"iat": NOW - age, "exp": NOW + 1, "id": "mine"})) is None


@pytest.mark.parametrize(
    ("header", "text"),
    [
        pytest.param(None, "missing token", id="none"),
        pytest.param(b"Basic dTpw", "missing token", id="basic"),
        pytest.param(token({"iat": NOW - 61}), "stale token", id="stale"),
        pytest.param(token({"iat": NOW + 61}), "future token", id="future"),
        pytest.param(token({}), "missing issued-at", id="no time"),
        pytest.param(token({"iat": True}), "missing issued-at", id="no number"),
        pytest.param(token({"iat": NOW, "exp": NOW}), "token is expired", id="expired"),
        pytest.param(token({"iat": NOW}, secret=bytes(32)), "signature is invalid", id="other"),
        pytest.param(
            token({"iat": NOW}, {"alg": "none"}), "signing method is invalid", id="no algorithm"
        ),
        pytest.param(b"Bearer a.b", "token contains an invalid number of segments", id="short"),
        pytest.param(b"Bearer a.b.c", "token is malformed", id="garbage"),
        pytest.param(token([NOW]), "token is malformed", id="a list"),
    ],
)
def test_any_other_is_refused(tokens: BearerTokens, header: bytes | None, text: str) -> None:
    assert tokens.refusal(header) == Refusal(401, text)


@given(st.binary(max_size=200), st.binary(max_size=40))
def test_no_header_breaks_the_check(rest: bytes, head: bytes) -> None:
    checker = BearerTokens(SECRET, lambda: float(NOW))
    for header in (b"Bearer " + rest, b"Bearer " + segment(head) + b"." + rest):
        assert checker.refusal(header) is not None


def test_a_secret_is_32_bytes_in_hex(tmp_path: Path) -> None:
    path = tmp_path / "jwt.hex"
    with pytest.raises(MissingFile, match="openssl rand -hex 32"):
        read_secret(path)
    for text in ("0x" + SECRET.hex() + "\n", SECRET.hex()):
        path.write_text(text)
        assert read_secret(path) == SECRET
    path.write_text("abcd")
    with pytest.raises(InvalidFile, match="32 bytes in hex"):
        read_secret(path)


@pytest.fixture(scope="module")
def guarded(node: Any, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The port of a process with a secret."""
    path = tmp_path_factory.mktemp("jwt") / "jwt.hex"
    path.write_text(SECRET.hex())
    return int(node.rpc(jwt_secret=path).port)


def status(port: int, method: str, headers: dict[str, str]) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'
    sent = {"Content-Type": "application/json", **headers}
    connection.request(method, "/", body if method == "POST" else None, sent)
    return connection.getresponse().status


def test_http_asks_for_the_token_but_a_preflight_has_none(guarded: int) -> None:
    fresh = {"Authorization": token({"iat": int(time.time())}).decode()}
    old = {"Authorization": token({"iat": int(time.time()) - 120}).decode()}
    assert status(guarded, "POST", {}) == 401
    assert status(guarded, "POST", old) == 401
    assert status(guarded, "POST", fresh) == 200
    assert status(guarded, "GET", {}) == 401
    assert status(guarded, "OPTIONS", {"Origin": "http://page.example"}) == 204


def test_a_websocket_asks_for_it_when_it_opens(guarded: int) -> None:
    async def ask(headers: dict[str, str]) -> Any:
        url = f"ws://127.0.0.1:{guarded}"
        async with websockets.connect(url, additional_headers=headers) as socket:
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}')
            return json.loads(await socket.recv())

    fresh = {"Authorization": token({"iat": int(time.time())}).decode()}
    assert asyncio.run(ask(fresh))["result"] == "0x40d9"
    with pytest.raises(websockets.InvalidStatus) as refusal:
        asyncio.run(ask({}))
    assert refusal.value.response.status_code == 401
