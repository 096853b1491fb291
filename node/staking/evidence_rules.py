"""Which evidence a block may carry, judged on its parent's state: who offended is punished once.

A block's evidence is in ascending order of the offenders, each once. The messages are of a height that
is decided, and not older than stake takes to leave. The offender was a validator of that height, which
the staking contract knows and has not slashed: a slashed key never comes back, so nothing counts twice.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

from chain.engine import StateReader
from chain.staking import Staking
from consensus.encoding import EVIDENCE_PER_BLOCK_MAX
from consensus.errors import InvalidEvidence, Undecodable
from consensus.evidence import Evidence, check_evidence, decode_evidence
from consensus.signatures import recover
from consensus.validators import ValidatorSet
from genesis.staking.layout import Status
from genesis.staking.reading import staked_validator

SetOf = Callable[[int], ValidatorSet | None]
"""Height → who decided it; None where that is not known here."""


class EvidenceRefused(Exception):
    """Evidence that no block may carry now; says why."""


class EvidenceForged(EvidenceRefused):
    """It proves nothing: whoever sent it is at fault."""


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """The rules of one chain."""

    staking: Staking | None
    chain_identity: bytes
    set_of: SetOf

    def of_block(
        self, encoded: tuple[bytes, ...], parent_height: int, reader: StateReader
    ) -> tuple[Evidence, ...]:
        """A block's evidence, decoded; raises `EvidenceRefused`. `reader` is the parent's state."""
        if encoded and self.staking is None:
            raise EvidenceRefused("this chain takes no evidence: nobody has a stake in it")
        if len(encoded) > EVIDENCE_PER_BLOCK_MAX:
            raise EvidenceRefused(f"{len(encoded)} pieces, at most {EVIDENCE_PER_BLOCK_MAX}")
        pieces = []
        for data in encoded:
            try:
                pieces.append(decode_evidence(data))
            except Undecodable as error:
                raise EvidenceForged(str(error)) from error
        for earlier, later in pairwise(pieces):
            if earlier.validator >= later.validator:
                raise EvidenceRefused("offenders are not in ascending order, each once")
        for piece in pieces:
            self.check_place(piece, parent_height, reader)
            self.check_proof(piece)
        return tuple(pieces)

    def check_place(self, evidence: Evidence, parent_height: int, reader: StateReader) -> None:
        """Whether the next block could carry it, if it proves anything. Raises `EvidenceRefused`."""
        if self.staking is None:
            raise EvidenceRefused("this chain takes no evidence")
        oldest = max(1, parent_height + 1 - self.staking.unbonding_blocks)
        if not oldest <= evidence.height <= parent_height:
            raise EvidenceRefused(
                f"of height {evidence.height}, expected {oldest} to {parent_height}"
            )
        status = staked_validator(reader, evidence.validator).status
        if status in (Status.UNKNOWN, Status.SLASHED):
            who = evidence.validator.hex()
            raise EvidenceRefused(f"0x{who} is {status.name.lower()}: there is nobody to slash")

    def check_proof(self, evidence: Evidence) -> None:
        """Raises `EvidenceForged`, or `EvidenceRefused` where the set of its height is not known."""
        validators = self.set_of(evidence.height)
        if validators is None:
            raise EvidenceRefused(f"the validator set of height {evidence.height} is not known")
        try:
            check_evidence(evidence, validators, self.chain_identity, recover)
        except InvalidEvidence as error:
            raise EvidenceForged(str(error)) from error
