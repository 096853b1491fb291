"""eth_simulateV1: blocks that nobody made, executed on top of a real one, with hashes as if somebody had.

go-ethereum's internal/ethapi/simulate.go, step by step; what is asked and answered is in
`simulation_request.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Block,
    Header,
)
from chain.config import ChainConfig, Rules
from chain.engine import Engine, Transcript
from chain.errors import InvalidTransaction, RequestsInvalid
from chain.executed_block import execution_fields, transactions_root, withdrawals_root
from chain.forks.fork import Fork
from chain.header_rules import excess_blob_gas, next_base_fee
from chain.message_calls import BlockOverrides, CallRequest, environment_of, fees
from chain.overridden_state import override_changes
from chain.query_errors import InvalidCall
from chain.simulated_state import SimulatedState
from chain.simulation_request import (
    SIMULATED_BLOCKS_MAX,
    BlockGasLimitReached,
    BlockNumbersOutOfOrder,
    BlockStateCalls,
    NothingToSimulate,
    SimulatedBlockResult,
    SimulatedCall,
    SimulatedCallInvalid,
    SimulatedCallResult,
    SimulationRequest,
    TimestampsOutOfOrder,
    TooManyBlocks,
)
from chain.transaction_encoding import with_encoding
from chain.transactions import BLOB, DYNAMIC_FEE, LEGACY, SET_CODE, Transaction
from chain.transfer_logs import TransferLogs

SECONDS_BETWEEN_BLOCKS: Final = 12
"""Where no time is given; execution-apis prescribes it."""


class Simulator:
    """One request on one state."""

    def __init__(
        self,
        engine: Engine,
        config: ChainConfig,
        base: Header,
        state: SimulatedState,
        request: SimulationRequest,
        gas_cap: int,
    ) -> None:
        """`base` is the block below the first simulated one, `state` the one after it.

        `gas_cap`: of all calls together.
        """
        self._engine, self._config = engine, config
        self._base, self._state, self._request = base, state, request
        self._gas_left = gas_cap

    def run(self) -> list[SimulatedBlockResult]:
        """Every block; raises `SimulationError`, `InvalidCall` or `InvalidOverride`."""
        if not self._request.blocks:
            raise NothingToSimulate
        plan = list(_planned(self._base, self._request.blocks))
        results, parent = [], self._base
        for wanted in plan:
            result = self._block(wanted, parent)
            parent = result.block.header
            self._state.add_block_hash(parent.number, parent.hash)
            results.append(result)
        return results

    def _block(self, wanted: BlockStateCalls, parent: Header) -> SimulatedBlockResult:
        header, rules = self._header(wanted.block_overrides, parent)
        environment = replace(
            environment_of(header, self._config),
            blob_base_fee=wanted.block_overrides.blob_base_fee,
        )
        self._state.apply(override_changes(self._state.reader, wanted.state_overrides))
        transcript = self._engine.begin_block(
            environment, self._state.reader, wanted.state_overrides
        )
        calls = self._calls(transcript, header, wanted.calls)
        withdrawals = tuple(wanted.block_overrides.withdrawals or ())
        listed = withdrawals if rules.fork >= Fork.SHANGHAI else None
        try:
            result = transcript.finish(listed or (), ())
        except RequestsInvalid as error:
            raise InvalidCall(str(error)) from None
        fields = execution_fields(result, self._state.apply(result.changes), rules)
        transactions = tuple(call.transaction for call in calls)
        header = replace(
            header,
            state_root=fields.state_root,
            transactions_root=transactions_root(transactions),
            receipts_root=fields.receipts_root,
            bloom=fields.bloom,
            gas_used=fields.gas_used,
            withdrawals_root=withdrawals_root(listed),
            blob_gas_used=fields.blob_gas_used,
            requests_hash=fields.requests_hash,
        )
        return SimulatedBlockResult(Block(header, transactions, withdrawals=listed), tuple(calls))

    def _header(self, overrides: BlockOverrides, parent: Header) -> tuple[Header, Rules]:
        """What is known of the block before it runs; what is not overridden goes on as it was."""
        assert overrides.number is not None, "planned"
        assert overrides.timestamp is not None, "planned"
        rules = self._config.rules(overrides.number, overrides.timestamp)
        difficulty = overrides.difficulty
        if difficulty is None:
            difficulty = 0 if rules.fork >= Fork.PARIS else parent.difficulty
        is_cancun = rules.fork >= Fork.CANCUN
        header = Header(
            parent_hash=parent.hash,
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=overrides.coinbase or parent.coinbase,
            state_root=ZERO_HASH,
            transactions_root=EMPTY_TRIE_ROOT,
            receipts_root=EMPTY_TRIE_ROOT,
            bloom=EMPTY_BLOOM,
            difficulty=difficulty,
            number=overrides.number,
            gas_limit=parent.gas_limit if overrides.gas_limit is None else overrides.gas_limit,
            gas_used=0,
            timestamp=overrides.timestamp,
            extra_data=b"",
            mix_hash=overrides.prev_randao or ZERO_HASH,
            nonce=NO_NONCE,
            base_fee=self._base_fee(overrides, parent) if rules.fork >= Fork.LONDON else None,
            excess_blob_gas=excess_blob_gas(parent, rules) if is_cancun else None,
            parent_beacon_block_root=(overrides.beacon_root or ZERO_HASH) if is_cancun else None,
        )
        return header, rules

    def _base_fee(self, overrides: BlockOverrides, parent: Header) -> int:
        """Without validation nobody has to pay one, unless it is asked for."""
        if overrides.base_fee is not None:
            return overrides.base_fee
        return next_base_fee(parent) if self._request.is_validating else 0

    def _calls(
        self, transcript: Transcript, header: Header, wanted: Sequence[SimulatedCall]
    ) -> list[SimulatedCallResult]:
        results, log_index = [], 0
        for call in wanted:
            listener = TransferLogs(log_index, shows_transfers=self._request.traces_transfers)
            results.append(self._call(transcript, header, call, listener))
            log_index = listener.next_index
        return results

    def _call(
        self,
        transcript: Transcript,
        header: Header,
        wanted: SimulatedCall,
        listener: TransferLogs,
    ) -> SimulatedCallResult:
        transaction = self._transaction(transcript, header, wanted)
        sender = wanted.request.sender
        try:
            result = transcript.apply_unsigned(
                transaction, sender, is_strict=self._request.is_validating, tracer=listener
            )
        except InvalidTransaction as reason:
            raise SimulatedCallInvalid(reason, transaction.gas_limit) from None
        self._gas_left -= result.gas_used
        return SimulatedCallResult(transaction, sender, result, tuple(listener.logs))

    def _transaction(
        self, transcript: Transcript, header: Header, wanted: SimulatedCall
    ) -> Transaction:
        request = wanted.request
        nonce = wanted.nonce
        if nonce is None:
            account = transcript.account(request.sender)
            nonce = 0 if account is None else account.nonce
        remaining = header.gas_limit - transcript.gas_used
        gas_limit = remaining if request.gas is None else request.gas
        if gas_limit > remaining:
            raise BlockGasLimitReached(remaining, gas_limit)
        _, tip, cap = fees(request, header.base_fee, self._config.chain_id)
        kind = _type_of(request, header)
        unsigned = Transaction(
            type=kind,
            chain_id=None if kind == LEGACY else self._config.chain_id,
            nonce=nonce,
            gas_price=cap,
            gas_limit=min(gas_limit, self._gas_left),
            to=request.to,
            value=request.value,
            data=request.data,
            y_parity=0,
            r=0,
            s=0,
            max_priority_fee_per_gas=tip,
            max_fee_per_gas=cap,
            access_list=request.access_list,
            max_fee_per_blob_gas=request.max_fee_per_blob_gas or 0,
            blob_versioned_hashes=request.blob_versioned_hashes,
            authorization_list=request.authorization_list,
        )
        return with_encoding(unsigned, (0, 0, 0))


def _type_of(request: CallRequest, header: Header) -> int:
    """geth's choice; without a word about fees the newest of the plain ones."""
    if request.gas_price is not None or header.base_fee is None:
        return LEGACY
    if request.authorization_list:
        return SET_CODE
    return BLOB if request.blob_versioned_hashes else DYNAMIC_FEE


def _planned(base: Header, wanted: Sequence[BlockStateCalls]) -> Iterator[BlockStateCalls]:
    """The blocks with number and time settled, and empty ones where numbers leave a gap.

    Raises `BlockNumbersOutOfOrder`, `TimestampsOutOfOrder`, `TooManyBlocks`.
    """
    number, timestamp = base.number, base.timestamp
    for block in wanted:
        overrides = block.block_overrides
        target = number + 1 if overrides.number is None else overrides.number
        if target <= number:
            raise BlockNumbersOutOfOrder(target, number)
        if target - base.number > SIMULATED_BLOCKS_MAX:
            raise TooManyBlocks
        for filler in range(number + 1, target):
            timestamp += SECONDS_BETWEEN_BLOCKS
            yield BlockStateCalls(
                block_overrides=BlockOverrides(number=filler, timestamp=timestamp)
            )
        wanted_time = overrides.timestamp
        if wanted_time is not None and wanted_time <= timestamp:
            raise TimestampsOutOfOrder(wanted_time, timestamp)
        timestamp = timestamp + SECONDS_BETWEEN_BLOCKS if wanted_time is None else wanted_time
        number = target
        settled = replace(overrides, number=number, timestamp=timestamp)
        yield replace(block, block_overrides=settled)
