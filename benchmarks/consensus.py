"""Empty blocks at 4, 7, 10 and 16 validators beside their floor, and where each millisecond goes.

For each size, in one run on one machine: the bare message steps (processes that do nothing else), then whole
validators (execution, LMDB, libp2p, journal, fsync) that decide as fast as they can. The floor is the bare
steps + building + checking × ⌈n/cores⌉, the latter two in CPU time, which a busy machine does not stretch.
Then 100 validators in the simulator. Guards, wanted on two quiet cores: p50 of 47 / 109 / 138 ms at most at
4 / 7 / 10 (tuned CometBFT's), every decision in round 0, 1.5 × (2(n−1)+1) messages a validator and height.

    python benchmarks/consensus.py [--validators 4,7,10,16] [--seconds 15]      600 s: ten minutes
"""

import argparse
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from consensus_parts.bare_steps import intervals_ms, run_steps
from consensus_parts.validators import CONNECT_MAX_S, SECONDS_TO_CONNECT, Spans, run_validator

from consensus.simulation.cluster import Cluster
from consensus.simulation.faults import FaultPlan
from node.assembly import prepare_database
from node.devnet.settings import DevnetSettings
from node.devnet.start import prepare
from node.initialization import read_genesis

PORT, P2P_PORT = 30_500, 30_600
BARE_S = 6.0
P50_MAX_MS = {4: 47, 7: 109, 10: 138}
"""Tuned CometBFT 0.38 on two cores: p2p flush 1 ms, gossip sleep 10 ms."""
SIMULATED, SIMULATED_HEIGHTS = 100, 3


def in_processes(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each gives, all at the same time."""
    context = multiprocessing.get_context("fork")

    def run(work: Callable[[], Any], pipe: Connection) -> None:
        pipe.send(work())

    pipes, processes = [], []
    for work in works:
        ours, theirs = context.Pipe()
        process = context.Process(target=run, args=(work, theirs))
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    answers = [pipe.recv() for pipe in pipes]
    for process in processes:
        process.join()
    return answers


def bare_steps(count: int, folder: Path) -> tuple[float, float]:
    """p50 of a height in ms, and ms of CPU a height and process."""
    answers = in_processes(
        [lambda index=index: run_steps(index, count, P2P_PORT, folder, BARE_S) for index in range(count)]
    )  # fmt: skip
    intervals = [each for answer in answers for each in intervals_ms(answer["times"])]
    return statistics.median(intervals), statistics.median(answer["cpu_ms"] for answer in answers)


def whole_validators(count: int, folder: Path, seconds: float) -> list[Spans]:
    settings = DevnetSettings(
        datadir=folder / "net", validators=count, block_time=0, port=PORT, p2p_port=P2P_PORT + 100
    )
    settings.datadir.mkdir()
    configs = prepare(settings)
    for config in configs:
        prepare_database(config.data, read_genesis(config.data.genesis))
    return in_processes([lambda c=config: run_validator(c, seconds) for config in configs])


def settled_heights(spans: Sequence[Spans]) -> list[int]:
    """Committed everywhere, behind the connecting and before the end."""
    every = sorted(set.intersection(*(set(each.commit) for each in spans)))
    if not every:
        return []
    begun = spans[0].commit[every[0]][1] + SECONDS_TO_CONNECT
    return [height for height in every[1:] if spans[0].commit[height - 1][1] >= begun]


def breakdown_ms(spans: Sequence[Spans], heights: Sequence[int]) -> dict[str, float]:
    """Medians over the heights of what follows what; each height by the median validator."""
    parts: dict[str, list[float]] = {}

    def add(name: str, begun: float, ended: float) -> None:
        parts.setdefault(name, []).append((ended - begun) * 1_000)

    for height in heights:
        proposers = [each for each in spans if height in each.build]
        checked = [each.check[height] for each in spans if height in each.check]
        if not proposers or not checked:
            continue
        proposer = min(proposers, key=lambda each: each.build[height][0])
        begun = proposer.commit[height - 1][1]
        built = proposer.build[height]
        check_begun = statistics.median(span[0] for span in checked)
        check_ended = statistics.median(span[1] for span in checked)
        decided = statistics.median(each.commit[height][0] for each in spans)
        committed = statistics.median(each.commit[height][1] for each in spans)
        add("begin the height", begun, built[0])
        add("build", *built)
        add("sign, sync, send the proposal", built[1], check_begun)
        add("check", check_begun, check_ended)
        add("two steps of votes", check_ended, decided)
        add("commit", decided, committed)
    return {name: statistics.median(values) for name, values in parts.items()}


def report(count: int, bare: tuple[float, float], spans: Sequence[Spans]) -> bool:
    """Print one size; whether its guards hold."""
    heights = settled_heights(spans)
    if not heights:
        print(
            f"{count} validators: not all had blocks within {CONNECT_MAX_S:.0f} s; bare {bare[0]:.1f} ms"
        )
        return False
    intervals = sorted(
        (each.commit[height][1] - each.commit[height - 1][1]) * 1_000
        for each in spans
        for height in heights
    )
    p50, p99 = intervals[len(intervals) // 2], intervals[int(len(intervals) * 0.99)]
    build, check = cpu_ms(spans, "build"), cpu_ms(spans, "check")
    turns = -(-count // (os.cpu_count() or 1))
    floor = bare[0] + build + check * turns
    late = sum(1 for height in heights if spans[0].rounds[height])
    messages, messages_max = per_height(spans, "frames"), 1.5 * (2 * (count - 1) + 1)
    print(
        f"{count} validators, {len(heights)} heights\n"
        f"  floor      {floor:6.1f} ms: bare steps {bare[0]:.1f} (CPU {bare[1]:.1f} a process), "
        f"build {build:.1f}, check {check:.1f} × {turns}\n"
        f"  block      {p50:6.1f} ms p50, {p99:.1f} p99; {p50 / floor:.2f} × the floor; CPU "
        f"{per_height(spans, 'process_cpu_ms'):.1f} ms a validator and height, the start included"
    )
    for name, value in breakdown_ms(spans, heights).items():
        print(f"    {name:30} {value:6.1f} ms")
    print(
        f"    of these: {per_height(spans, 'syncs'):.1f} syncs of consensus files, "
        f"{per_height(spans, 'sync_ms'):.1f} ms; commit {cpu_ms(spans, 'commit'):.1f} ms of CPU\n"
        f"  messages   {messages:6.1f} a validator and height, wanted {messages_max:.1f} at most; "
        f"decided above round 0: {late}"
    )
    return p50 <= P50_MAX_MS.get(count, float("inf")) and messages <= messages_max and not late


def cpu_ms(spans: Sequence[Spans], work: str) -> float:
    """Of the executing thread, each time it did that."""
    times = sum(len(getattr(each, work)) for each in spans)
    return sum(each.cpu_ms.get(work, 0.0) for each in spans) / max(1, times)


def per_height(spans: Sequence[Spans], field: str) -> float:
    """The mean over validators and heights."""
    return sum(getattr(each, field) for each in spans) / sum(len(each.commit) for each in spans)


def simulate() -> None:
    """A hundred validators in virtual time: it says messages and CPU, not milliseconds of a network."""
    cluster = Cluster(1, FaultPlan(powers=(1,) * SIMULATED))
    packets, send = 0, cluster.send

    def counting(host: Any, receiver: Any, packet: Any) -> None:
        nonlocal packets
        packets += SIMULATED - 1 if receiver is None else 1
        send(host, receiver, packet)

    cluster.send = counting  # type: ignore[method-assign]
    begun = time.process_time()
    cluster.run(SIMULATED_HEIGHTS)
    cpu = time.process_time() - begun
    late = sum(1 for each in cluster.hosts[0].decisions() if each.round)
    each = SIMULATED * SIMULATED_HEIGHTS
    print(
        f"{SIMULATED} validators, simulated: {packets / each:.0f} messages a validator and height, "
        f"wanted {1.5 * (2 * (SIMULATED - 1) + 1):.0f} at most; {cpu / each * 1_000:.1f} ms of CPU; "
        f"{cluster.now_ms / SIMULATED_HEIGHTS:.0f} virtual ms a height at delays up to 20 ms; "
        f"decided above round 0: {late}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--validators", default="4,7,10,16")
    parser.add_argument("--seconds", type=float, default=15)
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores; load {os.getloadavg()[0]:.1f} before the start")
    are_held = []
    for count in map(int, options.validators.split(",")):
        with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
            bare = bare_steps(count, Path(folder))
            spans = whole_validators(count, Path(folder), options.seconds)
        are_held.append(report(count, bare, spans))
    simulate()
    if not all(are_held):
        print("a guard is not held; on a machine with other work that says little")
    return 0


if __name__ == "__main__":
    sys.exit(main())
