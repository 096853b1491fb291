"""T7, T20, T23, T30: what a validator tells others of polkas, and is told of rounds."""

from consensus.core import HIDDEN_LOCK_ROUND
from consensus.early_messages import MESSAGES_PER_ROUND_MAX, ROUNDS_PER_VALIDATOR_MAX
from consensus.messages import Broadcast, CheckValue, Learned, Persist, Publish, Received
from consensus.values import Certificate, RoundCertificate, Step, ValueId, VoteKind

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def published(s) -> list[tuple[int, ValueId]]:
    return [
        (effect.certificate.round, effect.certificate.value_id)
        for effect in s.effects
        if isinstance(effect, Publish)
    ]


def test_a_prevote_carries_the_valid_round_of_what_it_answers(script) -> None:
    """L24, L30, T30: none for a fresh proposal, the polka's for another."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    assert [vote.valid_round for vote in s.broadcasts()] == [-1]
    s.feed(*s.prevotes(A, 0, 1), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(A, round=1, valid_round=0))
    assert s.said() == [("PREVOTE", 1, A)]
    assert [vote.valid_round for vote in s.broadcasts()] == [0]


def test_nil_prevotes_and_precommits_carry_no_valid_round(script) -> None:
    """L26, L32, L40, T30."""
    s = script().locked_on(A)
    s.feed(*s.precommits(None, 0, 1, 2, round=1), *s.prevotes(B, 0, 1, 2, round=1))
    s.feed(s.proposal(B, round=2, valid_round=1), s.checked(B, is_valid=False, round=2))
    s.feed(*s.prevotes(None, 0, 1, round=2))
    assert s.said()[-1] == ("PRECOMMIT", 2, None)
    s.feed(*s.precommits(None, 0, 1, 2, round=2))
    s.feed(s.proposal(A, round=3, valid_round=0), *s.prevotes(A, 0, 1, round=3))
    precommit = s.broadcasts()[-1]
    assert (precommit.kind, precommit.value_id) == (VoteKind.PRECOMMIT, A)
    assert precommit.valid_round == -1


def test_a_reproposal_comes_with_its_polka(script) -> None:
    """L16, L28, T7: whoever did not see it can prevote at once; behind the `Persist`, before it."""
    s = script(own=1).start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 2))
    s.feed(*s.precommits(None, 0, 2, 3))
    kinds = [type(e) for e in s.effects if isinstance(e, Persist | Publish | Broadcast)][:3]
    assert kinds == [Persist, Publish, Broadcast]
    assert published(s) == [(0, A)]
    (publish,) = [effect for effect in s.effects if isinstance(effect, Publish)]
    signers = [who for who, _ in publish.certificate.signatures]
    assert signers == list(s.validators.addresses[:3])
    assert publish.certificate.kind is VoteKind.PREVOTE


def test_a_fresh_proposal_comes_with_nothing(script) -> None:
    s = script(own=1).start()
    s.feed(*s.precommits(None, 0, 2, 3))
    s.feed(s.built(A, round=1))
    assert s.said()[0] == ("PROPOSAL", 1, A)
    assert published(s) == []


def test_a_hidden_lock_is_published_by_everybody_after_some_rounds(script) -> None:
    """T7: its owner's turn may be far, and the others lack its polka."""
    s = script().locked_on(A)
    seen = []
    for round in range(1, HIDDEN_LOCK_ROUND + 2):
        s.feed(*s.precommits(None, 0, 1, 2, round=round))
        seen += [round + 1] * len(published(s))
    assert HIDDEN_LOCK_ROUND == 10
    assert s.core.view().round == 12
    # Its own turns are rounds 3, 7 and 11.
    assert seen == [3, 7, 10, 11, 12]


def test_a_late_polka_of_a_past_round_sets_the_valid_value_and_no_lock(script) -> None:
    """T7: so the next turn of anybody who has heard of it ends a hidden lock."""
    s = script(own=2).start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(None, 0, 1, 3))
    assert s.core.view().round == 1
    s.feed(*s.prevotes(A, 0, 1, 3))
    view = s.core.view()
    assert (view.valid_value, view.valid_round, view.locked_value) == (A, 0, None)
    assert s.said() == []
    s.feed(*s.precommits(None, 0, 1, 3, round=1))
    assert s.said() == [("PROPOSAL", 2, A), ("PREVOTE", 2, A)]
    assert [message.valid_round for message in s.broadcasts()] == [0, 0]


def test_a_late_polka_needs_its_proposal_and_a_valid_value(script) -> None:
    s = script(own=2).start()
    s.feed(*s.precommits(None, 0, 1, 3), *s.prevotes(A, 0, 1, 3))
    assert s.core.view().valid_value is None
    s.feed(s.proposal(A))
    assert CheckValue(s.height, 1, A, 0) in s.effects
    s.feed(s.checked(A, round=1, is_valid=False))
    assert s.core.view().valid_value is None
    other = script(own=2).start()
    other.feed(*other.precommits(None, 0, 1, 3), *other.prevotes(A, 0, 1, 3))
    other.feed(other.proposal(A), other.checked(A, round=1))
    assert other.core.view().valid_value == A


def test_a_late_polka_does_not_take_the_place_of_a_later_one(script) -> None:
    s = script(own=3).start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(None, 0, 1, 2))
    s.feed(s.proposal(B, round=1), s.checked(B, round=1), *s.prevotes(B, 0, 1, round=1))
    assert (s.core.view().valid_value, s.core.view().valid_round) == (B, 1)
    s.feed(*s.precommits(None, 0, 1, 2, round=1), *s.prevotes(A, 0, 1, 2))
    assert (s.core.view().valid_value, s.core.view().valid_round) == (B, 1)


def round_certificate(s, round, *indexes, kind=VoteKind.PREVOTE) -> RoundCertificate:
    votes = [s.vote(kind, index, None, round).message for index in indexes]
    return RoundCertificate(s.height, round, tuple(votes))


def test_a_round_certificate_is_followed(script) -> None:
    """L55, T5: as one unit."""
    s = script().start()
    s.feed(Learned(round_certificate(s, 7, 0, 1)))
    assert s.core.view().round == 7
    assert len(s.core.view().rounds[-1].prevotes) == 2


def test_a_round_certificate_counts_whatever_is_held_of_its_signers(script) -> None:
    """T6, T23: one of them named higher rounds, and filled this one with other votes."""
    s = script().start()
    for round in range(20, 20 + ROUNDS_PER_VALIDATOR_MAX):
        s.feed(*s.prevotes(A, 0, round=round))
    s.feed(*s.prevotes(A, 1, round=7))
    assert s.core.view().round == 0
    s.feed(*s.prevotes(A, 0, round=7))
    assert s.core.view().round == 0
    s.feed(Learned(round_certificate(s, 7, 0, 1)))
    assert s.core.view().round == 7


def test_a_round_certificate_of_a_round_behind_adds_its_votes_alone(script) -> None:
    s = script().start()
    s.feed(*s.prevotes(None, 0, 1, round=5))
    s.feed(Learned(round_certificate(s, 3, 1, 2)))
    view = s.core.view()
    assert view.round == 5
    assert len(view.rounds[3].prevotes) == 2


def test_a_round_certificate_of_another_height_or_that_is_known_changes_nothing(script) -> None:
    s = script().start(2)
    proof = round_certificate(s, 4, 0, 1)
    s.feed(Learned(proof))
    assert s.feed(Learned(proof)).effects == []
    assert s.start(3).feed(Learned(proof)).core.view().round == 0


def test_ever_higher_rounds_of_one_validator_leave_no_trail_in_the_journal(script) -> None:
    """T23: the network stands still, and one liar goes on for ever."""
    s = script().start()
    for round in range(1, 500):
        s.feed(*s.prevotes(A, 0, round=round), *s.precommits(B, 0, round=round))
    assert s.journal == []
    s.feed(s.elapsed(Step.PROPOSE))
    early = [i for i in s.journal if isinstance(i, Received) and i.message.round > 0]
    rounds = sorted({input.message.round for input in early})
    assert rounds == list(range(500 - ROUNDS_PER_VALIDATOR_MAX, 500))
    assert len(early) <= ROUNDS_PER_VALIDATOR_MAX * MESSAGES_PER_ROUND_MAX


def test_what_was_pushed_out_is_not_missed_in_a_replay(script) -> None:
    """T11, T23: the core that comes back stands where the one that fell stood."""
    from consensus.recovery import recover
    from consensus.timeouts import Timeouts

    s = script().start()
    for round in range(1, 20):
        s.feed(*s.prevotes(A, 0, round=round))
    s.feed(*s.prevotes(None, 1, round=18), s.elapsed(Step.PROPOSE, round=18))
    recovered = recover(s.validators.addresses[3], Timeouts(), s.journal).consensus
    assert recovered.position == s.core.position == (1, 18, Step.PREVOTE)
    s.feed(*s.prevotes(None, 1, round=19))
    recovered.handle(s.prevotes(None, 1, round=19)[0])
    assert recovered.position == s.core.position == (1, 19, Step.PROPOSE)


def test_a_polka_certificate_of_mixed_valid_rounds_counts_as_its_prevotes(script) -> None:
    """T30."""
    s = script().start()
    s.feed(*s.prevotes(None, 0, 1, round=2))
    s.feed(s.proposal(A, round=2), s.checked(A, round=2))
    pairs = tuple((who, b"s" * 65) for who in s.validators.addresses[:3])
    s.feed(Learned(Certificate(VoteKind.PREVOTE, s.height, 2, A, pairs, (-1, 0, 1))))
    view = s.core.view()
    assert (view.locked_value, view.rounds[-1].polka.valid_rounds) == (A, (-1, 0, 1, -1))


def test_two_prevotes_for_one_value_with_two_valid_rounds_are_reported(script) -> None:
    """T6, T30: a correct validator casts one prevote a round, on one proposal."""
    s = script().start()
    s.feed(*s.prevotes(None, 0, 1, round=1))
    (vote,) = s.prevotes(A, 2, round=1)
    again = Received(type(vote.message)(VoteKind.PREVOTE, 1, 1, A, vote.message.validator, b"", 0))
    s.feed(vote, again)
    assert [(r.first.valid_round, r.second.valid_round) for r in s.reports()] == [(-1, 0)]
