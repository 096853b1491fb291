"""What proves a fault, and what does not."""

from dataclasses import replace

import pytest

from consensus.encoding import EVIDENCE_BYTES_MAX, signing_digest
from consensus.errors import InvalidEvidence, Undecodable
from consensus.evidence import (
    Evidence,
    check_evidence,
    decode_evidence,
    encode_evidence,
    exclude_each_other,
)
from consensus.recursive_length_prefix import encode
from consensus.signatures import recover, sign
from consensus.values import Height, Proposal, Round, ValueId, Vote, VoteKind

CHAIN = b"chain".ljust(32)
A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


@pytest.fixture
def signed(key_of):
    def sign_it(message):
        return message.signed(
            sign(key_of[message.validator], signing_digest(CHAIN, replace(message, signature=b"")))
        )

    return sign_it


def vote(validator, value, kind=VoteKind.PREVOTE, round=0, height=1) -> Vote:
    return Vote(kind, Height(height), Round(round), value, validator)


def test_two_votes_for_different_values_prove_a_fault(validators, signed) -> None:
    one, other = (signed(vote(validators.addresses[0], value)) for value in (A, None))
    evidence = Evidence.of(one, other)
    assert evidence == Evidence.of(other, one)
    check_evidence(evidence, validators, CHAIN, recover)
    assert (evidence.validator, evidence.height) == (validators.addresses[0], 1)
    encoded = encode_evidence(evidence)
    assert len(encoded) <= EVIDENCE_BYTES_MAX
    assert decode_evidence(encoded) == evidence


def test_two_proposals_prove_a_fault(validators, signed) -> None:
    proposals = [
        signed(Proposal(Height(1), Round(2), A, Round(valid), validators.addresses[1]))
        for valid in (-1, 0)
    ]
    check_evidence(Evidence.of(*proposals), validators, CHAIN, recover)


def test_what_a_correct_validator_may_sign_proves_nothing(validators) -> None:
    one, other = validators.addresses[:2]
    reference = vote(one, A)
    harmless = [
        reference,
        reference.signed(b"another"),
        vote(other, B),
        vote(one, B, round=1),
        vote(one, B, height=2),
        vote(one, B, kind=VoteKind.PRECOMMIT),
        Proposal(Height(1), Round(0), B, Round(-1), one),
    ]
    assert not any(exclude_each_other(reference, message) for message in harmless)


@pytest.mark.parametrize("what", ["canonical", "no validator", "exclude", "signed by", "signature"])
def test_what_is_wrong_with_evidence_is_named(validators, signed, what) -> None:
    one, other = (signed(vote(validators.addresses[0], value)) for value in (A, B))
    evidence = Evidence.of(one, other)
    match what:
        case "canonical":
            evidence = Evidence(evidence.second, evidence.first)
        case "no validator":
            stranger = b"stranger".ljust(20)
            evidence = Evidence.of(
                replace(one, validator=stranger), replace(other, validator=stranger)
            )
        case "exclude":
            evidence = Evidence(one, one)
        case "signed by":
            victim = validators.addresses[1]
            evidence = Evidence.of(replace(one, validator=victim), replace(other, validator=victim))
        case "signature":
            evidence = Evidence.of(one.signed(b""), other)
    with pytest.raises(InvalidEvidence, match=what):
        check_evidence(evidence, validators, CHAIN, recover)


@pytest.mark.parametrize(
    "data",
    [b"\x80", encode([b""]), encode([b"", b"", b""]), encode([[], b""]), encode([b"", []])],
    ids=["bytes", "one", "three", "a list first", "a list second"],
)
def test_what_is_no_pair_of_messages_is_no_evidence(data) -> None:
    with pytest.raises(Undecodable):
        decode_evidence(data)


def test_evidence_is_bounded(validators) -> None:
    with pytest.raises(Undecodable, match=f"at most {EVIDENCE_BYTES_MAX}"):
        decode_evidence(encode([b"x" * EVIDENCE_BYTES_MAX, b""]))
