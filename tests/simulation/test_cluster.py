"""Whole clusters of the production core, in virtual time."""

import pytest

from consensus.core import Consensus
from consensus.simulation.checks import CheckFailed, NoProgress
from consensus.simulation.cluster import Cluster, rounds_of
from consensus.simulation.faults import Crash, FaultPlan, Lie, Partitions
from consensus.simulation.modes import Mode, mode_of, plan_of
from consensus.timeliness import CLOCK_PRECISION_MS
from consensus.validators import ValidatorSet


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
@pytest.mark.parametrize("seeds", [range(20), range(20, 40)], ids=str)
def test_correct_validators_agree_and_progress(mode, seeds) -> None:
    """S1, S4, L1: every check of checks.py, and progress after healing."""
    for seed in seeds:
        Cluster(seed, plan_of(seed, mode)).run(heights=3)


def test_without_faults_every_height_is_decided_in_round_0() -> None:
    """P3."""
    cluster = Cluster(1, FaultPlan()).run(heights=20)
    assert rounds_of(cluster.hosts[0])[:20] == [0] * 20


def test_clocks_within_the_precision_cost_no_round() -> None:
    """L6, T24."""
    half = CLOCK_PRECISION_MS // 2
    cluster = Cluster(1, FaultPlan(skews_ms=(half, -half, 0, half))).run(heights=20)
    assert rounds_of(cluster.hosts[0])[:20] == [0] * 20


def test_a_clock_an_hour_ahead_costs_its_own_turns_alone() -> None:
    """L6, T24: its fresh blocks are from the future; time goes on by the clocks of the others."""
    cluster = Cluster(1, FaultPlan(skews_ms=(3_600_000, 0, 0, 0)))
    cluster.run(heights=8)
    assert 1 in rounds_of(cluster.hosts[1])
    assert max(rounds_of(cluster.hosts[1])) == 1


def test_a_block_that_takes_15_s_to_execute_is_decided() -> None:
    """The nil prevote waits for the check: the first round decides, whatever its timeouts are."""
    cluster = Cluster(1, FaultPlan(check_ms=15_000)).run(heights=3)
    assert rounds_of(cluster.hosts[0])[:3] == [0, 0, 0]
    assert cluster.now_ms < 3 * 16_000


def test_a_block_that_takes_15_s_to_execute_is_decided_with_one_validator_down() -> None:
    down = Crash(time_ms=1, index=2, after=1, down_ms=10**9)
    plan = FaultPlan(check_ms=15_000, crashes=(down,), heal_ms=10**9, never_healed=(2,))
    cluster = Cluster(1, plan).run(heights=4)
    assert cluster.now_ms < 100_000


@pytest.mark.parametrize(
    "sides", [[True, True, False, False], [False] * 3 + [True] * 4], ids=["2|2", "3|4"]
)
@pytest.mark.parametrize("outage_ms", [10_000, 600_000, 3_600_000])
def test_no_minority_decides_and_all_go_on_5_s_after_healing(sides, outage_ms) -> None:
    """S6, L2, T18: however long the partition was."""
    cluster = Cluster(3, FaultPlan(powers=(1,) * len(sides), heal_ms=outage_ms), traced=True)
    cluster.network.set_sides(sides)
    cluster.run(heights=2)
    assert cluster.trace is not None
    first = next(line for line in cluster.trace if "decides" in line)
    assert outage_ms < int(first.split()[0]) <= outage_ms + 5_000


@pytest.mark.parametrize("seed", range(5))
def test_all_validators_crash_together_and_resume(seed) -> None:
    """L4, T31 (sebak#828, snapchain#868)."""
    crashes = tuple(Crash(200, index, index % 3 + seed, 500, seed) for index in range(4))
    for has_disks in (False, True):
        plan = FaultPlan(crashes=crashes, heal_ms=2_000, has_disks=has_disks)
        cluster = Cluster(seed, plan, traced=True).run(heights=20)
        assert cluster.trace is not None
        assert "crash" in "\n".join(cluster.trace)


@pytest.mark.parametrize("has_disks", [False, True])
@pytest.mark.parametrize("after", range(1, 14))
def test_a_lone_validator_resumes_alone(after, has_disks) -> None:
    """T14, T31 (besu#6457, tendermint#8739): wherever it fell."""
    crash = Crash(time_ms=25, index=0, after=after, down_ms=10, chance=after)
    plan = FaultPlan(powers=(1,), crashes=(crash,), heal_ms=1_000, has_disks=has_disks)
    assert Cluster(after, plan).run(heights=20).checks.decisions >= 20


@pytest.mark.parametrize("lie", Lie)
def test_a_faulty_validator_of_four_is_survived(lie) -> None:
    """S5."""
    for seed in range(5):
        plan = FaultPlan(faulty=(seed % 4,), lie=lie, heal_ms=3_000, partitions=Partitions.TIMED)
        assert Cluster(seed, plan).run(heights=5).checks.decisions >= 15


def test_who_is_cut_off_for_good_stops_nobody() -> None:
    """L1: liveness mode's plan in its plainest form."""
    plan = FaultPlan(never_healed=(2,), drop_percent=100, heal_ms=1_000)
    cluster = Cluster(1, plan).run(heights=10)
    assert cluster.hosts[2].tip == 0
    assert max(cluster.rounds_after_healing()) <= 1


def test_the_same_seed_gives_the_same_trace_and_another_another() -> None:
    traces = [Cluster(seed, traced=True).run(heights=1).trace for seed in (1, 1, 2)]
    assert traces[0] == traces[1] != traces[2]


def test_seeds_vary_what_goes_wrong() -> None:
    plans = [plan_of(seed, mode) for seed in range(200) for mode in Mode]
    assert {plan.partitions for plan in plans} == set(Partitions)
    assert {plan.lie for plan in plans} == set(Lie)
    assert {len(plan.powers) for plan in plans} == {1, 4, 5, 7}
    for plan in plans:
        assert 3 * sum(plan.powers[index] for index in plan.faulty) < sum(plan.powers)
        assert 3 * sum(plan.powers[index] for index in plan.never_healed) < sum(plan.powers)
    assert [mode_of(seed) for seed in range(4)] == list(Mode)


def test_a_mode_is_what_its_name_says() -> None:
    for seed in range(100):
        assert plan_of(seed, Mode.TWINS).partitions is Partitions.PER_ROUND
        assert plan_of(seed, Mode.TWINS).faulty
        assert plan_of(seed, Mode.STORAGE).has_disks
        assert plan_of(seed, Mode.LIVENESS).never_healed
        assert not plan_of(seed, Mode.SAFETY).has_disks


def fails_within(seeds: int, mode: Mode) -> CheckFailed | None:
    for seed in range(seeds):
        try:
            Cluster(seed, plan_of(seed, mode)).run(heights=3)
        except CheckFailed as failure:
            return failure
    return None


def test_a_quorum_of_half_is_found_out(monkeypatch) -> None:
    """T27: the simulator can fail."""
    monkeypatch.setattr(ValidatorSet, "has_quorum", lambda s, power: 2 * power > s.total_power)
    assert fails_within(100, Mode.TWINS) is not None


def test_a_cluster_that_stands_still_is_found_out(monkeypatch) -> None:
    """L65: without its timeout no round follows one that is split."""
    monkeypatch.setattr(Consensus, "_on_precommit_timeout", lambda core: False)
    monkeypatch.setattr("consensus.simulation.cluster.PATIENCE_MS", 20_000)
    assert isinstance(fails_within(100, Mode.LIVENESS), NoProgress)
