"""Validators that lie. Their power is below a third, and nothing that they do may break a check."""

from collections.abc import Callable

from consensus.certificates import build_certificate
from consensus.simulation.host import Host
from consensus.simulation.network import Packet
from consensus.simulation.signatures import false_signature
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)

LIES_PERCENT = 15
"""Of packets received are answered with a lie."""
FORGERIES_PERCENT = 10
"""Of lies are certificates."""


class Liar(Host):
    """Follows the rules with one hand, and with the other says anything to anyone."""

    pool: Callable[[Height, ValidatorAddress], list[ValueId]]
    """Values that others have built, and some that are invalid or untimely."""
    is_lying: Callable[[], bool]

    def receive(self, packet: Packet, sender: ValidatorAddress) -> None:
        """And perhaps answer with a lie."""
        super().receive(packet, sender)
        if self._world.random.random() * 100 < LIES_PERCENT and self.is_lying():
            self._lie()

    def _lie(self) -> None:
        random = self._world.random
        height, current, _ = self._core.position
        if height == 0:
            return
        round = Round(max(0, current + random.choice([-1, 0, 0, 0, 1])))
        value_id = random.choice(self.pool(height, self.address))
        if random.random() * 100 < FORGERIES_PERCENT:
            self._tell_some(self._forgery(height, round, value_id))
            return
        valid_round = Round(random.randrange(-1, round))
        is_own_turn = self._world.validators(height).proposer(round) == self.address
        message: Proposal | Vote
        if is_own_turn and random.random() < 0.7:
            message = Proposal(height, round, value_id, valid_round, self.address)
        else:
            message = self._some_vote(height, round, value_id, valid_round)
        self._tell_some(message.signed(false_signature(message)))

    def _some_vote(
        self, height: Height, round: Round, value_id: ValueId | None, valid_round: Round
    ) -> Vote:
        random = self._world.random
        kind = random.choice(list(VoteKind))
        if random.randrange(4) == 0:
            value_id = None
        if value_id is None or kind is VoteKind.PRECOMMIT or random.random() < 0.5:
            valid_round = NO_ROUND
        return Vote(kind, height, round, value_id, self.address, valid_round=valid_round)

    def _forgery(
        self, height: Height, round: Round, value_id: ValueId
    ) -> Certificate | RoundCertificate:
        """Of votes nobody cast, of too few, or of one vote many times."""
        random = self._world.random
        kind = random.choice(list(VoteKind))
        own = Vote(kind, height, round, value_id, self.address)
        own = own.signed(false_signature(own))
        others = [
            Vote(kind, height, round, value_id, validator, own.signature)
            for validator in self._world.validators(height).addresses
            if validator != self.address
        ]
        votes = random.choice([[own], [own] * len(others), [own, *others]])
        if random.random() < 0.3:
            later = Round(round + 1 + random.randrange(3))
            return RoundCertificate(height, later, tuple(votes))
        return build_certificate(kind, height, round, value_id, votes)

    def _tell_some(self, packet: Proposal | Vote | Certificate | RoundCertificate) -> None:
        for receiver in self._world.validators(packet.height).addresses:
            if receiver != self.address and self._world.random.random() < 0.5:
                self._world.send(self, receiver, packet)
