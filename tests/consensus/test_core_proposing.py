"""L11–L21: starting a round, proposing."""

from dataclasses import replace

from consensus.core import Consensus
from consensus.messages import BuildValue, Received, ScheduleTimeout, ValueBuilt
from consensus.timeouts import Timeouts
from consensus.values import Height, Round, Step, ValidatorAddress, ValueId

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def test_a_proposer_without_a_valid_value_asks_for_one_and_proposes_it_as_fresh(script) -> None:
    """L14, L18–19."""
    s = script(own=0).start()
    assert s.effects == [BuildValue(s.height, 0)]
    s.feed(s.built(A))
    assert s.said()[0] == ("PROPOSAL", 0, A)
    assert s.broadcasts()[0].valid_round == -1


def test_a_proposer_prevotes_what_it_built_without_a_check(script) -> None:
    """L22–24: building was checking."""
    s = script(own=0).start()
    s.feed(s.built(A))
    assert s.said() == [("PROPOSAL", 0, A), ("PREVOTE", 0, A)]


def test_a_validator_that_does_not_propose_waits_for_the_proposal(script) -> None:
    """L20–21."""
    s = script(own=3).start()
    assert s.effects == [ScheduleTimeout(s.height, 0, Step.PROPOSE, 1_000)]


def test_a_proposer_proposes_its_valid_value_with_its_valid_round(script) -> None:
    """L15–16, L19, T3: not what it is locked on, nor a fresh value."""
    s = script(own=1).start()
    s.feed(s.proposal(A), s.checked(A))
    # The polka comes after the precommit timeout of the prevote step: valid value, but no lock.
    s.feed(*s.prevotes(None, 2), *s.prevotes(A, 0))
    s.feed(s.elapsed(Step.PREVOTE))
    s.feed(*s.prevotes(A, 3))
    view = s.core.view()
    assert (view.valid_value, view.valid_round, view.locked_value) == (A, 0, None)
    s.feed(*s.precommits(None, 0, 2, 3))
    assert s.said()[0] == ("PROPOSAL", 1, A)
    assert s.broadcasts()[0].valid_round == 0


def test_a_proposer_prefers_its_later_valid_value_to_its_lock(script) -> None:
    """L15–16, T3: locked on A in round 0; in round 1 the polka for B came after the
    nil precommit."""
    s = script(own=2).locked_on(A)
    s.feed(s.proposal(B, round=1), *s.prevotes(None, 0, 1, 3, round=1))
    s.feed(s.checked(B, round=1))
    s.feed(*s.prevotes(B, 0, 1, 3, round=1))
    view = s.core.view()
    assert (view.locked_value, view.valid_value, view.valid_round) == (A, B, 1)
    s.feed(*s.precommits(None, 0, 1, 3, round=1))
    assert s.said()[0] == ("PROPOSAL", 2, B)
    assert s.broadcasts()[0].valid_round == 1


def test_a_built_value_that_comes_in_a_later_round_is_ignored(script) -> None:
    """The host keeps the block for its next turn."""
    s = script(own=0).start()
    s.feed(*s.precommits(None, 1, 2, 3))
    assert s.core.view().round == 1
    s.feed(s.built(A))
    assert s.effects == []


def test_a_value_is_proposed_once_even_if_it_is_built_twice(script) -> None:
    s = script(own=0).start()
    s.feed(s.built(A))
    assert s.feed(s.built(B)).effects == []


def test_a_value_is_proposed_once_even_before_the_proposal_has_come_back(script) -> None:
    """T12: L19."""
    s = script(own=0).start().feed_and_crash(s_built(A))
    assert s.said() == [("PROPOSAL", 0, A)]
    assert s.feed_and_crash(s_built(B)).said() == []


def s_built(value):
    return ValueBuilt(Height(1), Round(0), value)


def test_nothing_is_proposed_beside_an_own_proposal_of_an_earlier_life(script) -> None:
    """Its journal was lost; a peer's repair brings the proposal back."""
    s = script(own=0).start()
    s.feed(s.proposal(B), s.built(A))
    assert s.said() == []
    s.feed(s.checked(B))
    assert s.said() == [("PREVOTE", 0, B)]


def test_a_proposal_of_another_than_the_proposer_is_ignored(script) -> None:
    """L22, L28: from proposer(h, round)."""
    s = script(own=3).start()
    forged = replace(s.proposal(A).message, validator=s.validators.addresses[2])
    s.feed(Received(forged), s.checked(A))
    assert s.said() == []
    assert s.core.view().rounds[0].proposals == ()


def test_a_follower_without_a_key_never_speaks_and_still_decides(script) -> None:
    s = script(own=None).start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1, 2), *s.precommits(A, 0, 1, 2))
    assert s.said() == []
    assert s.decisions() == [(0, A)]


def test_a_validator_that_is_not_in_the_set_follows_only(script) -> None:
    s = script()
    s.core = Consensus(ValidatorAddress(b"outsider".ljust(20)), Timeouts())
    s.start().feed(s.proposal(A), s.checked(A))
    assert s.said() == []
    assert s.core.view().step is Step.PREVOTE
