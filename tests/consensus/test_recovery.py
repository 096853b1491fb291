"""T11–T14: what a journal brings back, and what leaves the validator afterwards."""

from dataclasses import replace
from random import Random

import pytest

from consensus.journal_encoding import decode_input, encode_input
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Learned,
    Persist,
    ScheduleTimeout,
)
from consensus.recovery import height_of, recover
from consensus.timeouts import Timeouts
from consensus.values import Certificate, Height, Round, Step, ValueId, VoteKind

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def restart(s, own=3, dropping=0):
    """From what was on disk; `dropping` records of a torn tail are lost."""
    records = [encode_input(input) for input in s.journal[: len(s.journal) - dropping]]
    address = s.validators.addresses[own]
    return recover(address, Timeouts(), [decode_input(record) for record in records])


def spoken(recovered):
    return [
        (effect.message.kind.name, effect.message.value_id)
        for effect in recovered.effects
        if isinstance(effect, Broadcast)
    ]


def test_an_empty_journal_gives_a_core_that_waits(script) -> None:
    s = script()
    recovered = restart(s)
    assert recovered.effects == ()
    assert recovered.consensus.height == height_of([]) == 0


def test_a_lock_survives_a_restart(script) -> None:
    """T11: it rests on votes that were on disk before the precommit left."""
    s = script().locked_on(A)
    s.feed(*s.prevotes(B, 0, round=1), s.elapsed(Step.PROPOSE, round=1))
    recovered = restart(s)
    view = recovered.consensus.view()
    assert (view.locked_value, view.locked_round, view.round) == (A, 0, 1)


def test_a_vote_that_left_or_was_about_to_leave_is_said_again(script) -> None:
    """T12: it was decided before the crash, and the sign state has the signature (T14)."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    assert spoken(restart(s)) == [("PREVOTE", A)]


def test_a_vote_that_came_back_is_not_said_again(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1))
    assert spoken(restart(s)) == [("PRECOMMIT", A)]


def test_votes_of_earlier_rounds_are_not_said_again(script) -> None:
    s = script().start()
    s.feed_and_crash(s.elapsed(Step.PROPOSE))
    s.feed(*s.precommits(None, 0, 1, 2))
    s.feed_and_crash(s.elapsed(Step.PROPOSE, round=1))
    assert [e.message.round for e in restart(s).effects if isinstance(e, Broadcast)] == [1]


def test_replay_makes_no_fresh_nil_prevote(script) -> None:
    """T12 (malachite#850, #864): a proposal without its check's answer is checked, not refused."""
    s = script(own=3).start()
    s.feed(s.proposal(A))
    s.sync()
    recovered = restart(s)
    assert spoken(recovered) == []
    assert CheckValue(s.height, 0, A, -1) in recovered.effects
    assert recovered.consensus.view().step is Step.PROPOSE


def test_a_replayed_deferral_does_not_become_a_nil_prevote(script) -> None:
    """T12: a timeout that was deferred before the crash is not taken for the second one."""
    s = script(own=3).start()
    s.feed(s.proposal(A), s.elapsed(Step.PROPOSE))
    s.sync()
    recovered = restart(s)
    assert spoken(recovered) == []
    timers = [e for e in recovered.effects if isinstance(e, ScheduleTimeout)]
    assert timers == [ScheduleTimeout(s.height, 0, Step.PROPOSE, 60_000)]


def test_what_was_replayed_is_not_persisted_a_second_time(script) -> None:
    """A torn tail leaves inputs whose own `Persist` is gone; they are in the journal all the same."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1))
    recovered = restart(s, dropping=1)
    again = recovered.consensus.handle(s.prevotes(A, 2)[0])
    persisted = [input for e in again if isinstance(e, Persist) for input in e.inputs]
    assert persisted == [*s.prevotes(A, 2)]


def test_only_timers_whose_trigger_held_are_armed_again(script) -> None:
    """T13: L34's for step prevote with a quorum of any, L47's; not those that elapsed."""
    s = script().start()
    s.feed(s.elapsed(Step.PROPOSE))
    assert timers_of(restart(s)) == []
    s.feed(*s.prevotes(A, 0), *s.prevotes(B, 1), *s.precommits(None, 0, 1), *s.precommits(A, 2))
    s.sync()
    assert timers_of(restart(s)) == [(Step.PREVOTE, 0), (Step.PRECOMMIT, 0)]
    s.feed(s.elapsed(Step.PREVOTE))
    assert timers_of(restart(s)) == [(Step.PRECOMMIT, 0)]


def test_the_timer_of_a_step_that_was_left_is_not_armed_again(script) -> None:
    """T13: it had not elapsed when the prevote made it meaningless."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    assert timers_of(restart(s)) == []


def test_a_waiting_validator_waits_again(script) -> None:
    """T13: step propose, nothing received."""
    s = script().start()
    s.sync()
    assert timers_of(restart(s)) == [(Step.PROPOSE, 0)]


def test_a_proposer_that_had_not_built_yet_builds(script) -> None:
    s = script(own=0).start()
    s.sync()
    assert restart(s, own=0).effects == (BuildValue(Height(1), 0),)


def test_a_proposer_proposes_the_same_value_again(script) -> None:
    """T14 (tendermint#8739): a lone big validator must get on."""
    s = script(own=0, powers=(5,)).start()
    s.feed_and_crash(s.built(A))
    recovered = restart(s, own=0)
    messages = [e.message for e in recovered.effects if isinstance(e, Broadcast)]
    assert [(type(m).__name__, m.value_id) for m in messages] == [("Proposal", A)]


def test_a_decision_that_was_not_committed_is_taken_again(script) -> None:
    """T28: crash between decision and commit."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1), *s.precommits(A, 0, 1))
    recovered = restart(s)
    assert [e.certificate.value_id for e in recovered.effects if isinstance(e, Decide)] == [A]
    assert spoken(recovered) == []


def test_only_the_last_height_is_replayed(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1), *s.precommits(A, 0, 1))
    s.start(2).feed(s.elapsed(Step.PROPOSE))
    recovered = restart(s)
    assert recovered.consensus.height == height_of(s.journal) == 2
    assert spoken(recovered) == [("PREVOTE", None)]
    assert not any(isinstance(effect, Decide) for effect in recovered.effects)


@pytest.mark.parametrize("dropping", range(8))
def test_whatever_the_tail_that_was_lost_no_vote_differs_from_one_that_left(
    script, dropping
) -> None:
    """T11, T12: cut the journal anywhere; what is said again was said before."""
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1), *s.precommits(A, 0))
    said = {(m.kind, m.round, m.value_id) for m in s.broadcasts()}
    recovered = restart(s, dropping=dropping)
    messages = [e.message for e in recovered.effects if isinstance(e, Broadcast)]
    assert {(m.kind, m.round, m.value_id) for m in messages} <= said


def test_reports_are_made_again(script) -> None:
    """Evidence may not have reached a block yet."""
    s = script().start()
    s.feed(*s.prevotes(A, 0), *s.prevotes(B, 0), s.elapsed(Step.PROPOSE))
    reports = [e for e in restart(s).effects if type(e).__name__ == "Report"]
    assert len(reports) == 1
    assert reports[0].first.kind is VoteKind.PREVOTE


def timers_of(recovered):
    return [
        (effect.step, effect.round)
        for effect in recovered.effects
        if isinstance(effect, ScheduleTimeout)
    ]


def test_a_polka_to_publish_is_not_published_again_after_a_restart(script) -> None:
    """Peers that lack it say so."""
    s = script(own=1).start()
    s.feed(s.proposal(A), s.checked(A)).feed(*s.prevotes(A, 0, 2))
    s.feed(*s.precommits(None, 0, 2, 3))
    assert "Publish" in {type(effect).__name__ for effect in s.effects}
    kinds = [type(effect).__name__ for effect in restart(s, own=1).effects]
    assert kinds == ["Broadcast"]


PLACES = ("height", "round", "step", "locked_round", "locked_value", "valid_round", "valid_value")


@pytest.mark.parametrize("seed", range(60))
def test_a_restart_at_any_moment_brings_the_same_core_back(script, seed) -> None:
    """T11, T12: what is in the journal, and what is about to be, gives the same place and no other
    word than those that were said."""
    random = Random(f"restart {seed}")
    s = script(own=random.randrange(4)).start()
    own = s.validators.addresses.index(s.core._own)
    said = set()
    for _ in range(40):
        s.feed(an_input(s, random))
        said |= {replace(message, signature=b"") for message in s.broadcasts()}
        view, journal = s.core.view(), [*s.journal, *s.core._unwritten._inputs]
        if view.decision is not None:
            break
        records = [decode_input(encode_input(input)) for input in journal]
        recovered = recover(s.validators.addresses[own], Timeouts(), records)
        again = recovered.consensus.view()
        assert [getattr(again, place) for place in PLACES] == [getattr(view, p) for p in PLACES]
        assert again.rounds == view.rounds
        spoken_again = {e.message for e in recovered.effects if isinstance(e, Broadcast)}
        assert spoken_again <= said


def an_input(s, random):
    """Of the round under way or one beside it; answers and timeouts too."""
    round = max(0, s.core.round + random.choice([-1, 0, 0, 0, 1, 3]))
    value = random.choice([A, A, A, B, None])
    index = random.randrange(4)
    match random.randrange(6):
        case 0:
            return s.proposal(value or A, round, random.randrange(-1, round) if round else -1)
        case 1:
            return s.checked(value or A, random.random() < 0.9, s.core.round)
        case 2:
            return s.elapsed(random.choice(list(Step)), s.core.round)
        case 3:
            return s.built(random.choice([A, B]), s.core.round)
        case _:
            kind = random.choice(list(VoteKind))
            return s.vote(kind, index, value, round)


def kinds_of(recovered) -> list[str]:
    return [type(effect).__name__ for effect in recovered.effects]


def test_what_was_built_is_not_built_again(script) -> None:
    """T12: the answer is in the journal, the proposal is said again."""
    s = script(own=0).start()
    s.feed(s.built(A))
    assert "BuildValue" not in kinds_of(restart(s, own=0))
    s.feed(*s.prevotes(None, 1, 2, 3), *s.precommits(None, 1, 2, 3)).sync()
    assert "BuildValue" not in kinds_of(restart(s, own=0))


def test_what_was_checked_is_not_checked_again(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.checked(A))
    assert "CheckValue" not in kinds_of(restart(s))


def test_a_value_that_an_earlier_round_wanted_built_is_not_built(script) -> None:
    """T13: nobody would propose it."""
    s = script(own=0).start()
    s.feed(*s.precommits(None, 1, 2, 3)).sync()
    recovered = restart(s, own=0)
    assert recovered.consensus.round == 1
    assert kinds_of(recovered) == ["ScheduleTimeout"]


def test_timers_of_earlier_rounds_are_not_armed_again(script) -> None:
    """T13: neither the step's nor the precommits'."""
    s = script().start()
    s.feed(*s.precommits(None, 0, 1), *s.precommits(A, 2), *s.precommits(None, 2)).sync()
    assert timers_of(restart(s)) == [(Step.PROPOSE, 1)]


def test_after_a_decision_nothing_is_left_but_to_take_it(script) -> None:
    """T13, T28: no timer, no vote, no check, no value."""
    for own in (0, 3):
        s = script(own=own).start()
        s.feed(s.proposal(A), *s.prevotes(A, 1, 2), *s.precommits(A, 1, 2))
        s.feed(Learned(decision_of(s, A)))
        assert kinds_of(restart(s, own=own)) == ["Decide"]


def decision_of(s, value) -> Certificate:
    signers = s.validators.addresses[:3]
    pairs = tuple((who, b"s" * 65) for who in signers)
    return Certificate(VoteKind.PRECOMMIT, s.height, Round(0), value, pairs)


def test_a_journal_that_does_not_begin_with_a_start_is_none(script) -> None:
    """Its begin was torn off with everything behind it."""
    s = script().start()
    recovered = recover(s.validators.addresses[3], Timeouts(), list(s.prevotes(A, 0)))
    assert recovered.consensus.height == 0
    assert recovered.effects == ()
