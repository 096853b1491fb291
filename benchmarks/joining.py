"""How fast a full node catches up with a devnet that makes a block a second under load.

Four validators, real processes, all on this machine's cores; this process sends plain transfers at a steady
rate, or with `--full-load` as many as they take. After `--blocks N` a new node joins by `zerog init --join`,
and is timed until it is at the head. Printed: seconds of the setting up, blocks and transfers caught up on,
blocks a second, and the ratio to the blocks made meanwhile.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

from devnet import BATCH, IN_FLIGHT_MAX, height_of, running_devnet, signed_transfers

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet

ZEROG = Path(sys.executable).parent / "zerog"
JOINED_PORT, JOINED_P2P_PORT = 28_590, 28_591
GAS = 21_000
POLL_S = 0.05
FULL_LOAD_MAX = 1_000
"""Transfers signed beforehand for each second of a full load: more than four validators on two cores take."""
JOINING_S = 45
"""Of load kept for the time in which the new node joins."""


def send_steadily(client: RpcClient, rate: int, ended: threading.Event) -> None:
    """`rate` plain transfers a second, of one account each."""
    chain_id = client.number("eth_chainId")
    wallets = [Wallet(client, key, chain_id) for _, key in dev_accounts(count=10)]
    sent, began = 0, time.monotonic()
    while not ended.is_set():
        wallets[sent % len(wallets)].send(wallets[0].address, gas=GAS, value=1)
        sent += 1
        ended.wait(max(0.0, began + sent / rate - time.monotonic()))


def send_all_that_fits(
    clients: list[RpcClient], encoded: list[str], ended: threading.Event
) -> None:
    """Keep the pools full, until the signed transfers are used up: that is said, the load is gone then."""
    included, height = 0, height_of(clients[0])
    for place in range(0, len(encoded), BATCH):
        while place - included >= IN_FLIGHT_MAX and not ended.is_set():
            if height < height_of(clients[0]):
                height += 1
                included += transfers_in(clients[0], height)
            else:
                ended.wait(POLL_S)
        if ended.is_set():
            return
        chunk = encoded[place : place + BATCH]
        client = clients[place // BATCH % len(clients)]
        client.batch([("eth_sendRawTransaction", [item]) for item in chunk])
    print("the signed transfers were used up before the end: the load was not full")


def transfers_in(client: RpcClient, height: int) -> int:
    return int(client.call("eth_getBlockTransactionCountByNumber", hex(height)), 16)


def multiaddr_of(client: RpcClient) -> str:
    """Where the node's peers dial it."""
    return str(client.call("admin_nodeInfo")["multiaddrs"][0])


def joined(multiaddr: str, folder: Path) -> subprocess.Popen[bytes]:
    """A full node that is set up and started."""
    where, began = ["--datadir", str(folder), "--http.port", str(JOINED_PORT)], time.monotonic()
    subprocess.run(
        [ZEROG, "init", "--join", multiaddr, "--full-node", *where,
         "--p2p.port", str(JOINED_P2P_PORT)],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    print(f"zerog init --join: {time.monotonic() - began:.1f} s")
    return subprocess.Popen([ZEROG, "run", "--datadir", str(folder)], stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL)  # fmt: skip


def measure(client: RpcClient, multiaddr: str, folder: Path) -> None:
    node = joined(multiaddr, folder)
    follower = RpcClient("127.0.0.1", JOINED_PORT)
    try:
        while height_of(follower) < 1:
            time.sleep(POLL_S)
        first, began, made = height_of(follower), time.monotonic(), height_of(client)
        while height_of(follower) < height_of(client):
            time.sleep(POLL_S)
        seconds, reached = time.monotonic() - began, height_of(follower)
        blocks = range(first + 1, reached + 1)
        transfers = sum(transfers_in(client, number) for number in blocks)
        rate = len(blocks) / seconds
        production = max(height_of(client) - made, 1) / seconds
        print(
            f"caught up on {len(blocks)} blocks, {transfers} transfers, in {seconds:.1f} s: "
            f"{rate:.1f} blocks/s, {transfers / seconds:.0f} transfers/s; "
            f"{production:.2f} blocks/s made meanwhile, ratio {rate / production:.1f}"
        )
    finally:
        node.terminate()
        node.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=60)
    parser.add_argument("--rate", type=int, default=50, help="transfers a second")
    parser.add_argument("--full-load", action="store_true", help="as many as are taken instead")
    options = parser.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores before the start")
    count = (options.blocks + JOINING_S) * FULL_LOAD_MAX if options.full_load else 0
    encoded = signed_transfers(count)
    with running_devnet(4, block_time=1.0) as clients, tempfile.TemporaryDirectory() as folder:
        while any(height_of(client) < 1 for client in clients):
            time.sleep(POLL_S)
        ended = threading.Event()
        # Its own connections: one is not for two threads.
        senders = [RpcClient.of_url(client.url) for client in clients]
        if options.full_load:
            load = threading.Thread(target=send_all_that_fits, args=(senders, encoded, ended))
        else:
            load = threading.Thread(target=send_steadily, args=(senders[1], options.rate, ended))
        load.start()
        try:
            while height_of(clients[0]) < options.blocks:
                time.sleep(1)
            measure(clients[0], multiaddr_of(clients[0]), Path(folder) / "joined")
        finally:
            ended.set()
            load.join()


if __name__ == "__main__":
    main()
