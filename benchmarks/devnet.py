"""A whole devnet on this machine: time to the first block, empty blocks and plain transfers a second.

Real processes, real sockets, fsync on; the load comes over JSON-RPC from this process, on the same
cores. `--validators 4,1` chooses the sizes, `--transfers N` the load, `--seconds S` the empty run.
"""

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.

from eth_account import Account
from eth_utils import to_checksum_address

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient
from node.devnet.settings import DevnetSettings
from node.devnet.start import Devnet, check_ports, prepare

BATCH = 100
IN_FLIGHT_MAX = 2_000
"""Transfers sent and not yet in a block: below the pool's limit, so that none is refused."""
PORT, P2P_PORT = 28_545, 29_303


@contextmanager
def running_devnet(validators: int, block_time: float) -> Iterator[list[RpcClient]]:
    with tempfile.TemporaryDirectory() as folder:
        settings = DevnetSettings(
            datadir=Path(folder), validators=validators, block_time=block_time,
            port=PORT, p2p_port=P2P_PORT, balance=1_000_000,
        )  # fmt: skip
        configs = prepare(settings)
        check_ports(configs)
        devnet = Devnet(settings, configs, is_shown=False)
        pid = os.fork()
        if pid == 0:
            devnet.supervisor.start()
            os._exit(devnet.supervisor.run())
        try:
            yield [RpcClient("127.0.0.1", PORT + index) for index in range(validators)]
        finally:
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, 0)


def height_of(client: RpcClient) -> int:
    try:
        return client.number("eth_blockNumber")
    except OSError:
        return -1


def first_block_s(clients: list[RpcClient], began: float) -> float:
    for client in clients:
        client.wait_for("block 1", lambda client=client: height_of(client) >= 1, 60)
    found = time.monotonic() - began
    for client in clients:
        # A JSON-RPC process may have blocks to show a moment before it has reached its node.
        client.wait_for("its node", lambda client=client: client.call("zerog_status")["node"], 10)
    return found


def empty_blocks_a_second(client: RpcClient, seconds: float) -> float:
    first, began = height_of(client), time.monotonic()
    time.sleep(seconds)
    return (height_of(client) - first) / (time.monotonic() - began)


def signed_transfers(count: int) -> list[str]:
    """Round robin over the ten accounts, half of the recipients new; in the order to be sent."""
    keys = [key for _, key in dev_accounts()]
    encoded = []
    for index in range(count):
        recipient = (0x1000_0000 + index // 2).to_bytes(20, "big")
        transaction = {
            "type": 2, "chainId": 16_601, "nonce": index // len(keys), "gas": 21_000,
            "maxFeePerGas": 10**12, "maxPriorityFeePerGas": 10**9, "value": 1,
            "to": to_checksum_address(recipient),
        }  # fmt: skip
        signed = Account.sign_transaction(transaction, keys[index % len(keys)])
        encoded.append("0x" + bytes(signed.raw_transaction).hex())
    return encoded


def transfers_a_second(clients: list[RpcClient], encoded: list[str]) -> tuple[float, float]:
    """Sustained rate from the first sent to the last in a block, and median seconds to finality."""
    sent_at: list[float] = []
    finality: list[float] = []
    reader = clients[-1]
    height = height_of(reader)
    included, began, place = 0, time.monotonic(), 0
    while included < len(encoded):
        if place < len(encoded) and place - included < IN_FLIGHT_MAX:
            chunk = encoded[place : place + BATCH]
            client = clients[(place // BATCH) % len(clients)]
            answers = client.batch([("eth_sendRawTransaction", [item]) for item in chunk])
            refused = [answer["error"] for answer in answers if "error" in answer]
            assert not refused, refused[0]
            sent_at += [time.monotonic()] * len(chunk)
            place += len(chunk)
        while height < height_of(reader):
            height += 1
            count = int(reader.call("eth_getBlockTransactionCountByNumber", hex(height)), 16)
            now = time.monotonic()
            finality += [now - sent_at[i] for i in range(included, min(included + count, place))]
            included += count
        if place == len(encoded):
            time.sleep(0.02)
    return len(encoded) / (time.monotonic() - began), statistics.median(finality)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--validators", default="4,1")
    parser.add_argument("--transfers", type=int, default=3_000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    encoded = signed_transfers(options.transfers)
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start")
    for validators in map(int, options.validators.split(",")):
        began = time.monotonic()
        with running_devnet(validators, block_time=0) as clients:
            first = first_block_s(clients, began)
            time.sleep(2)
            rate = empty_blocks_a_second(clients[0], options.seconds)
            print(f"{validators} validators: first block {first:.1f} s, {rate:.1f} empty blocks/s")
        with running_devnet(validators, block_time=0.2) as clients:
            first_block_s(clients, time.monotonic())
            rate, finality = transfers_a_second(clients, encoded)
            print(
                f"{validators} validators: {rate:.0f} transfers/s sustained over {len(encoded)}, "
                f"p50 {finality:.2f} s to finality"
            )


if __name__ == "__main__":
    main()
