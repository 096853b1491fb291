"""A failing seed is cut down to a few steps, which fail as a test and pass once the fault is gone."""

import pytest

from consensus.simulation.checks import CheckFailed
from consensus.simulation.cluster import Cluster
from consensus.simulation.faults import FaultPlan
from consensus.simulation.modes import Mode, plan_of
from consensus.simulation.recording import Recording, Step
from consensus.simulation.script import ScriptedCluster
from consensus.simulation.shrinking import CannotShrink, as_test, fewest, run_script, shrink
from consensus.validators import ValidatorSet

SEED = 0
VALUES = {"A": (1_000, 0, True)}


@pytest.fixture
def _half_is_a_quorum(monkeypatch):
    monkeypatch.setattr(ValidatorSet, "has_quorum", lambda s, power: 2 * power > s.total_power)


def defined_in(source: str):
    """The one test of a printed script."""
    names: dict[str, object] = {}
    exec(source, names)
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    return test


@pytest.mark.usefixtures("_half_is_a_quorum")
def test_a_failing_seed_becomes_a_short_test_that_fails(monkeypatch) -> None:
    shrunk = shrink(SEED, plan_of(SEED, Mode.TWINS), heights=3)
    assert len(shrunk.steps) < 30 < shrunk.recorded
    test = defined_in(as_test(SEED, "twins", shrunk))
    with pytest.raises(type(shrunk.failure)):
        test()
    monkeypatch.undo()
    test()


@pytest.mark.usefixtures("_half_is_a_quorum")
def test_no_step_of_what_is_left_can_be_left_out() -> None:
    shrunk = shrink(SEED, plan_of(SEED, Mode.TWINS), heights=3)
    for index in range(len(shrunk.steps)):
        rest = shrunk.steps[:index] + shrunk.steps[index + 1 :]
        failure = run_script(shrunk.plan, shrunk.values, rest)
        assert not isinstance(failure, type(shrunk.failure))


def test_a_seed_that_does_not_fail_is_not_shrunk() -> None:
    with pytest.raises(CannotShrink, match="does not fail"):
        shrink(SEED, plan_of(SEED, Mode.TWINS), heights=1)


def test_missing_progress_is_not_shrunk(monkeypatch) -> None:
    monkeypatch.setattr("consensus.simulation.cluster.PATIENCE_MS", 1_000)
    plan = FaultPlan(drop_percent=100, heal_ms=1, never_healed=(0, 1, 2))
    with pytest.raises(CannotShrink, match="no progress"):
        shrink(SEED, plan, heights=1)


@pytest.mark.parametrize("mode", [Mode.SAFETY, Mode.TWINS, Mode.STORAGE], ids=lambda m: m.value)
def test_a_recorded_run_does_the_same_again_step_by_step(mode) -> None:
    """Decisions and all; a script knows the recorded values by names of its own."""
    for seed in range(5):
        plan = plan_of(seed, mode)
        cluster = Cluster(seed, plan)
        cluster.recording = recording = Recording(cluster.validators(1))
        cluster.run(heights=2)
        script = ScriptedCluster(plan, recording.values(cluster.checks.values()))
        for step in recording.steps:
            getattr(script, step.action)(*step.arguments)
        correct = [host for host in cluster.hosts if host.is_correct]
        for host, scripted in zip(correct, script.hosts.values(), strict=True):
            rounds = [certificate.round for certificate in host.decisions()]
            assert [certificate.round for certificate in scripted.decisions()] == rounds
            assert scripted.core.position == host.core.position


def test_the_fewest_steps_are_found() -> None:
    steps = [Step("start", (number,)) for number in range(100)]
    needed = {steps[13], steps[14], steps[77]}
    assert fewest(steps, lambda some: needed <= set(some)) == [steps[13], steps[14], steps[77]]


def script() -> ScriptedCluster:
    """Four validators, the last faulty."""
    run = ScriptedCluster(FaultPlan(faulty=(3,)), VALUES)
    for place in range(3):
        run.start(place)
    return run


def test_a_message_that_nobody_said_does_not_arrive() -> None:
    run = script()
    run.propose(1, 0, 1, 0, "A", -1)
    assert run.hosts[1].core.view().rounds[0].proposals == ()
    run.build(0, 1, 0, "A")
    run.propose(1, 0, 1, 0, "A", -1)
    assert len(run.hosts[1].core.view().rounds[0].proposals) == 1


def test_a_faulty_validators_message_arrives_whatever_it_is() -> None:
    run = script()
    run.vote(1, 3, "PRECOMMIT", 1, 0, "A", -1)
    assert len(run.hosts[1].core.view().rounds[0].precommits) == 1


def test_a_certificate_of_votes_nobody_cast_does_not_arrive() -> None:
    run = script()
    run.prove(1, "PRECOMMIT", 1, 0, "A", (0, 2, 3), ())
    run.prove_round(1, 1, 4, ((0, "PREVOTE", 1, 4, "nil", -1), (3, "PREVOTE", 1, 4, "nil", -1)))
    assert run.hosts[1].core.position[:2] == (1, 0)


def test_an_answer_follows_its_question_and_a_timer_its_start() -> None:
    run = script()
    run.check(1, 1, 0, "A", True)
    run.elapse(1, 1, 0, "PRECOMMIT")
    run.build(1, 1, 0, "A")
    assert run.hosts[1].core.view().step.name == "PROPOSE"
    run.elapse(1, 1, 0, "PROPOSE")
    assert run.hosts[1].core.view().step.name == "PREVOTE"


def test_a_script_runs_the_checks() -> None:
    run = script()
    run.build(0, 1, 0, "A")
    with pytest.raises(CheckFailed):
        run.checks.decided(run.hosts[0].core.view().rounds[0].polka or _decision(run), 2_000)


def _decision(run):
    from consensus.simulation.script import _value_id
    from consensus.values import Certificate, VoteKind

    return Certificate(VoteKind.PRECOMMIT, 1, 0, _value_id("A"), ())
