"""0G's public storage SDKs, from their registries, upload to a devnet's storage nodes and download again.

What an SDK says of itself is not believed: the bytes that come back and the nodes' `finalized` count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from localnet import START_MAX_S, wait_until
from sdk_environments import NAMES, Sdk
from storage_network import FLOW, StorageDevnet, content

from node.storage.file_merkle import shape_of
from node.storage.flow import Flow
from node.storage.storage_client import StorageNetwork
from node.storage.submissions import SUBMIT_TOPIC, identity, parse_log
from node.storage.transfer import LocalFile, put

pytestmark = pytest.mark.localnet

MEGABYTE = 1_000_000
SIZES = (1, 255, 256, MEGABYTE + 1)
ACCOUNTS = {name: index + 1 for index, name in enumerate(NAMES)}
"""Each SDK has an account of its own."""
AES_KEY = bytes(range(32)).hex()
EVERY_SDK = pytest.mark.parametrize("sdk", NAMES, indirect=True)
CURRENT = ("python", "typescript")
CURRENT_SDKS = pytest.mark.parametrize("sdk", CURRENT, indirect=True)

NODE_TYPE = [{"name": "root", "type": "bytes32"}, {"name": "height", "type": "uint256"}]
DATA_TYPE = [
    {"name": "length", "type": "uint256"},
    {"name": "tags", "type": "bytes"},
    {"name": "nodes", "type": "tuple[]", "components": NODE_TYPE},
]
CURRENT_TYPE = [
    {"name": "data", "type": "tuple", "components": DATA_TYPE},
    {"name": "submitter", "type": "address"},
]


def uploaded(devnet: StorageDevnet, sdk: Sdk, path: Path, **more: Any) -> Any:
    job = devnet.job("upload", ACCOUNTS[sdk.name], path=str(path), **more)
    [answer] = sdk.run(job)
    assert answer["error"] is None, answer
    return answer["result"]


def downloaded(devnet: StorageDevnet, sdk: Sdk, root: Any, path: Path, **more: Any) -> bytes:
    job = devnet.job("download", ACCOUNTS[sdk.name], root=root, path=str(path), **more)
    [answer] = sdk.run(job)
    assert answer["error"] is None, answer
    return path.read_bytes()


def check_stored(devnet: StorageDevnet, root: str, size: int) -> None:
    """The node that was sent it has it, and the other fetches it from there."""
    assert devnet.infos(root)[0]["finalized"] is True
    infos = wait_until(lambda: finalized_infos(devnet, root), START_MAX_S)
    assert all(info["tx"]["size"] == size for info in infos)
    assert all(info["uploadedSegNum"] == shape_of(size).segments for info in infos)


def finalized_infos(devnet: StorageDevnet, root: str) -> list[Any]:
    """Nothing before every node has all of it."""
    infos = devnet.infos(root)
    return infos if all(info is not None and info["finalized"] for info in infos) else []


@dataclass(frozen=True)
class Upload:
    """What an SDK is given."""

    size: int
    more: Mapping[str, Any] = field(default_factory=dict)
    sdks: Sequence[str] = NAMES


UPLOADS = {
    **{f"{size} bytes": Upload(size) for size in SIZES},
    "first": Upload(300_000),
    "second": Upload(300_000, {"options": {"skipIfFinalized": False}}),
    "fragments": Upload(600_000, {"fragmentSize": 256 * 1024}, CURRENT),
    "encrypted": Upload(300_001, {"aesKey": AES_KEY}, CURRENT),
}


@pytest.fixture(scope="module")
def uploads(
    devnet: StorageDevnet, sdks: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], Any]:
    """(SDK, what) → its result.

    One SDK after the other: what a submission costs depends on those before it, so an SDK's exact
    estimate may be too low where another account submits at the same time.
    """
    folder = tmp_path_factory.mktemp("files")
    results = {}
    for name, sdk in sdks.items():
        wanted = {what: upload for what, upload in UPLOADS.items() if name in upload.sdks}
        jobs = []
        for upload in wanted.values():
            path = folder / f"{name}-{upload.size}"
            path.write_bytes(content(upload.size, name))
            jobs.append(devnet.job("upload", ACCOUNTS[name], path=str(path), **upload.more))
        answers = sdk.run(*jobs) if isinstance(sdk, Sdk) else []
        for what, answer in zip(wanted, answers, strict=False):
            assert answer["error"] is None, (name, what, answer)
            results[name, what] = answer["result"]
    return results


@pytest.mark.parametrize("size", SIZES)
@EVERY_SDK
def test_a_file_comes_back_as_it_was(
    devnet: StorageDevnet, sdk: Sdk, size: int, uploads: dict[Any, Any], tmp_path: Path
) -> None:
    root = uploads[sdk.name, f"{size} bytes"]["rootHash"]
    data = content(size, sdk.name)
    path = tmp_path / "file"
    path.write_bytes(data)
    assert root == "0x" + LocalFile(path).tree.root.hex()
    check_stored(devnet, root, size)
    assert downloaded(devnet, sdk, root, tmp_path / "back") == data


@pytest.mark.slow
@EVERY_SDK
def test_twenty_megabytes_come_back_as_they_were(
    devnet: StorageDevnet, sdk: Sdk, tmp_path: Path
) -> None:
    size = 20 * MEGABYTE
    path = tmp_path / "file"
    path.write_bytes(content(size, sdk.name))
    root = uploaded(devnet, sdk, path)["rootHash"]
    check_stored(devnet, root, size)
    assert downloaded(devnet, sdk, root, tmp_path / "back") == path.read_bytes()


@EVERY_SDK
def test_a_second_submission_of_a_stored_file_is_finalized_at_once(
    devnet: StorageDevnet, sdk: Sdk, uploads: dict[Any, Any], tmp_path: Path
) -> None:
    root = uploads[sdk.name, "second"]["rootHash"]
    assert root == uploads[sdk.name, "first"]["rootHash"]
    path = tmp_path / "file"
    path.write_bytes(content(300_000, sdk.name))
    topics = [SUBMIT_TOPIC, None, "0x" + identity(LocalFile(path).nodes).hex()]
    wanted = {"address": FLOW, "topics": topics, "fromBlock": "0x0"}
    first, second = map(parse_log, devnet.chain.call("eth_getLogs", wanted))
    assert first.sequence < second.sequence
    for submission in (first, second):
        info = devnet.node().call("zgs_getFileInfoByTxSeq", submission.sequence)
        assert info["finalized"] is True
        assert info["tx"]["startEntryIndex"] == submission.start_chunk
    assert downloaded(devnet, sdk, root, tmp_path / "back") == path.read_bytes()


@CURRENT_SDKS
def test_a_file_in_fragments_comes_back_as_it_was(
    devnet: StorageDevnet, sdk: Sdk, uploads: dict[Any, Any], tmp_path: Path
) -> None:
    roots = uploads[sdk.name, "fragments"]["rootHashes"]
    assert len(roots) == 3
    for root, size in zip(roots, (262_144, 262_144, 75_712), strict=True):
        check_stored(devnet, root, size)
    assert downloaded(devnet, sdk, roots, tmp_path / "back") == content(600_000, sdk.name)


@CURRENT_SDKS
def test_an_encrypted_file_comes_back_in_the_clear(
    devnet: StorageDevnet, sdk: Sdk, uploads: dict[Any, Any], tmp_path: Path
) -> None:
    data = content(300_001, sdk.name)
    root = uploads[sdk.name, "encrypted"]["rootHash"]
    assert devnet.infos(root)[0]["finalized"] is True
    raw = downloaded(devnet, sdk, root, tmp_path / "raw")
    assert len(raw) > len(data)
    assert data[:1_000] not in raw
    assert downloaded(devnet, sdk, root, tmp_path / "back", aesKey=AES_KEY) == data


@pytest.mark.parametrize("is_old", [False, True], ids=["current-abi", "old-abi"])
@CURRENT_SDKS
def test_several_files_are_announced_in_one_transaction(
    devnet: StorageDevnet, sdk: Sdk, is_old: bool, tmp_path: Path
) -> None:
    """`batchSubmit`, which no SDK calls itself: through the web3.py and ethers that come with them."""
    account = ACCOUNTS[sdk.name]
    files, fee = [], 0
    for number in range(3):
        path = tmp_path / str(number)
        path.write_bytes(content(1_000 * (number + 1), f"batch {sdk.name} {is_old}"))
        files.append(LocalFile(path))
        fee += Flow(devnet.chain, FLOW).fee(files[-1].nodes)
    submissions = [submission_json(file, devnet.wallet(account).address, is_old) for file in files]
    components = DATA_TYPE if is_old else CURRENT_TYPE
    inputs = [{"name": "submissions", "type": "tuple[]", "components": components}]
    function = {
        "type": "function", "name": "batchSubmit", "stateMutability": "payable", "outputs": [],
        "inputs": inputs,
    }  # fmt: skip
    value = fee if sdk.name == "python" else str(fee)
    job = devnet.job(
        "batchSubmit", account, flow=FLOW, abi=[function], submissions=submissions, value=value
    )
    [answer] = sdk.run(job)
    assert (answer["status"], answer["logs"]) == (1, 3)
    network = StorageNetwork(devnet.indexer)
    for file in files:
        root = file.tree.root
        info = wait_until(lambda root=root: network.file_info(root), START_MAX_S)
        assert info["tx"]["size"] == file.shape.size
    for number, file in enumerate(files):
        stored = put(devnet.chain, network, lambda: devnet.wallet(account), tmp_path / str(number))
        assert stored.transaction is None, "it was announced again"
        check_stored(devnet, "0x" + file.tree.root.hex(), file.shape.size)


def submission_json(file: LocalFile, submitter: str, is_old: bool) -> dict[str, Any]:
    data = {
        "length": file.shape.size,
        "tags": "0x",
        "nodes": [{"root": "0x" + node.root.hex(), "height": node.height} for node in file.nodes],
    }
    return data if is_old else {"data": data, "submitter": submitter}


def test_submissions_of_both_abis_have_the_selectors_that_the_sdks_send() -> None:
    one = "(uint256,bytes,(bytes32,uint256)[])"
    assert keccak(f"batchSubmit({one}[])".encode())[:4].hex() == "9e62a38e"
    assert keccak(f"batchSubmit(({one},address)[])".encode())[:4].hex() == "49aa3395"
