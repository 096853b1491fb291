"""Who voted for what in one height, and when that makes a quorum."""

from consensus.validators import ValidatorSet
from consensus.values import Round, ValidatorAddress, ValueId, Vote, VoteKind

VALUES_PER_VALIDATOR_MAX = 4
"""Different votes of one validator kept per round and kind. A correct one casts one."""


class VoteTally:
    """The votes of one height.

    A validator that votes twice counts for both values: whether we saw its first vote or its second
    must not decide whether we see a quorum. For one value it counts once, whatever valid rounds it
    gives.
    """

    def __init__(self, validators: ValidatorSet) -> None:
        self._validators = validators
        self._ballots: dict[tuple[Round, VoteKind], _Ballot] = {}
        self.commit_quorums: list[tuple[Round, ValueId]] = []
        """Values with more than two thirds of the precommits of a round, in order of discovery."""
        self.polkas: list[tuple[Round, ValueId]] = []
        """Values with more than two thirds of the prevotes of a round, in order of discovery."""

    def would_keep(self, vote: Vote, *, is_certified: bool = False) -> bool:
        """Whether it is new, and within the limit.

        Votes out of a checked certificate are `is_certified`: they count beyond the limit.
        """
        ballot = self._ballots.get((vote.round, vote.kind))
        if ballot is None or vote.validator not in ballot.first:
            return True
        if (vote.validator, vote.value_id, vote.valid_round) in ballot.votes:
            return False
        return is_certified or not ballot.is_full_for(vote.validator)

    def holds(self, vote: Vote) -> bool:
        ballot = self._ballots.get((vote.round, vote.kind))
        key = vote.validator, vote.value_id, vote.valid_round
        return ballot is not None and key in ballot.votes

    def add(self, vote: Vote) -> Vote | None:
        """Count a vote that `would_keep` allows; gives an earlier vote that it excludes, once."""
        ballot = self._ballots.get((vote.round, vote.kind))
        if ballot is None:
            ballot = self._ballots[vote.round, vote.kind] = _Ballot()
        first = ballot.first.get(vote.validator)
        self._count(ballot, vote, is_first=first is None)
        if first is None or vote.validator in ballot.equivocators:
            return None
        ballot.equivocators.add(vote.validator)
        return first

    def power_for(self, kind: VoteKind, round: Round, value_id: ValueId | None) -> int:
        """Of the validators that voted for this value; None is nil."""
        ballot = self._ballots.get((round, kind))
        return ballot.power_for.get(value_id, 0) if ballot else 0

    def has_quorum_for(self, kind: VoteKind, round: Round, value_id: ValueId | None) -> bool:
        ballot = self._ballots.get((round, kind))
        return ballot is not None and value_id in ballot.quorums

    def has_quorum_of_any(self, kind: VoteKind, round: Round) -> bool:
        """2f+1 for anything at all, each validator once."""
        ballot = self._ballots.get((round, kind))
        return ballot is not None and self._validators.has_quorum(ballot.power)

    def quorums(self, kind: VoteKind, round: Round) -> list[ValueId]:
        """Values other than nil with a quorum: at most one while at most f validators are faulty."""
        ballot = self._ballots.get((round, kind))
        if ballot is None or not ballot.quorums:
            return []
        return [value_id for value_id in ballot.quorums if value_id is not None]

    def polkas_between(self, earlier: Round, later: Round) -> list[tuple[Round, ValueId]]:
        """Of rounds after the one and before the other."""
        return [polka for polka in self.polkas if earlier < polka[0] < later]

    def votes(self, kind: VoteKind, round: Round) -> tuple[Vote, ...]:
        ballot = self._ballots.get((round, kind))
        return tuple(ballot.votes.values()) if ballot else ()

    def voters(self, kind: VoteKind, round: Round) -> frozenset[ValidatorAddress]:
        ballot = self._ballots.get((round, kind))
        return frozenset(ballot.first) if ballot else frozenset()

    def votes_for(self, kind: VoteKind, round: Round, value_id: ValueId | None) -> list[Vote]:
        """One of each validator, whatever valid round it gives: what a certificate is made of."""
        votes: dict[ValidatorAddress, Vote] = {}
        for vote in self.votes(kind, round):
            if vote.value_id == value_id:
                votes.setdefault(vote.validator, vote)
        return list(votes.values())

    def _count(self, ballot: "_Ballot", vote: Vote, *, is_first: bool) -> None:
        power = self._validators.power_of(vote.validator)
        ballot.votes[vote.validator, vote.value_id, vote.valid_round] = vote
        ballot.votes_of[vote.validator] = ballot.votes_of.get(vote.validator, 0) + 1
        if is_first:
            ballot.first[vote.validator] = vote
            ballot.power += power
        if (vote.validator, vote.value_id) in ballot.supporters:
            return
        ballot.supporters.add((vote.validator, vote.value_id))
        total = ballot.power_for.get(vote.value_id, 0) + power
        ballot.power_for[vote.value_id] = total
        if vote.value_id in ballot.quorums or not self._validators.has_quorum(total):
            return
        ballot.quorums.append(vote.value_id)
        if vote.value_id is not None:
            is_commit = vote.kind is VoteKind.PRECOMMIT
            quorums = self.commit_quorums if is_commit else self.polkas
            quorums.append((vote.round, vote.value_id))


class _Ballot:
    """The votes of one round and kind."""

    __slots__ = (
        "equivocators",
        "first",
        "power",
        "power_for",
        "quorums",
        "supporters",
        "votes",
        "votes_of",
    )

    def __init__(self) -> None:
        self.votes: dict[tuple[ValidatorAddress, ValueId | None, Round], Vote] = {}
        self.votes_of: dict[ValidatorAddress, int] = {}
        self.supporters: set[tuple[ValidatorAddress, ValueId | None]] = set()
        self.first: dict[ValidatorAddress, Vote] = {}
        self.power = 0
        self.power_for: dict[ValueId | None, int] = {}
        self.quorums: list[ValueId | None] = []
        self.equivocators: set[ValidatorAddress] = set()

    def is_full_for(self, validator: ValidatorAddress) -> bool:
        return self.votes_of.get(validator, 0) >= VALUES_PER_VALIDATOR_MAX
