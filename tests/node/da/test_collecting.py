"""Signers' answers are foreign input: what is no signature of theirs is a reason, never an exception."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import orjson
import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from node.da.aggregation import SignerDetail
from node.da.blobs import Blob
from node.da.collecting import ANSWER_BYTES_MAX, collect
from node.da.keys import BlsKey
from node.da.quorums import Quorum

KEYS = {Address(bytes([number]) * 20): BlsKey(500 + number) for number in range(1, 4)}
A, B, C = KEYS
BLOB = Blob(Hash32(keccak(b"data")), 2, 0, BlsKey(9).g1)
QUORUM = Quorum(2, 0, (A, B, C, A))

Start = Callable[[int, bytes], str]


@pytest.fixture
def start() -> Iterator[Start]:
    """`start(status, answer)`: the URL of a server that gives that answer to everything."""
    servers: list[HTTPServer] = []

    def start_server(status: int, answer: bytes) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        server = HTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}/signers/0"

    yield start_server
    for server in servers:
        server.shutdown()
        server.server_close()


def details(**sockets: str) -> dict[Address, SignerDetail]:
    by_name = dict(zip("abc", KEYS, strict=True))
    return {
        address: SignerDetail(address, sockets.get(name, ""), KEYS[address].g1, KEYS[address].g2)
        for name, address in by_name.items()
    }


def signed(address: Address, blob: Blob = BLOB) -> bytes:
    return orjson.dumps(KEYS[address].sign_blob(address, blob).as_json())


def test_good_signatures_are_kept_and_refusals_are_told(start: Start) -> None:
    where = {"a": start(200, signed(A)), "b": start(503, b'{"error": "signer is switched off"}')}
    collected = collect(BLOB, QUORUM, details(**where))
    assert collected.signatures == (KEYS[A].sign_blob(A, BLOB),)
    assert collected.failures[B] == "signer is switched off"
    assert "is no http:// URL" in collected.failures[C]


@pytest.mark.parametrize(
    ("status", "answer", "reason"),
    [
        (200, b"", "something unexpected"),
        (200, b"[]", "something unexpected"),
        (200, b"{" * ANSWER_BYTES_MAX, "something unexpected"),
        (500, b'"oops"', "something unexpected"),
        (500, b"{}", "something unexpected"),
        (200, signed(B), "another signer"),
        (200, signed(A, replace(BLOB, epoch=3)), "another blob"),
        (
            200,
            orjson.dumps(replace(KEYS[B].sign_blob(B, BLOB), signer=A).as_json()),
            "not made with its key",
        ),
    ],
)
def test_anything_else_is_a_reason(start: Start, status: int, answer: bytes, reason: str) -> None:
    collected = collect(BLOB, Quorum(2, 0, (A,)), details(a=start(status, answer)))
    assert collected.signatures == ()
    assert reason in collected.failures[A]


@pytest.mark.parametrize(
    "socket", ["", "10.0.0.1:34000", "ftp://x", "http://[", "http://x:99999999"]
)
def test_a_socket_that_is_no_url_is_said(socket: str) -> None:
    collected = collect(BLOB, Quorum(2, 0, (A,)), details(a=socket))
    assert "is no http:// URL" in collected.failures[A]


def test_a_signer_that_does_not_answer_is_said() -> None:
    collected = collect(BLOB, Quorum(2, 0, (A,)), details(a="http://127.0.0.1:1/signers/0"))
    assert "no answer from 127.0.0.1:1" in collected.failures[A]
