"""What a core holds, at one moment: for repair between peers, and for the log."""

from dataclasses import dataclass

from consensus.certificates import build_certificate
from consensus.message_log import MessageLog
from consensus.round_state import RoundState
from consensus.validators import ValidatorSet
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    Step,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)
from consensus.vote_tally import VoteTally

ROUNDS_SHOWN_MAX = 8
"""The newest; and besides them the rounds of the lock, of the valid value and of commit quorums."""


@dataclass(frozen=True, slots=True)
class RoundView:
    """The messages of one round, signed as they came."""

    round: Round
    proposals: tuple[Proposal, ...]
    prevotes: tuple[Vote, ...]
    precommits: tuple[Vote, ...]
    polka: Certificate | None
    """When a value (not nil) has a quorum of prevotes."""
    commit: Certificate | None
    """When a value has a quorum of precommits; decided, or waiting for its proposal or its check."""


@dataclass(frozen=True, slots=True)
class MissingVotes:
    """Whose votes the current step still lacks."""

    kind: VoteKind
    round: Round
    validators: tuple[ValidatorAddress, ...]
    power: int
    total_power: int


@dataclass(frozen=True, slots=True)
class CoreView:
    """A snapshot; later inputs do not change it."""

    height: Height
    validators: ValidatorSet | None
    """None before the first height."""
    round: Round
    step: Step
    locked_round: Round
    locked_value: ValueId | None
    valid_round: Round
    valid_value: ValueId | None
    proposer: ValidatorAddress | None
    """Of the current round."""
    is_being_checked: bool
    """The host was asked about a value of the current round and has not answered."""
    decision: Certificate | None
    rounds: tuple[RoundView, ...]
    """Ascending."""

    def missing_votes(self) -> MissingVotes | None:
        """Of the current round: prevotes until the own precommit, then precommits."""
        if self.validators is None or not self.rounds:
            return None
        current = self.rounds[-1]
        is_late = self.step is Step.PRECOMMIT
        kind = VoteKind.PRECOMMIT if is_late else VoteKind.PREVOTE
        voters = {vote.validator for vote in (current.precommits if is_late else current.prevotes)}
        missing = tuple(v for v in self.validators.addresses if v not in voters)
        power = sum(self.validators.power_of(validator) for validator in missing)
        return MissingVotes(kind, self.round, missing, power, self.validators.total_power)


NOTHING_STARTED = CoreView(
    height=Height(0),
    validators=None,
    round=NO_ROUND,
    step=Step.PROPOSE,
    locked_round=NO_ROUND,
    locked_value=None,
    valid_round=NO_ROUND,
    valid_value=None,
    proposer=None,
    is_being_checked=False,
    decision=None,
    rounds=(),
)


def view_of(
    height: Height,
    validators: ValidatorSet,
    state: RoundState,
    log: MessageLog,
    *,
    is_being_checked: bool,
    decision: Certificate | None,
) -> CoreView:
    """The view of a core with this state."""
    return CoreView(
        height=height,
        validators=validators,
        round=state.round,
        step=state.step,
        locked_round=state.locked_round,
        locked_value=state.locked_value,
        valid_round=state.valid_round,
        valid_value=state.valid_value,
        proposer=log.proposer(state.round),
        is_being_checked=is_being_checked,
        decision=decision,
        rounds=tuple(_round_view(height, round, log) for round in _rounds_to_show(state, log)),
    )


def _rounds_to_show(state: RoundState, log: MessageLog) -> list[Round]:
    """Those a peer may need, ascending: the current one is the last."""
    newest = range(max(0, state.round - ROUNDS_SHOWN_MAX + 1), state.round + 1)
    shown = {Round(number) for number in newest}
    shown |= {round for round in (state.locked_round, state.valid_round) if round >= 0}
    shown |= {round for round, _ in log.tally.commit_quorums}
    return sorted(shown)


def _round_view(height: Height, round: Round, log: MessageLog) -> RoundView:
    return RoundView(
        round=round,
        proposals=tuple(log.proposals(round)),
        prevotes=log.tally.votes(VoteKind.PREVOTE, round),
        precommits=log.tally.votes(VoteKind.PRECOMMIT, round),
        polka=_quorum_certificate(VoteKind.PREVOTE, height, round, log.tally),
        commit=_quorum_certificate(VoteKind.PRECOMMIT, height, round, log.tally),
    )


def _quorum_certificate(
    kind: VoteKind, height: Height, round: Round, tally: VoteTally
) -> Certificate | None:
    for value_id in tally.quorums(kind, round):
        votes = tally.votes_for(kind, round, value_id)
        return build_certificate(kind, height, round, value_id, votes)
    return None
