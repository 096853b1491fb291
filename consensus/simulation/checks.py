"""What must hold whatever goes wrong: each message of a correct validator is one that the paper's
rules allow after what has been said, and decisions are one, valid, timely and followed by more."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from consensus.core import Consensus
from consensus.messages import Report
from consensus.simulation.network import describe
from consensus.simulation.said import Said
from consensus.timeliness import CLOCK_PRECISION_MS
from consensus.validators import ValidatorSet
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)


class CheckFailed(AssertionError):
    """A run broke a promise of consensus."""


class Disagreement(CheckFailed):
    """Two correct validators decided different values."""


class InvalidDecision(CheckFailed):
    """A value was decided that is invalid, or that too few have precommitted."""


class UntimelyDecision(CheckFailed):
    """A value was decided whose time is not after its parent's, or lies in the future."""


class WrongProposer(CheckFailed):
    """A decided value names a proposer whose turn it was not."""


class SelfConflict(CheckFailed):
    """A correct validator signed two messages that exclude each other."""


class Unjustified(CheckFailed):
    """A correct validator said what no rule of the paper allowed it to say."""


class BrokenLock(CheckFailed):
    """A correct validator prevoted for another value than its lock's without a later polka (L23, L29)."""


class LostState(CheckFailed):
    """A correct validator came back from a crash without the lock that it had when it spoke last."""


class UnreadableJournal(CheckFailed):
    """A validator could not read what it had written before a crash."""


class FalseAccusation(CheckFailed):
    """A correct validator was reported."""


class NoProgress(CheckFailed):
    """Everything that was to heal had healed, and still not everybody decided in time."""


@dataclass(frozen=True, slots=True)
class Value:
    """What is decided on: a block, as far as consensus cares."""

    time_ms: int
    proposer: ValidatorAddress
    is_valid: bool


class Checks:
    """Watches a run. `faulty` may do and sign anything; nobody else may."""

    def __init__(
        self, faulty: Iterable[ValidatorAddress], validators: Callable[[Height], ValidatorSet]
    ) -> None:
        self._faulty = frozenset(faulty)
        self._validators = validators
        self._values: dict[ValueId, Value] = {}
        self._decided: dict[Height, ValueId] = {}
        self.decisions = 0
        """So many times a correct validator has decided."""
        self._said = Said(self._faulty, validators)
        self._states: dict[ValidatorAddress, tuple[Height, Round, Round, Round]] = {}

    def built(self, value_id: ValueId, value: Value) -> None:
        """There is such a value."""
        self._values[value_id] = value

    def values(self) -> dict[ValueId, Value]:
        """All that there are."""
        return dict(self._values)

    def value(self, value_id: ValueId) -> Value:
        return self._values[value_id]

    def said(self, message: Proposal | Vote) -> None:
        """It was signed and left. Raises SelfConflict, Unjustified or BrokenLock."""
        if message.validator in self._faulty:
            return
        earlier = self._said.same_place(message)
        if earlier is not None:
            if earlier.signed(b"") != message.signed(b""):
                raise SelfConflict(f"{describe(earlier)} and {describe(message)}")
            return
        self._check_round(message)
        if isinstance(message, Proposal):
            self._check_proposal(message)
        elif message.value_id is not None and message.kind is VoteKind.PREVOTE:
            self._check_prevote(message, message.value_id)
        elif message.value_id is not None:
            self._check_precommit(message, message.value_id)
        self._said.add(message)

    def stands(self, validator: ValidatorAddress, core: Consensus) -> None:
        """A correct validator speaks, with this lock and valid value: a crash must not lose them."""
        self._states[validator] = (core.height, core.round, *core.grounds)

    def recovered(self, validator: ValidatorAddress, core: Consensus) -> None:
        """A correct validator is back. Raises LostState."""
        before = self._states.get(validator)
        if before is None or before[0] != core.height:
            return
        now = (core.height, core.round, *core.grounds)
        if any(later < earlier for earlier, later in zip(before, now, strict=True)):
            raise LostState(f"height, round, locked, valid round: {before}, after it {now}")

    def decided(self, certificate: Certificate, now_ms: int) -> None:
        """A correct validator decided.

        Raises Disagreement, InvalidDecision, UntimelyDecision or WrongProposer.
        """
        self.decisions += 1
        height, value_id = certificate.height, certificate.value_id
        earlier = self._decided.setdefault(height, value_id)
        if earlier != value_id:
            raise Disagreement(f"height {height}: {earlier.hex()} and {value_id.hex()}")
        value = self._values.get(value_id)
        if value is None or not value.is_valid:
            raise InvalidDecision(f"height {height}: {value_id.hex()} is not valid")
        if not self._said.has_quorum(VoteKind.PRECOMMIT, height, certificate.round, value_id):
            raise InvalidDecision(f"height {height}: too few precommitted {value_id.hex()}")
        self._check_time(height, value, now_ms)
        validators = self._validators(height)
        turns = {validators.proposer(Round(round)) for round in range(certificate.round + 1)}
        if value.proposer not in turns:
            raise WrongProposer(
                f"height {height} round {certificate.round}: {value.proposer.hex()}"
            )

    def reported(self, report: Report) -> None:
        """Raises FalseAccusation."""
        if report.first.validator not in self._faulty:
            raise FalseAccusation(f"{describe(report.first)} and {describe(report.second)}")

    def finished(self, tips: Iterable[Height], heights: int) -> None:
        """What the correct validators had decided at the end. Raises NoProgress."""
        reached = list(tips)
        if min(reached) < heights:
            raise NoProgress(f"decided heights {reached}, expected {heights}")

    def decided_in_rounds(self, rounds: Sequence[int], rounds_max: int) -> None:
        """After healing, each height within so many rounds. Raises NoProgress."""
        if max(rounds, default=0) > rounds_max:
            raise NoProgress(f"rounds {list(rounds)} after healing, at most {rounds_max}")

    def _check_round(self, message: Proposal | Vote) -> None:
        """L55 or L65: nobody is in a round before others were, or the one before had its precommits."""
        if message.round == 0 or self._said.may_have_begun(message):
            return
        raise Unjustified(f"nothing leads to round {message.round}: {describe(message)}")

    def _check_proposal(self, proposal: Proposal) -> None:
        """L15–L19."""
        turn = self._validators(proposal.height).proposer(proposal.round)
        if turn != proposal.validator:
            raise Unjustified(f"not its turn: {describe(proposal)}")
        lock = self._said.lock(proposal.validator, proposal.height)
        if lock is not None and proposal.valid_round < lock.round:
            raise Unjustified(f"not its valid value, after {describe(lock)}: {describe(proposal)}")
        if proposal.valid_round == NO_ROUND:
            return
        if not self._said.has_polka(proposal.height, proposal.valid_round, proposal.value_id):
            raise Unjustified(f"no polka behind it: {describe(proposal)}")

    def _check_prevote(self, vote: Vote, value_id: ValueId) -> None:
        """L22–L33."""
        value = self._values.get(value_id)
        if value is None or not value.is_valid:
            raise Unjustified(f"for an invalid value: {describe(vote)}")
        if not self._said.may_have_proposed(vote):
            raise Unjustified(f"nobody proposed it so: {describe(vote)}")
        if vote.valid_round != NO_ROUND and not self._said.has_polka(
            vote.height, vote.valid_round, value_id
        ):
            raise Unjustified(f"no polka behind it: {describe(vote)}")
        lock = self._said.lock(vote.validator, vote.height)
        if lock is not None and lock.value_id != value_id and vote.valid_round < lock.round:
            raise BrokenLock(f"{describe(lock)}, then {describe(vote)}")

    def _check_precommit(self, vote: Vote, value_id: ValueId) -> None:
        """L36–L43."""
        if not self._said.has_polka(vote.height, vote.round, value_id):
            raise Unjustified(f"no polka: {describe(vote)}")

    def _check_time(self, height: Height, value: Value, now_ms: int) -> None:
        parent_id = self._decided.get(Height(height - 1))
        parent_ms = self._values[parent_id].time_ms if parent_id is not None else 0
        if not parent_ms < value.time_ms <= now_ms + 2 * CLOCK_PRECISION_MS:
            raise UntimelyDecision(
                f"height {height}: time {value.time_ms}, parent's {parent_ms}, now {now_ms}"
            )
