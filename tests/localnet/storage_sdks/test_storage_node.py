"""A storage node's promises as a user meets them: verified transfers, kills, damage, a Flow of 0G's own."""

import json
import random
import subprocess
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from flipping_proxy import flipping_proxy
from localnet import START_MAX_S, free_ports, kill_at_once, run_zerog, wait_until
from sdk_environments import Sdk
from storage_network import StorageDevnet, content

from node.client.contract_calls import gas_for
from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError
from node.storage.flow import Flow
from node.storage.storage_client import StorageNetwork
from node.storage.store import Segment
from node.storage.transfer import LocalFile, get, put
from node.storage.wire import sent_json

pytestmark = pytest.mark.localnet

STORAGE_SHARDS = 2
FACTORIES = """
const root = process.cwd() + "/node_modules/@0gfoundation/0g-ts-sdk/lib.commonjs/contracts/";
const load = (kind, name) => require(`${root}${kind}/factories/${name}__factory.js`)[`${name}__factory`];
console.log(JSON.stringify([load("flow", "FixedPriceFlow").bytecode, load("market", "FixedPrice").bytecode]));
"""
ONLY_STOP = bytes.fromhex("60016000f3")
"""Deploys one byte, STOP: takes any call and any value."""


def zerog_storage(devnet: StorageDevnet, *arguments: object, url: str | None = None) -> Any:
    urls = ("--rpc-url", devnet.rpc_url, "--storage-url", url or devnet.indexer)
    return run_zerog("storage", *arguments, *urls)


def wire(file: LocalFile, index: int) -> Any:
    segment = Segment(index, file.segment(index), file.tree.proof(index))
    return sent_json(file.tree.root, file.shape, segment, file.tree.segment_root(index))


def test_a_file_is_put_got_back_and_counted_in_status(
    devnet: StorageDevnet, tmp_path: Path
) -> None:
    path, back = tmp_path / "file", tmp_path / "back"
    path.write_bytes(content(1_500_000, "command line"))
    done = zerog_storage(devnet, "put", path, "--json")
    assert done.returncode == 0, done.stderr
    assert "100 % of 1,500,000 bytes" in done.stderr
    root = json.loads(done.stdout)["root"]
    assert [info["finalized"] for info in devnet.infos(root)] == [True, True]
    done = zerog_storage(devnet, "get", root, back)
    assert done.returncode == 0, done.stderr
    assert "6 segments, each proven" in done.stdout
    assert back.read_bytes() == path.read_bytes()
    again = zerog_storage(devnet, "put", path)
    assert "announced before" in again.stdout
    status = run_zerog("storage", "status", "--storage-url", devnet.storage_urls[1])
    assert "shard 1 of 2" in status.stdout
    assert "damaged      none" in status.stdout


@pytest.mark.parametrize("segment", [0, 1])
def test_behind_a_proxy_that_flips_one_byte_get_fails_and_names_the_segment(
    devnet: StorageDevnet, tmp_path: Path, segment: int
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(600_000, "flipped on the way"))
    stored = put(devnet.chain, StorageNetwork(devnet.indexer), lambda: devnet.wallet(0), path)
    info = devnet.infos("0x" + stored.root.hex())[0]
    its_node = (info["tx"]["startEntryIndex"] // 1024 + segment) % 2
    with flipping_proxy(devnet.storage_urls[its_node], segment) as url:
        done = zerog_storage(devnet, "get", "0x" + stored.root.hex(), tmp_path / "back", url=url)
    assert done.returncode == 1
    assert f"segment {segment} from {url} is not of the file 0x{stored.root.hex()}" in done.stderr
    assert not (tmp_path / "back").exists()
    assert not list(tmp_path.glob("*.part"))


def test_a_file_that_the_chain_does_not_know_is_not_got(
    devnet: StorageDevnet, tmp_path: Path
) -> None:
    done = zerog_storage(devnet, "get", "0x" + "11" * 32, tmp_path / "back")
    assert done.returncode == 1
    assert "knows of no file 0x1111" in done.stderr


@pytest.fixture
def own_node(
    devnet: StorageDevnet, start_command: Callable[..., Any], tmp_path: Path
) -> Callable[..., Any]:
    """Starts `zerog storage run` on a directory of the test's own; answers the command and its URL."""
    [port] = free_ports(1)

    def start(*flags: object) -> tuple[Any, str]:
        command = start_command(
            "storage", "run", "--datadir", tmp_path / "storage", "--rpc-url", devnet.rpc_url,
            "--port", port, *flags,
        )  # fmt: skip
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: is_synced(devnet, url), START_MAX_S, lambda: str(command.log))
        return command, url

    return start


def is_synced(devnet: StorageDevnet, url: str) -> bool:
    """It knows of every submission that the devnet's own nodes know of."""
    try:
        status = RpcClient.of_url(url).call("zgs_getStatus")
    except OSError:
        return False
    known: int = devnet.node().call("zgs_getStatus")["nextTxSeq"]
    return status["logSyncHeight"] > 0 and status["nextTxSeq"] >= known


KILLS = [pytest.param(4, id="4-kills"), pytest.param(40, id="40-kills", marks=pytest.mark.slow)]


@pytest.mark.parametrize("kills", KILLS)
def test_what_was_acknowledged_survives_kills_at_any_moment(
    devnet: StorageDevnet, own_node: Callable[..., Any], tmp_path: Path, kills: int
) -> None:
    path = tmp_path / "file"
    # More than is acknowledged between two kills, so that each comes in the middle of something.
    path.write_bytes(content(2_500_000 * kills, "kills"))
    file = LocalFile(path)
    flow = Flow(devnet.chain, StorageNetwork(devnet.indexer).flow())
    submission, _ = flow.submit(devnet.wallet(0), file.shape.size, file.nodes)
    acknowledged: set[int] = set()
    checked: set[int] = set()
    rng = random.Random(kills)
    for _ in range(kills):
        command, url = own_node()
        wait_until(
            lambda url=url: RpcClient.of_url(url).call(
                "zgs_getFileInfoByTxSeq", submission.sequence
            ),
            START_MAX_S,
        )
        check_kept(url, file, submission.sequence, acknowledged - checked)
        checked |= acknowledged
        upload_until_killed(command, url, file, submission.sequence, acknowledged, rng)
    command, url = own_node()
    check_kept(url, file, submission.sequence, acknowledged)
    node = RpcClient.of_url(url)
    missing = [index for index in range(file.shape.segments) if index not in acknowledged]
    for index in missing:
        # A segment may be kept though its acknowledgement was lost.
        with suppress(RpcError):
            node.call("zgs_uploadSegmentsByTxSeq", [wire(file, index)], submission.sequence)
    assert node.call("zgs_getFileInfoByTxSeq", submission.sequence)["finalized"] is True
    back = tmp_path / "back"
    get(devnet.chain, StorageNetwork(url), file.tree.root, back)
    assert back.read_bytes() == path.read_bytes()
    assert acknowledged, "no segment was acknowledged before a kill"


def upload_until_killed(
    command: Any,
    url: str,
    file: LocalFile,
    sequence: int,
    acknowledged: set[int],
    rng: random.Random,
) -> None:
    """Segments one after the other; after some of them the process dies in the middle of a request."""
    node = RpcClient.of_url(url)
    left = [index for index in range(file.shape.segments) if index not in acknowledged]
    rng.shuffle(left)
    for index in left[: rng.randint(1, 4)]:
        node.call("zgs_uploadSegmentsByTxSeq", [wire(file, index)], sequence)
        acknowledged.add(index)
    doomed = subprocess.Popen(
        [
            "sh",
            "-c",
            f"sleep {rng.uniform(0, 0.03):.4f}; kill -9 {' '.join(map(str, command.alive()))}",
        ]
    )
    for index in left[4:]:
        try:
            node.call("zgs_uploadSegmentsByTxSeq", [wire(file, index)], sequence)
        except (OSError, HTTPException, NoJsonRpc):
            break
        acknowledged.add(index)
    doomed.wait()
    kill_at_once(command.alive())
    command.wait(10)


def check_kept(url: str, file: LocalFile, sequence: int, acknowledged: set[int]) -> None:
    node = RpcClient.of_url(url)
    for index in acknowledged:
        answer = node.call("zgs_downloadSegmentWithProofByTxSeq", sequence, index)
        assert answer == wire(file, index), f"segment {index} was acknowledged and is gone"


def test_a_byte_flipped_on_disk_is_an_error_and_listed_in_status(
    devnet: StorageDevnet, own_node: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(600_000, "flipped on disk"))
    command, url = own_node()
    network = StorageNetwork(url)
    stored = put(devnet.chain, network, lambda: devnet.wallet(0), path)
    root = "0x" + stored.root.hex()
    data = tmp_path / "storage" / "segments" / stored.root.hex()
    with data.open("r+b") as file:
        file.seek(300_000)
        byte = file.read(1)[0]
        file.seek(300_000)
        file.write(bytes([byte ^ 1]))
    done = zerog_storage(devnet, "get", root, tmp_path / "back", url=url)
    assert done.returncode == 1
    node = RpcClient.of_url(url)
    for method, parameters in (
        ("zgs_downloadSegmentByTxSeq", [stored.sequence, 1024, 2048]),
        ("zgs_downloadSegmentWithProof", [root, 1]),
    ):
        with pytest.raises(RpcError, match=f"segment 1 of {root} is damaged on disk"):
            node.call(method, *parameters)
    status = run_zerog("storage", "status", "--storage-url", url)
    assert f"  segment 1 of {root}" in status.stdout
    command.stop()
    assert "segment 1 of" in command.log


def test_damage_is_found_though_nobody_asks(
    devnet: StorageDevnet, own_node: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "file"
    path.write_bytes(content(1_000, "found by itself"))
    _, url = own_node()
    stored = put(devnet.chain, StorageNetwork(url), lambda: devnet.wallet(0), path)
    data = tmp_path / "storage" / "segments" / stored.root.hex()
    data.write_bytes(b"\xff" + data.read_bytes()[1:])
    node = RpcClient.of_url(url)
    wait_until(lambda: node.call("zerog_storageStatus")["damaged"], START_MAX_S)


def test_a_directory_of_another_shard_is_refused_in_one_line(
    devnet: StorageDevnet, own_node: Callable[..., Any], tmp_path: Path
) -> None:
    command, _ = own_node("--shard", "0/2")
    command.stop()
    done = run_zerog(
        "storage", "run", "--datadir", tmp_path / "storage", "--rpc-url", devnet.rpc_url,
        "--port", free_ports(1)[0], "--shard", "1/2",
    )  # fmt: skip
    assert done.returncode == 2
    assert "made for shard's shardId 0, but this is 1" in done.stderr


def test_a_node_follows_a_deployed_flow_of_0gs_own(
    devnet: StorageDevnet, sdks: dict[str, Any], start_command: Callable[..., Any], tmp_path: Path
) -> None:
    """0G's compiled FixedPriceFlow and FixedPrice, deployed by a user, and zerog storage on top."""
    sdk = sdks["typescript"]
    if not isinstance(sdk, Sdk):
        pytest.skip(f"no contracts to deploy: {sdk}")
    done = subprocess.run(
        ["node", "-e", FACTORIES], cwd=sdk.folder, capture_output=True, text=True, check=True
    )
    flow_code, market_code = (bytes.fromhex(text[2:]) for text in json.loads(done.stdout))
    chain, wallet = devnet.chain, devnet.wallet(5)
    reward = deployed(chain, wallet, ONLY_STOP)
    flow = deployed(chain, wallet, flow_code + encode(["uint256"], [0]))
    market = deployed(chain, wallet, market_code)
    called(chain, wallet, flow, "initialize(address,uint256)", market, 100)
    called(chain, wallet, market, "initialize(uint256,address,address)", 7, flow, reward)
    [port] = free_ports(1)
    command = start_command(
        "storage", "run", "--datadir", tmp_path / "storage", "--rpc-url", devnet.rpc_url,
        "--port", port, "--flow", flow,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}"

    def is_up() -> bool:
        try:
            status = RpcClient.of_url(url).call("zgs_getStatus")
        except OSError:
            return False
        return bool(status["logSyncHeight"] > 0)

    wait_until(is_up, START_MAX_S, lambda: str(command.log))
    path = tmp_path / "file"
    path.write_bytes(content(400_000, "deployed"))
    network = StorageNetwork(url)
    stored = put(chain, network, lambda: wallet, path)
    assert stored.sequence == 0, "this Flow's first"
    get(chain, network, stored.root, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


def deployed(chain: RpcClient, wallet: Any, code: bytes) -> str:
    gas = gas_for(chain, wallet.address, None, code)
    receipt = chain.receipt(wallet.send(None, code, gas=gas))
    assert receipt["status"] == "0x1"
    address: str = receipt["contractAddress"]
    return address


def called(chain: RpcClient, wallet: Any, to: str, signature: str, *arguments: Any) -> None:
    types = signature[signature.index("(") + 1 : -1].split(",")
    data = keccak(signature.encode())[:4] + encode(types, arguments)
    gas = gas_for(chain, wallet.address, to, data)
    assert chain.receipt(wallet.send(to, data, gas=gas))["status"] == "0x1"
