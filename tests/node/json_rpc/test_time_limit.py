"""The time limit of calls really ends their work, and nobody who asks something else waits for them."""

import http.client
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

ENDLESS_CODE = "0x5b600056"
"""JUMPDEST, PUSH1 0, JUMP."""
TARGET = "0x" + "ee" * 20
ENDLESS_CALLS = 4
LIMIT_MS = 1_500
LATENCY_P99_MS = 50
IDLE_AFTER_S = 1.0
IDLE_WINDOW_S = 1.0
IDLE_SHARE_MAX = 0.15
"""Of one processor, in the window."""
LOADED_FACTOR = 4
"""Other work on the machine stretches waiting times by this much at most; CPU times it does not."""
TICKS = os.sysconf("SC_CLK_TCK")
ENDLESS = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "eth_call",
    "params": [{"to": TARGET}, "latest", {TARGET: {"code": ENDLESS_CODE}}],
}


def ask(port: int, request: Any, connection: http.client.HTTPConnection | None = None) -> Any:
    connection = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
    return json.loads(connection.getresponse().read())


def family(pid: int) -> list[int]:
    """The process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        found = [int(child) for child in children.read_text().split()]
    except FileNotFoundError:
        return []
    return [pid, *(below for child in found for below in family(child))]


def cpu_seconds(pid: int) -> float:
    """That the process and those below it have used; of dead ones what their parents waited for."""
    total = 0.0
    for each in family(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += sum(map(int, fields[11:13])) / TICKS
    return total


def latencies_until(is_over: threading.Event, port: int) -> list[float]:
    """Milliseconds of one eth_blockNumber after the other."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    request = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber"}
    found = []
    while not is_over.wait(0.005):
        begun = time.perf_counter()
        assert "result" in ask(port, request, connection)
        found.append((time.perf_counter() - begun) * 1_000)
    return found


def test_four_endless_calls_delay_nobody_and_leave_an_idle_processor(node: Any) -> None:
    rpc = node.rpc(evm_timeout_ms=LIMIT_MS, gas_cap=0)
    answers: list[Any] = []
    callers = [
        threading.Thread(target=lambda: answers.append(ask(rpc.port, ENDLESS)))
        for _ in range(ENDLESS_CALLS)
    ]
    is_over, waits = threading.Event(), list[float]()
    watcher = threading.Thread(target=lambda: waits.extend(latencies_until(is_over, rpc.port)))
    watcher.start()
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    is_over.set()
    watcher.join()
    texts = [answer["error"]["message"] for answer in answers]
    assert texts == ["execution aborted (timeout = 1.5s)"] * ENDLESS_CALLS
    p99 = sorted(waits)[int(len(waits) * 0.99)]

    time.sleep(IDLE_AFTER_S)
    before = cpu_seconds(rpc.process.pid)
    time.sleep(IDLE_WINDOW_S)
    used = (cpu_seconds(rpc.process.pid) - before) / IDLE_WINDOW_S
    print(
        f"eth_blockNumber beside {ENDLESS_CALLS} endless calls: {len(waits)} asked, "
        f"p50 {sorted(waits)[len(waits) // 2]:.1f} ms, p99 {p99:.1f} ms; "
        f"{used:.3f} of a processor a second after the limit"
    )
    assert p99 <= LATENCY_P99_MS * LOADED_FACTOR
    assert used <= IDLE_SHARE_MAX
