"""A run step by step: nothing happens to a validator but what the script does to it.

What a step claims must be possible: a message of a correct validator arrives only after it was
said, a timer elapses only after it was set, an answer follows its question. Else the step does
nothing, so that any part of a script is a script.
"""

from collections.abc import Sequence
from random import Random

from eth_hash.auto import keccak

from consensus.messages import (
    BuildValue,
    CheckValue,
    Input,
    ScheduleTimeout,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.simulation.checks import Checks, Value
from consensus.simulation.cluster import validator_set
from consensus.simulation.faults import FaultPlan
from consensus.simulation.host import Host
from consensus.simulation.network import Packet
from consensus.simulation.recording import NIL
from consensus.simulation.signatures import false_signature
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    Step,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)

MS_PER_STEP = 1


class ScriptedCluster:
    """The correct validators of a plan. Validators are named by their place in the set, values by a
    word; `values`: (time in ms, proposer's place, whether it is valid)."""

    def __init__(self, plan: FaultPlan, values: dict[str, tuple[int, int, bool]]) -> None:
        self.plan = plan
        self.random = Random(0)
        self.now_ms = max([time_ms for time_ms, _, _ in values.values()], default=0)
        self.trace: list[str] | None = None
        self._validators = [validator_set(plan.powers)]
        self._addresses = self._validators[0].addresses
        self._faulty = {self._addresses[index] for index in plan.faulty}
        self.checks = Checks(self._faulty, self.validators)
        self._said: set[Proposal | Vote] = set()
        self._open: dict[int, set[object]] = {}
        for name, (time_ms, proposer, is_valid) in values.items():
            value = Value(time_ms, self._addresses[proposer], is_valid)
            self.checks.built(_value_id(name), value)
        self.hosts = {
            index: Host(self, index, address, is_correct=True)
            for index, address in enumerate(self._addresses)
            if address not in self._faulty
        }

    # The steps of a script.

    def start(self, place: int) -> None:
        """Begin, or begin again after a crash."""
        self.hosts[place].start()

    def crash(self, place: int, after: int, chance: int) -> None:
        """At so many effects, or disk operations, from now on."""
        if self.hosts[place].is_up:
            self.hosts[place].fail_after(after, chance)

    def heal(self, place: int) -> None:
        """Crash no more."""
        self.hosts[place].heal()

    def elapse(self, place: int, height: int, round: int, step: str) -> None:
        elapsed = TimeoutElapsed(Height(height), Round(round), Step[step])
        self._answer(place, elapsed, elapsed)

    def build(self, place: int, height: int, round: int, value: str) -> None:
        answer = ValueBuilt(Height(height), Round(round), _value_id(value))
        self._answer(place, BuildValue(answer.height, answer.round), answer)

    def check(self, place: int, height: int, round: int, value: str, is_valid: bool) -> None:
        answer = ValueChecked(Height(height), Round(round), _value_id(value), is_valid)
        self._answer(place, (answer.height, answer.round, answer.value_id), answer)

    def propose(
        self, place: int, by: int, height: int, round: int, value: str, valid_round: int
    ) -> None:
        """The proposal of a validator arrives."""
        proposal = Proposal(
            Height(height), Round(round), _value_id(value), Round(valid_round), self._addresses[by]
        )
        self._deliver(place, proposal, [proposal])

    def vote(self, place: int, *vote: object) -> None:
        """(by, kind, height, round, value, valid round) arrives."""
        arrived = self._vote(vote)
        self._deliver(place, arrived, [arrived])

    def prove(
        self,
        place: int,
        kind: str,
        height: int,
        round: int,
        value: str,
        signers: tuple[int, ...],
        valid_rounds: tuple[int, ...],
    ) -> None:
        """A certificate of these signers arrives."""
        rounds = valid_rounds or (-1,) * len(signers)
        votes = [
            self._vote((by, kind, height, round, value, valid_round))
            for by, valid_round in zip(signers, rounds, strict=True)
        ]
        certificate = Certificate(
            VoteKind[kind],
            Height(height),
            Round(round),
            _value_id(value),
            tuple((vote.validator, false_signature(vote)) for vote in votes),
            tuple(Round(valid_round) for valid_round in valid_rounds),
        )
        self._deliver(place, certificate, votes)

    def prove_round(
        self, place: int, height: int, round: int, votes: tuple[tuple[object, ...], ...]
    ) -> None:
        """A round certificate of these votes arrives."""
        said = [self._vote(vote) for vote in votes]
        signed = tuple(vote.signed(false_signature(vote)) for vote in said)
        self._deliver(place, RoundCertificate(Height(height), Round(round), signed), said)

    # What hosts ask of their world.

    def send(self, host: Host, receiver: ValidatorAddress | None, packet: Packet) -> None:
        if isinstance(packet, Proposal | Vote):
            self._said.add(packet.signed(b""))

    def schedule(self, host: Host, timeout: ScheduleTimeout) -> None:
        self._ask(host, TimeoutElapsed(timeout.height, timeout.round, timeout.step))

    def build_value(self, host: Host, question: BuildValue) -> None:
        self._ask(host, question)

    def check_value(self, host: Host, question: CheckValue) -> None:
        self._ask(host, (question.height, question.round, question.value_id))

    def crashed(self, host: Host) -> None:
        self._open.pop(host.place, None)

    def validators(self, height: Height) -> ValidatorSet:
        while len(self._validators) < height:
            self._validators.append(self._validators[-1].advanced())
        return self._validators[height - 1]

    def note(self, host: Host, what: str) -> None:
        """Scripts have no trace."""

    def _ask(self, host: Host, question: object) -> None:
        self._open.setdefault(host.place, set()).add(question)

    def _answer(self, place: int, question: object, answer: Input) -> None:
        if question in self._open.get(place, ()):
            self._open[place].discard(question)
            self.now_ms += MS_PER_STEP
            self.hosts[place].feed(answer)

    def _deliver(self, place: int, packet: Packet, messages: Sequence[Proposal | Vote]) -> None:
        """If each message in it was said, or is of a faulty validator."""
        if all(m.validator in self._faulty or m in self._said for m in messages):
            if isinstance(packet, Proposal | Vote):
                packet = packet.signed(false_signature(packet))
            self.now_ms += MS_PER_STEP
            self.hosts[place].receive(packet, messages[0].validator)

    def _vote(self, vote: tuple[object, ...]) -> Vote:
        by, kind, height, round, value, valid_round = vote
        assert isinstance(by, int)
        assert isinstance(height, int)
        assert isinstance(round, int)
        assert isinstance(valid_round, int)
        return Vote(
            VoteKind[str(kind)],
            Height(height),
            Round(round),
            None if value == NIL else _value_id(str(value)),
            self._addresses[by],
            valid_round=Round(valid_round),
        )


def _value_id(name: str) -> ValueId:
    return ValueId(keccak(name.encode()))
