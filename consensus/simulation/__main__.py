"""`zerog simulate`: run seeds, show the trace of one, or cut a failing one down to a test."""

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from typing import NoReturn

from consensus.simulation.checks import CheckFailed
from consensus.simulation.cluster import Cluster
from consensus.simulation.modes import Mode, mode_of, plan_of
from consensus.simulation.shrinking import CannotShrink, as_test, shrink

EXIT_WRONG_FLAGS = 2
HEIGHTS_MAX = 1_000
SEED_MAX = 2**63 - 1
_DESCRIPTION = (
    "Run the production consensus core in simulated networks whose faults follow from a seed. "
    "Exit code 0: every check held in every run; 1: some seed failed, and is printed."
)
_PROGRAM = "zerog simulate"


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 when every check held, 1 otherwise; failing seeds are printed."""
    options = _parser().parse_args(arguments)
    # A torn journal is what the storage mode makes on purpose.
    logging.getLogger("zerog.journal").setLevel(logging.ERROR)
    mode = None if options.mode is None else Mode(options.mode)
    if options.replay is not None:
        return _replay(options.replay, mode, options.heights)
    if options.shrink is not None:
        return _shrink(options.shrink, mode, options.heights)
    return _run(options.seeds, mode, options.heights)


class _OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the flags in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_WRONG_FLAGS, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _parser() -> argparse.ArgumentParser:
    parser = _OneLineParser(prog=_PROGRAM, description=_DESCRIPTION, allow_abbrev=False)
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--seeds",
        type=_seeds,
        default=range(100),
        metavar="A..B",
        help="run the seeds from A to B, B left out (default 0..100)",
    )
    what.add_argument("--replay", type=_seed, metavar="SEED", help="print the trace of one seed")
    what.add_argument(
        "--shrink",
        type=_seed,
        metavar="SEED",
        help="drop events of a failing seed while it still fails; print what is left as a test",
    )
    parser.add_argument(
        "--mode",
        choices=[mode.value for mode in Mode],
        help="what is put to the test (default: each seed in one of the modes, in turn)",
    )
    parser.add_argument(
        "--heights", type=_heights, default=3, metavar="N", help="to decide in each run (default 3)"
    )
    return parser


def _seeds(text: str) -> range:
    first, dots, last = text.partition("..")
    if not first.isdecimal() or not (last.isdecimal() or not dots):
        raise argparse.ArgumentTypeError(f"{text!r}: expected A..B, two whole numbers")
    begin = _seed(first)
    end = _seed(last) if dots else begin + 1
    if end <= begin:
        raise argparse.ArgumentTypeError(f"{text!r}: no seeds in it, B must be above A")
    return range(begin, end)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) > SEED_MAX:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number up to {SEED_MAX}")
    return int(text)


def _heights(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= HEIGHTS_MAX:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, 1 to {HEIGHTS_MAX}")
    return int(text)


def _run(seeds: range, mode: Mode | None, heights: int) -> int:
    began = time.perf_counter()
    failures = 0
    for seed in seeds:
        try:
            Cluster(seed, plan_of(seed, mode)).run(heights)
        except CheckFailed as failure:
            failures += 1
            what = f"{type(failure).__name__}: {failure}"
            sys.stdout.write(f"seed {seed} mode {_mode(seed, mode).value}: {what}\n")
            sys.stdout.flush()
    duration = time.perf_counter() - began
    sys.stdout.write(
        f"{len(seeds)} seeds, {failures} failures, {len(seeds) / duration:.1f} seeds/s\n"
    )
    return 1 if failures else 0


def _replay(seed: int, mode: Mode | None, heights: int) -> int:
    plan = plan_of(seed, mode)
    cluster = Cluster(seed, plan, traced=True)
    trace = cluster.trace
    assert trace is not None, "it is traced"
    code = 0
    try:
        cluster.run(heights)
    except CheckFailed as failure:
        trace.append(f"{type(failure).__name__}: {failure}")
        code = 1
    sys.stdout.write(f"mode {_mode(seed, mode).value}, {plan}\n")
    sys.stdout.writelines(f"{line}\n" for line in trace)
    return code


def _shrink(seed: int, mode: Mode | None, heights: int) -> int:
    try:
        shrunk = shrink(seed, plan_of(seed, mode), heights)
    except CannotShrink as why:
        sys.stderr.write(f"{_PROGRAM}: seed {seed} mode {_mode(seed, mode).value}: {why}\n")
        return EXIT_WRONG_FLAGS
    sys.stdout.write(as_test(seed, _mode(seed, mode).value, shrunk))
    sys.stderr.write(f"{len(shrunk.steps)} steps left of {shrunk.recorded}\n")
    return 1


def _mode(seed: int, mode: Mode | None) -> Mode:
    return mode or mode_of(seed)


if __name__ == "__main__":
    sys.exit(main())
