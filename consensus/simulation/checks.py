"""What must hold whatever goes wrong."""

from collections.abc import Iterable

from consensus.evidence import exclude_each_other
from consensus.messages import Report
from consensus.values import (
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
    """A value was decided that no correct validator finds valid."""


class SelfConflict(CheckFailed):
    """A correct validator signed two messages that exclude each other."""


class FalseAccusation(CheckFailed):
    """A correct validator was reported."""


class NoProgress(CheckFailed):
    """Everything had healed, and still not every correct validator decided."""


class Checks:
    """Watches a run. `faulty` may do and sign anything; nobody else may."""

    def __init__(self, faulty: Iterable[ValidatorAddress]) -> None:
        self._faulty = frozenset(faulty)
        self._valid: set[ValueId] = set()
        self._decided: dict[Height, ValueId] = {}
        self._said: dict[
            tuple[ValidatorAddress, Height, Round, VoteKind | None], Proposal | Vote
        ] = {}

    def built(self, value_id: ValueId) -> None:
        """A value that is valid for everybody."""
        self._valid.add(value_id)

    def is_valid(self, value_id: ValueId) -> bool:
        return value_id in self._valid

    def said(self, message: Proposal | Vote) -> None:
        """It was signed and left. Raises SelfConflict."""
        if message.validator in self._faulty:
            return
        kind = message.kind if isinstance(message, Vote) else None
        key = message.validator, message.height, message.round, kind
        earlier = self._said.setdefault(key, message)
        if exclude_each_other(earlier, message):
            raise SelfConflict(f"{earlier} and {message}")

    def decided(self, certificate: Certificate) -> None:
        """A correct validator decided. Raises Disagreement or InvalidDecision."""
        earlier = self._decided.setdefault(certificate.height, certificate.value_id)
        if earlier != certificate.value_id:
            raise Disagreement(
                f"height {certificate.height}: {earlier.hex()} and {certificate.value_id.hex()}"
            )
        if certificate.value_id not in self._valid:
            raise InvalidDecision(f"height {certificate.height}: {certificate.value_id.hex()}")

    def reported(self, report: Report) -> None:
        """Raises FalseAccusation."""
        if report.first.validator not in self._faulty:
            raise FalseAccusation(f"{report.first} and {report.second}")

    def finished(self, tips: Iterable[Height], heights: int) -> None:
        """What the correct validators had decided at the end. Raises NoProgress."""
        reached = list(tips)
        if min(reached) < heights:
            raise NoProgress(f"decided heights {reached}, expected {heights}")
