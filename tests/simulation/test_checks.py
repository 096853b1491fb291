"""Each check fires: one that never does proves nothing."""

import pytest

from consensus.messages import Report
from consensus.simulation.checks import (
    Checks,
    Disagreement,
    FalseAccusation,
    InvalidDecision,
    NoProgress,
    SelfConflict,
)
from consensus.values import Certificate, Proposal, Vote, VoteKind

HONEST, FAULTY = b"h" * 20, b"f" * 20
A, B = b"a" * 32, b"b" * 32


@pytest.fixture
def checks() -> Checks:
    checks = Checks([FAULTY])
    checks.built(A)
    checks.built(B)
    return checks


def decision(value, height=1) -> Certificate:
    return Certificate(VoteKind.PRECOMMIT, height, 0, value, ())


def prevote(value, validator=HONEST, round=0) -> Vote:
    return Vote(VoteKind.PREVOTE, 1, round, value, validator)


def test_two_decisions_of_one_height_disagree(checks) -> None:
    checks.decided(decision(A))
    checks.decided(decision(A))
    checks.decided(decision(B, height=2))
    with pytest.raises(Disagreement):
        checks.decided(decision(B))


def test_a_value_that_nobody_built_is_no_valid_decision(checks) -> None:
    with pytest.raises(InvalidDecision):
        checks.decided(decision(b"c" * 32))


def test_a_correct_validator_never_signs_two_values(checks) -> None:
    checks.said(prevote(A))
    checks.said(prevote(A))
    checks.said(prevote(B, round=1))
    with pytest.raises(SelfConflict):
        checks.said(prevote(None))


def test_a_correct_proposer_never_proposes_twice(checks) -> None:
    checks.said(Proposal(1, 1, A, -1, HONEST))
    with pytest.raises(SelfConflict):
        checks.said(Proposal(1, 1, A, 0, HONEST))


def test_a_faulty_validator_may_sign_anything(checks) -> None:
    checks.said(prevote(A, FAULTY))
    checks.said(prevote(B, FAULTY))


def test_a_correct_validator_is_never_reported(checks) -> None:
    checks.reported(Report(prevote(A, FAULTY), prevote(B, FAULTY)))
    with pytest.raises(FalseAccusation):
        checks.reported(Report(prevote(A), prevote(B)))


def test_every_correct_validator_must_get_there(checks) -> None:
    checks.finished([3, 4], heights=3)
    with pytest.raises(NoProgress, match=r"\[3, 2\]"):
        checks.finished([3, 2], heights=3)
