"""A file to a storage node and back: announced on chain, uploaded, downloaded, each segment proven."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from eth_hash.auto import keccak

from node.client.json_rpc import RpcClient
from node.client.wallet import Sender
from node.demo.da_walkthrough import DemoFailed
from node.devnet.settings import DevnetSettings
from node.storage.storage_client import StorageNetwork
from node.storage.transfer import get, put

FILE_HASHES = 31_250
"""32 bytes each: a megabyte."""

Say = Callable[[str], None]


def store_a_file(chain: RpcClient, settings: DevnetSettings, sender: Sender, say: Say) -> None:
    """Raises `StorageError`, or `DemoFailed` where other bytes come back."""
    network = StorageNetwork(f"http://{settings.host}:{settings.storage_port}")
    with tempfile.TemporaryDirectory(prefix="zerog-demo-file-") as name:
        path, back = Path(name) / "file", Path(name) / "back"
        path.write_bytes(b"".join(keccak(b"%d" % number) for number in range(FILE_HASHES)))
        began = time.monotonic()
        stored = put(chain, network, lambda: sender, path)
        took = time.monotonic() - began
        say(
            f"{stored.size:,} bytes announced to the Flow as submission {stored.sequence} and "
            f"uploaded in {took:.1f} s"
        )
        found = get(chain, network, stored.root, back)
        if back.read_bytes() != path.read_bytes():
            raise DemoFailed("other bytes came back from storage")
    say(
        f"downloaded: {found.shape.segments} segments, each proven against root "
        f"0x{stored.root.hex()[:16]}… of block {found.block_number}"
    )
