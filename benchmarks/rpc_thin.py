"""JSON-RPC requests a second, one server process, the load on the same machine; and how much an endless
call delays a cheap one. Guards: eth_blockNumber ≥ 5,000 a second, delay ≤ 50 ms.

The node behind it has a real chain, pool and socket, and no consensus.
"""

import http.client
import importlib.util
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

import orjson

ROOT = Path(__file__).parents[1]
PROBE = "0x" + "77" * 20
LOOP_FOREVER = {"to": PROBE, "data": "0xa8dba670", "gas": hex(2**62)}
STORED_OF_ZERO = {"to": PROBE, "data": "0x8c396222" + "00" * 32}
SUBMITTED = 2_000
LOOP_SECONDS = 3.0


def load_module(name: str, path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def call(method: str, *params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}


def post(connection: http.client.HTTPConnection, body: Any) -> Any:
    connection.request("POST", "/", orjson.dumps(body), {"Content-Type": "application/json"})
    return orjson.loads(connection.getresponse().read())


def signed_transfers(node: Any, count: int) -> list[str]:
    """From ten accounts in turn, one each from the pool's point of view."""
    raws = []
    for number in range(count):
        sender = node.accounts[number % 10]
        fields = {
            "chainId": 16_601, "nonce": number // 10, "to": "0x" + "99" * 20, "value": 1,
            "gas": 21_000, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9,
        }  # fmt: skip
        raws.append("0x" + sender.sign_transaction(fields).raw_transaction.hex())
    return raws


def print_submissions(rpc: Any, node: Any) -> None:
    raws = signed_transfers(node, SUBMITTED)
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port)
    half = SUBMITTED // 2
    begun = time.monotonic()
    for start in range(0, half, 100):
        answers = post(
            connection,
            [call("eth_sendRawTransaction", raw) for raw in raws[start : start + 100]],
        )
        assert all("result" in answer for answer in answers), answers[0]
    batched = half / (time.monotonic() - begun)
    begun = time.monotonic()
    for raw in raws[half:]:
        assert "result" in post(connection, call("eth_sendRawTransaction", raw))
    single = half / (time.monotonic() - begun)
    print(f"eth_sendRawTransaction, batches of 100     {batched:8.0f} transactions/s")
    print(f"eth_sendRawTransaction, one connection     {single:8.0f} transactions/s")


def print_delay(rpc: Any, loops: int) -> None:
    stop = time.monotonic() + LOOP_SECONDS

    def loop() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", rpc.port)
        while time.monotonic() < stop:
            post(connection, call("eth_call", LOOP_FOREVER, "latest"))

    threads = [threading.Thread(target=loop) for _ in range(loops)]
    for thread in threads:
        thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port)
    delays = []
    while time.monotonic() < stop:
        begun = time.monotonic()
        post(connection, call("eth_blockNumber"))
        delays.append((time.monotonic() - begun) * 1_000)
    for thread in threads:
        thread.join()
    delays.sort()
    p99 = delays[int(len(delays) * 0.99)]
    print(
        f"eth_blockNumber beside {loops} endless calls     p50 {statistics.median(delays):.2f} ms, "
        f"p99 {p99:.2f} ms, slowest {delays[-1]:.1f} ms"
    )


def main() -> None:
    http_load = load_module("http_load", ROOT / "benchmarks" / "load" / "http_load.py")
    solo_node = load_module("solo_node", ROOT / "tests" / "node" / "json_rpc" / "solo_node.py")
    with tempfile.TemporaryDirectory() as folder, solo_node.SoloNode(Path(folder)) as node:
        rpc = node.rpc(evm_timeout_ms=1_000, gas_cap=0)
        connection = http.client.HTTPConnection("127.0.0.1", rpc.port)
        post(connection, call("eth_call", STORED_OF_ZERO))
        for name, body in (
            ("eth_chainId", call("eth_chainId")),
            ("eth_blockNumber", call("eth_blockNumber")),
            ("eth_getBalance", call("eth_getBalance", PROBE, "latest")),
            ("eth_getBlockByNumber, empty block", call("eth_getBlockByNumber", "latest", False)),
            ("eth_getLogs, one block", call("eth_getLogs", {"address": PROBE})),
            ("eth_gasPrice", call("eth_gasPrice")),
            ("eth_call, a storage read, 2 workers", call("eth_call", STORED_OF_ZERO)),
            ("batches of 100 eth_blockNumber", [call("eth_blockNumber")] * 100),
        ):
            load = http_load.measure(rpc.port, orjson.dumps(body))
            print(f"{name:42} {load.requests_per_second:8.0f} requests/s  ({load.client})")
        print_submissions(rpc, node)
        for loops in (0, 1, 4):
            print_delay(rpc, loops)


if __name__ == "__main__":
    main()
