"""What outlives a validator's crash: its journal and sign state, in memory or on a simulated disk."""

from collections.abc import Sequence
from random import Random
from typing import Protocol

from consensus.durable_files import DurableFiles
from consensus.encoding import signing_digest
from consensus.journal_encoding import decode_input, encode_input
from consensus.journal_file import Journal
from consensus.messages import Input
from consensus.sign_state import LastSigned, RefusedToSign, SignState
from consensus.simulation.disk import CrashPoint, Power, SimulatedFolder
from consensus.simulation.signatures import CHAIN, false_signature
from consensus.values import (
    Certificate,
    Height,
    Proposal,
    Round,
    Step,
    ValidatorAddress,
    Vote,
    VoteKind,
)


class Storage(Protocol):
    """Journal and sign state of one validator."""

    def replay(self) -> tuple[Input, ...]:
        """After a start: what the journal holds."""

    def begin(self, height: Height) -> None:
        """The journal of another height."""

    def persist(self, inputs: Sequence[Input]) -> None:
        """On disk when this returns."""

    def signature(self, message: Proposal | Vote) -> bytes | None:
        """None where it could contradict an earlier one."""

    def last_signed_height(self) -> int:
        """0 before the first signature."""

    @property
    def decisions(self) -> Sequence[Certificate]:
        """The chain, from height 1 on."""

    def commit(self, certificate: Certificate) -> None:
        """The decision of the next height and its block: whole or not at all."""

    def fail_after(self, operations: int, chance: int) -> None:
        """The power fails after so many operations."""

    def crash(self, chance: int) -> None:
        """The power has failed, or only the process has."""

    def heal(self) -> None:
        """The power does not fail any more."""


class MemoryStorage:
    """Quick. Nothing that was persisted is ever lost; the sign state remembers everything."""

    def __init__(self, address: ValidatorAddress) -> None:
        self._address = address
        self._journal: list[Input] = []
        self._signed: dict[tuple[Height, Round, Step], Proposal | Vote] = {}
        self._last_height = 0
        self.decisions: list[Certificate] = []

    def replay(self) -> tuple[Input, ...]:
        return tuple(self._journal)

    def begin(self, height: Height) -> None:
        self._journal = []

    def persist(self, inputs: Sequence[Input]) -> None:
        self._journal += inputs

    def signature(self, message: Proposal | Vote) -> bytes | None:
        earlier = self._signed.setdefault(
            (message.height, message.round, step_of(message)), message
        )
        if earlier.signed(b"") != message.signed(b""):
            return None
        self._last_height = max(self._last_height, message.height)
        return false_signature(message)

    def last_signed_height(self) -> int:
        return self._last_height

    def commit(self, certificate: Certificate) -> None:
        self.decisions.append(certificate)

    def fail_after(self, operations: int, chance: int) -> None:
        """Its host counts effects instead."""

    def crash(self, chance: int) -> None:
        """Everything is kept."""

    def heal(self) -> None:
        """Nothing fails."""


class DiskStorage:
    """The production journal and sign state, each in its folder of a disk that loses things."""

    def __init__(self, address: ValidatorAddress) -> None:
        self._address = address
        self._power = Power()
        self._point: CrashPoint | None = None
        self._folders = SimulatedFolder(self._power), SimulatedFolder(self._power)
        self._salts = Random(address.hex())
        self.decisions: list[Certificate] = []
        self._open()

    def replay(self) -> tuple[Input, ...]:
        self._open()
        replayed = self._journal.replay()
        return tuple(map(decode_input, replayed.entries)) if replayed else ()

    def begin(self, height: Height) -> None:
        self._journal.begin(height)

    def persist(self, inputs: Sequence[Input]) -> None:
        for input in inputs:
            self._journal.append(encode_input(input))
        self._journal.sync()

    def signature(self, message: Proposal | Vote) -> bytes | None:
        place = message.height, message.round, step_of(message)
        digest = signing_digest(CHAIN, message)
        try:
            stored = self._sign_state.stored_signature(*place, digest)
        except RefusedToSign:
            return None
        if stored is None:
            stored = false_signature(message)
            self._sign_state.record(LastSigned(*place, digest, stored))
        return stored

    def last_signed_height(self) -> int:
        return 0 if self._sign_state.last is None else self._sign_state.last.height

    def commit(self, certificate: Certificate) -> None:
        failing = self._power.before("commit")
        if failing is None or failing.happens():
            self.decisions.append(certificate)
        if failing is not None:
            self._power.fail()

    def fail_after(self, operations: int, chance: int) -> None:
        self._power.fail_after(operations, chance)

    def crash_at(self, point: CrashPoint) -> None:
        """The machine stops there."""
        self._point = point
        self._power.fail_at(point)

    @property
    def operations(self) -> Sequence[str]:
        """What was done with the disk so far."""
        return self._power.operations

    def crash(self, chance: int) -> None:
        random = Random(chance)
        self._power.keep()
        is_power_cut = random.random() < 0.7
        if self._point is not None:
            is_power_cut, self._point = self._point.is_power_cut, None
        if is_power_cut:
            for folder in self._folders:
                folder.lose(random)

    def heal(self) -> None:
        self._power.keep()

    def _open(self) -> None:
        journal, sign_state = map(DurableFiles, self._folders)
        self._journal = Journal(journal, CHAIN, salt=self._salts.randbytes)
        self._sign_state = SignState(sign_state, CHAIN)


def step_of(message: Proposal | Vote) -> Step:
    """In which step it is said."""
    if isinstance(message, Proposal):
        return Step.PROPOSE
    return Step.PREVOTE if message.kind is VoteKind.PREVOTE else Step.PRECOMMIT
