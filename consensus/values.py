"""What validators say to each other, and who they are. Plain frozen values, valid by construction."""

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NewType

Height = NewType("Height", int)
"""Of a decision; the first is 1."""
Round = NewType("Round", int)
"""Within a height; the first is 0."""
ValueId = NewType("ValueId", bytes)
"""32 bytes: the hash of a consensus header."""
ValidatorAddress = NewType("ValidatorAddress", bytes)
"""20 bytes: the last of keccak of the uncompressed public key, as Ethereum's addresses."""

NO_ROUND = Round(-1)
"""The paper's -1: no lock, no valid value, no proof-of-lock round."""


class Step(IntEnum):
    PROPOSE = 0
    PREVOTE = 1
    PRECOMMIT = 2


class VoteKind(IntEnum):
    PREVOTE = 1
    PRECOMMIT = 2


@dataclass(frozen=True, slots=True)
class Vote:
    """A prevote or precommit; `value_id` None is the paper's nil. Unsigned while `signature` is empty."""

    kind: VoteKind
    height: Height
    round: Round
    value_id: ValueId | None
    validator: ValidatorAddress
    signature: bytes = b""
    valid_round: Round = NO_ROUND
    """Of a prevote for a value: the valid round of the proposal that it answers, so that whoever let
    go of a lock has signed on what grounds. NO_ROUND in every other vote."""

    def signed(self, signature: bytes) -> "Vote":
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class Proposal:
    """`valid_round` is the paper's validRound of the proposed value, NO_ROUND for a fresh one."""

    height: Height
    round: Round
    value_id: ValueId
    valid_round: Round
    validator: ValidatorAddress
    signature: bytes = b""

    def signed(self, signature: bytes) -> "Proposal":
        return replace(self, signature=signature)


@dataclass(frozen=True, slots=True)
class Certificate:
    """More than two thirds of the power voted `kind` for `value_id` at one height and round.

    kind PRECOMMIT: a commit certificate, the proof of a decision. kind PREVOTE: a polka.
    """

    kind: VoteKind
    height: Height
    round: Round
    value_id: ValueId
    signatures: tuple[tuple[ValidatorAddress, bytes], ...]
    """(validator, its 65-byte signature of the vote), ascending by validator."""
    valid_rounds: tuple[Round, ...] = ()
    """Of a polka: each prevote's valid round, in the same order; empty when all are NO_ROUND."""


@dataclass(frozen=True, slots=True)
class RoundCertificate:
    """More than a third of the power voted anything in a round: the proof that it has begun (L55)."""

    height: Height
    round: Round
    votes: tuple[Vote, ...]
    """One of each signer, ascending by validator; of either kind, for any value."""


@dataclass(frozen=True, slots=True)
class Validator:
    public_key: bytes
    """33 bytes, compressed secp256k1."""
    power: int
    name: str = ""
