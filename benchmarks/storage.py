"""What a storage node takes in: raw uploads, each segment verified and durable; submissions on chain.

Guards: zgs_uploadSegmentsByTxSeq takes at least 20 MB/s of verified segments (client and node together on
this machine; the client's part is said apart, and taken off nothing).

    python benchmarks/storage.py [--megabytes 60] [--no-chain]
    python benchmarks/storage.py --sdks        0G's SDKs beside it: needs npm, installs them for the while
"""

import argparse
import http.client
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import orjson

from genesis.dev_accounts import dev_accounts
from node.client.contract_calls import gas_for
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from node.storage.file_merkle import CHUNK_BYTES
from node.storage.flow import Flow, submit_data
from node.storage.storage_client import StorageNetwork
from node.storage.store import Segment
from node.storage.transfer import LocalFile
from node.storage.wire import sent_json

ZEROG = Path(sys.executable).parent / "zerog"
MEGABYTE = 1_000_000
GUARDED_MB_S = 20
SEGMENTS_A_REQUEST = 8
CONNECTIONS = 2
FIRST_PORT = 26_400
START_S_MAX = 60.0
SUBMISSIONS = 300
SDK_FILE_MEGABYTES = 5


@contextmanager
def devnet(folder: Path) -> Iterator[tuple[str, str, int]]:
    """JSON-RPC, storage node and its process id, of a devnet of one validator."""
    rpc_url, storage_url = f"http://127.0.0.1:{FIRST_PORT}", f"http://127.0.0.1:{FIRST_PORT + 2}"
    command = [
        str(ZEROG), "devnet", "--validators", "1", "--datadir", str(folder / "devnet"),
        "--port", str(FIRST_PORT), "--p2p-port", str(FIRST_PORT + 1), "--block-time", "0.25",
        "--storage", "1", "--storage-port", str(FIRST_PORT + 2), "--log-level", "warning",
    ]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + START_S_MAX
        while not _is_up(storage_url):
            assert time.monotonic() < deadline, "no storage node"
            time.sleep(0.1)
        pid = int((folder / "devnet" / "storage-0" / "LOCK").read_text())
        yield rpc_url, storage_url, pid
    finally:
        process.terminate()
        process.wait()


def _is_up(url: str) -> bool:
    try:
        return bool(RpcClient.of_url(url).call("zgs_getStatus")["logSyncHeight"] > 0)
    except OSError:
        return False


def announced(chain: RpcClient, network: StorageNetwork, file: LocalFile) -> int:
    """The number under which the node knows of the file."""
    wallet = Wallet(chain, dev_accounts()[0][1], chain.number("eth_chainId"))
    submission, _ = Flow(chain, network.flow()).submit(wallet, file.shape.size, file.nodes)
    while network.file_info(file.tree.root) is None:
        time.sleep(0.05)
    return submission.sequence


def bodies_of(file: LocalFile, sequence: int) -> list[bytes]:
    """Requests, ready to be sent."""
    bodies = []
    for first in range(0, file.shape.segments, SEGMENTS_A_REQUEST):
        content = []
        for index in range(first, min(first + SEGMENTS_A_REQUEST, file.shape.segments)):
            segment = Segment(index, file.segment(index), file.tree.proof(index))
            leaf = file.tree.segment_root(index)
            content.append(sent_json(file.tree.root, file.shape, segment, leaf))
        request = {"jsonrpc": "2.0", "id": 1, "method": "zgs_uploadSegmentsByTxSeq",
                   "params": [content, sequence]}  # fmt: skip
        bodies.append(orjson.dumps(request))
    return bodies


def send_all(port: int, bodies: list[bytes]) -> None:
    """Over a few connections at the same time."""
    places = iter(bodies)
    lock = threading.Lock()

    def send() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while True:
            with lock:
                body = next(places, None)
            if body is None:
                return
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            answer = orjson.loads(connection.getresponse().read())
            assert answer.get("result") == 0, answer

    threads = [threading.Thread(target=send) for _ in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def raw_uploads(rpc_url: str, storage_url: str, pid: int, path: Path) -> None:
    chain, network = RpcClient.of_url(rpc_url), StorageNetwork(storage_url)
    file = LocalFile(path)
    bodies = bodies_of(file, announced(chain, network, file))
    cpu_before, began = cpu_s(pid), time.monotonic()
    send_all(FIRST_PORT + 2, bodies)
    wall, cpu = time.monotonic() - began, cpu_s(pid) - cpu_before
    info = network.file_info(file.tree.root)
    assert info is not None
    assert info["finalized"], "the file is not whole"
    megabytes = file.shape.size / MEGABYTE
    verdict = "ok" if megabytes / wall >= GUARDED_MB_S else "TOO SLOW"
    print(
        f"raw uploads, {megabytes:.0f} MB verified and durable: {megabytes / wall:.1f} MB/s, at least "
        f"{GUARDED_MB_S}: {verdict}; the node's CPU {cpu / file.shape.segments * 1000:.1f} ms a segment "
        f"({megabytes / cpu:.0f} MB a CPU second)"
    )


def submissions(rpc_url: str) -> None:
    """One account, one chunk each, sent at once: until the last receipt."""
    chain = RpcClient.of_url(rpc_url)
    wallet = Wallet(chain, dev_accounts()[1][1], chain.number("eth_chainId"))
    flow = Flow(chain, "0x000000000000000000000000000000000000f10a")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chunk"
        path.write_bytes(bytes(range(CHUNK_BYTES)))
        nodes = LocalFile(path).nodes
    data, fee = submit_data(CHUNK_BYTES, nodes, wallet.address), flow.fee(nodes)
    gas = gas_for(chain, wallet.address, flow.address, data, fee)
    signed = [wallet.sign(flow.address, data, gas=gas, value=fee) for _ in range(SUBMISSIONS)]
    began = time.monotonic()
    hashes = [chain.call("eth_sendRawTransaction", item) for item in signed]
    receipts = [chain.receipt(item) for item in hashes]
    wall = time.monotonic() - began
    assert all(receipt["status"] == "0x1" for receipt in receipts)
    used = int(receipts[-1]["gasUsed"], 16)
    print(f"submissions on chain, one validator: {SUBMISSIONS / wall:.0f} a second, gas {used:,}")


def sdk_uploads(rpc_url: str, storage_url: str, folder: Path) -> None:
    """Each SDK's own time for a file, its waits between polls included."""
    sdks = Path(__file__).parent.parent / "tests" / "localnet" / "storage_sdks"
    sys.path.append(str(sdks))
    from sdk_environments import python_sdk, typescript_sdk  # type: ignore[import-not-found]

    found: list[Any] = [
        python_sdk(folder), typescript_sdk(folder, is_old=False), typescript_sdk(folder, is_old=True)
    ]  # fmt: skip
    for index, sdk in enumerate(found):
        path = folder / f"{sdk.name}-file"
        path.write_bytes(random.Random(sdk.name).randbytes(SDK_FILE_MEGABYTES * MEGABYTE))
        key = "0x" + dev_accounts()[index + 2][1].hex()
        began = time.monotonic()
        [answer] = sdk.run(
            {"do": "upload", "path": str(path), "indexer": storage_url, "rpc": rpc_url, "key": key}
        )
        wall = time.monotonic() - began
        assert answer["error"] is None, answer
        print(f"{sdk.name} SDK, {SDK_FILE_MEGABYTES} MB: {SDK_FILE_MEGABYTES / wall:.2f} MB/s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--megabytes", type=int, default=60)
    parser.add_argument("--no-chain", action="store_true")
    parser.add_argument("--sdks", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zerog-storage-") as name:
        folder = Path(name)
        path = folder / "file"
        path.write_bytes(random.Random(1).randbytes(options.megabytes * MEGABYTE))
        with devnet(folder) as (rpc_url, storage_url, pid):
            raw_uploads(rpc_url, storage_url, pid, path)
            if not options.no_chain:
                submissions(rpc_url)
            if options.sdks:
                sdk_uploads(rpc_url, storage_url, folder)


if __name__ == "__main__":
    main()
