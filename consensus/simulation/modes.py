"""A mode and a seed → the plan of a run."""

from collections.abc import Callable
from dataclasses import replace
from enum import Enum
from random import Random

from consensus.simulation.faults import Crash, FaultPlan, Lie, Partitions
from consensus.timeliness import CLOCK_PRECISION_MS
from consensus.timeouts import Timeouts


class Mode(Enum):
    """What a run puts to the test."""

    SAFETY = "safety"
    """Anything may happen to any packet and any validator."""
    TWINS = "twins"
    """Who hears whom changes with every phase of every round, and somebody equivocates."""
    LIVENESS = "liveness"
    """2f+1 heal for good, the rest stay broken: within a bound they decide."""
    STORAGE = "storage"
    """The power fails: torn writes, lost writes and names that were not synced."""


_POWERS = (
    (1, 1, 1, 1),
    (1, 1, 1, 1),
    (1, 1, 1, 1, 1),
    (3, 1, 2, 1, 1),
    (1, 1, 1, 1, 1, 1, 1),
)
_STORAGE_POWERS = ((1,), (1, 1, 1, 1), (1, 1, 1, 1), (3, 1, 2, 1, 1))
_HEAL_MS_MAX = 15_000
_SHORT_TIMEOUTS = Timeouts(
    propose_ms=300,
    propose_growth_ms=100,
    prevote_ms=100,
    prevote_growth_ms=100,
    precommit_ms=100,
    precommit_growth_ms=100,
)
"""More rounds in the same time, most of them too short for the network as it is."""


def mode_of(seed: int) -> Mode:
    """Of a seed that is run in no particular mode: each in turn."""
    modes = list(Mode)
    return modes[seed % len(modes)]


def plan_of(seed: int, mode: Mode | None = None) -> FaultPlan:
    """The same seed and mode give the same plan."""
    chosen = mode or mode_of(seed)
    random = Random(f"plan {chosen.value} {seed}")
    make: dict[Mode, Callable[[Random], FaultPlan]] = {
        Mode.SAFETY: _safety_plan,
        Mode.TWINS: _twins_plan,
        Mode.LIVENESS: _liveness_plan,
        Mode.STORAGE: _storage_plan,
    }
    return make[chosen](random)


def _safety_plan(random: Random) -> FaultPlan:
    powers = random.choice(_POWERS)
    heal_ms = random.randrange(1_000, _HEAL_MS_MAX)
    return FaultPlan(
        powers=powers,
        faulty=_below_a_third(random, powers) if random.random() < 0.8 else (),
        lie=random.choice(list(Lie)),
        partitions=random.choice([Partitions.NONE, Partitions.TIMED]),
        drop_percent=random.choice([0, 5, 20, 40]),
        duplicate_percent=random.choice([0, 10]),
        delay_ms_max=random.choice([20, 100, 800]),
        repair_percent=random.choice([0, 10, 100]),
        untimely_percent=random.choice([0, 0, 10]),
        skews_ms=_skews(random, len(powers)),
        crashes=_crashes(random, len(powers), heal_ms, random.choice([0, 1, 3, 8])),
        heal_ms=heal_ms,
        timeouts=random.choice([Timeouts(), _SHORT_TIMEOUTS, _SHORT_TIMEOUTS]),
        build_ms=random.choice([1, 50]),
        check_ms=random.choice([1, 50, 500]),
    )


def _twins_plan(random: Random) -> FaultPlan:
    """But for the splits the network is quick, so that many rounds come near a decision that some
    see and others do not."""
    plan = _safety_plan(random)
    return replace(
        plan,
        faulty=plan.faulty or _below_a_third(random, plan.powers),
        partitions=Partitions.PER_ROUND,
        drop_percent=random.choice([0, 5]),
        delay_ms_max=20,
        repair_percent=random.choice([0, 0, 10]),
        timeouts=_SHORT_TIMEOUTS,
        build_ms=1,
        check_ms=1,
    )


def _liveness_plan(random: Random) -> FaultPlan:
    """The faulty stay faulty, and where there are none somebody stays cut off."""
    plan = random.choice([_safety_plan, _twins_plan])(random)
    broken = plan.faulty or _below_a_third(random, plan.powers)
    heal_ms = random.randrange(500, 6_000)
    return replace(
        plan,
        never_healed=broken,
        heal_ms=heal_ms,
        crashes=tuple(c for c in plan.crashes if c.time_ms < heal_ms or c.index in broken),
        drop_percent=max(plan.drop_percent, 20),
        timeouts=Timeouts(),
    )


def _storage_plan(random: Random) -> FaultPlan:
    powers = random.choice(_STORAGE_POWERS)
    heal_ms = random.randrange(1_000, 6_000)
    return FaultPlan(
        powers=powers,
        faulty=_below_a_third(random, powers) if random.random() < 0.3 else (),
        lie=Lie.LIAR,
        partitions=random.choice([Partitions.NONE, Partitions.TIMED, Partitions.PER_ROUND]),
        drop_percent=random.choice([0, 5, 20]),
        delay_ms_max=random.choice([20, 100]),
        repair_percent=random.choice([10, 100]),
        skews_ms=_skews(random, len(powers)),
        crashes=_crashes(random, len(powers), heal_ms, random.choice([1, 3, 8, 16])),
        has_disks=True,
        heal_ms=heal_ms,
        timeouts=_SHORT_TIMEOUTS,
        build_ms=random.choice([1, 50]),
        check_ms=random.choice([1, 50]),
    )


def _below_a_third(random: Random, powers: tuple[int, ...]) -> tuple[int, ...]:
    """As many as may be faulty, or broken, at once."""
    chosen: list[int] = []
    power = 0
    for index in random.sample(range(len(powers)), len(powers)):
        if 3 * (power + powers[index]) < sum(powers):
            chosen.append(index)
            power += powers[index]
    return tuple(sorted(chosen))


def _skews(random: Random, validators: int) -> tuple[int, ...]:
    """Any two clocks differ by no more than the precision."""
    half = random.choice([0, 5, CLOCK_PRECISION_MS // 2])
    return tuple(random.randint(-half, half) for _ in range(validators))


def _crashes(random: Random, validators: int, heal_ms: int, count: int) -> tuple[Crash, ...]:
    return tuple(
        Crash(
            time_ms=random.randrange(heal_ms),
            index=random.randrange(validators),
            after=random.randrange(1, 12),
            down_ms=random.choice([10, 500, 5_000]),
            chance=random.randrange(2**32),
        )
        for _ in range(count)
    )
