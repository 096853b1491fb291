"""What a node does around the core: journal, sign state, values, answers, repair; and it crashes."""

from collections import deque
from collections.abc import Sequence
from random import Random
from typing import Protocol

from consensus.certificates import check_certificate, check_round_certificate
from consensus.core import Consensus
from consensus.errors import InvalidCertificate
from consensus.journal_file import DamagedJournal
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Effect,
    Input,
    Learned,
    Persist,
    Publish,
    Received,
    Report,
    ScheduleTimeout,
    Started,
)
from consensus.recovery import height_of, recover
from consensus.repair import Summary, lacking, summarize
from consensus.simulation.checks import Checks, UnreadableJournal
from consensus.simulation.disk import CrashPoint, PowerFailure
from consensus.simulation.faults import FaultPlan
from consensus.simulation.network import Decided, Packet
from consensus.simulation.signatures import CHAIN, false_recover
from consensus.simulation.storage import DiskStorage, MemoryStorage, Storage
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    ValidatorAddress,
    ValueId,
    Vote,
)
from consensus.view import CoreView

REPAIR_MS = 100
"""Without progress for so long, peers are told what is held here."""


class World(Protocol):
    """What surrounds a host: its peers, its clock, its executor, and who watches."""

    plan: FaultPlan
    checks: Checks
    random: Random
    now_ms: int
    trace: list[str] | None

    def send(self, host: "Host", receiver: ValidatorAddress | None, packet: Packet) -> None: ...
    def schedule(self, host: "Host", timeout: ScheduleTimeout) -> None: ...
    def build_value(self, host: "Host", question: BuildValue) -> None: ...
    def check_value(self, host: "Host", question: CheckValue) -> None: ...
    def crashed(self, host: "Host") -> None: ...
    def validators(self, height: Height) -> ValidatorSet: ...
    def note(self, host: "Host", what: str) -> None: ...


class Host:
    """One validator's node. The storage outlives a crash, the rest does not."""

    def __init__(
        self, world: World, place: int, address: ValidatorAddress, *, is_correct: bool
    ) -> None:
        self.place = place
        """In the cluster: a twin has another place than its twin."""
        self.address = address
        self.is_correct = is_correct
        self.incarnation = 0
        """Answers to an earlier one are lost."""
        self.is_up = False
        self.down_ms = 0
        self.arrived_ms: dict[tuple[Height, Round, ValueId], int] = {}
        """When a proposal first came, by the cluster's clock."""
        self._world = world
        self._effects_until_crash: int | None = None
        self._chance = 0
        make = DiskStorage if world.plan.has_disks else MemoryStorage
        self._storage: Storage = make(address)
        self._core = Consensus(address, world.plan.timeouts)
        self._inputs: deque[Input] = deque()
        self._forgotten_height = 0
        self._seen: object = None
        self._view: CoreView | None = None
        """Of the core, until it hears something."""

    @property
    def tip(self) -> Height:
        return Height(len(self._storage.decisions))

    @property
    def core(self) -> Consensus:
        return self._core

    def decisions(self) -> tuple[Certificate, ...]:
        """What is on its disk, from height 1 on."""
        return tuple(self._storage.decisions)

    def start(self) -> None:
        """As after a crash: from what is on disk."""
        if not self.is_up:
            self.is_up = True
            self._inputs.clear()
            self._survive(self._resume)

    def feed(self, input: Input) -> None:
        """Hand the core an input, and everything that follows from it at once."""
        if self.is_up:
            self._inputs.append(input)
            self._survive(self._handle_inputs)

    def receive(self, packet: Packet, sender: ValidatorAddress) -> None:
        """A packet from the network."""
        if not self.is_up:
            return
        match packet:
            case Proposal():
                place = packet.height, packet.round, packet.value_id
                self.arrived_ms.setdefault(place, self._world.now_ms)
                self.feed(Received(packet))
            case Vote():
                self.feed(Received(packet))
            case Summary():
                self._repair(packet, sender)
            case Decided(certificate):
                self._learn(certificate)
            case Certificate() | RoundCertificate():
                self._learn(packet)

    def tick(self) -> None:
        """Every REPAIR_MS: speak only when nothing has moved since the last time."""
        if not self.is_up:
            return
        seen = self.incarnation, self._core.position
        if seen == self._seen:
            self._world.send(self, None, summarize(self._current_view()))
        self._seen = seen

    def fail_after(self, steps: int, chance: int) -> None:
        """Crash at this many effects, or disk operations, from now on."""
        self._chance = chance
        if self._world.plan.has_disks:
            self._storage.fail_after(steps, chance)
        else:
            self._effects_until_crash = steps

    def crash_at(self, point: CrashPoint) -> None:
        """Crash at one operation on its disk."""
        assert isinstance(self._storage, DiskStorage), "a plan with disks"
        self._chance = point.chance
        self._storage.crash_at(point)

    def disk_operations(self) -> Sequence[str]:
        """What it has done with its disk so far."""
        assert isinstance(self._storage, DiskStorage), "a plan with disks"
        return self._storage.operations

    def heal(self) -> None:
        """Crash no more."""
        self._effects_until_crash = None
        self._storage.heal()

    def _survive(self, work: "Work") -> None:
        try:
            work()
        except PowerFailure:
            if self._world.trace is not None:
                self._world.note(self, "crash")
            self.is_up = False
            self.incarnation += 1
            self._effects_until_crash = None
            self._inputs.clear()
            self._storage.crash(self._chance)
            self._world.crashed(self)

    def _resume(self) -> None:
        try:
            journal = self._storage.replay()
        except DamagedJournal as error:
            raise UnreadableJournal(str(error)) from error
        if height_of(journal) == self.tip + 1:
            recovered = recover(self.address, self._world.plan.timeouts, journal)
            self._core = recovered.consensus
            if self.is_correct:
                self._world.checks.recovered(self.address, self._core)
            self._carry_out(recovered.effects)
        else:
            self._core = Consensus(self.address, self._world.plan.timeouts)
            if self._storage.last_signed_height() > self.tip:
                self._forgotten_height = self._storage.last_signed_height()
            self._begin_height()
        self._handle_inputs()

    def _begin_height(self) -> None:
        height = Height(self.tip + 1)
        self._storage.begin(height)
        self._inputs.append(Started(height, self._world.validators(height)))

    def _handle_inputs(self) -> None:
        self._view = None
        while self._inputs:
            self._carry_out(self._core.handle(self._inputs.popleft()))

    def _carry_out(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if self._effects_until_crash is not None:
                self._fall_at(effect)
            match effect:
                case Persist(persisted):
                    self._storage.persist(persisted)
                case Broadcast(message):
                    self._broadcast(message)
                case Publish(certificate):
                    self._world.send(self, None, certificate)
                case BuildValue():
                    self._world.build_value(self, effect)
                case CheckValue():
                    self._world.check_value(self, effect)
                case ScheduleTimeout():
                    self._world.schedule(self, effect)
                case Decide(certificate):
                    self._commit(certificate)
                case Report():
                    if self.is_correct:
                        self._world.checks.reported(effect)

    def _fall_at(self, effect: Effect) -> None:
        """Raises PowerFailure at the last effect before the crash."""
        assert self._effects_until_crash is not None
        self._effects_until_crash -= 1
        if self._effects_until_crash > 0:
            return
        if isinstance(effect, Persist):
            written = Random(self._chance).randrange(len(effect.inputs) + 1)
            self._storage.persist(effect.inputs[:written])
        raise PowerFailure

    def _broadcast(self, message: Proposal | Vote) -> None:
        if message.height <= self._forgotten_height:
            return
        signature = self._storage.signature(message)
        if signature is None:
            if self._world.trace is not None:
                self._world.note(self, f"refuses to sign {message}")
            return
        signed = message.signed(signature)
        self._world.checks.said(signed)
        if self.is_correct:
            self._world.checks.stands(self.address, self._core)
        self._inputs.append(Received(signed))
        self._world.send(self, None, signed)

    def _commit(self, certificate: Certificate) -> None:
        assert certificate.height == self.tip + 1, "heights are decided one by one"
        if self._world.trace is not None:
            value = certificate.value_id.hex()[:8]
            self._world.note(self, f"decides {certificate.height} {certificate.round} {value}")
        if self.is_correct:
            self._world.checks.decided(certificate, self._world.now_ms)
        self._storage.commit(certificate)
        self.arrived_ms.clear()
        self._begin_height()

    def _learn(self, certificate: Certificate | RoundCertificate) -> None:
        """A forged one is its sender's fault and is ignored."""
        if certificate.height != self._core.height:
            return
        validators = self._world.validators(certificate.height)
        try:
            if isinstance(certificate, RoundCertificate):
                check_round_certificate(certificate, validators, CHAIN, false_recover)
            else:
                check_certificate(certificate, validators, CHAIN, false_recover)
        except InvalidCertificate:
            return
        self.feed(Learned(certificate))

    def _repair(self, summary: Summary, sender: ValidatorAddress) -> None:
        """Send the peer what it lacks: of this height, or the proof of the one it is stuck at."""
        if 1 <= summary.height <= self.tip:
            decision = self._storage.decisions[summary.height - 1]
            self._world.send(self, sender, Decided(decision))
        elif summary.height == self._core.height:
            for message in lacking(self._current_view(), summary):
                self._world.send(self, sender, message)

    def _current_view(self) -> CoreView:
        if self._view is None:
            self._view = self._core.view()
        return self._view


class Work(Protocol):
    """Something in whose middle the power may fail."""

    def __call__(self) -> None: ...
