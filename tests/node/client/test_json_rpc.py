"""URLs and answers of a JSON-RPC endpoint: what is none is said, never a stray exception."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from node.client import json_rpc
from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError

Start = Callable[[bytes], RpcClient]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(answer)`: a client of a server that gives that answer to everything."""
    servers: list[HTTPServer] = []

    def start_server(answer: bytes) -> RpcClient:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return RpcClient.of_url(f"http://127.0.0.1:{server.server_port}/some/path")

    yield start_server
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://node.example/rpc/", "https://node.example:443/rpc"),
        ("http://[::1]:8545", "http://[::1]:8545"),
    ],
)
def test_a_url_is_read_in_all_its_parts(url: str, shown: str) -> None:
    assert RpcClient.of_url(url).url == shown


@pytest.mark.parametrize("url", ["", "127.0.0.1:8545", "ws://x", "http://", "http://x:99999999"])
def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(NoJsonRpc):
        RpcClient.of_url(url)


def test_a_result_and_an_error_are_told_apart(start: Start) -> None:
    assert start(b'{"id": 1, "result": "0x10"}').number("eth_blockNumber") == 16
    assert start(b'{"id": 1, "result": null}').call("x") is None
    failing = start(b'{"id": 1, "error": {"code": 3, "message": "no", "data": "0x01"}}')
    with pytest.raises(RpcError, match=r"eth_call: no \(code 3\)") as caught:
        failing.call("eth_call")
    assert (caught.value.code, caught.value.data) == (3, "0x01")


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b"7"])
def test_what_does_not_speak_json_rpc_is_said(start: Start, answer: bytes) -> None:
    with pytest.raises(NoJsonRpc, match="not as a JSON-RPC server"):
        start(answer).call("eth_blockNumber")


def test_nobody_there_is_an_os_error() -> None:
    with pytest.raises(OSError, match="refused"):
        RpcClient("127.0.0.1", 1).call("eth_blockNumber")


@pytest.mark.parametrize("error", ['"no"', "[1]", '{"code": "x", "message": 7}'])
def test_an_error_of_any_form_is_one(start: Start, error: str) -> None:
    with pytest.raises(RpcError, match="x: ") as caught:
        start(f'{{"id": 1, "error": {error}}}'.encode()).call("x")
    assert caught.value.code == 0
    assert isinstance(caught.value.message, str)


def test_answers_to_a_batch_come_in_the_order_of_the_calls(start: Start) -> None:
    client = start(b'[{"id": 1, "result": 11}, {"id": 0, "result": 10}]')
    assert [answer["result"] for answer in client.batch([("a", []), ("b", [])])] == [10, 11]


@pytest.mark.parametrize(
    "answers",
    [b"[]", b"[1, 2]", b'[{"id": 0}]', b'[{"id": []}, {"id": 0}]', b'[{"id": 0}, {"id": 2}]'],
)
def test_a_batch_without_an_answer_to_each_call_is_refused(start: Start, answers: bytes) -> None:
    with pytest.raises(NoJsonRpc, match="2 questions"):
        start(answers).batch([("a", []), ("b", [])])


def test_an_answer_without_end_is_given_up(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_rpc, "ANSWER_BYTES_MAX", 29)
    assert start(b'{"id": 1, "result": "0x10"}  ').call("x") == "0x10"
    with pytest.raises(NoJsonRpc, match="more than 29 bytes"):
        start(b'{"id": 1, "result": "0x10"}   ').call("x")
