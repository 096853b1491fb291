"""What goes wrong in a run, until it heals: a plan, made of a seed by modes.py or by hand."""

from dataclasses import dataclass, field
from enum import Enum

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
    """A validator stops in the middle of what it does and loses what was not on its disk."""

    time_ms: int
    index: int
    after: int
    """At this many effects from then on: at a `Persist`, with a part of it written. With simulated
    disks: at this many operations on the disk, before, inside or after the last of them."""
    down_ms: int
    chance: int = 0
    """Seeds how much of what was not synced is left."""


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
    """Of fresh proposals, judged so by one validator for no reason."""
    skews_ms: tuple[int, ...] = ()
    """How far each validator's clock is ahead; empty: not at all."""
    crashes: tuple[Crash, ...] = ()
    has_disks: bool = False
    """Journal and sign state are the real ones, on simulated disks."""
    heal_ms: int = 0
    """From here on: no drops, splits, crashes or lies; delays of at most 20 ms."""
    never_healed: tuple[int, ...] = ()
    """Validators for whom, and from whom, everything goes on going wrong."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    build_ms: int = 10
    check_ms: int = 10
