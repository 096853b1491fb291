"""Messages of rounds and heights ahead of ours, kept until we get there, within limits per validator.

Any one validator can name any round; it must not fill our memory, nor crowd out another's messages.
"""

from collections.abc import Iterator

from consensus.validators import ValidatorSet
from consensus.values import Height, Proposal, Round, ValidatorAddress, Vote

ROUNDS_PER_VALIDATOR_MAX = 3
"""Different rounds ahead in which one validator's messages are kept: its highest."""
MESSAGES_PER_ROUND_MAX = 8
"""Of one validator in one round ahead. A correct one sends at most three."""
HEIGHTS_AHEAD_MAX = 2
MESSAGES_PER_HEIGHT_MAX = 8
"""Of one validator for one height ahead."""

Message = Proposal | Vote


class EarlyRounds:
    """Messages of this height's later rounds."""

    def __init__(self, validators: ValidatorSet) -> None:
        self._validators = validators
        self._rounds: dict[Round, dict[ValidatorAddress, list[Message]]] = {}
        self._rounds_of: dict[ValidatorAddress, set[Round]] = {}
        self._pushed_out: list[Message] = []

    def add(self, message: Message, *, is_certified: bool = False) -> bool:
        """Whether it is new and kept. Keeping it may push out the sender's lowest round."""
        rounds = self._rounds_of.setdefault(message.validator, set())
        if message.round not in rounds:
            if not is_certified and len(rounds) >= ROUNDS_PER_VALIDATOR_MAX:
                lowest = min(rounds)
                if message.round < lowest:
                    return False
                self._forget(message.validator, lowest)
            rounds.add(message.round)
        held = self._rounds.setdefault(message.round, {}).setdefault(message.validator, [])
        if any(_is_same(message, other) for other in held):
            return False
        if not is_certified and len(held) >= MESSAGES_PER_ROUND_MAX:
            return False
        held.append(message)
        return True

    def holds(self, message: Message) -> bool:
        held = self._rounds.get(message.round, {}).get(message.validator, ())
        return any(_is_same(message, other) for other in held)

    def round_to_skip_to(self) -> Round | None:
        """The highest round in which validators with more than a third of the power sent anything.

        One sender's proposal, prevote and precommit count once.
        """
        if not self._rounds:
            return None
        for round in sorted(self._rounds, reverse=True):
            power = sum(self._validators.power_of(sender) for sender in self._rounds[round])
            if self._validators.exceeds_third(power):
                return round
        return None

    def release(self, round: Round) -> Iterator[Message]:
        """Hand over, and forget, what belongs to this round and those before it."""
        for reached in sorted(r for r in self._rounds if r <= round):
            for sender, messages in self._rounds.pop(reached).items():
                self._rounds_of[sender].discard(reached)
                yield from messages

    def take_pushed_out(self) -> list[Message]:
        """What a higher round of its sender has pushed out since the last time."""
        pushed_out, self._pushed_out = self._pushed_out, []
        return pushed_out

    def _forget(self, sender: ValidatorAddress, round: Round) -> None:
        self._rounds_of[sender].discard(round)
        self._pushed_out += self._rounds[round].pop(sender)
        if not self._rounds[round]:
            del self._rounds[round]


class EarlyHeights:
    """Messages of the next heights: validators that decided before us go on without us."""

    def __init__(self) -> None:
        self._heights: dict[Height, dict[ValidatorAddress, list[Message]]] = {}

    def add(self, message: Message, height: Height, validators: ValidatorSet) -> None:
        """Keep it if it is of the next heights, by a validator of today's set, and within limits."""
        if not height < message.height <= height + HEIGHTS_AHEAD_MAX:
            return
        if message.validator not in validators:
            return
        senders = self._heights.setdefault(message.height, {})
        held = senders.setdefault(message.validator, [])
        if len(held) < MESSAGES_PER_HEIGHT_MAX and message not in held:
            held.append(message)

    def holds(self, message: Message) -> bool:
        return message in self._heights.get(message.height, {}).get(message.validator, ())

    def release(self, height: Height) -> list[Message]:
        """Hand over what belongs to this height; forget it and what belongs to those before it."""
        reached = [held for held in self._heights if held <= height]
        released = self._heights.get(height, {})
        for held in reached:
            del self._heights[held]
        return [message for messages in released.values() for message in messages]


def _is_same(one: Message, other: Message) -> bool:
    """But for the signature."""
    if isinstance(one, Vote) and isinstance(other, Vote):
        return (one.kind, one.value_id, one.valid_round) == (
            other.kind,
            other.value_id,
            other.valid_round,
        )
    if isinstance(one, Proposal) and isinstance(other, Proposal):
        return (one.value_id, one.valid_round) == (other.value_id, other.valid_round)
    return False
