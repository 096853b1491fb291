"""Precommits that come after their height is decided: they complete the certificate of the next block.

A decision takes the first votes that make a quorum, so whoever is a little slower than the others is in
no certificate, though it votes in every height. Who proposes the next block adds what has come since:
else the slow would count as absent, and be left out of the set.
"""

from collections.abc import Callable

from consensus.certificates import build_certificate, votes_of
from consensus.values import Certificate, Proposal, ValidatorAddress, Vote, VoteKind
from node.height_state import HeightState
from node.peer_messages import check_signature

OnConflict = Callable[[Proposal | Vote, Proposal | Vote], None]
"""Told of two signed messages of one validator that exclude each other."""


class LatePrecommits:
    """Of the height that was decided last."""

    def __init__(self, state: HeightState, on_conflict: OnConflict) -> None:
        self._state = state
        self._on_conflict = on_conflict
        self._votes: dict[ValidatorAddress, Vote] = {}
        """For the decision that is not committed yet."""

    def is_late(self, vote: Vote) -> bool:
        """Whether it is of a height that is decided, committed or not."""
        state = self._state
        is_deciding = vote.height == state.height and state.decision is not None
        return is_deciding or vote.height == state.height - 1

    def take(self, vote: Vote) -> None:
        """A vote that `is_late`. Raises `Misbehaviour`."""
        state = self._state
        is_committing = vote.height == state.height
        decision = state.decision if is_committing else state.last_certificate
        voters = state.validators if is_committing else state.last_validators
        if decision is None or voters is None or vote.validator not in voters:
            return
        if vote.kind is not VoteKind.PRECOMMIT or vote.round != decision.round:
            return
        counted = {each.validator: each for each in votes_of(decision)} | (
            self._votes if is_committing else {}
        )
        earlier = counted.get(vote.validator)
        if earlier is not None and earlier.value_id == vote.value_id:
            return
        check_signature(vote, state.chain_identity)
        if earlier is not None:
            self._on_conflict(earlier, vote)
        elif vote.value_id == decision.value_id and is_committing:
            self._votes[vote.validator] = vote
        elif vote.value_id == decision.value_id:
            state.last_certificate = _with(decision, [vote])

    def completed(self, certificate: Certificate) -> Certificate:
        """The certificate of a committed decision with what came meanwhile."""
        votes, self._votes = list(self._votes.values()), {}
        fitting = [vote for vote in votes if vote.height == certificate.height]
        return _with(certificate, fitting) if fitting else certificate


def _with(certificate: Certificate, votes: list[Vote]) -> Certificate:
    """More signatures of the same decision."""
    signed = {vote.validator: vote for vote in (*votes_of(certificate), *votes)}
    return build_certificate(
        certificate.kind,
        certificate.height,
        certificate.round,
        certificate.value_id,
        signed.values(),
    )
