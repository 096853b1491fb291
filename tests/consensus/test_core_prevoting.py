"""L22–L33 and L57–L60: the prevote, and what a slow check does to it."""

import pytest

from consensus.messages import CheckValue
from consensus.values import Step, ValueId

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def test_a_valid_fresh_value_is_prevoted(script) -> None:
    """L22–24."""
    s = script().start()
    s.feed(s.proposal(A))
    assert s.effects == [CheckValue(s.height, 0, A, -1)]
    s.feed(s.checked(A))
    assert s.said() == [("PREVOTE", 0, A)]


def test_an_invalid_value_gets_a_nil_prevote(script) -> None:
    """L23, L26."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A, is_valid=False))
    assert s.said() == [("PREVOTE", 0, None)]


def test_a_locked_validator_refuses_another_value(script) -> None:
    """L22–26, T1: locked in round 0, it must not prevote a fresh value in round 1; it need not
    even check it first."""
    s = script().locked_on(A)
    s.feed(s.proposal(B, round=1))
    assert ("PREVOTE", 1, None) in s.said()


def test_a_locked_validator_prevotes_its_own_value_proposed_as_fresh(script) -> None:
    """L23: lockedValue = v."""
    s = script().locked_on(A)
    s.feed(s.proposal(A, round=1), s.checked(A, round=1))
    assert s.said() == [("PREVOTE", 1, A)]


def test_a_locked_validator_prevotes_another_value_with_a_polka_as_late_as_its_lock(script) -> None:
    """L28–30, T1: valid round ≥ locked round, with the polka held."""
    s = script().locked_on(A)
    s.feed(*s.precommits(None, 0, 1, 2, round=1))
    s.feed(*s.prevotes(B, 0, 1, 2, round=1))
    s.feed(s.proposal(B, round=2, valid_round=1), s.checked(B, round=2))
    assert s.said() == [("PREVOTE", 2, B)]


def test_a_locked_validator_refuses_a_value_whose_polka_is_older_than_its_lock(script) -> None:
    """L29, L32: locked in round 1, the polka is of round 0."""
    s = script().start()
    s.feed(*s.prevotes(B, 0, 1, 2), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1), s.checked(A, round=1), *s.prevotes(A, 0, 1, round=1))
    assert (s.core.view().locked_value, s.core.view().locked_round) == (A, 1)
    s.feed(*s.precommits(None, 0, 1, 2, round=1))
    s.feed(s.proposal(B, round=2, valid_round=0))
    assert ("PREVOTE", 2, None) in s.said()


def test_a_reproposal_is_not_prevoted_before_its_polka_is_held(script) -> None:
    """L28, T4: the proposer's word for it is not enough; a late prevote makes the rule fire."""
    s = script().start()
    s.feed(*s.prevotes(A, 0, 1), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0), s.checked(A, round=1))
    assert s.said() == []
    s.feed(*s.prevotes(A, 2, round=0))
    assert s.said() == [("PREVOTE", 1, A)]


def test_waiting_for_a_polka_does_not_stop_the_propose_timeout(script) -> None:
    """L28, L57, T4 (malachite#850)."""
    s = script().start()
    s.feed(*s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0), s.checked(A, round=1))
    s.feed(s.elapsed(Step.PROPOSE, round=1))
    assert s.said() == [("PREVOTE", 1, None)]


def test_an_invalid_value_with_a_polka_gets_a_nil_prevote(script) -> None:
    """L29, L32."""
    s = script().start()
    s.feed(*s.prevotes(A, 0, 1, 2), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0))
    assert CheckValue(s.height, 1, A, 0) in s.effects
    s.feed(s.checked(A, is_valid=False, round=1))
    assert s.said() == [("PREVOTE", 1, None)]


@pytest.mark.parametrize("valid_round", [1, 2, -2])
def test_a_valid_round_that_is_not_before_the_round_is_ignored(script, valid_round) -> None:
    """L28: vr ≥ 0 ∧ vr < round."""
    s = script().start()
    s.feed(*s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=valid_round))
    assert s.core.view().rounds[-1].proposals == ()


def test_one_prevote_a_round_even_if_the_proposer_sends_two_proposals(script) -> None:
    """L27: the step is left."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), s.proposal(B), s.checked(B))
    assert s.said() == [("PREVOTE", 0, A)]


def test_without_a_proposal_the_propose_timeout_gives_a_nil_prevote(script) -> None:
    """L57–60."""
    s = script().start()
    s.feed(s.elapsed(Step.PROPOSE))
    assert s.said() == [("PREVOTE", 0, None)]


def test_the_propose_timeout_after_the_prevote_does_nothing(script) -> None:
    """L58: step = propose."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    assert s.feed(s.elapsed(Step.PROPOSE)).effects == []


def test_a_value_under_check_defers_the_nil_prevote_once_to_the_cap(script) -> None:
    """L57 with an execution that takes longer than the proposal's time to arrive."""
    s = script().start()
    s.feed(s.proposal(A))
    s.feed(s.elapsed(Step.PROPOSE))
    assert s.said() == []
    assert s.timers() == [(Step.PROPOSE, 0, 60_000)]
    s.feed(s.checked(A))
    assert s.said() == [("PREVOTE", 0, A)]


def test_a_check_that_outlasts_the_cap_gives_a_nil_prevote(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.elapsed(Step.PROPOSE))
    s.feed(s.elapsed(Step.PROPOSE))
    assert s.said() == [("PREVOTE", 0, None)]


def test_a_deferred_nil_prevote_follows_the_check_when_the_polka_is_still_missing(script) -> None:
    """L28 and L57: there is nothing more to wait for than for any proposal without its polka."""
    s = script().start()
    s.feed(*s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0), s.elapsed(Step.PROPOSE, round=1))
    assert s.said() == []
    s.feed(s.checked(A, round=1))
    assert s.said() == [("PREVOTE", 1, None)]


def test_a_value_known_to_be_valid_is_not_checked_again_when_a_polka_stands_behind_it(
    script,
) -> None:
    """A check's answer holds for the height."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0))
    assert s.said() == [("PREVOTE", 1, A)]


def test_a_known_value_proposed_afresh_in_a_later_round_is_asked_about_again(script) -> None:
    """T24: its time is judged anew, as of the new round."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1))
    assert CheckValue(s.height, 1, A, -1) in s.effects
    s.feed(s.checked(A, is_valid=False, round=1))
    assert s.said() == [("PREVOTE", 1, None)]


def test_an_answer_of_an_earlier_round_is_remembered(script) -> None:
    """The check outlasts the round; the value comes back with its polka."""
    s = script().start()
    s.feed(s.proposal(A), *s.prevotes(A, 0, 1, 2), *s.precommits(None, 0, 1, 2))
    assert s.core.view().round == 1
    s.feed(s.checked(A, round=0))
    s.feed(s.proposal(A, round=1, valid_round=0))
    assert s.said() == [("PREVOTE", 1, A)]
