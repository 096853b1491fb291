"""What a node does around the core: journal, sign state, values, answers, repair; and it crashes."""

from collections import deque
from random import Random
from typing import Protocol

from consensus.certificates import check_certificate, check_round_certificate
from consensus.core import Consensus
from consensus.encoding import signing_digest
from consensus.evidence import exclude_each_other
from consensus.journal_encoding import decode_input, encode_input
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
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.recovery import recover
from consensus.repair import Summary, lacking, summarize
from consensus.simulation.checks import Checks
from consensus.simulation.faults import FaultPlan
from consensus.simulation.network import Decided, Packet
from consensus.simulation.signatures import CHAIN, false_recover, false_signature
from consensus.validators import ValidatorSet
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    ValidatorAddress,
    ValueId,
    Vote,
)

REPAIR_MS = 100
"""Without progress for so long, peers are told what is held here."""


class World(Protocol):
    """What the cluster gives its hosts."""

    plan: FaultPlan
    checks: Checks
    random: Random
    now_ms: int

    def answer_later(self, host: "Host", delay_ms: int, input: Input) -> None: ...
    def restart_later(self, host: "Host", delay_ms: int) -> None: ...
    def send(self, host: "Host", receiver: ValidatorAddress | None, packet: Packet) -> None: ...
    def new_value(self, height: Height, *, is_valid: bool) -> ValueId: ...
    def values(self, height: Height) -> list[ValueId]: ...
    def validators(self, height: Height) -> ValidatorSet: ...
    def note(self, host: "Host", what: str) -> None: ...


class Host:
    """One validator's node. The disk outlives a crash, the rest does not."""

    def __init__(
        self, world: World, place: int, address: ValidatorAddress, *, is_correct: bool
    ) -> None:
        self.place = place
        """In the cluster: a twin has another place than its twin."""
        self.address = address
        self.is_correct = is_correct
        self.incarnation = 0
        """Answers to an earlier one are lost."""
        self.is_up = True
        self.effects_until_crash: int | None = None
        self.down_ms = 0
        self._world = world
        self._journal: list[bytes] = []
        self._chain: list[Certificate] = []
        self._signed: dict[tuple[Height, Round, str], Proposal | Vote] = {}
        self._core = Consensus(address, world.plan.timeouts)
        self._progress: object = None

    @property
    def tip(self) -> Height:
        return Height(len(self._chain))

    def decisions(self) -> tuple[Certificate, ...]:
        """What is on its disk, from height 1 on."""
        return tuple(self._chain)

    def start(self) -> None:
        """As after a crash: from what is on disk."""
        self.is_up = True
        journal = [decode_input(record) for record in self._journal]
        recovered = recover(self.address, self._world.plan.timeouts, journal)
        self._core = recovered.consensus
        if self._core.height > self.tip:
            self._carry_out_all(deque(), recovered.effects)
        else:
            self.feed(self._next_height())

    def feed(self, input: Input) -> None:
        """Hand the core an input, and everything that follows from it at once."""
        if self.is_up:
            self._carry_out_all(deque([input]), ())

    def receive(self, packet: Packet, sender: ValidatorAddress) -> None:
        """A packet from the network."""
        if not self.is_up:
            return
        match packet:
            case Summary():
                self._repair(packet, sender)
            case Decided(certificate):
                self._learn(certificate)
            case Certificate():
                self._learn(packet)
            case RoundCertificate():
                if packet.height == self._core.height:
                    check_round_certificate(
                        packet, self._world.validators(packet.height), CHAIN, false_recover
                    )
                    self.feed(Learned(packet))
            case Proposal() | Vote():
                self.feed(Received(packet))

    def tick(self) -> None:
        """Every REPAIR_MS: speak only when nothing has moved since the last time."""
        if not self.is_up:
            return
        view = self._core.view()
        progress = (self.incarnation, view.height, view.round, view.step)
        if progress == self._progress:
            self._world.send(self, None, summarize(view))
        self._progress = progress

    def crash(self) -> None:
        self._world.note(self, "crash")
        self.is_up = False
        self.incarnation += 1
        self.effects_until_crash = None
        self._world.restart_later(self, self.down_ms)

    def sign(self, message: Proposal | Vote) -> Proposal | Vote | None:
        """None where the sign state, which outlives crashes, refuses."""
        kind = message.kind.name if isinstance(message, Vote) else "PROPOSAL"
        key = message.height, message.round, kind
        earlier = self._signed.get(key)
        if earlier is not None and exclude_each_other(earlier, message):
            return None
        signed = message.signed(self.signature_of(message))
        self._signed[key] = signed
        return signed

    def signature_of(self, message: Proposal | Vote) -> bytes:
        return false_signature(self.address, signing_digest(CHAIN, message))

    def _next_height(self) -> Started:
        height = Height(self.tip + 1)
        return Started(height, self._world.validators(height))

    def _carry_out_all(self, inputs: deque[Input], effects: tuple[Effect, ...]) -> None:
        while self.is_up:
            for effect in effects:
                self._carry_out(effect, inputs)
                if not self.is_up:
                    return
            if not inputs:
                return
            effects = self._core.handle(inputs.popleft())

    def _carry_out(self, effect: Effect, inputs: deque[Input]) -> None:
        if self._falls_now():
            if isinstance(effect, Persist):
                written = self._world.random.randrange(len(effect.inputs) + 1)
                self._journal += [encode_input(input) for input in effect.inputs[:written]]
            self.crash()
            return
        match effect:
            case Persist(persisted):
                self._journal += [encode_input(input) for input in persisted]
            case Broadcast(message):
                self._broadcast(message, inputs)
            case Publish(certificate):
                self._world.send(self, None, certificate)
            case BuildValue(height, round):
                value_id = self._world.new_value(height, is_valid=True)
                built = ValueBuilt(height, round, value_id)
                self._world.answer_later(self, self._world.plan.build_ms, built)
            case CheckValue():
                self._check(effect)
            case ScheduleTimeout(height, round, step, duration_ms):
                elapsed = TimeoutElapsed(height, round, step)
                self._world.answer_later(self, duration_ms, elapsed)
            case Decide(certificate):
                self._commit(certificate)
                inputs.append(self._next_height())
            case Report():
                if self.is_correct:
                    self._world.checks.reported(effect)

    def _falls_now(self) -> bool:
        if self.effects_until_crash is None:
            return False
        self.effects_until_crash -= 1
        return self.effects_until_crash <= 0

    def _broadcast(self, message: Proposal | Vote, inputs: deque[Input]) -> None:
        signed = self.sign(message)
        if signed is None:
            self._world.note(self, f"refuses to sign {message}")
            return
        self._world.checks.said(signed)
        inputs.append(Received(signed))
        self._world.send(self, None, signed)

    def _check(self, question: CheckValue) -> None:
        plan, random = self._world.plan, self._world.random
        is_valid = self._world.checks.is_valid(question.value_id)
        if question.valid_round == NO_ROUND and self._world.now_ms < plan.heal_ms:
            is_valid = is_valid and random.randrange(100) >= plan.untimely_percent
        answer = ValueChecked(question.height, question.round, question.value_id, is_valid)
        self._world.answer_later(self, plan.check_ms, answer)

    def _commit(self, certificate: Certificate) -> None:
        assert certificate.height == self.tip + 1, "heights are decided one by one"
        self._world.note(self, f"decides {certificate.height} {certificate.value_id.hex()[:8]}")
        if self.is_correct:
            self._world.checks.decided(certificate)
        self._chain.append(certificate)
        self._journal = []

    def _learn(self, certificate: Certificate) -> None:
        if certificate.height != self._core.height:
            return
        validators = self._world.validators(certificate.height)
        check_certificate(certificate, validators, CHAIN, false_recover)
        self.feed(Learned(certificate))

    def _repair(self, summary: Summary, sender: ValidatorAddress) -> None:
        """Send the peer what it lacks: of this height, or the proof of the one it is stuck at."""
        if 1 <= summary.height <= self.tip:
            self._world.send(self, sender, Decided(self._chain[summary.height - 1]))
            return
        for message in lacking(self._core.view(), summary):
            self._world.send(self, sender, message)
