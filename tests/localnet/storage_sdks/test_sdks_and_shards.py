"""0G's SDKs between two storage nodes that hold a shard each, and what they do with proofs."""

from pathlib import Path

import pytest
from flipping_proxy import flipping_proxy
from sdk_environments import NAMES, Sdk
from storage_network import StorageDevnet, content

from node.storage.file_merkle import shape_of
from node.storage.storage_client import StorageNetwork
from node.storage.transfer import put

pytestmark = pytest.mark.localnet

STORAGE_SHARDS = 2
ACCOUNTS = {name: index + 1 for index, name in enumerate(NAMES)}
EVERY_SDK = pytest.mark.parametrize("sdk", NAMES, indirect=True)


@EVERY_SDK
def test_a_file_goes_through_two_shards_and_comes_back(
    devnet: StorageDevnet, sdk: Sdk, tmp_path: Path
) -> None:
    """The TypeScript SDKs send each node as many tasks as the node with fewest gets, and no more: the
    segments are to divide evenly, or `taskSize` is to cover the difference."""
    account, size = ACCOUNTS[sdk.name], 1_000_001
    path, back = tmp_path / "file", tmp_path / "back"
    path.write_bytes(content(size, f"shards {sdk.name}"))
    [answer] = sdk.run(devnet.job("upload", account, path=str(path)))
    assert answer["error"] is None
    root = answer["result"]["rootHash"]
    infos = devnet.infos(root)
    assert [info["finalized"] for info in infos] == [True, True]
    assert [info["uploadedSegNum"] for info in infos] == [2, 2]
    assert shape_of(size).segments == 4
    [answer] = sdk.run(devnet.job("download", account, root=root, path=str(back)))
    assert answer["error"] is None
    assert back.read_bytes() == path.read_bytes()


@EVERY_SDK
def test_no_sdk_checks_proofs(devnet: StorageDevnet, sdk: Sdk, tmp_path: Path) -> None:
    """Asked for a download with proof, it takes a flipped byte and reports success."""
    path = tmp_path / "file"
    path.write_bytes(content(600_000, "proof"))
    network = StorageNetwork(devnet.indexer)
    stored = put(devnet.chain, network, lambda: devnet.wallet(0), path)
    start = network.file_info(stored.root)
    assert start is not None
    on_first = (start["tx"]["startEntryIndex"] // 1024) % 2  # A segment of node 0's shard.
    with flipping_proxy(devnet.indexer, on_first) as url:
        [answer] = sdk.run(
            {
                **devnet.job("download", ACCOUNTS[sdk.name]), "indexer": url, "proof": True,
                "root": "0x" + stored.root.hex(), "path": str(tmp_path / "back"),
            }
        )  # fmt: skip
    assert answer["error"] is None
    back = (tmp_path / "back").read_bytes()
    assert len(back) == len(path.read_bytes())
    assert [
        place for place, (x, y) in enumerate(zip(back, path.read_bytes(), strict=True)) if x != y
    ] == [on_first * 262_144]
