"""The short way and the long way through the server say the same."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import uvicorn

from node.json_rpc.application import Application, QuickAnswer
from node.json_rpc.http_protocol import BoundedHttpProtocol
from node.json_rpc.quick_answers import KEY_BYTES, QUICK_BATCH_CALLS_MAX, _LastingAnswers

ADDRESS = "0x" + "77" * 20
NUMBER = {"jsonrpc": "2.0", "id": 7, "method": "eth_blockNumber"}
BODIES: dict[str, Any] = {
    "a number": NUMBER,
    "a text as id": NUMBER | {"id": "seven"},
    "null as id": NUMBER | {"id": None},
    "a balance": NUMBER | {"method": "eth_getBalance", "params": [ADDRESS, "latest"]},
    "a wrong argument": NUMBER | {"method": "eth_getBalance", "params": ["0x7", "latest"]},
    "too many arguments": NUMBER | {"params": [1]},
    "an unknown block": NUMBER | {"method": "eth_getBalance", "params": [ADDRESS, "0xffffff"]},
    "logs of a range": NUMBER
    | {"method": "eth_getLogs", "params": [{"fromBlock": "0x0", "address": ADDRESS}]},
    "logs beyond the head": NUMBER
    | {"method": "eth_getLogs", "params": [{"fromBlock": "0x0", "toBlock": "0xffffff"}]},
    "what the node knows": NUMBER | {"method": "eth_chainId"},
    "what a worker works out": NUMBER | {"method": "eth_gasPrice"},
    "an unknown method": NUMBER | {"method": "eth_foo"},
    "another version": NUMBER | {"jsonrpc": "1.0"},
    "an object as id": NUMBER | {"id": {}},
    "a notification": {"jsonrpc": "2.0", "method": "eth_blockNumber"},
    "a batch": [NUMBER, NUMBER | {"id": 8, "method": "eth_chainId"}],
    "a batch that has to wait": [NUMBER, NUMBER | {"id": 8, "method": "eth_gasPrice"}],
    "a batch with garbage": [NUMBER, 1],
    "an empty batch": [],
    "a large batch": [NUMBER] * (QUICK_BATCH_CALLS_MAX + 1),
    "no object": 1,
}


def test_kept_answers_make_room_for_newer_ones() -> None:
    answers = _LastingAnswers(3 * (KEY_BYTES + 10))
    for key in "abc":
        answers.keep(key, key.encode() * 10)
    assert answers.get("a") == b"a" * 10
    answers.keep("d", b"d" * 10)
    assert [key for key in "abcd" if answers.get(key)] == ["a", "c", "d"]
    answers.keep("e", b"e" * (5 * KEY_BYTES))
    assert not any(answers.get(key) for key in "abcde")


def test_logs_are_found_again_as_before_and_new_ones_too(node: Any, result: Any) -> None:
    search = {"fromBlock": "0x0", "toBlock": "latest", "address": ADDRESS}
    before = result("eth_getLogs", search)
    assert result("eth_getLogs", search) == before
    node.mine()
    assert result("eth_getLogs", search) == before


@pytest.fixture
def connection(rpc: Any) -> Iterator[http.client.HTTPConnection]:
    opened = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=20)
    yield opened
    opened.close()


def said(connection: http.client.HTTPConnection, body: bytes, **headers: str) -> Any:
    """Status, type and body; a body in chunks, without a length before it, takes the long way."""
    is_long_way = "transfer_encoding" in headers
    sent = {"Content-Type": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(
        "POST", "/", iter([body]) if is_long_way else body, sent, encode_chunked=True
    )
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_both_ways_say_the_same(connection: http.client.HTTPConnection, body: Any) -> None:
    encoded = json.dumps(body).encode()
    quick, *_ = [said(connection, encoded)]
    long = said(connection, encoded, transfer_encoding="chunked")
    assert (quick[0], dict(quick[1]), quick[2]) == (long[0], dict(long[1]), long[2])


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://page.example"},
        {"accept_encoding": "gzip"},
        {"content_type": "text/plain"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_both_ways_heed_the_headers(
    connection: http.client.HTTPConnection, headers: dict[str, str]
) -> None:
    body = json.dumps([NUMBER] * 60).encode()
    quick = said(connection, body, **headers)
    long = said(connection, body, transfer_encoding="chunked", **headers)
    assert (quick[0], dict(quick[1]), quick[2]) == (long[0], dict(long[1]), long[2])


def test_a_connection_is_closed_where_the_client_asks(rpc: Any) -> None:
    body = json.dumps(NUMBER).encode()
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(("127.0.0.1", rpc.port), timeout=20) as client:
        client.sendall(head + body)
        answer = b"".join(iter(lambda: client.recv(4_096), b""))
    assert b"connection: close" in answer
    assert b'"id":7' in answer


def test_a_body_in_many_packets_is_answered(rpc: Any) -> None:
    body = json.dumps(NUMBER).encode()
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(("127.0.0.1", rpc.port), timeout=20) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in head + body:
            client.sendall(bytes([byte]))
        assert b'"id":7' in client.recv(4_096)


def test_a_client_that_waits_for_a_100_gets_it(rpc: Any) -> None:
    body = json.dumps(NUMBER).encode()
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    with socket.create_connection(("127.0.0.1", rpc.port), timeout=20) as client:
        client.sendall(head)
        assert client.recv(4_096).startswith(b"HTTP/1.1 100")
        client.sendall(body)
        answer = b""
        while b'"id":7' not in answer:
            answer += client.recv(4_096)


def test_head_and_body_of_an_answer_come_together(rpc: Any) -> None:
    """aiohttp's users close a session between the two."""
    body = json.dumps(NUMBER | {"method": "eth_gasPrice"}).encode()
    head = (
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    for _ in range(50):
        with socket.create_connection(("127.0.0.1", rpc.port), timeout=20) as client:
            client.sendall(head + body)
            assert client.recv(65_536).endswith(b"}")


class SameAnswer(Application):
    """Says {} to everybody, at once."""

    def __init__(self) -> None:
        pass

    def quick_answer(self, headers: Mapping[bytes, bytes], body: bytes) -> QuickAnswer:
        return QuickAnswer([(b"content-length", b"2")], b"{}")


def test_an_idle_connection_is_closed_also_after_quick_answers() -> None:
    """Not before it has been idle for as long as is allowed since its last answer."""
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"

    async def seconds_until_closed() -> float:
        config = uvicorn.Config(
            SameAnswer(), http=BoundedHttpProtocol, interface="asgi3", lifespan="off",
            timeout_keep_alive=1, log_config=None, proxy_headers=False,
        )  # fmt: skip
        config.load()
        state = uvicorn.server.ServerState()
        server = await asyncio.get_running_loop().create_server(
            lambda: BoundedHttpProtocol(config=config, server_state=state, app_state={}),
            "127.0.0.1",
        )
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for _ in range(3):
            writer.write(request)
            await reader.readuntil(b"{}")
            answered = asyncio.get_running_loop().time()
            await asyncio.sleep(0.4)
        assert await asyncio.wait_for(reader.read(), 10) == b""
        server.close()
        return asyncio.get_running_loop().time() - answered

    assert asyncio.run(seconds_until_closed()) >= 0.9
