"""How fast four validators decide empty blocks: consensus, network and disk, without execution.

Four processes on loopback, real libp2p hosts, journal and sign state on disk with fsync. Guards:
at least 10 blocks a second on two cores (CometBFT makes 2.4 with its default timers, 21–28 tuned).

    python benchmarks/consensus_rounds.py [--validators 4] [--seconds 10]
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import itertools

import trio

from consensus.block_parts import assemble_block
from consensus.header import ConsensusBlock
from consensus.journal_file import Journal
from consensus.sign_state import SignState
from consensus.signatures import public_key_of
from consensus.timeouts import Timeouts
from consensus.validators import ValidatorSet, address_of
from consensus.values import Certificate, Height, Validator
from node.consensus_host import ConsensusHost, ConsensusSettings, wall_clock_ms
from node.consensus_journal import ConsensusJournal
from node.consensus_watch import WatchSettings, watch
from node.durable_files import DiskFiles
from node.network.host import NetworkSettings, PeerNetwork
from node.network.identity import peer_multiaddr
from node.signing import Signer
from node.sync.catch_up import CatchUp
from node.sync.serve import SyncServer

CHAIN = b"\x0c" * 32
FIRST_PORT = 42_500
TIMEOUTS = Timeouts()


class EmptyBlocks:
    """An executor that has nothing to execute."""

    def __init__(self, validators: ValidatorSet, secret: bytes) -> None:
        self.next_validators = validators
        self._own = address_of(public_key_of(secret))
        self._parent = CHAIN
        self.tip = 0
        self.times: list[float] = []
        self.rounds = 0
        self._stored: dict[int, tuple[ConsensusBlock, Certificate]] = {}

    async def build(
        self, height: int, round: int, last_certificate: Callable[[], Certificate | None]
    ) -> ConsensusBlock:
        return assemble_block(
            height=Height(height),
            time_ms=wall_clock_ms(),
            proposer=self._own,
            parent_hash=self._parent,
            validators=self.next_validators,
            next_validators=self.next_validators.advanced(),
            last_certificate=last_certificate(),
            evidence=(),
            payload=b"",
        )

    async def check(self, block: ConsensusBlock) -> str | None:
        return None if block.header.parent_hash == self._parent else "another parent"

    async def commit(self, block: ConsensusBlock, certificate: Certificate) -> ValidatorSet:
        self._parent = block.header.hash
        self.tip = block.header.height
        self._stored[self.tip] = (block, certificate)
        self.rounds += certificate.round
        self.next_validators = self.next_validators.advanced()
        self.times.append(time.perf_counter())
        return self.next_validators

    def stored(self, height: int) -> tuple[ConsensusBlock, Certificate] | None:
        return self._stored.get(height)


def secret_of(index: int) -> bytes:
    return bytes([index + 1]) * 32


async def validate(index: int, count: int, folder: Path, seconds: float) -> EmptyBlocks:
    secrets = [secret_of(i) for i in range(count)]
    validators = ValidatorSet.of(
        Validator(public_key_of(secret), 1, f"validator-{i}") for i, secret in enumerate(secrets)
    )
    executor = EmptyBlocks(validators, secrets[index])
    peers = tuple(
        peer_multiaddr("127.0.0.1", FIRST_PORT + i, secret_of(100 + i))
        for i in range(count)
        if i != index
    )
    settings = NetworkSettings(
        secret_of(100 + index), "127.0.0.1", FIRST_PORT + index, peers, CHAIN, "benchmark"
    )
    network = PeerNetwork(settings, lambda: executor.tip)
    files = DiskFiles(folder / str(index))
    host = ConsensusHost(
        ConsensusSettings(CHAIN, TIMEOUTS),
        executor,
        ConsensusJournal(Journal(files, CHAIN)),
        Signer(secrets[index], SignState(files, CHAIN)),
        network,
    )
    SyncServer(network, executor.stored)
    async with trio.open_nursery() as nursery:
        await nursery.start(host.run)
        await nursery.start(network.run, host)
        nursery.start_soon(CatchUp(host, network).run)
        nursery.start_soon(watch, host, WatchSettings(block_time_s=0))
        with trio.move_on_after(seconds):
            await trio.sleep_forever()
        nursery.cancel_scope.cancel()
    return executor


def run_validator(
    index: int, count: int, folder: Path, seconds: float, results: Connection
) -> None:
    executor = trio.run(validate, index, count, folder, seconds)
    cpu = time.process_time()
    results.send((executor.times, executor.rounds, cpu))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validators", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10)
    arguments = parser.parse_args()
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        pipes, processes = [], []
        for index in range(arguments.validators):
            ours, theirs = context.Pipe()
            process = context.Process(
                target=run_validator,
                args=(index, arguments.validators, Path(folder), arguments.seconds, theirs),
            )
            process.start()
            pipes.append(ours)
            processes.append(process)
        outcomes = [pipe.recv() for pipe in pipes]
        for process in processes:
            process.join()
    report(outcomes)


def report(outcomes: list[tuple[list[float], int, float]]) -> None:
    for index, (times, late_rounds, cpu_s) in enumerate(outcomes):
        # The first second is connecting.
        settled = [moment for moment in times if moment > times[0] + 1]
        intervals = sorted(b - a for a, b in itertools.pairwise(settled))
        rate = len(intervals) / (settled[-1] - settled[0])
        median, high = intervals[len(intervals) // 2], intervals[int(len(intervals) * 0.99)]
        print(
            f"validator {index}: {len(times)} blocks, {rate:.1f} a second, interval p50 "
            f"{median * 1000:.1f} ms, p99 {high * 1000:.1f} ms, rounds after the first "
            f"{late_rounds}, processor {cpu_s / max(len(times), 1) * 1000:.1f} ms a block"
        )


if __name__ == "__main__":
    main()
