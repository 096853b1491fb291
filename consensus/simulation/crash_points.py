"""Every durable operation of one validator between two commits, and what a crash at each leads to.

The points enumerate themselves: a run without a crash tells which operations there are, and for each
the run is repeated with a crash before, inside and after it. The commit to the database is one
operation, whole or not at all; a file's replacement is four, so its middle is among the points.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from consensus.messages import CheckValue
from consensus.simulation.checks import CheckFailed, Value
from consensus.simulation.cluster import Cluster
from consensus.simulation.disk import CrashPoint, Moment
from consensus.simulation.faults import FaultPlan
from consensus.simulation.host import Host
from consensus.simulation.network import Packet
from consensus.values import Height, Proposal, Round, Step, ValidatorAddress, Vote, VoteKind

CRASH_HEIGHT = Height(2)
"""Between the commits of height 1 and of this one."""
HEIGHTS = 6
DOWN_MS = 10
ALLOWANCE_MS = 5_000
"""Beside two block intervals: until the first new signature after a crash."""
_COMMIT = "commit"


class LateReturn(CheckFailed):
    """A validator that crashed did not sign in time."""


@dataclass(frozen=True, slots=True)
class Situation:
    """In which the crash comes. In a later round, everybody has found the first one's value untimely."""

    validators: int
    round: Round
    is_proposer: bool

    def __str__(self) -> str:
        who = "proposer" if self.is_proposer else "another"
        return f"{self.validators} validators, round {self.round}, {who}"


SITUATIONS = (
    Situation(1, Round(0), is_proposer=True),
    Situation(4, Round(0), is_proposer=True),
    Situation(4, Round(0), is_proposer=False),
    Situation(4, Round(1), is_proposer=True),
    Situation(4, Round(1), is_proposer=False),
)
"""A lone validator has no later round: it proposes at once, and there is nobody to refuse."""


@dataclass(frozen=True, slots=True)
class Returned:
    """What a crash led to."""

    point: CrashPoint
    operation: str
    signed_after_ms: int
    """From the restart to the first signature that was not given before."""


class CrashCluster(Cluster):
    """A run in one situation; `victim` may crash."""

    def __init__(
        self,
        situation: Situation,
        point: CrashPoint | None = None,
        again_after: int | None = None,
    ) -> None:
        """`again_after`: so many operations after the restart it crashes a second time."""
        super().__init__(0, FaultPlan(powers=(1,) * situation.validators, has_disks=True))
        self._situation = situation
        self._point = point
        self._again_after = again_after
        set_ = self.validators(CRASH_HEIGHT)
        turn = set_.proposer(situation.round)
        self.victim = next(
            host for host in self.hosts if (host.address == turn) is situation.is_proposer
        )
        self.victim.down_ms = DOWN_MS
        self.restarted_ms: int | None = None
        self.signed_after_ms: int | None = None
        self._signed: set[tuple[Height, Round, Step]] = set()
        self.rounds: set[tuple[Height, Round]] = set()
        """In which the victim has signed."""

    def send(self, host: Host, receiver: ValidatorAddress | None, packet: Packet) -> None:
        if host is self.victim and isinstance(packet, Proposal | Vote):
            self._note_own(packet)
        super().send(host, receiver, packet)

    def crashed(self, host: Host) -> None:
        assert host is self.victim, "only one crashes"
        self.restarted_ms, self.signed_after_ms = self.now_ms + host.down_ms, None
        if self._point is not None and self._again_after is not None:
            number = len(host.disk_operations()) + self._again_after
            self._again_after = None
            host.crash_at(replace(self._point, operation=number))
        super().crashed(host)

    def _heal(self) -> None:
        """At once, as nothing else goes wrong; it also takes back crashes that are still to come."""
        super()._heal()
        if self._point is not None:
            self.victim.crash_at(self._point)

    def _note_own(self, message: Proposal | Vote) -> None:
        if message.validator != self.victim.address:
            return
        place = message.height, message.round, _step(message)
        if place in self._signed:
            return
        self._signed.add(place)
        self.rounds.add((message.height, message.round))
        if self.restarted_ms is not None and self.signed_after_ms is None:
            self.signed_after_ms = self.now_ms - self.restarted_ms

    def _is_acceptable_as_fresh(self, host: Host, question: CheckValue, value: Value) -> bool:
        is_first = (question.height, question.round) == (CRASH_HEIGHT, 0)
        if is_first and self._situation.round > 0:
            return False
        return super()._is_acceptable_as_fresh(host, question, value)


@dataclass(frozen=True, slots=True)
class Survey:
    """A run without a crash: the operations between the two commits, by their number."""

    operations: dict[int, str]
    interval_ms: int


def survey(situation: Situation) -> Survey:
    """Which operations there are. Raises CheckFailed."""
    run = CrashCluster(situation)
    run.run(HEIGHTS)
    assert (CRASH_HEIGHT, situation.round) in run.rounds, "the situation came about"
    done = run.victim.disk_operations()
    commits = [number for number, name in enumerate(done, 1) if name == _COMMIT]
    first, last = commits[CRASH_HEIGHT - 2], commits[CRASH_HEIGHT - 1]
    numbers = range(first + 1, last + 1)
    return Survey({number: done[number - 1] for number in numbers}, run.now_ms // HEIGHTS)


def crash_points(surveyed: Survey, cuts: tuple[bool, ...], chances: int) -> Iterator[CrashPoint]:
    """Before, inside and after each operation; `cuts`: power cuts, killed processes, or both.

    `chances`: how often where there is a choice of what is lost.
    """
    for number in surveyed.operations:
        for moment in Moment:
            for is_power_cut in cuts:
                has_choice = is_power_cut or moment is Moment.INSIDE
                for chance in range(chances if has_choice else 1):
                    yield CrashPoint(number, moment, is_power_cut, chance)


def crash_at(
    situation: Situation, surveyed: Survey, point: CrashPoint, again_after: int | None = None
) -> Returned:
    """Crash there, restart by itself, perhaps crash again in the midst of that, and go on.

    Raises CheckFailed for any conflicting signature, lost lock, disagreement or stop, and
    `LateReturn` where the victim does not sign within two block intervals and ALLOWANCE_MS.
    """
    run = CrashCluster(situation, point, again_after)
    run.run(HEIGHTS)
    assert run.restarted_ms is not None, "the point was reached"
    taken_ms, allowed_ms = run.signed_after_ms, 2 * surveyed.interval_ms + ALLOWANCE_MS
    where = f"{situation}: {point.moment.value} {surveyed.operations[point.operation]}"
    if taken_ms is None or taken_ms > allowed_ms:
        raise LateReturn(f"{where}: signed after {taken_ms} ms, allowed {allowed_ms}")
    decided = {host.decisions()[:HEIGHTS] for host in run.hosts}
    values = {tuple(certificate.value_id for certificate in chain) for chain in decided}
    if len(values) != 1:
        raise CheckFailed(f"{where}: {len(values)} different chains")
    return Returned(point, surveyed.operations[point.operation], taken_ms)


def _step(message: Proposal | Vote) -> Step:
    if isinstance(message, Proposal):
        return Step.PROPOSE
    return Step.PREVOTE if message.kind is VoteKind.PREVOTE else Step.PRECOMMIT
