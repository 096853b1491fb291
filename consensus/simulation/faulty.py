"""Validators that lie. Their power is below a third, and nothing that they do may break a check."""

from consensus.simulation.host import Host
from consensus.simulation.network import Packet
from consensus.values import Height, Proposal, Round, ValidatorAddress, ValueId, Vote, VoteKind

LIES_PERCENT = 15
"""Of packets received are answered with a lie."""


class Liar(Host):
    """Follows the rules with one hand, and with the other says anything to anyone."""

    def receive(self, packet: Packet, sender: ValidatorAddress) -> None:
        super().receive(packet, sender)
        world = self._world
        if world.now_ms < world.plan.heal_ms and world.random.randrange(100) < LIES_PERCENT:
            self._lie()

    def _lie(self) -> None:
        view = self._core.view()
        if view.height == 0:
            return
        height = view.height
        round = Round(max(0, view.round + self._world.random.choice([-1, 0, 0, 0, 1])))
        value_id = self._some_value(height)
        message: Proposal | Vote
        if self._world.validators(height).proposer(round) == self.address and value_id is not None:
            valid_round = Round(self._world.random.randrange(-1, round))
            message = Proposal(height, round, value_id, valid_round, self.address)
        else:
            kind = self._world.random.choice(list(VoteKind))
            message = Vote(kind, height, round, value_id, self.address)
        self._tell_some(message)

    def _some_value(self, height: Height) -> ValueId | None:
        """One that others have proposed, nil, or one that is invalid."""
        values: list[ValueId | None] = [None, *self._world.values(height)]
        if self._world.random.randrange(4) == 0:
            return self._world.new_value(height, is_valid=False)
        return self._world.random.choice(values)

    def _tell_some(self, message: Proposal | Vote) -> None:
        signed = message.signed(self.signature_of(message))
        for receiver in self._world.validators(message.height).addresses:
            if receiver != self.address and self._world.random.random() < 0.5:
                self._world.send(self, receiver, signed)
