"""The paper's message log: the proposals and votes of one height, those of later rounds kept apart."""

from collections.abc import Sequence

from consensus.early_messages import EarlyRounds
from consensus.messages import Report
from consensus.proposal_log import ProposalLog
from consensus.validators import ValidatorSet
from consensus.values import NO_ROUND, Proposal, Round, ValidatorAddress, ValueId, Vote, VoteKind
from consensus.vote_tally import VoteTally


class MessageLog:
    """Votes are counted up to the current round; what is of later rounds waits until we get there."""

    def __init__(self, validators: ValidatorSet) -> None:
        self.tally = VoteTally(validators)
        self._validators = validators
        self._proposals = ProposalLog()
        self._early = EarlyRounds(validators)
        self._proposers: dict[Round, ValidatorAddress] = {}
        self._reports: list[Report] = []

    def take(self, message: Proposal | Vote, round: Round, *, is_certified: bool = False) -> bool:
        """Whether it is new and kept; `round` is the current one. A stranger's is never kept."""
        if message.validator not in self._validators:
            return False
        if message.round > round:
            return self._early.add(message, is_certified=is_certified)
        if isinstance(message, Vote):
            return self._take_vote(message, is_certified=is_certified)
        return self._take_proposal(message)

    def holds(self, message: Proposal | Vote) -> bool:
        """Counted, or waiting for its round; but for the signature."""
        if self._early.holds(message):
            return True
        if isinstance(message, Vote):
            return self.tally.holds(message)
        return self._proposals.holds(message)

    def take_pushed_out(self) -> Sequence[Proposal | Vote]:
        """Messages of later rounds that were kept and are not any more: they have had no effect."""
        return self._early.take_pushed_out()

    def enter(self, round: Round) -> None:
        """Count what was kept for this round and those that it skips."""
        for message in self._early.release(round):
            self.take(message, round, is_certified=True)

    def take_reports(self) -> Sequence[Report]:
        """Faults found since the last time."""
        reports, self._reports = self._reports, []
        return reports

    def round_to_skip_to(self) -> Round | None:
        """The later round that L55 speaks of, if there is one."""
        return self._early.round_to_skip_to()

    def proposer(self, round: Round) -> ValidatorAddress:
        if round not in self._proposers:
            self._proposers[round] = self._validators.proposer(round)
        return self._proposers[round]

    def proposals(self, round: Round) -> Sequence[Proposal]:
        """Of the round's proposer, in order of arrival: more than one only if it is faulty."""
        return self._proposals.at(round)

    def has_proposal(self, round: Round, value_id: ValueId) -> bool:
        return self._proposals.find(round, value_id) is not None

    def _take_vote(self, vote: Vote, *, is_certified: bool) -> bool:
        if not self.tally.would_keep(vote, is_certified=is_certified):
            return False
        earlier = self.tally.add(vote)
        if earlier is not None:
            self._reports.append(Report(earlier, vote))
        return True

    def _take_proposal(self, proposal: Proposal) -> bool:
        if proposal.validator != self.proposer(proposal.round):
            return False
        if not NO_ROUND <= proposal.valid_round < proposal.round:
            return False
        is_vouched_for = self._is_vouched_for(proposal)
        if not self._proposals.would_keep(proposal, is_vouched_for=is_vouched_for):
            return False
        earlier = self._proposals.add(proposal)
        if earlier is not None:
            self._reports.append(Report(earlier, proposal))
        return True

    def _is_vouched_for(self, proposal: Proposal) -> bool:
        """A correct validator voted for the value in the proposal's round."""
        return any(
            self._validators.exceeds_third(
                self.tally.power_for(kind, proposal.round, proposal.value_id)
            )
            for kind in VoteKind
        )
