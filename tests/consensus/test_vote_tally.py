"""T6, T27: who is counted for what."""

import pytest

from consensus.values import Height, Round, ValueId, Vote, VoteKind
from consensus.vote_tally import VALUES_PER_VALIDATOR_MAX, VoteTally

A, B = ValueId(b"a" * 32), ValueId(b"b" * 32)
PREVOTE, PRECOMMIT = VoteKind


@pytest.fixture
def tally(validators) -> VoteTally:
    return VoteTally(validators)


@pytest.fixture
def votes(validators):
    def made(kind, value, *indexes, round=0, valid_round=-1):
        return [
            Vote(
                kind,
                Height(1),
                Round(round),
                value,
                validators.addresses[index],
                valid_round=valid_round,
            )
            for index in indexes
        ]

    return made


def cast(tally, votes) -> None:
    for vote in votes:
        if tally.would_keep(vote):
            tally.add(vote)


def test_three_of_four_are_a_quorum_and_two_are_none(tally, votes) -> None:
    """T27: exactly at the boundary, for a value, for nil and for anything."""
    cast(tally, votes(PREVOTE, A, 0, 1))
    cast(tally, votes(PRECOMMIT, None, 0, 1))
    assert not tally.has_quorum_for(PREVOTE, 0, A)
    assert not tally.has_quorum_for(PRECOMMIT, 0, None)
    assert not tally.has_quorum_of_any(PREVOTE, 0)
    cast(tally, [*votes(PREVOTE, A, 2), *votes(PRECOMMIT, None, 2)])
    assert tally.has_quorum_for(PREVOTE, 0, A)
    assert tally.has_quorum_for(PRECOMMIT, 0, None)
    assert tally.has_quorum_of_any(PREVOTE, 0)


def test_kinds_rounds_and_values_are_counted_apart(tally, votes) -> None:
    cast(tally, [*votes(PREVOTE, A, 0, 1), *votes(PRECOMMIT, A, 2), *votes(PREVOTE, B, 3)])
    cast(tally, votes(PREVOTE, A, 2, round=1))
    assert tally.power_for(PREVOTE, 0, A) == 2
    assert tally.power_for(PRECOMMIT, 0, A) == tally.power_for(PREVOTE, 1, A) == 1
    assert tally.power_for(PREVOTE, 0, None) == 0
    assert tally.has_quorum_of_any(PREVOTE, 0)
    assert not tally.has_quorum_for(PREVOTE, 0, A)
    assert tally.voters(PREVOTE, 0) == {vote.validator for vote in votes(PREVOTE, A, 0, 1, 3)}


def test_quorums_are_told_by_kind_and_nil_is_neither_a_polka_nor_a_decision(tally, votes) -> None:
    cast(tally, votes(PREVOTE, None, 0, 1, 2))
    cast(tally, votes(PRECOMMIT, None, 0, 1, 2))
    assert tally.polkas == tally.commit_quorums == []
    assert tally.quorums(PREVOTE, 0) == []
    cast(tally, votes(PREVOTE, A, 0, 1, 2, round=3))
    cast(tally, votes(PRECOMMIT, B, 0, 1, 2, round=4))
    assert tally.polkas == [(3, A)]
    assert tally.commit_quorums == [(4, B)]
    assert tally.polkas_between(2, 4) == [(3, A)]
    assert tally.polkas_between(3, 4) == tally.polkas_between(2, 3) == []


def test_an_equivocator_counts_once_for_each_value_and_once_for_any(tally, votes) -> None:
    """T6."""
    cast(tally, [*votes(PREVOTE, A, 0), *votes(PREVOTE, B, 0), *votes(PREVOTE, None, 0)])
    assert [tally.power_for(PREVOTE, 0, value) for value in (A, B, None)] == [1, 1, 1]
    cast(tally, votes(PREVOTE, A, 1))
    assert not tally.has_quorum_of_any(PREVOTE, 0)


def test_two_valid_rounds_for_one_value_count_once_for_it(tally, votes) -> None:
    """T6, T30: else one validator would be a quorum by itself."""
    for valid_round in (-1, 0, 1, 2):
        cast(tally, votes(PREVOTE, A, 0, round=3, valid_round=valid_round))
    assert tally.power_for(PREVOTE, 3, A) == 1
    assert len(tally.votes(PREVOTE, 3)) == 4
    assert tally.votes_for(PREVOTE, 3, A) == votes(PREVOTE, A, 0, round=3)


def test_votes_with_different_valid_rounds_make_one_polka(tally, votes) -> None:
    """T30: an equivocating proposer must not be able to split it."""
    for index, valid_round in enumerate((-1, 0, 1)):
        cast(tally, votes(PREVOTE, A, index, round=2, valid_round=valid_round))
    assert tally.polkas == [(2, A)]


def test_an_equivocator_is_told_once_a_round_and_kind_with_its_first_vote(tally, votes) -> None:
    """T6: kept as evidence."""
    (first,), (second,), (third,) = (votes(PREVOTE, value, 0) for value in (A, B, None))
    assert [tally.add(vote) for vote in (first, second, third)] == [None, first, None]
    (other,) = votes(PREVOTE, A, 0, round=1)
    (again,) = votes(PREVOTE, A, 0, round=1, valid_round=0)
    assert [tally.add(vote) for vote in (other, again)] == [None, other]


def test_what_one_validator_can_fill_is_bounded(tally, votes) -> None:
    """T6, T23: but a certificate's votes count all the same."""
    values = [ValueId(bytes([number]) * 32) for number in range(9)]
    for value in values:
        cast(tally, votes(PREVOTE, value, 0))
    assert len(tally.votes(PREVOTE, 0)) == VALUES_PER_VALIDATOR_MAX == 4
    (late,) = votes(PREVOTE, A, 0)
    assert not tally.would_keep(late)
    assert tally.would_keep(late, is_certified=True)
    cast(tally, votes(PREVOTE, A, 1))
    assert len(tally.votes(PREVOTE, 0)) == 5


def test_the_same_vote_is_kept_once(tally, votes) -> None:
    """T10."""
    (vote,) = votes(PREVOTE, A, 0)
    assert not tally.holds(vote)
    tally.add(vote)
    assert tally.holds(vote.signed(b"other"))
    assert not tally.would_keep(vote.signed(b"other"), is_certified=True)
    assert not tally.holds(votes(PREVOTE, A, 0, round=1, valid_round=0)[0])
    assert not tally.holds(votes(PREVOTE, B, 0)[0])
    assert not tally.holds(votes(PREVOTE, A, 1)[0])


def test_where_nobody_voted_there_is_nothing(tally) -> None:
    assert tally.power_for(PREVOTE, 7, A) == 0
    assert tally.voters(PREVOTE, 7) == frozenset()
    assert tally.votes(PREVOTE, 7) == ()
    assert not tally.has_quorum_for(PREVOTE, 7, A)


def test_a_quorum_is_told_once_however_many_more_vote(tally, votes) -> None:
    cast(tally, [*votes(PREVOTE, A, 0, 1, 2, 3), *votes(PRECOMMIT, A, 0, 1, 2, 3)])
    assert tally.polkas == tally.commit_quorums == [(0, A)]
    assert tally.quorums(PREVOTE, 0) == [A]
