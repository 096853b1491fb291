"""Evidence that waits for a block: one piece for each offender, since one is punished once."""

from collections.abc import Callable

from consensus.evidence import Evidence
from consensus.values import ValidatorAddress

EVIDENCE_KEPT_MAX = 64
"""Offenders; beyond it further ones wait until some are slashed."""


class EvidencePool:
    """Holds what was checked; the loop of events alone changes it."""

    def __init__(self) -> None:
        self._pieces: dict[ValidatorAddress, Evidence] = {}

    def all(self) -> tuple[Evidence, ...]:
        """Ascending by offender."""
        return tuple(self._pieces[who] for who in sorted(self._pieces))

    def holds(self, evidence: Evidence) -> bool:
        """Whether there is a piece against the same offender: a second one adds nothing."""
        return evidence.validator in self._pieces

    def add(self, evidence: Evidence) -> bool:
        """Whether it is new and there is room."""
        if self.holds(evidence) or len(self._pieces) >= EVIDENCE_KEPT_MAX:
            return False
        self._pieces[evidence.validator] = evidence
        return True

    def keep(self, is_still_of_use: Callable[[Evidence], bool]) -> None:
        """Forget the rest: slashed, or expired."""
        self._pieces = {who: piece for who, piece in self._pieces.items() if is_still_of_use(piece)}
