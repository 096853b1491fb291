"""What comes early, late or twice; and when the journal is written."""

from consensus.early_messages import MESSAGES_PER_HEIGHT_MAX, ROUNDS_PER_VALIDATOR_MAX
from consensus.messages import Broadcast, Decide, Persist, Received, Started
from consensus.values import Height, Step, ValueId, Vote, VoteKind

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def test_nothing_happens_before_the_first_height(script) -> None:
    s = script()
    s.feed(s.proposal(A), s.checked(A), s.built(A), s.elapsed(Step.PROPOSE), *s.prevotes(A, 0))
    assert s.effects == []
    assert s.core.view().height == 0
    assert (s.core.height, s.core.round) == (0, -1)
    assert s.core.position == (0, -1, Step.PROPOSE)
    assert s.core.grounds == (-1, -1)
    assert not s.core.holds(s.prevotes(A, 0)[0].message)


def test_a_core_tells_where_it_stands_and_on_what_its_votes_rest(script) -> None:
    s = script().locked_on(A)
    assert (s.core.height, s.core.round) == (1, 1)
    assert s.core.position == (1, 1, Step.PROPOSE)
    assert s.core.grounds == (0, 0)


def test_votes_of_the_next_height_wait_for_it(script) -> None:
    """T22."""
    s = script().start()
    s.height = Height(2)
    early = (s.proposal(A), *s.prevotes(A, 0, 1))
    assert s.feed(*early).effects == []
    s.start(2)
    s.feed(s.checked(A))
    assert s.said() == [("PREVOTE", 2 - 2, A), ("PRECOMMIT", 0, A)]


def test_votes_that_come_between_decision_and_next_height_wait_too(script) -> None:
    """T22: others go on while we commit."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 0, 1, 2))
    s.height = Height(2)
    s.feed(*s.prevotes(None, 0, 1, 2))
    s.start(2)
    assert s.core.view().rounds[0].prevotes != ()


def test_heights_far_ahead_are_not_kept(script) -> None:
    """T23."""
    s = script().start()
    s.height = Height(4)
    s.feed(*s.prevotes(A, 0, 1, 2))
    s.start(4)
    assert s.core.view().rounds[0].prevotes == ()


def test_one_validators_messages_for_the_next_height_are_limited(script) -> None:
    """T23: and another's are kept all the same."""
    s = script().start()
    s.height = Height(2)
    for number in range(5 * MESSAGES_PER_HEIGHT_MAX):
        s.feed(*s.prevotes(A, 0, round=number))
    s.feed(*s.prevotes(A, 1))
    s.start(2)
    s.feed(*s.prevotes(A, 1, round=MESSAGES_PER_HEIGHT_MAX))
    assert s.core.view().round == 0
    assert len(s.core.view().rounds[0].prevotes) == 2


def test_strangers_fill_no_buffer(script) -> None:
    """T23."""
    s = script().start()
    stranger = Vote(VoteKind.PREVOTE, Height(2), 0, A, b"stranger".ljust(20))
    s.feed(Received(stranger))
    s.start(2)
    assert s.core.view().rounds[0].prevotes == ()
    assert s.feed(Received(stranger)).core.view().rounds[0].prevotes == ()


def test_one_validator_that_names_many_rounds_keeps_its_highest(script) -> None:
    """T23: it must not fill memory, nor hide where it went."""
    s = script().start()
    for number in range(1, 100):
        s.feed(*s.prevotes(None, 0, round=number))
    s.feed(*s.prevotes(None, 1, round=99 - ROUNDS_PER_VALIDATOR_MAX))
    assert s.core.view().round == 0
    s.feed(*s.prevotes(None, 1, round=99))
    assert s.core.view().round == 99


def test_a_round_of_any_size_can_be_named_without_harm(script) -> None:
    """T23: whose turn it would be is not worked out before we get there."""
    s = script().start()
    s.feed(*s.prevotes(A, 0, round=2**31 - 1))
    assert s.core.view().round == 0


def test_answers_and_timeouts_of_other_heights_and_rounds_are_ignored(script) -> None:
    s = script().start()
    s.feed(*s.precommits(None, 0, 1, 2))
    assert s.feed(s.elapsed(Step.PROPOSE, round=0)).effects == []
    assert s.feed(s.elapsed(Step.PRECOMMIT, round=0)).effects == []
    assert s.feed(s.built(A, round=0)).effects == []
    s.height = Height(9)
    late = (s.elapsed(Step.PROPOSE, round=1), s.checked(A), *s.precommits(A, 0, 1, 2))
    assert s.feed(*late).effects == []


def test_a_height_that_was_started_is_not_started_again(script) -> None:
    s = script().locked_on(A)
    assert s.feed(Started(Height(1), s.validators)).effects == []
    assert s.core.view().locked_value == A


def test_what_was_handled_is_persisted_once_and_before_anything_leaves(script) -> None:
    """T11: not on every input, so that there are few syncs."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1), *s.precommits(A, 0, 1))
    kinds = [type(e) for e in s.effects if isinstance(e, Persist | Broadcast | Decide)]
    assert kinds == [Persist, Broadcast, Persist, Broadcast, Persist, Decide]
    assert s.journal[0] == Started(Height(1), s.validators)
    assert len(s.journal) == len(set(map(repr, s.journal)))
    assert set(s.prevotes(A, 0, 1)) < set(s.journal)


def test_an_input_is_in_the_journal_before_what_it_causes(script) -> None:
    """T11: for timeouts, built values and checks too, which cannot be had again."""
    s = script().start()
    effects = s.feed(s.elapsed(Step.PROPOSE)).effects
    assert isinstance(effects[0], Persist)
    assert effects[0].inputs == (Started(s.height, s.validators), s.elapsed(Step.PROPOSE))
    assert isinstance(effects[1], Broadcast)


def test_inputs_that_change_nothing_are_not_persisted(script) -> None:
    """Repair sends the same votes again and again; the journal must not grow with it."""
    s = script().start()
    vote = s.prevotes(B, 0)
    s.feed(*vote, *vote, *vote, s.elapsed(Step.PREVOTE), s.built(A), s.elapsed(Step.PROPOSE))
    assert s.journal.count(vote[0]) == 1
    assert s.elapsed(Step.PREVOTE) not in s.journal
    assert s.built(A) not in s.journal


def test_early_votes_are_persisted_behind_the_start_of_their_height(script) -> None:
    """T11, T22: they take effect there, so a replay of that height alone must have them."""
    s = script().start()
    s.height = Height(2)
    s.feed(*s.prevotes(None, 0, 1, 2))
    assert s.journal == []
    s.start(2)
    s.feed(s.elapsed(Step.PROPOSE))
    assert s.journal[0] == Started(Height(2), s.validators)
    assert set(s.prevotes(None, 0, 1, 2)) < set(s.journal)


def test_what_is_held_need_not_be_checked_again(script) -> None:
    """T9, T10: neither what is counted nor what waits; but what a limit pushed out may come again."""
    s = script().start()
    messages = [s.proposal(A), *s.prevotes(A, 0), *s.prevotes(B, 1)]
    messages += [*s.precommits(A, 1, round=3), s.proposal(B, 4)]
    assert not any(s.core.holds(received.message) for received in messages)
    s.feed(*messages)
    s.height = Height(2)
    messages += s.prevotes(A, 2)
    s.feed(messages[-1])
    assert all(s.core.holds(received.message) for received in messages)
    s.height = Height(1)
    assert not s.core.holds(s.prevotes(B, 0)[0].message)
    assert not s.core.holds(s.prevotes(A, 1)[0].message)
    (pushed_out,) = s.prevotes(None, 1, round=1)
    s.feed(pushed_out, *(s.prevotes(None, 1, round=number)[0] for number in (5, 6)))
    assert not s.core.holds(pushed_out.message)


def test_the_view_names_whose_votes_are_missing(script) -> None:
    s = script(powers=(1, 1, 1, 4)).start()
    missing = s.feed(*s.prevotes(A, 0)).core.view().missing_votes()
    assert missing.kind is VoteKind.PREVOTE
    assert missing.validators == s.validators.addresses[1:]
    assert (missing.power, missing.total_power) == (6, 7)
