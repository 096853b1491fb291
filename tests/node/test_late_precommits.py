"""node/late_precommits.py: votes after the decision complete the next block's certificate."""

from typing import Any

import pytest

from consensus.certificates import build_certificate, check_certificate
from consensus.encoding import signing_digest
from consensus.signatures import public_key_of, recover, sign
from consensus.validators import ValidatorSet, address_of
from consensus.values import Height, Round, Validator, ValueId, Vote, VoteKind
from node.height_state import HeightState
from node.late_precommits import LatePrecommits
from node.peer_messages import Misbehaviour

CHAIN = b"\x0c" * 32
SECRETS = {address_of(public_key_of(s)): s for s in (bytes([n]) * 32 for n in range(1, 5))}
VALIDATORS = ValidatorSet.of(Validator(public_key_of(s), 1) for s in SECRETS.values())
VALUE, OTHER = ValueId(b"\x01" * 32), ValueId(b"\x02" * 32)
STRANGER = bytes([9]) * 32


class Core:
    """What `HeightState` asks of a core."""

    height = 5


def vote(index: int, value: ValueId | None = VALUE, height: int = 4, **changes: Any) -> Vote:
    who = VALIDATORS.addresses[index]
    kind, round = changes.get("kind", VoteKind.PRECOMMIT), changes.get("round", 1)
    unsigned = Vote(kind, Height(height), Round(round), value, who)
    secret = changes.get("secret", SECRETS[who])
    return unsigned.signed(sign(secret, signing_digest(CHAIN, unsigned)))


@pytest.fixture
def conflicts() -> list[tuple[Any, Any]]:
    return []


@pytest.fixture
def state() -> HeightState:
    """At height 5, height 4 decided in round 1 by three of four."""
    state = HeightState(CHAIN, Core(), None)  # type: ignore[arg-type]
    state.validators = state.last_validators = VALIDATORS
    votes = [vote(index) for index in range(3)]
    state.last_certificate = build_certificate(
        VoteKind.PRECOMMIT, Height(4), Round(1), VALUE, votes
    )
    return state


@pytest.fixture
def late(state: HeightState, conflicts: list[tuple[Any, Any]]) -> LatePrecommits:
    return LatePrecommits(state, lambda first, second: conflicts.append((first, second)))


def test_a_late_precommit_is_in_the_next_certificate(
    state: HeightState, late: LatePrecommits
) -> None:
    assert late.is_late(vote(3))
    late.take(vote(3))
    assert state.last_certificate is not None
    assert len(state.last_certificate.signatures) == 4
    check_certificate(state.last_certificate, VALIDATORS, CHAIN, recover)


def test_what_comes_before_the_commit_is_added_to_it(
    state: HeightState, late: LatePrecommits
) -> None:
    votes = [vote(index, height=5) for index in range(3)]
    decision = build_certificate(VoteKind.PRECOMMIT, Height(5), Round(1), VALUE, votes)
    assert not late.is_late(vote(3, height=5))
    state.decision = decision
    assert late.is_late(vote(3, height=5))
    late.take(vote(3, height=5))
    assert len(late.completed(decision).signatures) == 4
    assert late.completed(decision) == decision, "and to no other"


@pytest.mark.parametrize(
    "changes",
    [{"kind": VoteKind.PREVOTE}, {"round": 0}, {"value": OTHER}, {"value": None}],
    ids=["prevote", "another round", "another value", "nil"],
)
def test_other_votes_are_not_of_the_certificate(
    state: HeightState, late: LatePrecommits, changes: dict[str, Any]
) -> None:
    before = state.last_certificate
    late.take(vote(3, **changes))
    assert state.last_certificate == before


def test_a_vote_against_the_one_in_the_certificate_is_a_conflict(
    state: HeightState, late: LatePrecommits, conflicts: list[tuple[Any, Any]]
) -> None:
    before = state.last_certificate
    late.take(vote(0))
    assert conflicts == []
    late.take(vote(0, OTHER))
    assert conflicts == [(vote(0), vote(0, OTHER))]
    assert state.last_certificate == before


def test_a_forged_vote_is_its_senders_fault(late: LatePrecommits) -> None:
    with pytest.raises(Misbehaviour):
        late.take(vote(3, secret=STRANGER))


def test_votes_of_other_heights_are_not_late(late: LatePrecommits) -> None:
    assert not late.is_late(vote(0, height=3))
    assert not late.is_late(vote(0, height=6))
