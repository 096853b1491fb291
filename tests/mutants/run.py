"""Plants each fault and says what kills it: its directed test, and the first seed that fails.

`make mutants` runs all of them; `--directed` leaves the seeds out, as the ordinary tests do.
"""

import argparse
import contextlib
import io
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from planted_faults import COUNTING, DECISION, PRECOMMIT, PREVOTE, PROPOSER, TIMERS
from planted_records import RECORDS
from planting import Mutant, faulty_code, function_of, planted

from consensus.simulation.checks import CheckFailed
from consensus.simulation.cluster import Cluster
from consensus.simulation.modes import Mode, plan_of

TESTS = Path(__file__).parent.parent
MUTANTS: tuple[Mutant, ...] = (
    *PROPOSER,
    *PREVOTE,
    *PRECOMMIT,
    *DECISION,
    *TIMERS,
    *COUNTING,
    *RECORDS,
)
SEEDS_MAX = 20_000
"""Of what no directed test kills."""
SEEDS_BESIDE_MAX = 1_000
"""Of what a directed test has killed."""
HEIGHTS = 3
SECONDS_MAX = 1_800
DIRECTED_SECONDS_MAX = 60
"""One mutant may loop for ever; then it is dead too."""
MEMORY_BYTES_MAX = 4 * 2**30


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when every mutant died."""
    options = _parser().parse_args(arguments)
    _warm_up()
    chosen = [m for m in MUTANTS if options.only is None or options.only in m.name]
    survivors = 0
    for mutant in chosen:
        is_dead = _report(mutant, options)
        survivors += not is_dead
        sys.stdout.flush()
    print(f"{len(chosen)} mutants, {survivors} survivors")
    return 1 if survivors else 0


def dies_of_its_test(mutant: Mutant) -> bool:
    """In a process of its own, forked from this one."""
    return _in_a_fork(lambda: _directed(mutant), DIRECTED_SECONDS_MAX) != 0


def seeds_to_kill(mutant: Mutant, seeds_max: int) -> int | None:
    """How many seeds, of all modes in turn, until one fails; None if none does."""
    code = _in_a_fork(lambda: _first_failing(mutant, seeds_max), SECONDS_MAX)
    return None if code == 0 else code


def _warm_up() -> None:
    """Import what every child needs, once."""
    with contextlib.redirect_stdout(io.StringIO()):
        pytest.main([str(TESTS / "consensus" / "test_timeouts.py"), "-q", "-p", "no:xdist"])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directed", action="store_true", help="run the directed tests alone")
    parser.add_argument("--only", metavar="WORDS", help="mutants with these words in their name")
    parser.add_argument("--seeds-max", type=int, default=SEEDS_MAX)
    parser.add_argument("--seeds-beside-max", type=int, default=SEEDS_BESIDE_MAX)
    return parser


def _report(mutant: Mutant, options: argparse.Namespace) -> bool:
    # Here, where a fault that cannot be planted is loud: in a fork it would pass for dead.
    faulty_code(function_of(mutant.target), mutant)
    is_dead = bool(mutant.test) and dies_of_its_test(mutant)
    line = f"{'test ' if is_dead else '-    '}"
    if not options.directed:
        limit = options.seeds_beside_max if is_dead else options.seeds_max
        seeds = seeds_to_kill(mutant, limit)
        is_dead = is_dead or seeds is not None
        line += f"{f'> {limit}' if seeds is None else seeds:>8} "
    print(f"{line}{'' if is_dead else 'SURVIVES '}{mutant.name}")
    return is_dead


def _directed(mutant: Mutant) -> int:
    with planted(mutant), contextlib.redirect_stdout(io.StringIO()):
        flags = ["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not localnet"]
        return int(pytest.main([str(TESTS / mutant.test), *flags]) == pytest.ExitCode.TESTS_FAILED)


def _first_failing(mutant: Mutant, seeds_max: int) -> int:
    """1 for the first seed; at most what fits into the answer of a process."""
    logging.getLogger("zerog.journal").setLevel(logging.ERROR)
    modes = list(Mode)
    with planted(mutant):
        for number in range(seeds_max):
            seed, mode = divmod(number, len(modes))
            try:
                Cluster(seed, plan_of(seed, modes[mode])).run(HEIGHTS)
            except (CheckFailed, AssertionError, ValueError, KeyError, IndexError, TypeError):
                return number + 1
    return 0


def _in_a_fork(work: Callable[[], int], seconds_max: int) -> int:
    """What the work gives; 1 if it takes too long or dies otherwise."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer = 1
        try:
            os.close(reading)
            sys.stdin.close()
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES_MAX, MEMORY_BYTES_MAX))
            resource.setrlimit(resource.RLIMIT_CPU, (seconds_max, seconds_max))
            answer = work()
        finally:
            os.write(writing, b"%d" % answer)
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        text = answers.read()
    os.waitpid(pid, 0)
    return int(text or b"1")


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    print(f"{time.monotonic() - began:.0f} s")
    sys.exit(code)
