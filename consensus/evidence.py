"""Two signed messages of one validator that exclude each other: proof that it is faulty."""

from dataclasses import dataclass, replace

from consensus.certificates import Recover
from consensus.encoding import (
    EVIDENCE_BYTES_MAX,
    decode_message,
    encode_message,
    signing_digest,
)
from consensus.errors import InvalidEvidence, InvalidSignature, Undecodable
from consensus.recursive_length_prefix import decode, encode
from consensus.validators import ValidatorSet
from consensus.values import Height, Proposal, ValidatorAddress, Vote


@dataclass(frozen=True, slots=True)
class Evidence:
    """Ordered by encoding, so that the same two messages always make the same evidence."""

    first: Proposal | Vote
    second: Proposal | Vote

    @classmethod
    def of(cls, one: Proposal | Vote, other: Proposal | Vote) -> "Evidence":
        """From two messages in any order."""
        first, second = sorted((one, other), key=encode_message)
        return cls(first, second)

    @property
    def validator(self) -> ValidatorAddress:
        return self.first.validator

    @property
    def height(self) -> Height:
        return self.first.height


def exclude_each_other(one: Proposal | Vote, other: Proposal | Vote) -> bool:
    """Whether a correct validator never signs both: same place, different content.

    The same content signed twice is no fault, even if the signatures differ.
    """
    if one.validator != other.validator or (one.height, one.round) != (other.height, other.round):
        return False
    if isinstance(one, Vote) != isinstance(other, Vote):
        return False
    if isinstance(one, Vote) and isinstance(other, Vote) and one.kind is not other.kind:
        return False
    return replace(one, signature=b"") != replace(other, signature=b"")


def check_evidence(
    evidence: Evidence, validators: ValidatorSet, chain_identity: bytes, recover: Recover
) -> None:
    """Raises InvalidEvidence naming why. `validators` is the set of the evidence's height."""
    if not exclude_each_other(evidence.first, evidence.second):
        raise InvalidEvidence("the two messages do not exclude each other")
    if evidence != Evidence.of(evidence.first, evidence.second):
        raise InvalidEvidence("the two messages are not in canonical order")
    if evidence.validator not in validators:
        raise InvalidEvidence(f"{evidence.validator.hex()} was no validator at {evidence.height}")
    for message in (evidence.first, evidence.second):
        try:
            signer = recover(signing_digest(chain_identity, message), message.signature)
        except InvalidSignature as error:
            raise InvalidEvidence(str(error)) from error
        if signer != message.validator:
            raise InvalidEvidence(f"signed by {signer.hex()}, not {message.validator.hex()}")


def encode_evidence(evidence: Evidence) -> bytes:
    return encode([encode_message(evidence.first), encode_message(evidence.second)])


def decode_evidence(data: bytes) -> Evidence:
    """Raises Undecodable. Whether it proves anything: `check_evidence`."""
    if len(data) > EVIDENCE_BYTES_MAX:
        raise Undecodable(f"evidence of {len(data)} bytes, at most {EVIDENCE_BYTES_MAX}")
    item = decode(data)
    if isinstance(item, bytes) or len(item) != 2:
        raise Undecodable("evidence is not a pair")
    first, second = item
    if not isinstance(first, bytes) or not isinstance(second, bytes):
        raise Undecodable("a message in evidence is not bytes")
    return Evidence(decode_message(first), decode_message(second))
