"""What the node answers to its JSON-RPC process over the local socket."""

from collections.abc import Callable, Sequence
from typing import Any

from eth_typing import Address, Hash32

from consensus.validators import ValidatorSet
from consensus.values import ValidatorAddress
from consensus.view import CoreView
from node.consensus_host import ConsensusHost
from node.consensus_watch import name_of
from node.execution_host import ExecutionHost
from node.local_socket import Accepted, NodeStatus, PoolContent, SubmitResult
from node.network.host import PeerNetwork
from node.transaction_intake import TransactionIntake


class LocalService:
    """Implements `NodeService`."""

    def __init__(
        self,
        intake: TransactionIntake,
        executor: ExecutionHost,
        consensus: ConsensusHost,
        gossip: Callable[[Sequence[bytes]], None],
        network: PeerNetwork,
    ) -> None:
        """`gossip` sends accepted transactions to the peers; it returns at once."""
        self._intake, self._executor, self._consensus = intake, executor, consensus
        self._gossip, self._network = gossip, network
        self._starting_height = executor.tip

    async def submit_transactions(self, encoded: list[bytes]) -> list[SubmitResult]:
        """Into the pool, and what it took to the peers."""
        results = await self._intake.submit(encoded)
        taken = [
            item
            for item, result in zip(encoded, results, strict=True)
            if isinstance(result, Accepted)
        ]
        if taken:
            self._gossip(taken)
        return results

    async def pending_nonce(self, address: bytes) -> int | None:
        """The account's next nonce behind its pending transactions."""
        return self._intake.pending_nonce(Address(address))

    async def pending_transaction(self, transaction_hash: bytes) -> bytes | None:
        """The encoded transaction, pending or queued."""
        return self._intake.pending_transaction(Hash32(transaction_hash))

    async def pool_content(self) -> PoolContent:
        """All transactions of the pool."""
        return self._intake.content()

    async def status(self) -> NodeStatus:
        """Heights, peers, pool and where consensus stands."""
        peers = self._consensus.peer_heights()
        pending, queued = self._intake.counts
        return NodeStatus(
            height=self._executor.tip,
            peers=len(peers),
            highest_known=max([self._executor.tip, *peers.values()]),
            starting_height=self._starting_height,
            pending=pending,
            queued=queued,
            consensus=_shown(self._consensus.view())
            | {
                "sinceBlockMs": round(self._executor.since_commit_s * 1_000),
                "halted": self._consensus.halted,
            },
            name=self._network.own_name,
            listening=self._network.listen_addresses(),
            peer_heights=peers,
        )


def _names(missing: Sequence[ValidatorAddress], validators: ValidatorSet | None) -> list[str]:
    return [] if validators is None else sorted(name_of(each, validators) for each in missing)


def _shown(view: CoreView) -> dict[str, Any]:
    """Height, round, step and whose votes are missing, as JSON."""
    shown: dict[str, Any] = {
        "height": view.height,
        "round": view.round,
        "step": view.step.name.lower(),
    }
    missing = view.missing_votes()
    if missing is not None:
        shown |= {
            "waitingFor": missing.kind.name.lower(),
            "missingValidators": ["0x" + address.hex() for address in missing.validators],
            "missingNames": _names(missing.validators, view.validators),
            "missingPower": missing.power,
            "totalPower": missing.total_power,
        }
    return shown
