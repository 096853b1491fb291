"""Every check fires when what it watches over is broken."""

from types import SimpleNamespace

import pytest

from consensus.messages import Report
from consensus.simulation.checks import (
    BrokenLock,
    Checks,
    Disagreement,
    FalseAccusation,
    InvalidDecision,
    LostState,
    NoProgress,
    SelfConflict,
    Unjustified,
    UntimelyDecision,
    Value,
    WrongProposer,
)
from consensus.simulation.cluster import validator_set
from consensus.values import Certificate, Proposal, ValueId, Vote, VoteKind

A, B, C = (ValueId(letter * 32) for letter in (b"a", b"b", b"c"))
SET = validator_set((1, 1, 1, 1))
V = SET.addresses
FAULTY = V[3]


@pytest.fixture
def checks() -> Checks:
    """Of four validators of which the last is faulty; round r of height 1 is proposed by the r-th."""
    watched = Checks([FAULTY], lambda height: SET)
    watched.built(A, Value(1_000, V[0], is_valid=True))
    watched.built(B, Value(2_000, V[0], is_valid=True))
    watched.built(C, Value(1_000, V[0], is_valid=False))
    return watched


def prevote(value, by=0, round=0, valid_round=-1) -> Vote:
    return Vote(VoteKind.PREVOTE, 1, round, value, V[by], valid_round=valid_round)


def precommit(value, by=0, round=0) -> Vote:
    return Vote(VoteKind.PRECOMMIT, 1, round, value, V[by])


def proposal(value, round=0, valid_round=-1) -> Proposal:
    return Proposal(1, round, value, valid_round, V[round])


def decision(value, height=1, round=0) -> Certificate:
    return Certificate(VoteKind.PRECOMMIT, height, round, value, ())


def say(checks, *messages) -> None:
    for message in messages:
        checks.said(message)


def decided(checks, value, heights=(1,), now_ms=2_000) -> None:
    """By the rules, in round 0."""
    for height in heights:
        say(
            checks,
            Proposal(height, 0, value, -1, V[0]),
            *(Vote(VoteKind.PREVOTE, height, 0, value, V[by]) for by in (0, 1)),
            *(Vote(VoteKind.PRECOMMIT, height, 0, value, V[by]) for by in (0, 1)),
        )
        checks.decided(decision(value, height), now_ms)


def test_a_run_by_the_rules_breaks_no_check(checks) -> None:
    decided(checks, A)
    assert checks.decisions == 1


def test_two_decisions_of_a_height_are_one(checks) -> None:
    decided(checks, A)
    with pytest.raises(Disagreement):
        checks.decided(decision(B), 2_000)


def test_an_invalid_value_is_not_decided(checks) -> None:
    with pytest.raises(InvalidDecision):
        checks.decided(decision(C), 2_000)


def test_a_value_that_nobody_built_is_not_decided(checks) -> None:
    with pytest.raises(InvalidDecision):
        checks.decided(decision(b"d" * 32), 2_000)


def test_a_decision_has_a_quorum_of_precommits(checks) -> None:
    """One correct validator's and the faulty one's are two of four."""
    say(checks, proposal(A), prevote(A, 0), prevote(A, 1), precommit(A, 0))
    with pytest.raises(InvalidDecision, match="too few"):
        checks.decided(decision(A), 2_000)


def test_time_grows_from_height_to_height(checks) -> None:
    decided(checks, A)
    with pytest.raises(UntimelyDecision):
        decided(checks, A, heights=(2,))


def test_no_decision_is_from_the_future(checks) -> None:
    with pytest.raises(UntimelyDecision):
        decided(checks, B, now_ms=999)


def test_a_decision_names_who_had_the_turn(checks) -> None:
    checks.built(b"e" * 32, Value(1_000, V[1], is_valid=True))
    with pytest.raises(WrongProposer):
        decided(checks, b"e" * 32)


def test_a_correct_validator_never_signs_two_values(checks) -> None:
    say(checks, proposal(A), prevote(A), prevote(A))
    with pytest.raises(SelfConflict):
        checks.said(prevote(None))


def test_two_valid_rounds_for_one_value_are_two_votes(checks) -> None:
    say(checks, prevote(None, 0, round=0))
    with pytest.raises(SelfConflict):
        checks.said(prevote(None, 0, round=0, valid_round=0))


def test_a_correct_proposer_never_proposes_twice(checks) -> None:
    checks.said(proposal(A))
    with pytest.raises(SelfConflict):
        checks.said(proposal(B))


def test_a_faulty_validator_may_sign_anything(checks) -> None:
    say(checks, prevote(A, 3), prevote(B, 3), precommit(C, 3), proposal(A, round=3, valid_round=2))
    assert checks.decisions == 0


def test_nobody_proposes_out_of_turn(checks) -> None:
    with pytest.raises(Unjustified, match="turn"):
        checks.said(Proposal(1, 0, A, -1, V[1]))


def test_a_reproposal_has_a_polka(checks) -> None:
    say(checks, proposal(A), prevote(A, 0), *(precommit(None, by) for by in (0, 1)))
    with pytest.raises(Unjustified, match="no polka"):
        checks.said(proposal(A, round=1, valid_round=0))


def test_who_is_locked_proposes_a_value_at_least_as_late(checks) -> None:
    say(checks, proposal(A), prevote(A, 0), prevote(A, 1), precommit(A, 1), precommit(None, 0))
    with pytest.raises(Unjustified, match="not its valid value"):
        checks.said(proposal(B, round=1))


def test_a_prevote_is_for_what_was_proposed(checks) -> None:
    with pytest.raises(Unjustified, match="nobody proposed"):
        checks.said(prevote(A))


def test_a_prevote_repeats_the_proposals_valid_round(checks) -> None:
    """T30."""
    say(checks, proposal(A), prevote(A, 0), prevote(A, 1), *(precommit(None, b) for b in (0, 1)))
    say(checks, proposal(A, round=1, valid_round=0))
    with pytest.raises(Unjustified, match="nobody proposed"):
        checks.said(prevote(A, 0, round=1))


def test_a_prevote_is_for_a_valid_value(checks) -> None:
    say(checks, proposal(C))
    with pytest.raises(Unjustified, match="invalid"):
        checks.said(prevote(C))


def test_a_prevote_for_a_reproposal_has_its_polka(checks) -> None:
    """T4: the faulty validator proposes with a polka that is none."""
    say(checks, *(precommit(None, by) for by in (0, 1)))
    say(checks, *(precommit(None, by, round) for round in (1, 2) for by in (0, 1)))
    with pytest.raises(Unjustified, match="no polka"):
        checks.said(prevote(A, 0, round=3, valid_round=1))


def test_a_precommit_has_a_polka(checks) -> None:
    say(checks, proposal(A), prevote(A, 0))
    with pytest.raises(Unjustified, match="no polka"):
        checks.said(precommit(A, 0))


def test_a_lock_holds_without_a_later_polka(checks) -> None:
    """T1."""
    say(checks, proposal(A), prevote(A, 0), prevote(A, 1), precommit(A, 0), precommit(None, 1))
    say(checks, proposal(B, round=1))
    with pytest.raises(BrokenLock):
        checks.said(prevote(B, 0, round=1))


def test_a_round_begins_after_a_quorum_of_precommits(checks) -> None:
    """L65."""
    say(checks, precommit(None, 0))
    with pytest.raises(Unjustified, match="nothing leads to round 1"):
        checks.said(prevote(None, 0, round=1))
    say(checks, precommit(None, 1), prevote(None, 0, round=1))


def test_a_round_begins_when_more_than_a_third_is_there(checks) -> None:
    """L55, T5: the faulty one alone is not enough."""
    with pytest.raises(Unjustified):
        checks.said(prevote(None, 0, round=5))
    for by in (0, 1):
        checks._said.add(prevote(None, by, round=7))
    checks.said(prevote(None, 2, round=7))


def standing(round=0, locked=-1, valid=-1) -> SimpleNamespace:
    return SimpleNamespace(height=1, round=round, grounds=(locked, valid))


@pytest.mark.parametrize(
    "lost", [standing(1, 0, 1), standing(2, -1, 1), standing(2, 0, 0)], ids=str
)
def test_a_crash_loses_no_round_lock_or_valid_value(checks, lost) -> None:
    """T11."""
    checks.stands(V[0], standing(2, 0, 1))
    checks.recovered(V[0], standing(2, 0, 1))
    with pytest.raises(LostState):
        checks.recovered(V[0], lost)


def test_a_correct_validator_is_never_reported(checks) -> None:
    checks.reported(Report(prevote(A, 3), prevote(B, 3)))
    with pytest.raises(FalseAccusation):
        checks.reported(Report(prevote(A), prevote(B)))


def test_every_correct_validator_must_get_there(checks) -> None:
    checks.finished([3, 4], heights=3)
    with pytest.raises(NoProgress, match=r"\[3, 2\]"):
        checks.finished([3, 2], heights=3)


def test_rounds_after_healing_are_few(checks) -> None:
    """L1."""
    checks.decided_in_rounds([3, 0], rounds_max=3)
    with pytest.raises(NoProgress, match=r"\[3, 4\]"):
        checks.decided_in_rounds([3, 4], rounds_max=3)
