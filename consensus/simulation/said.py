"""What correct validators have said in a run; the faulty may have said anything besides."""

from collections import defaultdict
from collections.abc import Callable

from consensus.simulation.storage import step_of
from consensus.validators import ValidatorSet
from consensus.values import (
    Height,
    Proposal,
    Round,
    Step,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)


class Said:
    """Power is counted as high as it can be: whoever is faulty counts for everything. The sums are
    done here once more: what is watched must not be asked whether it is right."""

    def __init__(
        self, faulty: frozenset[ValidatorAddress], validators: Callable[[Height], ValidatorSet]
    ) -> None:
        self._faulty = faulty
        self._validators = validators
        self._messages: dict[tuple[ValidatorAddress, Height, Round, Step], Proposal | Vote] = {}
        self._power: dict[tuple[VoteKind, Height, Round, ValueId], int] = defaultdict(int)
        self._precommit_power: dict[tuple[Height, Round], int] = defaultdict(int)
        self._senders: dict[tuple[Height, Round], set[ValidatorAddress]] = defaultdict(set)
        self._locks: dict[tuple[ValidatorAddress, Height], Vote] = {}

    def add(self, message: Proposal | Vote) -> None:
        """By a correct validator, which has said nothing else at this place."""
        height, round = message.height, message.round
        self._messages[message.validator, height, round, step_of(message)] = message
        self._senders[height, round].add(message.validator)
        if isinstance(message, Proposal):
            return
        power = self._validators(height).power_of(message.validator)
        is_precommit = message.kind is VoteKind.PRECOMMIT
        if is_precommit:
            self._precommit_power[height, round] += power
        if message.value_id is not None:
            self._power[message.kind, height, round, message.value_id] += power
            if is_precommit:
                self._locks[message.validator, height] = message

    def same_place(self, message: Proposal | Vote) -> Proposal | Vote | None:
        """What its sender has said at the same height, round and step."""
        key = message.validator, message.height, message.round, step_of(message)
        return self._messages.get(key)

    def has_quorum(self, kind: VoteKind, height: Height, round: Round, value_id: ValueId) -> bool:
        """Whether 2f+1 may have voted so."""
        power = self._power[kind, height, round, value_id] + self._faulty_power(height)
        return 3 * power > 2 * self._validators(height).total_power

    def has_polka(self, height: Height, round: Round, value_id: ValueId) -> bool:
        return self.has_quorum(VoteKind.PREVOTE, height, round, value_id)

    def may_have_proposed(self, prevote: Vote) -> bool:
        """Whether the round's proposer may have proposed the value with the prevote's valid round."""
        proposer = self._validators(prevote.height).proposer(prevote.round)
        if proposer in self._faulty:
            return True
        made = self._messages.get((proposer, prevote.height, prevote.round, Step.PROPOSE))
        return isinstance(made, Proposal) and (made.value_id, made.valid_round) == (
            prevote.value_id,
            prevote.valid_round,
        )

    def may_have_begun(self, message: Proposal | Vote) -> bool:
        """Whether a round may have begun for its sender: by others there, or by the round before."""
        height, round = message.height, message.round
        validators, faulty = self._validators(height), self._faulty_power(height)
        others = self._senders[height, round]
        if message.validator in others:
            return True
        power = sum(validators.power_of(other) for other in others)
        if 3 * (power + faulty) > validators.total_power:
            return True
        before = self._precommit_power[height, Round(round - 1)]
        return 3 * (before + faulty) > 2 * validators.total_power

    def lock(self, validator: ValidatorAddress, height: Height) -> Vote | None:
        """Its newest precommit for a value."""
        return self._locks.get((validator, height))

    def _faulty_power(self, height: Height) -> int:
        validators = self._validators(height)
        return sum(validators.power_of(validator) for validator in self._faulty)
