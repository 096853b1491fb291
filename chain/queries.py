"""What JSON-RPC asks of the chain: blocks, transactions, state, calls, logs and fees.

One question or one batch reads one snapshot, so that its parts fit together while blocks go on.
Any process with read access to the store can ask.

    with queries.view() as view:
        view.balance(address, BlockTag.LATEST)
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.access_lists import FoundAccessList
from chain.address_search import AddressSearch
from chain.answers import (
    BlockOutline,
    BlockReference,
    BlockTag,
    FeeHistory,
    PlacedLog,
    PlacedReceipt,
    PlacedTransaction,
)
from chain.block_replay import BlockReplay
from chain.blocks import Block, Header
from chain.config import ChainConfig
from chain.engine import Account, AccountOverride, Engine, StateReader
from chain.fee_history import RewardMemory, fee_history, next_blob_base_fee
from chain.gas_price import PriceOracle
from chain.given_block import BuiltBlock, GivenBlock, build_given
from chain.header_rules import blob_base_fee, next_base_fee
from chain.history import history_floor
from chain.key_value import KeyValueStore, Snapshot
from chain.log_filter import LogFilter
from chain.log_search import find_logs, is_small_search, logs_of_block
from chain.message_calls import BlockOverrides, CallRequest, MessageCalls
from chain.proofs import AccountProof, proof
from chain.query_errors import HeaderForHashNotFound, HeaderNotFound, StateNotKept
from chain.simulated_state import SimulatedState
from chain.simulation import Simulator
from chain.simulation_request import SimulatedBlockResult, SimulationRequest
from chain.state import Overlay, StateAt
from chain.storage_range import StorageRange, storage_range
from chain.stored_blocks import StoredBlocks
from chain.tracer import Tracer

NO_ACCOUNT: Final = Account(nonce=0, balance=0, code_hash=Hash32(keccak(b"")))


@dataclass(frozen=True, slots=True)
class QueryLimits:
    """What one question may cost."""

    gas_cap: int = 50_000_000
    """Of a call or an estimate (geth's --rpc.gascap)."""
    log_blocks_max: int = 100_000
    log_results_max: int = 10_000
    proof_blocks_max: int | None = 128
    """How far before the head proofs are made, which takes the longer the further; None: any block."""


class Queries:
    """The entrance: hands out views of the chain as it is at that moment."""

    def __init__(
        self,
        store: KeyValueStore,
        config: ChainConfig,
        engine: Engine,
        limits: QueryLimits | None = None,
    ) -> None:
        self._store, self._config, self._engine = store, config, engine
        self._limits = limits or QueryLimits()
        self._oracle, self._rewards = PriceOracle(), RewardMemory()

    def view(self) -> AbstractContextManager["ChainView"]:
        """A view over one snapshot, which ends with the context."""
        return _ViewContext(self._store.snapshot(), self._view_of)

    def _view_of(self, snapshot: Snapshot) -> "ChainView":
        return ChainView(
            snapshot, self._config, self._engine, self._limits, self._oracle, self._rewards
        )


class _ViewContext:
    """A class, since a generator's context takes three times as long, once a request."""

    __slots__ = ("_snapshot", "_view_of")

    def __init__(
        self,
        snapshot: AbstractContextManager[Snapshot],
        view_of: Callable[[Snapshot], "ChainView"],
    ) -> None:
        self._snapshot, self._view_of = snapshot, view_of

    def __enter__(self) -> "ChainView":
        snapshot = self._snapshot.__enter__()
        view = None
        try:
            view = self._view_of(snapshot)
        finally:
            if view is None:
                self._snapshot.__exit__(None, None, None)
        return view

    def __exit__(self, *raised: Any) -> None:
        self._snapshot.__exit__(*raised)


class ChainView:
    """The chain up to the head of one snapshot. References may be numbers, hashes or tags."""

    def __init__(
        self,
        snapshot: Snapshot,
        config: ChainConfig,
        engine: Engine,
        limits: QueryLimits,
        oracle: PriceOracle,
        rewards: RewardMemory,
    ) -> None:
        """Raises `NotInitialized` where the store holds no block."""
        self._snapshot, self._config = snapshot, config
        self._engine, self._limits = engine, limits
        self._oracle, self._rewards = oracle, rewards
        self._blocks = StoredBlocks(snapshot)

    @property
    def head_number(self) -> int:
        return self._blocks.head_number

    @property
    def head(self) -> Header:
        return self._blocks.head

    @property
    def oldest_state(self) -> int:
        """The first block whose state can still be read."""
        return history_floor(self._snapshot)

    def header(self, at: BlockReference) -> Header:
        """Raises HeaderNotFound or HeaderForHashNotFound."""
        return self._blocks.header(self._number(at))

    def find_header(self, at: BlockReference) -> Header | None:
        number = self._find_number(at)
        return None if number is None else self._blocks.header(number)

    def find_block(self, at: BlockReference) -> Block | None:
        number = self._find_number(at)
        return None if number is None else self._blocks.block(number)

    def find_outline(self, at: BlockReference) -> BlockOutline | None:
        """The block without its transactions, many times faster than `find_block`."""
        number = self._find_number(at)
        return None if number is None else self._blocks.outline(number)

    def find_transaction(self, transaction_hash: Hash32) -> PlacedTransaction | None:
        place = self._blocks.place_of(transaction_hash)
        return None if place is None else self.find_transaction_at(*place)

    def find_transaction_at(self, at: BlockReference, index: int) -> PlacedTransaction | None:
        header = self.find_header(at)
        if header is None:
            return None
        transaction = self._blocks.transaction(header.number, index)
        return None if transaction is None else self._blocks.placed(header, transaction, index)

    def transactions(self, block: Block) -> tuple[PlacedTransaction, ...]:
        """All of a block, with senders."""
        return tuple(
            self._blocks.placed(block.header, transaction, index)
            for index, transaction in enumerate(block.transactions)
        )

    def find_receipt(self, transaction_hash: Hash32) -> PlacedReceipt | None:
        placed = self.find_transaction(transaction_hash)
        if placed is None:
            return None
        return self._placed_receipt(self._blocks.header(placed.block_number), placed)

    def _placed_receipt(self, header: Header, placed: PlacedTransaction) -> PlacedReceipt:
        receipt = self._blocks.receipt(header.number, placed.index)
        assert receipt is not None, "written with the transaction"
        earlier_logs = 0
        if any(header.bloom):
            earlier = self._blocks.receipts(header.number)[: placed.index]
            earlier_logs = sum(len(other.logs) for other in earlier)
        return PlacedReceipt(receipt, placed, earlier_logs, self._blob_gas_price(header))

    def find_receipts(self, at: BlockReference) -> tuple[PlacedReceipt, ...] | None:
        """Of a whole block; None where there is no such block."""
        block = self.find_block(at)
        if block is None:
            return None
        blob_gas_price = self._blob_gas_price(block.header)
        placed_receipts, log_count = [], 0
        receipts = self._blocks.receipts(block.header.number)
        for placed, receipt in zip(self.transactions(block), receipts, strict=True):
            placed_receipts.append(PlacedReceipt(receipt, placed, log_count, blob_gas_price))
            log_count += len(receipt.logs)
        return tuple(placed_receipts)

    def state(self, at: BlockReference) -> StateReader:
        """The state after a block.

        Raises HeaderNotFound, HeaderForHashNotFound or StateNotKept (as all below).
        """
        number = self._number(at)
        if number == self.head_number:
            return StateAt(self._snapshot)
        self._check_kept(number)
        return StateAt(self._snapshot, number)

    def account(self, address: Address, at: BlockReference) -> Account:
        """An account that does not exist is answered as an empty one."""
        return self.state(at).account(address) or NO_ACCOUNT

    def balance(self, address: Address, at: BlockReference) -> int:
        """Wei."""
        return self.account(address, at).balance

    def nonce(self, address: Address, at: BlockReference) -> int:
        return self.account(address, at).nonce

    def code(self, address: Address, at: BlockReference) -> bytes:
        state = self.state(at)
        account = state.account(address)
        return b"" if account is None else state.code(account.code_hash)

    def slot(self, address: Address, slot: int, at: BlockReference) -> int:
        return self.state(at).slot(address, slot)

    def proof(self, address: Address, slots: Sequence[int], at: BlockReference) -> AccountProof:
        """The account and some of its slots with the nodes that prove them (EIP-1186)."""
        return proof(self._snapshot, self._provable_number(at), address, slots)

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
        calls = self._message_calls(at, overrides, block_overrides)
        return calls.call(request, self._limits.gas_cap)

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
        calls = self._message_calls(at, overrides, block_overrides)
        return calls.estimate_gas(request, self._limits.gas_cap)

    def access_list(
        self,
        request: CallRequest,
        nonce: int | None = None,
        at: BlockReference = BlockTag.LATEST,
        overrides: Mapping[Address, AccountOverride] | None = None,
    ) -> FoundAccessList:
        """What the message touches, and what it does with that warm (eth_createAccessList).

        Raises InvalidCall, CallRefused.
        """
        calls = self._message_calls(at, overrides, None)
        return calls.access_list(request, nonce, self._limits.gas_cap)

    def simulate(
        self, request: SimulationRequest, at: BlockReference = BlockTag.LATEST
    ) -> list[SimulatedBlockResult]:
        """Blocks on top of one, which reaches as far back as proofs do (eth_simulateV1).

        Raises a `SimulationError`, InvalidCall or InvalidOverride with geth's texts.
        """
        number = self._provable_number(at)
        simulator = Simulator(
            self._engine,
            self._config,
            self._blocks.header(number),
            SimulatedState(self._snapshot, number),
            request,
            self._limits.gas_cap,
        )
        return simulator.run()

    def build(self, given: GivenBlock, parent: BlockReference) -> BuiltBlock:
        """A block that nobody keeps, on one as far back as proofs reach (testing_buildBlockV1).

        Raises InvalidTransactionInBlock, RequestsInvalid.
        """
        number = self._provable_number(parent)
        state = SimulatedState(self._snapshot, number)
        return build_given(self._engine, self._config, self._blocks.header(number), state, given)

    def search(self, address: Address) -> AddressSearch:
        """Transactions that concern an address."""
        return AddressSearch(self._snapshot, self._blocks, address)

    def receipt_at(self, number: int, index: int) -> PlacedReceipt:
        """Of a transaction that is there."""
        header = self._blocks.header(number)
        transaction = self._blocks.transaction(number, index)
        assert transaction is not None, "the block has it"
        return self._placed_receipt(header, self._blocks.placed(header, transaction, index))

    def replay(self, block: Block) -> BlockReplay:
        """The block once more, on the state after its parent, which has to be one of ours.

        Raises HeaderForHashNotFound, StateNotKept, GenesisNotTraceable.
        """
        header = block.header
        before = self.state(header.parent_hash if header.number else header.number)
        return BlockReplay(self._engine, self._config, block, before)

    def storage_range(
        self, at: BlockReference, index: int, address: Address, first: bytes, count: int
    ) -> StorageRange:
        """Slots of an account before that transaction of the block, `count` at most from a hash on.

        Raises what `replay` raises, TransactionIndexOutOfRange, TooManySlots.
        """
        block = self._blocks.block(self._number(at))
        changes = self.replay(block).changes_before(index)
        written = (change.slots for change in changes if change.address == address)
        state = Overlay(self.state(block.header.parent_hash), changes)
        slots = (slot for rows in written for slot, _ in rows)
        return storage_range(self._snapshot, state, address, first, count, slots)

    def trace_call(
        self,
        request: CallRequest,
        tracer: Tracer,
        at: BlockReference = BlockTag.LATEST,
        overrides: Mapping[Address, AccountOverride] | None = None,
        block_overrides: BlockOverrides | None = None,
        transaction_index: int | None = None,
    ) -> None:
        """Run the message as `call` does, and tell the tracer.

        `transaction_index`: on the state before that transaction of the block, instead of the one after
        the block. Raises InvalidCall, CallRefused, TransactionIndexOutOfRange.
        """
        state = None
        if transaction_index is not None:
            block = self._blocks.block(self._number(at))
            state = self.replay(block).state_before(transaction_index)
        calls = self._message_calls(at, overrides, block_overrides, state)
        calls.trace(request, self._limits.gas_cap, tracer)

    def logs(self, log_filter: LogFilter) -> tuple[PlacedLog, ...]:
        """Matching logs in the order of the chain.

        Raises InvalidBlockRange, BlockRangeBeyondHead, BlockRangeTooLarge, TooManyLogs.
        """
        limits = self._limits
        numbers = self._searched(log_filter)
        return find_logs(
            self._blocks, log_filter, numbers, limits.log_blocks_max, limits.log_results_max
        )

    def is_small_search(self, log_filter: LogFilter) -> bool:
        """Whether `logs` takes about a millisecond at most."""
        return is_small_search(self._blocks, log_filter, self._searched(log_filter))

    def _searched(self, log_filter: LogFilter) -> range:
        if log_filter.block_hash is None:
            return range(log_filter.first_block, log_filter.last_block + 1)
        number = self._number(log_filter.block_hash)
        return range(number, number + 1)

    def logs_of_block(self, at: BlockReference) -> tuple[PlacedLog, ...]:
        """Every log of one block, however many; raises HeaderNotFound or HeaderForHashNotFound."""
        number = self._number(at)
        return logs_of_block(self._blocks, number, LogFilter())

    def fee_history(
        self, block_count: int, newest: BlockReference, percentiles: Sequence[float] = ()
    ) -> FeeHistory:
        """geth's numbers; raises InvalidPercentile, TooManyPercentiles, RequestBeyondHead."""
        number = newest if isinstance(newest, int) else self._number(newest)
        return fee_history(
            self._blocks, self._config, block_count, number, percentiles, self._rewards
        )

    def priority_fee(self) -> int:
        """A tip that should do, in wei a gas (0G's oracle, facts §1b "Gas price")."""
        return self._oracle.priority_fee(self._blocks)

    def gas_price(self) -> int:
        """The head's base fee and `priority_fee`, in wei a gas."""
        return (self.head.base_fee or 0) + self.priority_fee()

    def blob_base_fee(self) -> int:
        """Wei a blob gas in the next block."""
        return next_blob_base_fee(self.head, self._config)

    def next_base_fee(self) -> int:
        """Wei a gas in the next block."""
        return next_base_fee(self.head)

    def _number(self, at: BlockReference) -> int:
        """Raises HeaderNotFound or HeaderForHashNotFound."""
        number = self._find_number(at)
        if number is not None:
            return number
        raise HeaderForHashNotFound(Hash32(at)) if isinstance(at, bytes) else HeaderNotFound

    def _find_number(self, at: BlockReference) -> int | None:
        if isinstance(at, BlockTag):
            return 0 if at is BlockTag.EARLIEST else self.head_number
        if isinstance(at, bytes):
            return self._blocks.number_of(Hash32(at))
        return at if 0 <= at <= self.head_number else None

    def _provable_number(self, at: BlockReference) -> int:
        """Of a block whose tries can be set up again; raises as `_number`, and StateNotKept."""
        number, distance_max = self._number(at), self._limits.proof_blocks_max
        self._check_kept(number)
        if distance_max is not None and self.head_number - number > distance_max:
            why = f"proofs reach back {distance_max} blocks; a node with --archive has no limit"
            raise StateNotKept(self._blocks.header(number).state_root, why)
        return number

    def _check_kept(self, number: int) -> None:
        """Raises StateNotKept."""
        floor = history_floor(self._snapshot)
        if number < floor:
            why = f"this node keeps states from block {floor} on"
            raise StateNotKept(self._blocks.header(number).state_root, why)

    def _blob_gas_price(self, header: Header) -> int | None:
        if header.excess_blob_gas is None:
            return None
        rules = self._config.rules(header.number, header.timestamp)
        return blob_base_fee(header.excess_blob_gas, rules)

    def _message_calls(
        self,
        at: BlockReference,
        overrides: Mapping[Address, AccountOverride] | None,
        block_overrides: BlockOverrides | None,
        state: StateReader | None = None,
    ) -> MessageCalls:
        header = self.header(at)
        reader = self.state(at) if state is None else state
        return MessageCalls(self._engine, self._config, header, reader, overrides, block_overrides)
