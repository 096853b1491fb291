"""A seed → what goes wrong in its run, until everything heals."""

from dataclasses import dataclass, field, replace
from enum import Enum
from random import Random

from consensus.timeouts import Timeouts


class Partitions(Enum):
    """How the network splits until it heals."""

    NONE = "none"
    TIMED = "timed"
    """Into two groups that change every few seconds."""
    PER_ROUND = "per round"
    """Twins: another split for the messages of each height and round."""


class Lie(Enum):
    """What a faulty validator does."""

    TWIN = "twin"
    """It runs twice under one key, each half unaware of the other."""
    LIAR = "liar"
    """It votes and proposes at will, with values that others have proposed."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A validator loses what it has not synced, in the middle of carrying out effects."""

    time_ms: int
    index: int
    effects: int
    """It falls at this many effects from then on: at a `Persist`, with a part of it on disk."""
    down_ms: int


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """Everything that a run's seed decides in advance. Indexes are places in the validator set."""

    powers: tuple[int, ...] = (1, 1, 1, 1)
    faulty: tuple[int, ...] = ()
    lie: Lie = Lie.TWIN
    partitions: Partitions = Partitions.NONE
    drop_percent: int = 0
    duplicate_percent: int = 0
    delay_ms_max: int = 20
    repair_percent: int = 100
    """Of summaries are heard: without repair, validators differ for longer in what they know."""
    untimely_percent: int = 0
    """Of fresh proposals, judged so by one validator's clock."""
    crashes: tuple[Crash, ...] = ()
    heal_ms: int = 0
    """From here on: no drops, splits, crashes or lies; delays of at most 20 ms."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    build_ms: int = 10
    check_ms: int = 10


_POWERS = (
    (1, 1, 1, 1),
    (1, 1, 1, 1),
    (1, 1, 1, 1, 1),
    (3, 1, 2, 1, 1),
    (1, 1, 1, 1, 1, 1, 1),
)
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


def plan_of(seed: int) -> FaultPlan:
    """Half of the seeds split the network round by round, and most have a faulty validator."""
    random = Random(f"plan {seed}")
    plan = _uniform_plan(random)
    return _twins_plan(random, plan) if random.random() < 0.5 else plan


def _uniform_plan(random: Random) -> FaultPlan:
    """Anything may happen to any packet and any validator."""
    powers = random.choice(_POWERS)
    heal_ms = random.randrange(1_000, _HEAL_MS_MAX)
    return FaultPlan(
        powers=powers,
        faulty=_faulty(random, powers),
        lie=random.choice(list(Lie)),
        partitions=random.choice([Partitions.NONE, Partitions.TIMED]),
        drop_percent=random.choice([0, 5, 20, 40]),
        duplicate_percent=random.choice([0, 10]),
        delay_ms_max=random.choice([20, 100, 800]),
        repair_percent=random.choice([0, 10, 100]),
        untimely_percent=random.choice([0, 0, 10]),
        crashes=tuple(_crashes(random, len(powers), heal_ms)),
        heal_ms=heal_ms,
        timeouts=random.choice([Timeouts(), _SHORT_TIMEOUTS, _SHORT_TIMEOUTS]),
        build_ms=random.choice([1, 50]),
        check_ms=random.choice([1, 50, 500]),
    )


def _twins_plan(random: Random, plan: FaultPlan) -> FaultPlan:
    """Who hears whom changes with every phase of every round; but for that the network is quick,
    so that many rounds come near a decision that some see and others do not.
    """
    return replace(
        plan,
        faulty=plan.faulty or _faulty(random, plan.powers),
        partitions=Partitions.PER_ROUND,
        drop_percent=random.choice([0, 5]),
        delay_ms_max=20,
        repair_percent=random.choice([0, 0, 10]),
        timeouts=_SHORT_TIMEOUTS,
        build_ms=1,
        check_ms=1,
    )


def _faulty(random: Random, powers: tuple[int, ...]) -> tuple[int, ...]:
    """Less than a third of the power; sometimes nobody."""
    if random.random() < 0.2:
        return ()
    chosen: list[int] = []
    power = 0
    for index in random.sample(range(len(powers)), len(powers)):
        if 3 * (power + powers[index]) < sum(powers):
            chosen.append(index)
            power += powers[index]
    return tuple(sorted(chosen))


def _crashes(random: Random, validators: int, heal_ms: int) -> list[Crash]:
    return [
        Crash(
            time_ms=random.randrange(heal_ms),
            index=random.randrange(validators),
            effects=random.randrange(1, 12),
            down_ms=random.choice([10, 500, 5_000]),
        )
        for _ in range(random.choice([0, 1, 3, 8]))
    ]
