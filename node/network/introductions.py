"""Makes validators find each other: passes their signed records on, and keeps connected to each of them.

Whoever joined the chain with one peer alone is known to all validators a moment after it joined the set.
Records of others than validators are not kept, and who is no validator dials nobody for them.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import trio

from consensus.values import ValidatorAddress
from node.network.host import PeerNetwork
from node.network.interface import PeerName
from node.network.peer_record import PeerRecord, whose

LOOK_INTERVAL_S = 1.0
"""How often to look who is a validator now."""
TELL_EVERY_LOOKS = 10
"""All records are told again after so many looks: a peer may have been behind when it first heard."""
_log = logging.getLogger("zerog.network")

IsMember = Callable[[ValidatorAddress], bool]
"""Whether a validator decides the next heights."""


@dataclass(slots=True)
class _Known:
    record: PeerRecord
    dialling: trio.CancelScope | None = None


class Introductions:
    """The records that this node holds."""

    def __init__(
        self,
        network: PeerNetwork,
        chain_identity: bytes,
        is_member: IsMember,
        own: Callable[[], PeerRecord] | None,
    ) -> None:
        """`own` makes this node's record, None for a node without a consensus key."""
        self._network = network
        self._identity = chain_identity
        self._is_member = is_member
        self._make_own = own
        self._own: PeerRecord | None = None
        self._known: dict[ValidatorAddress, _Known] = {}
        network.message_handlers[PeerRecord] = self.take
        network.greeters.append(self._greet)

    def records(self) -> tuple[PeerRecord, ...]:
        """Of others, and our own."""
        own = () if self._own is None else (self._own,)
        return (*own, *(known.record for known in self._known.values()))

    def validator_at(self, peer: PeerName) -> ValidatorAddress | None:
        """Whose node it is, by a record that the validator signed; None while that is not known."""
        for validator, known in self._known.items():
            if known.record.peer_id == peer:
                return validator
        return None

    async def run(self) -> None:
        """While the network runs, until cancelled."""
        if self._make_own is not None:
            self._own = self._make_own()
        looks = 0
        while True:
            if looks % TELL_EVERY_LOOKS == 0:
                for record in self.records():
                    self._network.broadcast(record)
            self._forget_former()
            self._dial()
            looks += 1
            await trio.sleep(LOOK_INTERVAL_S)

    def take(self, peer: PeerName, record: PeerRecord) -> None:
        """A peer told of a record: kept, passed on and dialled if it is new and a validator's."""
        if record.peer_id == self._network.own_name:
            return
        if any(known.record == record for known in self._known.values()):
            return
        validator = whose(record, self._identity)
        if validator is None:
            self._network.drop(peer, "a peer record that nobody signed")
            return
        known = self._known.get(validator)
        is_newer = known is None or known.record.sequence < record.sequence
        if not is_newer or not self._is_member(validator):
            return
        self._forget(validator)
        _log.info("validator 0x%s is at peer %s", validator.hex(), record.peer_id)
        self._known[validator] = _Known(record)
        self._dial()
        self._network.broadcast(record)

    def _greet(self, peer: PeerName) -> None:
        for record in self.records():
            self._network.send(peer, record)

    def _forget_former(self) -> None:
        for validator in [each for each in self._known if not self._is_member(each)]:
            self._forget(validator)

    def _dial(self) -> None:
        """Validators are connected with each other; full nodes are content with the peers they have."""
        own = None if self._own is None else whose(self._own, self._identity)
        is_member = own is not None and self._is_member(own)
        for known in self._known.values():
            if is_member and known.dialling is None:
                known.dialling = self._network.keep_connected(known.record.peer_addresses())
            elif not is_member and known.dialling is not None:
                known.dialling.cancel()
                known.dialling = None

    def _forget(self, validator: ValidatorAddress) -> None:
        known = self._known.pop(validator, None)
        if known is not None and known.dialling is not None:
            known.dialling.cancel()
