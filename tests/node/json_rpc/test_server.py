"""The JSON-RPC process over real sockets: HTTP, limits, time limits, its end."""

import gzip
import http.client
import os
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.json_rpc.table import all_methods

JSON = {"Content-Type": "application/json"}
BLOCK_NUMBER = b'{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'
LOOP_SELECTOR = "0xa8dba670"
"""TestProbe.loopForever()."""


def exchange(
    rpc: Any, body: bytes = BLOCK_NUMBER, method: str = "POST", headers: dict[str, str] = JSON
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)
    connection.request(method, "/", body, headers)
    response = connection.getresponse()
    answer = response.status, {k.lower(): v for k, v in response.getheaders()}, response.read()
    connection.close()
    return answer


def test_an_answer_is_json_with_status_200(rpc: Any) -> None:
    status, headers, body = exchange(rpc)
    assert (status, headers["content-type"]) == (200, "application/json")
    assert orjson.loads(body) == {"jsonrpc": "2.0", "id": 1, "result": "0x0"}


def test_a_connection_serves_many_requests(rpc: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)
    for _ in range(5):
        connection.request("POST", "/", BLOCK_NUMBER, JSON)
        assert connection.getresponse().read().endswith(b'"result":"0x0"}')
    connection.close()


def test_requests_may_be_sent_before_earlier_answers_came(rpc: Any) -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    with socket.create_connection(("127.0.0.1", rpc.port), 30) as connection:
        connection.sendall((head % len(BLOCK_NUMBER) + BLOCK_NUMBER) * 20)
        received = b""
        while received.count(b'"result":"0x0"') < 20:
            chunk = connection.recv(65_536)
            assert chunk
            received += chunk


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_what_is_not_sent_as_json_is_415(rpc: Any, content_type: str) -> None:
    status, _, body = exchange(rpc, headers={"Content-Type": content_type})
    assert status == 415
    assert body == b"invalid content type, only application/json is supported\n"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_verbs_are_405(rpc: Any, method: str) -> None:
    assert exchange(rpc, method=method)[0] == 405


def test_a_body_of_five_mebibytes_is_read_and_a_longer_one_is_413(rpc: Any) -> None:
    largest = BLOCK_NUMBER + b" " * (5 * 1024 * 1024 - len(BLOCK_NUMBER))
    assert exchange(rpc, largest)[0] == 200
    status, _, body = exchange(rpc, largest + b" ")
    assert (status, body) == (413, b"content length too large (5242881>5242880)\n")
    assert exchange(rpc)[0] == 200


def test_a_body_without_end_is_cut_off(rpc: Any) -> None:
    with socket.create_connection(("127.0.0.1", rpc.port), 30) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
        with pytest.raises(ConnectionError):
            connection.sendall(chunk * 1_500)
    assert exchange(rpc)[0] == 200


def test_headers_without_end_are_cut_off(rpc: Any) -> None:
    with socket.create_connection(("127.0.0.1", rpc.port), 30) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nX: ")
        with pytest.raises(ConnectionError):
            connection.sendall(b"x" * 100_000_000)
    assert exchange(rpc)[0] == 200


def test_get_tells_health(rpc: Any) -> None:
    status, headers, body = exchange(rpc, b"", "GET", {})
    assert (status, headers["content-type"]) == (200, "application/json")
    health = orjson.loads(body)
    assert (health["status"], health["chainId"], health["blockNumber"]) == ("ok", 16_601, 0)
    assert exchange(rpc, b"", "HEAD", {})[0] == 200


def test_pages_of_listed_origins_alone_may_read_answers(rpc: Any, node: Any) -> None:
    origin = {"Origin": "https://app.example"}
    assert exchange(rpc, headers=JSON | origin)[1]["access-control-allow-origin"] == "*"
    strict = node.rpc(cors_origins=["https://other.example"], virtual_hosts=["localhost"])
    assert "access-control-allow-origin" not in exchange(strict, headers=JSON | origin)[1]
    preflight = exchange(rpc, b"", "OPTIONS", origin | {"Access-Control-Request-Method": "POST"})
    assert preflight[0] == 204
    assert preflight[1]["access-control-allow-methods"] == "POST, GET"


def test_strange_host_names_are_refused(node: Any) -> None:
    strict = node.rpc(virtual_hosts=["localhost"])
    assert exchange(strict, headers=JSON | {"Host": "evil.example"})[0] == 403
    assert exchange(strict, headers=JSON | {"Host": "localhost:8545"})[0] == 200
    assert exchange(strict)[0] == 200


def test_a_notification_has_an_empty_answer(rpc: Any) -> None:
    notification = b'{"jsonrpc":"2.0","method":"eth_blockNumber"}'
    assert exchange(rpc, notification)[::2] == (200, b"")


@pytest.mark.parametrize("params", ["", ',"params":null', ',"params":[]'])
def test_params_may_be_absent_null_or_empty(rpc: Any, params: str) -> None:
    body = f'{{"jsonrpc":"2.0","id":1,"method":"eth_chainId"{params}}}'
    assert orjson.loads(exchange(rpc, body.encode())[2])["result"] == "0x40d9"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
def test_no_body_makes_a_500(rpc: Any, body: bytes) -> None:
    status, _, answer = exchange(rpc, body)
    assert status == 200
    assert answer == b"" or orjson.loads(answer)


ADDRESS = "0x" + "11" * 20
METHODS = sorted(all_methods())
FIELDS = (
    "to", "from", "data", "gas", "value", "fromBlock", "toBlock", "topics", "address", "gasPrice",
    "accessList", "nonce", "types", "domain", "message", "primaryType", "authorizationList",
)  # fmt: skip
arguments = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
    | st.sampled_from([ADDRESS, "0x" + "ab" * 32, "latest", "pending", "earliest", "0x0", "0x5"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(FIELDS)
        | st.just(ADDRESS),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(METHODS), st.lists(arguments, max_size=4))
def test_no_arguments_crash_a_method(rpc: Any, method: str, params: list[Any]) -> None:
    try:
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
    except TypeError:
        body = BLOCK_NUMBER
    status, _, answer = exchange(rpc, body)
    assert status == 200
    assert orjson.loads(answer).get("error", {}).get("code") != -32603, answer


def slowest_block_number(rpc: Any, seconds: float) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)
    slowest, deadline = 0.0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        begun = time.monotonic()
        connection.request("POST", "/", BLOCK_NUMBER, JSON)
        connection.getresponse().read()
        slowest = max(slowest, time.monotonic() - begun)
    connection.close()
    return slowest


def endless_call(probe: str) -> bytes:
    call = {"to": probe, "data": LOOP_SELECTOR, "gas": hex(2**62)}
    return orjson.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    )


@pytest.fixture(scope="module")
def patient_rpc(node: Any) -> Any:
    """No gas cap, so that the time limit alone ends a call."""
    return node.rpc(evm_timeout_ms=1_500, gas_cap=0)


def test_an_endless_call_is_cut_off_and_hurts_nobody(patient_rpc: Any, probe: str) -> None:
    answers: list[Any] = []
    callers = [
        threading.Thread(
            target=lambda: answers.append(
                orjson.loads(exchange(patient_rpc, endless_call(probe))[2])
            )
        )
        for _ in range(4)
    ]
    exchange(patient_rpc, endless_call("0x" + "00" * 20))
    for caller in callers:
        caller.start()
    slowest = slowest_block_number(patient_rpc, 2.0)
    for caller in callers:
        caller.join(30)
    assert [answer["error"] for answer in answers] == [
        {"code": -32000, "message": "execution aborted (timeout = 1.5s)"}
    ] * 4
    # The aim is 50 ms; other processes share the machine that runs this test.
    assert slowest < 0.5


def test_the_work_of_a_client_that_left_ends(patient_rpc: Any, probe: str) -> None:
    for _ in range(6):
        leaver = http.client.HTTPConnection("127.0.0.1", patient_rpc.port, timeout=30)
        leaver.request("POST", "/", endless_call(probe), JSON)
        leaver.close()
    begun = time.monotonic()
    call = {"to": probe, "data": "0x"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [call, "latest"]}
    assert orjson.loads(exchange(patient_rpc, orjson.dumps(body))[2])["result"] == "0x"
    assert time.monotonic() - begun < 4


def test_it_stops_at_once_also_with_work_and_connections_open(node: Any, probe: str) -> None:
    rpc = node.rpc(gas_cap=0)
    idle = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)
    idle.request("POST", "/", BLOCK_NUMBER, JSON)
    idle.getresponse().read()
    with socket.create_connection(("127.0.0.1", rpc.port), 30) as busy:
        body = endless_call(probe)
        busy.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body) + body
        )
        exchange(rpc)
        assert rpc.stop() < 1.5
    assert rpc.process.returncode == 0
    assert not children_of(rpc.process.pid)


def children_of(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


def test_nothing_is_left_when_it_is_killed(node: Any) -> None:
    rpc = node.rpc()
    exchange(rpc, b'{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{},"latest"]}')
    (zygote,) = children_of(rpc.process.pid)
    workers = children_of(zygote)
    assert len(workers) == 4
    rpc.process.kill()
    rpc.process.wait()
    deadline = time.monotonic() + 5
    while any(Path(f"/proc/{pid}").exists() for pid in (zygote, *workers)):
        assert time.monotonic() < deadline
    socket.create_server(("127.0.0.1", rpc.port)).close()


def test_it_ends_when_calls_can_no_longer_be_carried_out(node: Any) -> None:
    rpc = node.rpc()
    (zygote,) = children_of(rpc.process.pid)
    os.kill(zygote, signal.SIGKILL)
    assert rpc.process.wait(10) == 1


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("genesis", "absent.json", "absent.json: the genesis document is missing"),
        ("database", "absent", "absent: no database here"),
    ],
)
def test_what_is_missing_is_said_in_one_line(
    node: Any, capfd: Any, field: str, value: str, text: str
) -> None:
    with pytest.raises(RuntimeError, match="ended with 2"):
        node.rpc(**{field: str(node.folder / value)})
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert text in said


def test_large_answers_are_compressed_for_those_who_accept_it(rpc: Any) -> None:
    block = b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}'
    plain = exchange(rpc, block)
    assert "content-encoding" not in plain[1]
    status, headers, body = exchange(rpc, block, headers=JSON | {"Accept-Encoding": "gzip"})
    assert (status, headers["content-encoding"]) == (200, "gzip")
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(body) < len(plain[2]) / 2
    assert gzip.decompress(body) == plain[2]
    small = exchange(rpc, headers=JSON | {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in small[1]


def test_several_processes_serve_one_port(node: Any) -> None:
    first = node.rpc(shares_port=True)
    second = node.rpc(shares_port=True, port=first.port)
    assert second.port == first.port
    for _ in range(8):
        assert exchange(first)[0] == 200
    first.stop()
    for _ in range(8):
        assert exchange(second)[0] == 200
    second.stop()


def test_a_port_in_use_is_said_in_one_line(node: Any, rpc: Any, capfd: Any) -> None:
    with pytest.raises(RuntimeError, match="ended with 2"):
        node.rpc(port=rpc.port)
    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert f"127.0.0.1:{rpc.port} is in use" in said


@pytest.fixture(scope="module")
def probe() -> str:
    return "0x" + "77" * 20
