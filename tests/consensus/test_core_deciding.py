"""L47–L56 and L65–L67: deciding, in any round, and leaving a round."""

from consensus.messages import CheckValue, Learned, Received
from consensus.values import Certificate, Proposal, Step, ValueId, VoteKind

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def test_a_quorum_of_precommits_for_a_valid_value_decides(script) -> None:
    """L49–51."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 0, 1))
    assert s.decisions() == []
    s.feed(*s.precommits(A, 2))
    assert s.decisions() == [(0, A)]


def test_the_decision_carries_the_precommits_in_order_of_address(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 2, 0, 1))
    certificate = s.effects[-1].certificate
    assert [signer for signer, _ in certificate.signatures] == list(s.validators.addresses[:3])


def test_a_value_is_decided_in_a_past_round(script) -> None:
    """L49, T20: the last precommit of round 0 comes in round 1 (TestCommitFromPreviousRound)."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 0, 1), *s.precommits(None, 2))
    s.feed(s.elapsed(Step.PRECOMMIT))
    assert s.core.view().round == 1
    s.feed(*s.precommits(A, 3))
    assert s.decisions() == [(0, A)]


def test_a_proposal_of_a_past_round_that_comes_last_decides(script) -> None:
    """L49, T20."""
    s = script().start()
    s.feed(*s.precommits(A, 0, 1, 2), s.elapsed(Step.PRECOMMIT))
    assert s.core.view().round == 1
    s.feed(s.proposal(A))
    assert CheckValue(s.height, 1, A, 0) in s.effects
    s.feed(s.checked(A, round=1))
    assert s.decisions() == [(0, A)]


def test_a_decision_needs_the_rounds_own_proposal(script) -> None:
    """L49: PROPOSAL of round r from its proposer; a valid value known from round 0 is not enough."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(None, 0, 1, 2))
    s.feed(*s.precommits(A, 0, 1, 2, round=1))
    assert s.decisions() == []
    s.feed(s.proposal(A, round=1))
    assert s.decisions() == [(1, A)]


def test_a_value_that_is_invalid_here_is_not_decided_by_votes(script) -> None:
    """L50."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A, is_valid=False), *s.precommits(A, 0, 1, 2))
    assert s.decisions() == []
    s.feed(s.checked(A, is_valid=False))
    assert s.decisions() == []


def test_a_commit_certificate_decides_in_any_step(script) -> None:
    """Somebody else gathered it: no proposal, no check, no vote is needed."""
    s = script().start()
    s.feed(Learned(certificate_of(s, A, (0, 1, 2), round=3)))
    assert s.decisions() == [(3, A)]


def test_a_commit_certificate_of_another_height_is_ignored(script) -> None:
    s = script().start(2)
    certificate = certificate_of(s, A, (0, 1, 2))
    assert s.start(3).feed(Learned(certificate)).effects == []


def test_after_the_decision_nothing_happens_until_the_next_height(script) -> None:
    """L51: while decision = nil."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 0, 1, 2))
    assert s.feed(*s.precommits(A, 3), s.elapsed(Step.PRECOMMIT)).effects == []
    assert s.start(2).timers() == [(Step.PROPOSE, 0, 1_000)]


def test_a_new_height_forgets_lock_and_valid_value(script) -> None:
    """L53."""
    s = script().locked_on(A).start(2)
    view = s.core.view()
    assert (view.height, view.round, view.step) == (2, 0, Step.PROPOSE)
    assert view.locked_value is view.valid_value is None
    assert view.locked_round == view.valid_round == -1


def test_the_precommit_timeout_is_scheduled_once_on_a_quorum_of_any_precommits(script) -> None:
    """L47–48, T19, in any step."""
    s = script().start()
    s.feed(*s.precommits(A, 0), *s.precommits(None, 1))
    assert s.timers() == []
    s.feed(*s.precommits(B, 2))
    assert s.timers() == [(Step.PRECOMMIT, 0, 500)]
    s.feed(*s.precommits(A, 3))
    assert s.timers() == []


def test_the_precommit_timeout_starts_the_next_round(script) -> None:
    """L65–67."""
    s = script().start()
    s.feed(*s.precommits(A, 0), *s.precommits(None, 1, 2), s.elapsed(Step.PRECOMMIT))
    assert s.core.view().round == 1
    assert s.timers()[-1] == (Step.PROPOSE, 1, 1_500)


def test_a_quorum_of_nil_precommits_starts_the_next_round_at_once(script) -> None:
    """T19 (cometbft#1431): nothing can be decided in this one."""
    s = script().start()
    s.feed(*s.precommits(None, 0, 1, 2))
    assert s.core.view().round == 1
    assert s.timers() == [(Step.PROPOSE, 1, 1_500)]


def test_a_third_of_distinct_senders_in_a_later_round_is_followed(script) -> None:
    """L55–56, T5: f+1, any kind of message."""
    s = script().start()
    s.feed(*s.prevotes(A, 0, round=5))
    assert s.core.view().round == 0
    s.feed(*s.precommits(None, 1, round=5))
    assert s.core.view().round == 5


def test_one_sender_with_all_kinds_of_messages_is_not_followed(script) -> None:
    """T5: counted once; round 5 is proposed by validator 1."""
    s = script().start()
    s.feed(*s.prevotes(A, 1, round=5), *s.precommits(A, 1, round=5), s.proposal(A, round=5))
    assert s.core.view().round == 0


def test_exactly_a_third_is_not_followed(script) -> None:
    """T5, T27: 2 of 6 may all be faulty."""
    s = script(own=5, powers=(1, 1, 1, 1, 1, 1)).start()
    s.feed(*s.prevotes(A, 0, 1, round=2))
    assert s.core.view().round == 0
    s.feed(*s.prevotes(A, 2, round=2))
    assert s.core.view().round == 2


def test_senders_of_different_later_rounds_do_not_add_up(script) -> None:
    """L55: f+1 with the same round."""
    s = script().start()
    s.feed(*s.prevotes(A, 0, round=5), *s.prevotes(A, 1, round=6))
    assert s.core.view().round == 0


def test_votes_that_made_us_skip_count_in_the_round(script) -> None:
    """L55–56: the message log keeps them."""
    s = script().start()
    s.feed(*s.prevotes(None, 0, 1, 2, round=2))
    s.feed(s.elapsed(Step.PROPOSE, round=2))
    assert s.said() == [("PREVOTE", 2, None), ("PRECOMMIT", 2, None)]


def test_a_decision_in_a_round_that_was_skipped_is_found(script) -> None:
    """L49, T20: precommits of round 1 wait while we are in round 0; round 2 pulls us past it."""
    s = script().start()
    s.feed(s.proposal(A, round=1), *s.precommits(A, 0, round=1))
    s.feed(*s.prevotes(None, 1, 2, round=2))
    assert s.core.view().round == 2
    s.feed(*s.precommits(A, 1, 2, round=1))
    s.feed(s.checked(A, round=2))
    assert s.decisions() == [(1, A)]


def test_timeouts_grow_linearly_to_a_cap(script) -> None:
    """T18."""
    s = script().start()
    s.feed(*s.prevotes(None, 0, 1, round=6))
    assert s.timers() == [(Step.PROPOSE, 6, 1_000 + 6 * 500)]
    s.feed(*s.prevotes(None, 0, 1, round=4_001))
    assert s.timers() == [(Step.PROPOSE, 4_001, 60_000)]


def test_votes_for_two_values_by_one_validator_count_for_both(script) -> None:
    """T6: which of an equivocator's votes comes first must not decide."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    s.feed(*s.precommits(B, 0), *s.precommits(A, 0), *s.precommits(A, 1, 2))
    assert s.decisions() == [(0, A)]


def test_an_equivocator_is_reported_once_a_kind_and_round(script) -> None:
    """T6."""
    s = script().start()
    s.feed(*s.prevotes(A, 0), *s.prevotes(B, 0), *s.prevotes(None, 0))
    assert [(r.first.value_id, r.second.value_id) for r in s.reports()] == [(A, B)]
    s.feed(*s.precommits(A, 0), *s.precommits(B, 0))
    assert len(s.reports()) == 1


def test_the_same_vote_signed_twice_is_no_fault(script) -> None:
    """T10: duplicates are normal."""
    s = script().start()
    first = s.prevotes(A, 0)[0].message
    s.feed(Received(first.signed(b"1" * 65)), Received(first.signed(b"2" * 65)))
    assert s.effects == []


def test_a_proposer_that_proposes_twice_is_reported_once(script) -> None:
    """T6, for proposals."""
    s = script().start()
    s.feed(s.proposal(A), s.proposal(B), s.proposal(ValueId(b"c" * 32)))
    assert [(r.first.value_id, r.second.value_id) for r in s.reports()] == [(A, B)]


def test_an_equivocating_proposers_second_value_can_be_decided(script) -> None:
    """L49 asks only for a proposal of the round's proposer, not for the first one."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), s.proposal(B), *s.precommits(B, 0, 1, 2))
    s.feed(s.checked(B))
    assert s.decisions() == [(0, B)]


def test_a_polka_certificate_counts_as_its_prevotes(script) -> None:
    """T6, T7: as one unit, beyond the limit on an equivocator's votes."""
    s = script().start()
    noise = [ValueId(bytes([number]) * 32) for number in range(10)]
    s.feed(s.elapsed(Step.PROPOSE), s.proposal(A), s.checked(A))
    for value in noise:
        s.feed(*s.prevotes(value, 0))
    s.feed(*s.prevotes(A, 0, 1, 2))
    assert s.core.view().locked_value is None
    s.feed(Learned(certificate_of(s, A, (0, 1, 2), kind=VoteKind.PREVOTE)))
    assert s.core.view().locked_value == A


def test_a_polka_certificate_of_a_later_round_is_followed(script) -> None:
    """L55: more than a third spoke there."""
    s = script().start()
    s.feed(Learned(certificate_of(s, A, (0, 1, 2), round=4, kind=VoteKind.PREVOTE)))
    assert s.core.view().round == 4


def test_a_validator_alone_decides_alone(script) -> None:
    """T31 (besu#6457)."""
    s = script(own=0, powers=(5,)).start()
    s.feed(s.built(A))
    assert s.said() == [("PROPOSAL", 0, A), ("PREVOTE", 0, A), ("PRECOMMIT", 0, A)]
    assert s.decisions() == [(0, A)]


def certificate_of(
    s, value, indexes, round: int = 0, kind: VoteKind = VoteKind.PRECOMMIT
) -> Certificate:
    signers = sorted(s.validators.addresses[index] for index in indexes)
    return Certificate(kind, s.height, round, value, tuple((one, b"s" * 65) for one in signers))


def test_a_proposal_beyond_the_limit_is_kept_when_a_correct_validator_votes_for_it(script) -> None:
    """T6, T23: an equivocating proposer cannot crowd out the value that the others decide."""
    s = script().start()
    for number in range(10):
        s.feed(s.proposal(ValueId(bytes([number]) * 32)))
    assert len(s.core.view().rounds[0].proposals) == 4
    s.feed(s.proposal(A))
    assert len(s.core.view().rounds[0].proposals) == 4
    s.feed(*s.precommits(A, 0, 1, 2), s.proposal(A))
    assert s.core.view().rounds[0].proposals[-1] == Proposal(
        s.height, 0, A, -1, s.validators.addresses[0]
    )
    s.feed(s.checked(A))
    assert s.decisions() == [(0, A)]
