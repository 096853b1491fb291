"""What JSON-RPC asks of the chain: blocks, transactions, state, calls, logs and fees.

One question or one batch reads one snapshot, so that its parts fit together while blocks go on.
Any process with read access to the store can ask.

    with queries.view() as view:
        view.balance(address, BlockTag.LATEST)
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from eth_typing import Address, Hash32

from chain.answers import (
    BlockReference,
    BlockTag,
    FeeHistory,
    PlacedLog,
    PlacedReceipt,
    PlacedTransaction,
)
from chain.blocks import Block, Header
from chain.config import ChainConfig
from chain.engine import Account, AccountOverride, Engine, StateReader
from chain.key_value import KeyValueStore, Snapshot
from chain.log_filter import LogFilter
from chain.message_calls import BlockOverrides, CallRequest


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one question may cost."""

    gas_cap: int = 50_000_000
    """Of a call or an estimate (geth's --rpc.gascap)."""
    log_blocks_max: int = 100_000
    log_results_max: int = 10_000


class Queries:
    """The entrance: hands out views of the chain as it is at that moment."""

    def __init__(
        self,
        store: KeyValueStore,
        config: ChainConfig,
        engine: Engine,
        limits: QueryLimits = QueryLimits(),  # noqa: B008 (frozen)
    ) -> None: ...

    @contextmanager
    def view(self) -> Iterator["ChainView"]:
        """A view over one snapshot, which ends with the context."""


class ChainView:
    """The chain up to the head of one snapshot. References may be numbers, hashes or tags."""

    def __init__(
        self, snapshot: Snapshot, config: ChainConfig, engine: Engine, limits: QueryLimits
    ) -> None: ...

    @property
    def head(self) -> Header: ...

    def header(self, at: BlockReference) -> Header:
        """Raises HeaderNotFound or HeaderForHashNotFound."""

    def find_header(self, at: BlockReference) -> Header | None: ...

    def find_block(self, at: BlockReference) -> Block | None: ...

    def find_transaction(self, transaction_hash: Hash32) -> PlacedTransaction | None: ...

    def find_transaction_at(self, at: BlockReference, index: int) -> PlacedTransaction | None: ...

    def transactions(self, block: Block) -> tuple[PlacedTransaction, ...]:
        """All of a block, with senders."""

    def find_receipt(self, transaction_hash: Hash32) -> PlacedReceipt | None: ...

    def find_receipts(self, at: BlockReference) -> tuple[PlacedReceipt, ...] | None:
        """Of a whole block; None where there is no such block."""

    def state(self, at: BlockReference) -> StateReader:
        """The state after a block; raises HeaderNotFound or HeaderForHashNotFound (as all below)."""

    def account(self, address: Address, at: BlockReference) -> Account:
        """An account that does not exist is answered as an empty one."""

    def balance(self, address: Address, at: BlockReference) -> int:
        """Wei."""

    def nonce(self, address: Address, at: BlockReference) -> int: ...

    def code(self, address: Address, at: BlockReference) -> bytes: ...

    def slot(self, address: Address, slot: int, at: BlockReference) -> int: ...

    def call(
        self,
        request: CallRequest,
        at: BlockReference = BlockTag.LATEST,
        overrides: Mapping[Address, AccountOverride] | None = None,
        block_overrides: BlockOverrides | None = None,
    ) -> bytes:
        """What the message returns (eth_call).

        Raises ExecutionReverted, ExecutionFailed, CallRefused or InvalidCall with geth's texts.
        """

    def estimate_gas(
        self,
        request: CallRequest,
        at: BlockReference = BlockTag.LATEST,
        overrides: Mapping[Address, AccountOverride] | None = None,
        block_overrides: BlockOverrides | None = None,
    ) -> int:
        """A gas limit with which the message succeeds, found as geth finds it (facts [O4]).

        Raises what `call` raises, and GasRequiredExceedsAllowance.
        """

    def logs(self, log_filter: LogFilter) -> tuple[PlacedLog, ...]:
        """Matching logs in the order of the chain.

        Raises InvalidBlockRange, BlockRangeBeyondHead, BlockRangeTooLarge, TooManyLogs.
        """

    def fee_history(
        self, block_count: int, newest: BlockReference, percentiles: Sequence[float] = ()
    ) -> FeeHistory:
        """geth's numbers; raises InvalidPercentile, TooManyPercentiles, RequestBeyondHead."""

    def priority_fee(self) -> int:
        """A tip that should do, in wei a gas (0G's oracle, facts §1b "Gas price")."""

    def gas_price(self) -> int:
        """The head's base fee and `priority_fee`, in wei a gas."""

    def blob_base_fee(self) -> int:
        """Wei a blob gas in the next block."""

    def next_base_fee(self) -> int:
        """Wei a gas in the next block."""
