"""`zerog simulate`: run seeds, or show the trace of one."""

import argparse
import sys
import time
from collections.abc import Sequence

from consensus.simulation.checks import CheckFailed
from consensus.simulation.cluster import Cluster
from consensus.simulation.faults import plan_of

_DESCRIPTION = "Run consensus in simulated networks whose faults follow from a seed."


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every check held, 1 otherwise; failing seeds are printed."""
    options = _parser().parse_args(arguments)
    if options.replay is not None:
        return _replay(options.replay, options.heights)
    return _run(options.seeds, options.heights)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="zerog simulate", description=_DESCRIPTION)
    parser.add_argument("--seeds", type=_seeds, default=range(100), metavar="A..B")
    parser.add_argument("--replay", type=int, metavar="SEED", help="print the trace of one seed")
    parser.add_argument("--heights", type=int, default=3, help="to decide in each run")
    return parser


def _seeds(text: str) -> range:
    first, _, last = text.partition("..")
    return range(int(first), int(last or int(first) + 1))


def _run(seeds: range, heights: int) -> int:
    began = time.perf_counter()
    failures = 0
    for seed in seeds:
        try:
            Cluster(seed).run(heights)
        except CheckFailed as failure:
            failures += 1
            sys.stdout.write(f"seed {seed}: {type(failure).__name__}: {failure}\n")
    duration = time.perf_counter() - began
    sys.stdout.write(
        f"{len(seeds)} seeds, {failures} failures, {len(seeds) / duration:.1f} seeds/s\n"
    )
    return 1 if failures else 0


def _replay(seed: int, heights: int) -> int:
    cluster = Cluster(seed)
    code = 0
    try:
        cluster.run(heights)
    except CheckFailed as failure:
        cluster.trace.append(f"{type(failure).__name__}: {failure}")
        code = 1
    sys.stdout.write(f"{plan_of(seed)}\n")
    sys.stdout.writelines(f"{line}\n" for line in cluster.trace)
    return code


if __name__ == "__main__":
    sys.exit(main())
