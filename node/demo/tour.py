"""`zerog demo`: four validators, a contract, a DA commitment, a stored file; then nothing is left.

Everything is asked over JSON-RPC, of nodes that are processes of their own.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from node.client.contract_calls import deploy
from node.client.json_rpc import RpcClient, RpcError, WaitedTooLong
from node.client.wallet import Wallet
from node.da.errors import DaRefusal
from node.demo.certificate_check import CertificateRefused, signers_of
from node.demo.da_walkthrough import DemoFailed, walk
from node.demo.stored_file import store_a_file
from node.devnet.settings import DevnetSettings
from node.devnet.start import Devnet, check_ports, prepare
from node.errors import PortInUse
from node.storage.errors import StorageError
from node.supervisor import start_apart

HEIGHTS_SHOWN = 3
FIRST_BLOCK_MAX_S = 30.0
BLOCKS_MAX_S = 60.0

STORAGE_PORT_BEHIND = 50
"""The storage node's port from the first validator's."""
PORTS_TRIED = range(8545, 60_000, 100)


@dataclass
class Tour:
    """The state of one demo: whom to ask, and what to sum up at the end."""

    settings: DevnetSettings
    clients: Sequence[RpcClient]
    began: float
    first_block_s: float = 0.0
    transactions: int = 0
    finality_s: list[float] = field(default_factory=list)

    def run(self) -> None:
        """All steps; raises what `run_demo` reports."""
        self._blocks()
        wallets = self._wallets()
        self._contract(wallets[0])
        _title("3. A DA commitment, verified by a contract on chain, and by a precompile")
        self.transactions += walk(self.clients[0], wallets, _say)
        _title("4. A file in 0G storage, every segment of it proven against the root on chain")
        store_a_file(self.clients[0], self.settings, wallets[0], _say)
        self.transactions += 1
        self._summary()

    def _blocks(self) -> None:
        _title("1. Blocks, finalized by all four validators")
        first = self.clients[0]
        first.wait_for("the first block", lambda: _height(first) >= 1, FIRST_BLOCK_MAX_S)
        self.first_block_s = time.monotonic() - self.began
        _say(f"first block {self.first_block_s:.1f} s after the start")
        for height in range(1, HEIGHTS_SHOWN + 1):
            self._show_height(height)

    def _show_height(self, height: int) -> None:
        """Every node must have the same final block, with a certificate that proves it."""
        hashes = set()
        for index, client in enumerate(self.clients):
            block = client.wait_for(
                f"block {height} to be final",
                partial(_final_block, client, height),
                BLOCKS_MAX_S,
            )
            hashes.add(block["hash"])
            certificate = client.call("zerog_getCertificate", hex(height))
            names = signers_of(certificate, block["hash"])
            _say(
                f"block {height} {block['hash'][:10]}… on node {index}: signed by {', '.join(names)}"
            )
        if len(hashes) != 1:
            raise DemoFailed(f"the nodes disagree about block {height}: {sorted(hashes)}")

    def _wallets(self) -> list[Wallet]:
        keys = dev_accounts(self.settings.mnemonic, self.settings.accounts)
        # Each through another node: a transaction sent to any of them is in a block of any proposer.
        return [
            Wallet(self.clients[index % len(self.clients)], key, self.settings.chain_id)
            for index, (_, key) in enumerate(keys)
        ]

    def _contract(self, wallet: Wallet) -> None:
        _title("2. A Solidity contract, deployed and called")
        client = self.clients[0]
        began = time.monotonic()
        counter, receipt = deploy(client, wallet, artifact("Counter"))
        self.finality_s.append(time.monotonic() - began)
        _say(
            f"Counter.sol at {counter.address}, block {int(receipt['blockNumber'], 16)}, "
            f"gas {int(receipt['gasUsed'], 16):,}"
        )
        for step in (1, 41):
            began = time.monotonic()
            receipt = client.receipt(counter.send(wallet, "add", step))
            self.finality_s.append(time.monotonic() - began)
            if receipt["status"] != "0x1" or len(receipt["logs"]) != 1:
                raise DemoFailed("add() did not do what it says")
        self.transactions += 3
        for index, other in enumerate(self.clients):
            other.wait_for(
                f"node {index} to have block {int(receipt['blockNumber'], 16)}",
                partial(_has, other, int(receipt["blockNumber"], 16)),
                BLOCKS_MAX_S,
            )
        [count] = counter.call("count")
        if count != 42:
            raise DemoFailed(f"count() answers {count}, expected 42")
        _say(f"add(1), add(41): count() answers {count}")

    def _summary(self) -> None:
        _title("Summary")
        blocks = min(_height(client) for client in self.clients)
        elapsed = time.monotonic() - self.began
        _say(f"blocks            {blocks}, all final, in {elapsed:.1f} s")
        _say(f"first block       {self.first_block_s:.1f} s after the start")
        _say(f"to finality       {median(self.finality_s):.2f} s from sending, median")
        _say(f"transactions      {self.transactions}")


def run_demo(block_time: float, keep: Path | None) -> int:
    """The exit code: 0 if every step did what it says, 1 otherwise, with the reason on stderr."""
    folder = keep or Path(tempfile.mkdtemp(prefix="zerog-demo-"))
    began = time.monotonic()
    try:
        with _running_devnet(folder, block_time) as settings:
            clients = [
                RpcClient(settings.host, settings.port + index)
                for index in range(settings.validators)
            ]
            Tour(settings, clients, began).run()
    except (
        DemoFailed, DaRefusal, StorageError, RpcError, CertificateRefused, WaitedTooLong, OSError,
    ) as error:  # fmt: skip
        print(f"\nzerog demo failed: {error}\nlogs: {folder}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        _remove_unless(keep, folder)
        print("\ninterrupted; everything is stopped", file=sys.stderr)
        return 130
    _remove_unless(keep, folder)
    print("\nEverything worked, and nothing is left running.")
    return 0


def _remove_unless(keep: Path | None, folder: Path) -> None:
    if keep is None:
        shutil.rmtree(folder)


@contextmanager
def _running_devnet(folder: Path, block_time: float) -> Iterator[DevnetSettings]:
    """Four validators, in processes below one that ends with us, whatever ends us."""
    settings = _with_free_ports(
        DevnetSettings(datadir=folder / "devnet", block_time=block_time, storage=1)
    )
    settings.datadir.mkdir(parents=True, exist_ok=True)
    print(f"starting {settings.validators} validators, JSON-RPC from port {settings.port} on …")
    configs = prepare(settings)
    check_ports(configs)
    devnet = Devnet(settings, configs, is_shown=False)
    pid = start_apart(devnet.run)
    try:
        yield settings
    finally:
        os.kill(pid, signal.SIGTERM)
        os.waitpid(pid, 0)


def _with_free_ports(settings: DevnetSettings) -> DevnetSettings:
    """The usual ports where they are free, others otherwise."""
    for port in PORTS_TRIED:
        candidate = replace(
            settings, port=port, p2p_port=port + 21_758, storage_port=port + STORAGE_PORT_BEHIND
        )
        if _are_free(candidate):
            return candidate
    raise PortInUse(settings.host, settings.port, "--port")


def _are_free(settings: DevnetSettings) -> bool:
    own = [first + index for index in range(settings.validators)
           for first in (settings.port, settings.p2p_port)]  # fmt: skip
    for port in (*own, settings.storage_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.host, port))
            except (OSError, OverflowError):
                return False
    return True


def _height(client: RpcClient) -> int:
    try:
        return client.number("eth_blockNumber")
    except OSError:
        return -1


def _has(client: RpcClient, height: int) -> bool:
    return _height(client) >= height


def _final_block(client: RpcClient, height: int) -> dict[str, Any] | None:
    try:
        final = client.call("eth_getBlockByNumber", "finalized", False)
        if final is None or int(final["number"], 16) < height:
            return None
        answer: dict[str, Any] = client.call("eth_getBlockByNumber", hex(height), False)
    except OSError:
        return None
    return answer


def _title(text: str) -> None:
    print(f"\n{text}", flush=True)


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
