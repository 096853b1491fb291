"""S1: 2,000 seeds that no commit before has run, of all modes; a failure names its seed."""

import os
import subprocess
from pathlib import Path

import pytest

from consensus.simulation.checks import CheckFailed
from consensus.simulation.cluster import Cluster
from consensus.simulation.modes import Mode, plan_of

ROOT = Path(__file__).parent.parent.parent
SEEDS = 500
"""Of each mode."""
PIECE = 50
BASES = 10**9


def base() -> int:
    """The first seed: another for each commit, the same in every process. ZEROG_FIRST_SEED wins."""
    given = os.environ.get("ZEROG_FIRST_SEED")
    if given is not None:
        return int(given)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return int(commit or "0", 16) % BASES * 10_000


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("piece", range(0, SEEDS, PIECE))
def test_seeds_of_this_commit_break_no_check(mode, piece) -> None:
    for seed in range(base() + piece, base() + piece + PIECE):
        try:
            Cluster(seed, plan_of(seed, mode)).run(heights=3)
        except CheckFailed as failure:
            pytest.fail(
                f"{type(failure).__name__}: {failure}\n"
                f"zerog simulate --shrink {seed} --mode {mode.value}"
            )
