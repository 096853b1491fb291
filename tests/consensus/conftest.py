"""A core on stage: scripted inputs of its peers go in, what it does is read off."""

import os
from collections.abc import Iterable
from functools import lru_cache

os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import pytest

from consensus.core import Consensus
from consensus.messages import (
    Broadcast,
    Decide,
    Effect,
    Input,
    Persist,
    Received,
    Report,
    ScheduleTimeout,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.signatures import public_key_of
from consensus.timeouts import Timeouts
from consensus.validators import ValidatorSet, address_of
from consensus.values import (
    NO_ROUND,
    Height,
    Proposal,
    Round,
    Step,
    Validator,
    ValueId,
    Vote,
    VoteKind,
)

PRIVATE_KEYS = tuple(bytes([number]) * 32 for number in range(1, 8))


def validator_set(powers: Iterable[int]) -> ValidatorSet:
    """Powers in ascending order of address."""
    first = [public_key_of(key) for key, _ in zip(PRIVATE_KEYS, powers, strict=False)]
    ordered = ValidatorSet.of(Validator(key, 1) for key in first).validators
    return ValidatorSet.of(
        Validator(one.public_key, power) for one, power in zip(ordered, powers, strict=True)
    )


class Script:
    """One core, validator `own` (by index) of a set in which round r is proposed by index r mod n.

    What it broadcasts is fed back to it, as its host does.
    """

    def __init__(
        self,
        own: int | None = 3,
        powers: tuple[int, ...] = (1, 1, 1, 1),
        timeouts: Timeouts | None = None,
    ) -> None:
        self.validators = validator_set(powers)
        address = None if own is None else self.validators.addresses[own]
        self.core = Consensus(address, timeouts or Timeouts())
        self.height = Height(1)
        self.effects: list[Effect] = []
        """Of the last `feed`, in order."""
        self.journal: list[Input] = []

    def start(self, height: int = 1) -> "Script":
        self.height = Height(height)
        return self.feed(Started(self.height, self.validators))

    def feed(self, *inputs: Input) -> "Script":
        self.effects = []
        waiting = list(inputs)
        while waiting:
            effects = self._handle(waiting.pop(0))
            waiting += [Received(e.message) for e in effects if isinstance(e, Broadcast)]
        return self

    def feed_and_crash(self, input: Input) -> "Script":
        """What it wants to say is on disk, but is neither signed nor heard of."""
        self.effects = []
        self._handle(input)
        return self

    def sync(self) -> "Script":
        """Write the journal without anything having to leave."""
        self.journal += self.core.take_unpersisted()
        return self

    def _handle(self, input: Input) -> tuple[Effect, ...]:
        effects = self.core.handle(input)
        self.effects += effects
        for effect in effects:
            if isinstance(effect, Persist):
                self.journal += effect.inputs
        return effects

    def proposal(self, value: ValueId, round: int = 0, valid_round: int = NO_ROUND) -> Received:
        """By the round's proposer."""
        proposer = self.validators.proposer(Round(round))
        return Received(Proposal(self.height, Round(round), value, Round(valid_round), proposer))

    def vote(self, kind: VoteKind, index: int, value: ValueId | None, round: int = 0) -> Received:
        return Received(
            Vote(kind, self.height, Round(round), value, self.validators.addresses[index])
        )

    def prevotes(
        self, value: ValueId | None, *indexes: int, round: int = 0
    ) -> tuple[Received, ...]:
        return tuple(self.vote(VoteKind.PREVOTE, index, value, round) for index in indexes)

    def precommits(
        self, value: ValueId | None, *indexes: int, round: int = 0
    ) -> tuple[Received, ...]:
        return tuple(self.vote(VoteKind.PRECOMMIT, index, value, round) for index in indexes)

    def built(self, value: ValueId, round: int = 0) -> ValueBuilt:
        return ValueBuilt(self.height, Round(round), value)

    def checked(self, value: ValueId, is_valid: bool = True, round: int = 0) -> ValueChecked:
        return ValueChecked(self.height, Round(round), value, is_valid)

    def elapsed(self, step: Step, round: int = 0) -> TimeoutElapsed:
        return TimeoutElapsed(self.height, Round(round), step)

    def locked_on(self, value: ValueId) -> "Script":
        """Bring a fresh script into round 1, locked on the value in round 0."""
        self.start().feed(self.proposal(value), self.checked(value))
        self.feed(*self.prevotes(value, 0, 1))
        assert self.core.view().locked_value == value
        self.feed(*self.precommits(None, 0, 1, 2))
        assert self.core.view().round == 1
        return self

    def said(self) -> list[tuple[str, int, ValueId | None]]:
        """(kind, round, value id) of each broadcast of the last `feed`."""
        return [
            (
                "PROPOSAL" if isinstance(message, Proposal) else message.kind.name,
                message.round,
                message.value_id,
            )
            for message in self.broadcasts()
        ]

    def broadcasts(self) -> list[Proposal | Vote]:
        return [effect.message for effect in self.effects if isinstance(effect, Broadcast)]

    def timers(self) -> list[tuple[Step, int, int]]:
        """(step, round, milliseconds)."""
        return [
            (effect.step, effect.round, effect.duration_ms)
            for effect in self.effects
            if isinstance(effect, ScheduleTimeout)
        ]

    def decisions(self) -> list[tuple[int, ValueId]]:
        """(round, value id)."""
        return [
            (effect.certificate.round, effect.certificate.value_id)
            for effect in self.effects
            if isinstance(effect, Decide)
        ]

    def reports(self) -> list[Report]:
        return [effect for effect in self.effects if isinstance(effect, Report)]


@pytest.fixture
def script() -> type[Script]:
    return Script


@pytest.fixture
def private_keys() -> tuple[bytes, ...]:
    return PRIVATE_KEYS


@pytest.fixture
def validators() -> ValidatorSet:
    """Four, of equal power."""
    return validator_set((1, 1, 1, 1))


@pytest.fixture
def key_of(private_keys) -> dict[bytes, bytes]:
    """Address → private key."""
    return {address_of(public_key_of(key)): key for key in private_keys}


@pytest.fixture(scope="session")
def set_of_powers():
    """Powers in ascending order of address → a set."""
    return lru_cache(validator_set)
