"""What the hosts of a run were given, as steps of a script that can be cut down and printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from consensus.messages import Input, TimeoutElapsed, ValueBuilt, ValueChecked
from consensus.repair import Summary
from consensus.simulation.checks import Value
from consensus.simulation.faults import Crash
from consensus.simulation.host import Host
from consensus.simulation.network import Decided, Packet
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Proposal,
    RoundCertificate,
    ValidatorAddress,
    ValueId,
    Vote,
)

NIL = "nil"


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a `ScriptedCluster`: validators by their place in the set, values by name."""

    action: str
    arguments: tuple[object, ...]

    def __str__(self) -> str:
        return f"{self.action}({', '.join(map(repr, self.arguments))})"


class Recording:
    """Keeps what correct validators were given; the faulty may say anything in a script anyway."""

    def __init__(self, validators: ValidatorSet) -> None:
        self.steps: list[Step] = []
        self._places = validators.indexes
        self._names: dict[ValueId, str] = {}

    def values(self, built: dict[ValueId, Value]) -> dict[str, tuple[int, int, bool]]:
        """Each value that the steps name: its time in ms, its proposer's place, whether it is valid."""
        return {
            name: (built[v].time_ms, self._places[built[v].proposer], built[v].is_valid)
            for v, name in self._names.items()
        }

    def started(self, host: Host) -> None:
        self._add(host, "start")

    def armed(self, host: Host, crash: Crash) -> None:
        self._add(host, "crash", crash.after, crash.chance)

    def healed(self, host: Host) -> None:
        self._add(host, "heal")

    def answered(self, host: Host, input: Input) -> None:
        match input:
            case TimeoutElapsed(height, round, step):
                self._add(host, "elapse", height, round, step.name)
            case ValueBuilt(height, round, value_id):
                self._add(host, "build", height, round, self._name(value_id))
            case ValueChecked(height, round, value_id, is_valid):
                self._add(host, "check", height, round, self._name(value_id), is_valid)

    def delivered(self, host: Host, packet: Packet) -> None:
        match packet:
            case Proposal():
                self._add(host, "propose", *self._proposal(packet))
            case Vote():
                self._add(host, "vote", *self._vote(packet))
            case Decided(certificate) | (Certificate() as certificate):
                kind, place = certificate.kind.name, (certificate.height, certificate.round)
                signers = self._signers([one for one, _ in certificate.signatures])
                valid_rounds = tuple(certificate.valid_rounds)
                name = self._name(certificate.value_id)
                self._add(host, "prove", kind, *place, name, signers, valid_rounds)
            case RoundCertificate(height, round, votes):
                self._add(host, "prove_round", height, round, tuple(map(self._vote, votes)))
            case Summary():
                # The answer to it is recorded where it arrives.
                pass

    def _add(self, host: Host, action: str, *arguments: object) -> None:
        if host.is_correct:
            self.steps.append(Step(action, (self._places[host.address], *arguments)))

    def _proposal(self, proposal: Proposal) -> tuple[object, ...]:
        by = self._places[proposal.validator]
        name = self._name(proposal.value_id)
        return by, proposal.height, proposal.round, name, proposal.valid_round

    def _vote(self, vote: Vote) -> tuple[object, ...]:
        by, name = self._places[vote.validator], self._name(vote.value_id)
        return by, vote.kind.name, vote.height, vote.round, name, vote.valid_round

    def _signers(self, addresses: Sequence[ValidatorAddress]) -> tuple[int, ...]:
        return tuple(self._places[address] for address in addresses)

    def _name(self, value_id: ValueId | None) -> str:
        """A, B, … in order of appearance."""
        if value_id is None:
            return NIL
        return self._names.setdefault(value_id, _letters(len(self._names)))


def _letters(number: int) -> str:
    letters = chr(ord("A") + number % 26)
    return letters if number < 26 else _letters(number // 26 - 1) + letters
