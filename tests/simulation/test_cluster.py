"""Whole clusters of the production core, in virtual time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from consensus.core import Consensus
from consensus.simulation.__main__ import main
from consensus.simulation.checks import Disagreement, NoProgress
from consensus.simulation.cluster import Cluster
from consensus.simulation.faults import Crash, FaultPlan, Lie, Partitions, plan_of
from consensus.validators import ValidatorSet
from node.cli import main as zerog

ROOT = Path(__file__).parent.parent.parent


def rounds_of(cluster: Cluster) -> list[int]:
    """In which each height was decided, as the first validator has it."""
    return [certificate.round for certificate in cluster.hosts[0].decisions()]


@pytest.mark.parametrize(
    "seeds", [range(first, first + 20) for first in range(0, 200, 20)], ids=str
)
def test_correct_validators_agree_and_progress(seeds) -> None:
    """S1, L1: agreement, validity, no self-conflict, no false accusation, progress after healing."""
    for seed in seeds:
        Cluster(seed).run(heights=3)


def test_without_faults_every_height_is_decided_in_round_0() -> None:
    """P3."""
    cluster = Cluster(1, FaultPlan()).run(heights=20)
    assert rounds_of(cluster)[:20] == [0] * 20


def test_a_block_that_takes_15_s_to_execute_is_decided() -> None:
    """The nil prevote waits for the check: the first round decides, whatever its timeouts are."""
    cluster = Cluster(1, FaultPlan(check_ms=15_000)).run(heights=3)
    assert rounds_of(cluster)[:3] == [0, 0, 0]
    assert cluster.now_ms < 3 * 16_000


def test_a_block_that_takes_15_s_to_execute_is_decided_with_one_validator_down() -> None:
    down = Crash(time_ms=1, index=2, effects=1, down_ms=10**9)
    plan = FaultPlan(check_ms=15_000, crashes=(down,), heal_ms=100_000)
    cluster = Cluster(1, plan)
    cluster.hosts[2].is_correct = False
    cluster.run(heights=4)
    assert cluster.now_ms < 100_000


def test_two_of_four_decide_nothing_and_go_on_as_soon_as_a_third_is_there() -> None:
    """S6, L2: a partition of 30 s, then blocks within seconds."""
    cluster = Cluster(3, FaultPlan(heal_ms=30_000))
    cluster.network.set_sides([True, True, False, False])
    cluster.run(heights=2)
    first = next(line for line in cluster.trace if "decides" in line)
    assert int(first.split()[0]) > 30_000
    assert cluster.now_ms < 30_000 + 5_000


def test_all_validators_crash_together_and_resume() -> None:
    """L4, T31."""
    crashes = tuple(Crash(200, index, index % 3 + 1, 500) for index in range(4))
    cluster = Cluster(5, FaultPlan(crashes=crashes, heal_ms=2_000)).run(heights=20)
    assert "crash" in "\n".join(cluster.trace)


def test_a_lone_validator_resumes_alone() -> None:
    """T14, T31 (besu#6457, tendermint#8739)."""
    for effects in range(1, 12):
        crash = Crash(time_ms=25, index=0, effects=effects, down_ms=10)
        Cluster(effects, FaultPlan(powers=(1,), crashes=(crash,), heal_ms=1_000)).run(heights=20)


@pytest.mark.parametrize("lie", Lie)
def test_a_faulty_validator_of_four_is_survived(lie) -> None:
    """S5."""
    for seed in range(5):
        Cluster(seed, FaultPlan(faulty=(seed % 4,), lie=lie, heal_ms=3_000)).run(heights=5)


def test_the_same_seed_gives_the_same_trace_whatever_the_hash_seed() -> None:
    """S1: byte for byte, in other processes."""
    traces = [
        subprocess.run(
            [sys.executable, "-m", "consensus.simulation", "--replay", "17"],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "ETH_HASH_BACKEND": "pysha3"},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert traces[0] == traces[1]
    assert traces[0].count(b"decides") >= 12


def test_another_seed_gives_another_trace() -> None:
    assert Cluster(1).run(heights=1).trace != Cluster(2).run(heights=1).trace


def test_seeds_vary_what_goes_wrong() -> None:
    plans = [plan_of(seed) for seed in range(200)]
    assert {plan.partitions for plan in plans} == set(Partitions)
    assert {plan.lie for plan in plans} == set(Lie)
    assert {len(plan.powers) for plan in plans} == {4, 5, 7}
    assert sum(plan.partitions is Partitions.PER_ROUND for plan in plans) >= 80
    for plan in plans:
        assert 3 * sum(plan.powers[index] for index in plan.faulty) < sum(plan.powers)


def run_seeds(count: int) -> None:
    for seed in range(count):
        Cluster(seed).run(heights=3)


def test_a_quorum_of_half_is_found_out(monkeypatch) -> None:
    """T27: the simulator can fail."""
    monkeypatch.setattr(ValidatorSet, "has_quorum", lambda s, power: 2 * power > s.total_power)
    with pytest.raises(Disagreement):
        run_seeds(100)


def test_a_cluster_without_a_valid_value_to_propose_again_is_found_out(monkeypatch) -> None:
    """T3: mutant "novalid"."""
    started = Consensus._start_round

    def forgetful(core: Consensus, round: int) -> None:
        core._state.valid_value = None
        started(core, round)

    monkeypatch.setattr(Consensus, "_start_round", forgetful)
    monkeypatch.setattr("consensus.simulation.cluster.PATIENCE_MS", 20_000)
    with pytest.raises(NoProgress):
        run_seeds(100)


def test_the_command_runs_seeds_and_says_how_many_failed(capsys) -> None:
    assert main(["--seeds", "0..3", "--heights", "1"]) == 0
    assert capsys.readouterr().out.startswith("3 seeds, 0 failures, ")


def test_zerog_hands_its_flags_on(capsys) -> None:
    assert zerog(["simulate", "--seeds", "4..5", "--heights", "1"]) == 0
    assert capsys.readouterr().out.startswith("1 seeds, 0 failures, ")


def test_the_command_names_a_failing_seed(capsys, monkeypatch) -> None:
    monkeypatch.setattr(ValidatorSet, "has_quorum", lambda s, power: 2 * power > s.total_power)
    assert main(["--seeds", "0..40"]) == 1
    assert "Disagreement" in capsys.readouterr().out
