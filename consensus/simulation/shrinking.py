"""A failing seed → the fewest steps that still fail, printed as a test.

Steps are dropped in ever smaller pieces while the same check still fails (Zeller and Hildebrandt,
"Simplifying and Isolating Failure-Inducing Input", 2002). Missing progress is not shrunk so: less
always makes less progress.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from consensus.simulation.checks import CheckFailed, NoProgress
from consensus.simulation.cluster import Cluster
from consensus.simulation.faults import FaultPlan
from consensus.simulation.recording import Recording, Step
from consensus.simulation.script import ScriptedCluster
from consensus.values import Height

ATTEMPTS_MAX = 20_000
"""Scripts tried for one seed."""


class CannotShrink(Exception):
    """Why there is nothing to shrink."""


@dataclass(frozen=True, slots=True)
class Shrunk:
    """What is left of a run that fails."""

    plan: FaultPlan
    values: dict[str, tuple[int, int, bool]]
    steps: tuple[Step, ...]
    failure: CheckFailed
    recorded: int
    """Steps of the whole run."""


def shrink(seed: int, plan: FaultPlan, heights: int) -> Shrunk:
    """Raises CannotShrink."""
    cluster = Cluster(seed, plan)
    recording = Recording(cluster.validators(Height(1)))
    cluster.recording = recording
    try:
        cluster.run(heights)
    except NoProgress as failure:
        why = f"it made no progress, and fewer events make no more: {failure}"
        raise CannotShrink(why) from failure
    except CheckFailed as failure:
        kind = type(failure)
    else:
        raise CannotShrink("it does not fail")
    values = recording.values(cluster.checks.values())
    plan = script_plan(plan)

    def failure_of(steps: Sequence[Step]) -> CheckFailed | None:
        failed = run_script(plan, values, steps)
        return failed if isinstance(failed, kind) else None

    if failure_of(recording.steps) is None:
        raise CannotShrink("its events alone do not make it fail again")
    steps = fewest(recording.steps, lambda some: failure_of(some) is not None)
    last = failure_of(steps)
    assert last is not None
    named = {str(argument) for step in steps for argument in _flat(step.arguments)}
    kept = {name: value for name, value in values.items() if name in named}
    return Shrunk(plan, kept, tuple(steps), last, len(recording.steps))


def script_plan(plan: FaultPlan) -> FaultPlan:
    """What of a plan matters to a script: who is there, who may lie, and what their disks are."""
    return FaultPlan(
        powers=plan.powers, faulty=plan.faulty, has_disks=plan.has_disks, timeouts=plan.timeouts
    )


def run_script(
    plan: FaultPlan, values: dict[str, tuple[int, int, bool]], steps: Sequence[Step]
) -> CheckFailed | None:
    """The check that the script breaks, if any."""
    cluster = ScriptedCluster(plan, values)
    try:
        for step in steps:
            getattr(cluster, step.action)(*step.arguments)
    except CheckFailed as failure:
        return failure
    return None


def fewest(steps: Sequence[Step], fails: Callable[[Sequence[Step]], bool]) -> list[Step]:
    """A part of the steps that fails, no step of which can be left out (within ATTEMPTS_MAX)."""
    left = list(steps)
    size, attempts = max(1, len(left) // 2), 0
    while attempts < ATTEMPTS_MAX:
        start, dropped = 0, False
        while start < len(left) and attempts < ATTEMPTS_MAX:
            rest = left[:start] + left[start + size :]
            attempts += 1
            if fails(rest):
                left, dropped = rest, True
            else:
                start += size
        if size == 1 and not dropped:
            break
        size = max(1, size // 2)
    return left


def as_test(seed: int, mode: str, shrunk: Shrunk) -> str:
    """Python source: a scripted test that fails as the seed does."""
    plan = shrunk.plan
    lines = [
        "from consensus.simulation.faults import FaultPlan",
        "from consensus.simulation.script import ScriptedCluster",
        "",
        "",
        f"def test_what_seed_{seed}_of_mode_{mode}_found() -> None:",
        f'    """{type(shrunk.failure).__name__}: {shrunk.failure}"""',
        f"    plan = FaultPlan(powers={plan.powers}, faulty={plan.faulty}, has_disks={plan.has_disks})",
        "    values = {",
        *(f'        "{name}": {value},' for name, value in shrunk.values.items()),
        "    }",
        "    run = ScriptedCluster(plan, values)",
        *(f"    run.{step}" for step in shrunk.steps),
    ]
    return "\n".join(lines) + "\n"


def _flat(arguments: Sequence[object]) -> list[object]:
    found: list[object] = []
    for argument in arguments:
        found += _flat(argument) if isinstance(argument, tuple) else [argument]
    return found
