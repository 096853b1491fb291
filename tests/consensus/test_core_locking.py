"""L34–L46 and L61–L64: polkas, locks and the precommit."""

from consensus.messages import CheckValue
from consensus.values import Step, ValueId

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def prevoted(script, value=A):
    """In step prevote of round 0, having prevoted the value."""
    s = script().start()
    return s.feed(s.proposal(value), s.checked(value))


def test_a_polka_locks_the_value_and_is_precommitted(script) -> None:
    """L36–43."""
    s = prevoted(script)
    s.feed(*s.prevotes(A, 0, 1))
    assert s.said() == [("PRECOMMIT", 0, A)]
    view = s.core.view()
    assert (view.locked_value, view.locked_round) == (A, 0)
    assert (view.valid_value, view.valid_round) == (A, 0)
    assert view.step is Step.PRECOMMIT


def test_a_polka_in_step_propose_waits_for_the_prevote(script) -> None:
    """L36: step ≥ prevote."""
    s = script().start()
    s.feed(s.proposal(A), *s.prevotes(A, 0, 1, 2))
    assert s.said() == []
    assert s.core.view().valid_value is None
    s.feed(s.checked(A))
    assert s.said() == [("PREVOTE", 0, A), ("PRECOMMIT", 0, A)]


def test_a_polka_for_a_known_value_waits_for_the_prevote_too(script) -> None:
    """L36: step ≥ prevote; the value is valid, but its re-proposal lacks its own polka."""
    s = prevoted(script)
    s.feed(*s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0), *s.prevotes(A, 0, 1, 2, round=1))
    assert s.said() == []
    assert s.core.view().valid_value is None
    s.feed(s.elapsed(Step.PROPOSE, round=1))
    assert s.said() == [("PREVOTE", 1, None), ("PRECOMMIT", 1, A)]


def test_a_lock_gives_way_to_a_polka_of_its_own_round(script) -> None:
    """L29: lockedRound ≤ vr. Two polkas of one round need more than a third faulty, and still."""
    s = script().locked_on(A)
    s.feed(*s.prevotes(B, 0, 1, 2, round=0))
    s.feed(s.proposal(B, round=1, valid_round=0), s.checked(B, round=1))
    assert s.said() == [("PREVOTE", 1, B)]


def test_a_polka_after_the_precommit_sets_the_valid_value_but_no_lock(script) -> None:
    """L42–43 without L37–41, T2."""
    s = prevoted(script)
    s.feed(*s.prevotes(None, 0, 1), s.elapsed(Step.PREVOTE))
    assert s.said() == [("PRECOMMIT", 0, None)]
    s.feed(*s.prevotes(A, 0, 1, 2))
    view = s.core.view()
    assert (view.valid_value, view.valid_round, view.locked_value) == (A, 0, None)
    assert s.said() == []


def test_a_proposal_after_its_polka_sets_the_valid_value(script) -> None:
    """L36, L42–43, T2: the proposal comes last, after a nil precommit."""
    s = script().start()
    s.feed(s.elapsed(Step.PROPOSE), *s.prevotes(A, 0, 1, 2))
    s.feed(s.elapsed(Step.PREVOTE))
    s.feed(s.proposal(A))
    s.feed(s.checked(A))
    view = s.core.view()
    assert (view.valid_value, view.valid_round, view.locked_value) == (A, 0, None)


def test_a_polka_for_a_value_that_is_invalid_here_changes_nothing(script) -> None:
    """L36: while valid(v). Asked again without its time, which no longer matters."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A, is_valid=False))
    s.feed(*s.prevotes(A, 0, 1, 2))
    assert CheckValue(s.height, 0, A, 0) in s.effects
    s.feed(s.checked(A, is_valid=False))
    assert s.said() == []
    assert s.core.view().valid_value is None


def test_an_untimely_value_with_a_polka_is_locked_after_all(script) -> None:
    """L36, T24: this validator's clock refused it, a quorum's did not."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A, is_valid=False))
    assert s.said() == [("PREVOTE", 0, None)]
    s.feed(*s.prevotes(A, 0, 1, 2))
    s.feed(s.checked(A))
    assert s.said() == [("PRECOMMIT", 0, A)]


def test_a_nil_polka_is_precommitted_at_once(script) -> None:
    """L44–46, T19: no wait for the timeout."""
    s = prevoted(script)
    s.feed(*s.prevotes(None, 0, 1, 2))
    assert s.said() == [("PRECOMMIT", 0, None)]
    assert s.core.view().round == 0


def test_a_nil_polka_never_drops_a_lock(script) -> None:
    """L44–46, T1 (TestStateLock_POLDoesNotUnlock)."""
    s = script().locked_on(A)
    s.feed(s.elapsed(Step.PROPOSE, round=1), *s.prevotes(None, 0, 1, 2, round=1))
    assert ("PRECOMMIT", 1, None) in s.said()
    view = s.core.view()
    assert (view.locked_value, view.locked_round) == (A, 0)
    s.feed(*s.precommits(None, 0, 1, 2, round=1))
    s.feed(s.proposal(B, round=2))
    assert ("PREVOTE", 2, None) in s.said()


def test_a_later_polka_moves_the_lock(script) -> None:
    """L36–39."""
    s = script().locked_on(A)
    s.feed(s.proposal(B, round=1), *s.prevotes(B, 0, 1, 2, round=1))
    s.feed(s.checked(B, round=1))
    view = s.core.view()
    assert (view.locked_value, view.locked_round) == (B, 1)
    assert ("PRECOMMIT", 1, B) in s.said()


def test_the_prevote_timeout_is_scheduled_once_on_a_quorum_of_any_prevotes(script) -> None:
    """L34–35, T19: not on the step, and not on every further vote."""
    s = prevoted(script)
    assert s.timers() == []
    s.feed(*s.prevotes(A, 0))
    assert s.timers() == []
    s.feed(*s.prevotes(None, 1))
    assert s.timers() == [(Step.PREVOTE, 0, 500)]
    s.feed(*s.prevotes(B, 2))
    assert s.timers() == []


def test_an_equivocator_counts_once_among_any_prevotes(script) -> None:
    """L34, T6: 2f+1 validators, not votes."""
    s = prevoted(script)
    s.feed(*s.prevotes(A, 0), *s.prevotes(B, 0), *s.prevotes(None, 0))
    assert s.timers() == []
    s.feed(*s.prevotes(None, 1))
    assert s.timers() == [(Step.PREVOTE, 0, 500)]


def test_prevotes_in_step_propose_schedule_nothing(script) -> None:
    """L34: while step = prevote."""
    s = script().start()
    s.feed(*s.prevotes(A, 0), *s.prevotes(None, 1, 2))
    assert s.timers() == []
    s.feed(s.elapsed(Step.PROPOSE))
    assert (Step.PREVOTE, 0, 500) in s.timers()


def test_the_prevote_timeout_gives_a_nil_precommit(script) -> None:
    """L61–64."""
    s = prevoted(script)
    s.feed(*s.prevotes(None, 0, 1), s.elapsed(Step.PREVOTE))
    assert s.said() == [("PRECOMMIT", 0, None)]


def test_the_prevote_timeout_after_the_precommit_does_nothing(script) -> None:
    """L62: step = prevote."""
    s = prevoted(script)
    s.feed(*s.prevotes(A, 0, 1))
    assert s.feed(s.elapsed(Step.PREVOTE)).effects == []


def test_exactly_two_thirds_is_no_quorum(script) -> None:
    """T27: 4 of 6 is no polka, 5 of 6 is."""
    s = script(own=5, powers=(1, 1, 1, 1, 1, 1)).start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1, 2))
    assert ("PRECOMMIT", 0, A) not in s.said()
    assert s.core.view().locked_value is None
    s.feed(*s.prevotes(A, 3))
    assert s.said() == [("PRECOMMIT", 0, A)]


def test_power_counts_and_not_heads(script) -> None:
    """T27: one validator of power 7 of 10 is a quorum; three of power 1 are none."""
    s = script(own=3, powers=(1, 1, 1, 7)).start()
    s.feed(*s.prevotes(None, 0, 1, 2))
    assert s.core.view().step is Step.PROPOSE
    s.feed(s.elapsed(Step.PROPOSE))
    assert s.said() == [("PREVOTE", 0, None), ("PRECOMMIT", 0, None)]
