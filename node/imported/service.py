"""What the process of an imported chain answers over the local socket."""

from eth_typing import Address, Hash32

from node.local_socket import NodeStatus, PoolContent, SubmitResult
from node.transaction_intake import TransactionIntake


class ImportedService:
    """Implements `NodeService` for a chain that stands still."""

    def __init__(self, intake: TransactionIntake, height: int) -> None:
        self._intake, self._height = intake, height

    async def submit_transactions(self, encoded: list[bytes]) -> list[SubmitResult]:
        """Into the pool; no block will ever take them out."""
        return await self._intake.submit(encoded)

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
        """No peers, nothing to catch up with, no consensus."""
        pending, queued = self._intake.counts
        return NodeStatus(
            height=self._height,
            peers=0,
            highest_known=self._height,
            starting_height=self._height,
            pending=pending,
            queued=queued,
        )
