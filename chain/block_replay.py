"""A block executed once more, on the state before it, for those who want to know how."""

from collections.abc import Callable, Sequence

from chain.blocks import Block
from chain.config import ChainConfig
from chain.engine import AccountChange, Engine, Receipt, StateReader, Transcript
from chain.errors import InvalidTransaction
from chain.message_calls import environment_of
from chain.query_errors import QueryError
from chain.state import Overlay
from chain.stored_blocks import sender_of
from chain.tracer import Tracer


class GenesisNotTraceable(QueryError):
    """There is no state before block zero."""

    def __init__(self) -> None:
        super().__init__("genesis is not traceable")


class TransactionIndexOutOfRange(QueryError):
    """The block has fewer transactions."""

    def __init__(self, index: int, block: Block) -> None:
        super().__init__(
            f"transaction index {index} out of range for block 0x{block.header.hash.hex()}"
        )
        self.index = index


class TracingFailed(QueryError):
    """A transaction cannot run at all: of a block that was only shown to us, or a message."""

    def __init__(self, reason: InvalidTransaction) -> None:
        super().__init__(f"tracing failed: {reason}")
        self.reason = reason


class BlockReplay:
    """The transactions of one block. Withdrawals and other steps at its end are not run."""

    def __init__(
        self, engine: Engine, config: ChainConfig, block: Block, before: StateReader
    ) -> None:
        """`before` is the state after the parent. Raises `GenesisNotTraceable`."""
        if block.header.number == 0:
            raise GenesisNotTraceable
        self._engine, self._config = engine, config
        self._block, self._before = block, before

    def trace_all(self, tracer_of: Callable[[int], Tracer]) -> tuple[Receipt, ...]:
        """Run every transaction with the tracer for its index; raises `TracingFailed`."""
        count = len(self._block.transactions)
        return self._run(self._begin(), [tracer_of(index) for index in range(count)])

    def trace_one(self, index: int, tracer: Tracer) -> Receipt:
        """Run the transactions up to that one, and tell of that one alone.

        Raises `TransactionIndexOutOfRange`, `TracingFailed`.
        """
        self._check(index)
        return self._run(self._begin(), [None] * index + [tracer])[-1]

    def state_before(self, index: int) -> StateReader:
        """After the steps at the block's begin and the transactions before that one."""
        return Overlay(self._before, self.changes_before(index))

    def changes_before(self, index: int) -> tuple[AccountChange, ...]:
        """What those steps and transactions changed."""
        self._check(index)
        transcript = self._begin()
        self._run(transcript, [None] * index)
        return transcript.changes()

    def _begin(self) -> Transcript:
        environment = environment_of(self._block.header, self._config)
        return self._engine.begin_block(environment, self._before)

    def _run(self, transcript: Transcript, tracers: Sequence[Tracer | None]) -> tuple[Receipt, ...]:
        receipts = []
        for transaction, tracer in zip(self._block.transactions, tracers, strict=False):
            try:
                sender = sender_of(transaction)
                receipts.append(transcript.try_transaction(transaction, sender, tracer))
            except InvalidTransaction as error:
                raise TracingFailed(error) from error
        return tuple(receipts)

    def _check(self, index: int) -> None:
        if not 0 <= index < max(len(self._block.transactions), 1):
            raise TransactionIndexOutOfRange(index, self._block)
