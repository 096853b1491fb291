"""T22, T23: what comes early is kept within limits per validator."""

import pytest

from consensus.early_messages import (
    HEIGHTS_AHEAD_MAX,
    MESSAGES_PER_HEIGHT_MAX,
    MESSAGES_PER_ROUND_MAX,
    ROUNDS_PER_VALIDATOR_MAX,
    EarlyHeights,
    EarlyRounds,
)
from consensus.values import Height, Round, ValueId, Vote, VoteKind


def vote(validator, round=1, height=1, number=0) -> Vote:
    value = ValueId(number.to_bytes(32, "big"))
    return Vote(VoteKind.PREVOTE, Height(height), Round(round), value, validator)


@pytest.fixture
def rounds(validators) -> EarlyRounds:
    return EarlyRounds(validators)


def test_one_validator_fills_its_own_rounds_only(rounds, validators) -> None:
    loud, quiet = validators.addresses[:2]
    kept = [rounds.add(vote(loud, number=n)) for n in range(10 * MESSAGES_PER_ROUND_MAX)]
    assert kept == [True] * MESSAGES_PER_ROUND_MAX + [False] * 9 * MESSAGES_PER_ROUND_MAX
    assert rounds.add(vote(quiet))
    assert len(list(rounds.release(Round(1)))) == MESSAGES_PER_ROUND_MAX + 1


def test_the_highest_rounds_of_a_validator_stay(rounds, validators) -> None:
    one = validators.addresses[0]
    assert ROUNDS_PER_VALIDATOR_MAX == 3
    assert all(rounds.add(vote(one, round)) for round in (5, 6, 7))
    assert not rounds.add(vote(one, 4))
    assert rounds.add(vote(one, 8))
    assert [v.round for v in rounds.release(Round(9))] == [6, 7, 8]


def test_what_one_validator_pushes_out_is_its_own(rounds, validators) -> None:
    """T23: another's message of the same round stays, and is told apart from what is gone."""
    one, other = validators.addresses[:2]
    for address in (one, other):
        rounds.add(vote(address, 5))
    for round in (6, 7, 8):
        rounds.add(vote(one, round))
    assert rounds.take_pushed_out() == [vote(one, 5)]
    assert rounds.take_pushed_out() == []
    assert rounds.holds(vote(other, 5))
    assert not rounds.holds(vote(one, 5))
    assert [v.validator for v in rounds.release(Round(5))] == [other]


def test_rounds_without_messages_leave_nothing_behind(rounds, validators) -> None:
    """T23: a liar counts upwards for ever."""
    for round in range(1, 1_000):
        rounds.add(vote(validators.addresses[0], round))
    assert len(rounds._rounds) == ROUNDS_PER_VALIDATOR_MAX


def test_the_highest_round_with_more_than_a_third_is_named(rounds, validators) -> None:
    """L55, T5: nobody has to go through those between."""
    for round in (3, 7, 5):
        for address in validators.addresses[:2]:
            rounds.add(vote(address, round))
    rounds.add(vote(validators.addresses[2], 9))
    assert rounds.round_to_skip_to() == 7


def test_votes_of_a_certificate_are_kept_beyond_the_limits(rounds, validators) -> None:
    """T6: it is one unit, checked; a part of it would prove nothing."""
    one = validators.addresses[0]
    for round in (5, 6, 7):
        rounds.add(vote(one, round))
    assert rounds.add(vote(one, 4), is_certified=True)
    for number in range(1, MESSAGES_PER_ROUND_MAX + 1):
        rounds.add(vote(one, 5, number=number))
    assert rounds.add(vote(one, 5, number=99), is_certified=True)


def test_the_same_message_is_kept_once(rounds, validators) -> None:
    assert rounds.add(vote(validators.addresses[0]))
    assert not rounds.add(vote(validators.addresses[0]).signed(b"another"))


def test_released_rounds_make_room(rounds, validators) -> None:
    one = validators.addresses[0]
    for round in (1, 2, 3):
        rounds.add(vote(one, round))
    assert [v.round for v in rounds.release(Round(2))] == [1, 2]
    assert rounds.add(vote(one, 4))
    assert rounds.add(vote(one, 5))
    assert [v.round for v in rounds.release(Round(5))] == [3, 4, 5]


def test_heights_ahead_are_kept_within_limits(validators) -> None:
    heights = EarlyHeights()
    one, other = validators.addresses[:2]
    for number in range(10 * MESSAGES_PER_HEIGHT_MAX):
        heights.add(vote(one, height=2, number=number), Height(1), validators)
    heights.add(vote(other, height=2), Height(1), validators)
    heights.add(vote(other, height=2), Height(1), validators)
    assert len(heights.release(Height(2))) == MESSAGES_PER_HEIGHT_MAX + 1


def test_only_the_next_heights_are_kept_and_of_validators_only(validators) -> None:
    heights = EarlyHeights()
    one = validators.addresses[0]
    for height in (1, 2 + HEIGHTS_AHEAD_MAX):
        heights.add(vote(one, height=height), Height(1), validators)
        assert heights.release(Height(height)) == []
    heights.add(vote(b"stranger".ljust(20), height=2), Height(1), validators)
    assert heights.release(Height(2)) == []


def test_a_height_that_was_passed_is_forgotten(validators) -> None:
    heights = EarlyHeights()
    for height in (2, 3):
        heights.add(vote(validators.addresses[0], height=height), Height(1), validators)
    assert [v.height for v in heights.release(Height(3))] == [3]
    assert heights.release(Height(2)) == []
    assert heights.release(Height(3)) == []
