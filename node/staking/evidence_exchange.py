"""Evidence to and from peers: what one correct node has seen, all proposers know a moment later."""

import logging
from collections.abc import Callable

from consensus.evidence import Evidence
from consensus.values import Proposal, Vote
from node.network.host import PeerNetwork
from node.network.interface import PeerName
from node.staking.evidence_pool import EvidencePool
from node.staking.evidence_rules import EvidenceForged, EvidenceRefused

_log = logging.getLogger("zerog.consensus")

Judge = Callable[[Evidence], None]
"""Raises `EvidenceForged` or `EvidenceRefused`."""


class EvidenceExchange:
    """Between the pool and the network."""

    def __init__(self, network: PeerNetwork, pool: EvidencePool, judge: Judge) -> None:
        self._network, self._pool, self._judge = network, pool, judge
        network.message_handlers[Evidence] = self.take
        network.greeters.append(self._greet)

    def report(self, first: Proposal | Vote, second: Proposal | Vote) -> None:
        """Two messages that our own consensus core found to exclude each other."""
        try:
            self._admit(Evidence.of(first, second))
        except EvidenceForged as error:
            # Both were checked when they came: our own bug, which must not stop this validator.
            _log.error("what consensus reported is no evidence: %s", error)

    def take(self, peer: PeerName, evidence: Evidence) -> None:
        """A peer sent evidence; forged, it drops the peer."""
        try:
            self._admit(evidence)
        except EvidenceForged as error:
            self._network.drop(peer, f"forged evidence: {error}")

    def _admit(self, evidence: Evidence) -> None:
        """Raises `EvidenceForged`."""
        if self._pool.holds(evidence):
            return
        try:
            self._judge(evidence)
        except EvidenceForged:
            raise
        except EvidenceRefused as error:
            _log.debug("evidence against 0x%s: %s", evidence.validator.hex(), error)
            return
        if self._pool.add(evidence):
            who, height = evidence.validator.hex(), evidence.height
            _log.warning("evidence against 0x%s of height %d goes to the network", who, height)
            self._network.broadcast(evidence)

    def _greet(self, peer: PeerName) -> None:
        for piece in self._pool.all():
            self._network.send(peer, piece)
