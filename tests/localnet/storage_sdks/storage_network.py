"""A devnet with storage nodes as a test sees it: URLs, clients, files with known content."""

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from localnet import START_MAX_S, Command, free_ports, wait_until

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet

FLOW = "0x000000000000000000000000000000000000f10a"


@dataclass
class StorageDevnet:
    """One validator and its storage nodes, in processes."""

    command: Command
    datadir: Path
    rpc_url: str
    storage_urls: list[str]

    @property
    def indexer(self) -> str:
        return self.storage_urls[0]

    @property
    def chain(self) -> RpcClient:
        return RpcClient.of_url(self.rpc_url)

    def node(self, index: int = 0) -> RpcClient:
        return RpcClient.of_url(self.storage_urls[index])

    def key(self, index: int) -> str:
        """Of a funded account."""
        return "0x" + dev_accounts()[index][1].hex()

    def wallet(self, index: int) -> Wallet:
        chain = self.chain
        return Wallet(chain, dev_accounts()[index][1], chain.number("eth_chainId"))

    def job(self, do: str, account: int, **more: Any) -> dict[str, Any]:
        """For an SDK."""
        return {
            "do": do, "indexer": self.indexer, "rpc": self.rpc_url, "key": self.key(account), **more
        }  # fmt: skip

    def infos(self, root: str) -> list[Any]:
        """What each node knows of the file."""
        return [
            self.node(index).call("zgs_getFileInfo", root, True)
            for index in range(len(self.storage_urls))
        ]

    def is_answering(self) -> bool:
        """Every storage node has found the chain and its peers."""
        try:
            return all(
                self.node(index).call("zgs_getStatus")["connectedPeers"]
                == len(self.storage_urls) - 1
                and self.node(index).call("zgs_getStatus")["logSyncHeight"] > 0
                for index in range(len(self.storage_urls))
            )
        except OSError:
            return False

    def stop(self) -> None:
        self.command.stop()
        assert self.command.is_gone(), "something outlived the devnet"


def start_devnet(folder: Path, nodes: int, *flags: object) -> StorageDevnet:
    """Running, with every storage node at work."""
    port, p2p_port, *storage_ports = free_ports(2 + nodes)
    command = Command(
        "devnet", "--validators", 1, "--datadir", folder / "devnet", "--port", port,
        "--p2p-port", p2p_port, "--block-time", 0.3, "--storage", nodes,
        "--storage-port", storage_ports[0], *flags, log=folder / "devnet.log",
    )  # fmt: skip
    devnet = StorageDevnet(
        command,
        folder / "devnet",
        f"http://127.0.0.1:{port}",
        [f"http://127.0.0.1:{each}" for each in storage_ports],
    )
    try:
        wait_until(devnet.is_answering, START_MAX_S, lambda: str(command.log[-3000:]))
    except AssertionError:
        command.destroy()
        raise
    return devnet


def content(size: int, what: str = "") -> bytes:
    """The same at every run."""
    return random.Random(f"{size} {what}").randbytes(size)
