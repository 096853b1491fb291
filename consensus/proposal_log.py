"""The proposals of one height, from each round's proposer, bounded."""

from collections.abc import Sequence

from consensus.values import Proposal, Round, ValueId

PROPOSALS_PER_ROUND_MAX = 4
"""A correct proposer makes one a round. Beyond this only what other validators vouch for is kept."""


class ProposalLog:
    """Keeps every round: a decision may come for a past one (paper L49)."""

    def __init__(self) -> None:
        self._rounds: dict[Round, list[Proposal]] = {}
        self._reported: set[Round] = set()

    def at(self, round: Round) -> Sequence[Proposal]:
        """In order of arrival."""
        return self._rounds.get(round, ())

    def find(self, round: Round, value_id: ValueId) -> Proposal | None:
        for proposal in self._rounds.get(round, ()):
            if proposal.value_id == value_id:
                return proposal
        return None

    def holds(self, proposal: Proposal) -> bool:
        held = self._rounds.get(proposal.round, ())
        return any(_is_same(proposal, other) for other in held)

    def would_keep(self, proposal: Proposal, *, is_vouched_for: bool) -> bool:
        """Whether it is new, and within the limit or voted for by a correct validator."""
        if self.holds(proposal):
            return False
        held = self._rounds.get(proposal.round, ())
        return is_vouched_for or len(held) < PROPOSALS_PER_ROUND_MAX

    def add(self, proposal: Proposal) -> Proposal | None:
        """Gives the earlier proposal that it excludes, once a round."""
        held = self._rounds.setdefault(proposal.round, [])
        held.append(proposal)
        if len(held) == 1 or proposal.round in self._reported:
            return None
        self._reported.add(proposal.round)
        return held[0]


def _is_same(one: Proposal, other: Proposal) -> bool:
    """But for the signature: signing the same content twice is no fault."""
    return (one.value_id, one.valid_round) == (other.value_id, other.valid_round)
