"""A block under construction: transactions one by one, then the end-of-block steps."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from eth_typing import Address

from chain.engine import Account, AccountChange, BlockResult, CallResult, Receipt, Withdrawal
from chain.errors import BlobGasLimitReached
from chain.forks.fork import Fork
from chain.py_evm.activation import activate_precompiles
from chain.py_evm.deposits import deposit_request
from chain.py_evm.evm_state import EvmState
from chain.py_evm.system_calls import begin_block, read_request_queues
from chain.py_evm.tracing import LiveState, Tracing
from chain.py_evm.transaction_executor import (
    Execution,
    call_result,
    execute_transaction,
    execute_unsigned,
)
from chain.py_evm.zero_g_steps import credit, is_sentinel, run_zero_g_steps
from chain.tracer import Tracer
from chain.transactions import GAS_PER_BLOB, Transaction


class BlockTranscript:
    """`chain.engine.Transcript` over py-evm."""

    def __init__(self, state: EvmState) -> None:
        self._state = state
        self._receipts: list[Receipt] = []
        self.gas_used = 0
        self.blob_gas_used = 0
        begin_block(state, state.environment.parent_beacon_block_root)
        activate_precompiles(state)

    def try_transaction(
        self, transaction: Transaction, sender: Address, tracer: Tracer | None = None
    ) -> Receipt:
        """Apply one; raises `InvalidTransaction` and leaves no trace where it cannot be in the block."""
        self._check_blob_room(transaction)
        with self._told(tracer):
            execution = execute_transaction(
                self._state, transaction, sender, self._state.gas_limit - self.gas_used
            )
        return self._keep(transaction, execution)

    @contextmanager
    def _told(self, tracer: Tracer | None) -> Iterator[None]:
        state = self._state
        state.tracing = None if tracer is None else Tracing(state, tracer)
        try:
            yield
        finally:
            state.tracing = None

    def _keep(self, transaction: Transaction, execution: Execution) -> Receipt:
        self.gas_used += execution.gas_used
        self.blob_gas_used += execution.blob_gas_used
        receipt = _receipt(transaction, execution, self.gas_used)
        root_of = self._state.environment.state_root_of
        if self._state.fork < Fork.BYZANTIUM and root_of is not None:
            receipt = replace(receipt, post_state=root_of(self._state.changes()))
        self._receipts.append(receipt)
        return receipt

    def apply_unsigned(
        self,
        transaction: Transaction,
        sender: Address,
        *,
        is_strict: bool,
        tracer: Tracer | None = None,
    ) -> CallResult:
        """See `Transcript`."""
        with self._told(tracer):
            execution = execute_unsigned(self._state, transaction, sender, is_strict=is_strict)
        self._keep(transaction, execution)
        return call_result(execution)

    def account(self, address: Address) -> Account | None:
        """As it is after the block so far."""
        return LiveState(self._state).account(address)

    def changes(self) -> tuple[AccountChange, ...]:
        """Of the block so far, ascending by address."""
        return self._state.changes()

    def finish(
        self, withdrawals: Sequence[Withdrawal], slashed: Sequence[Withdrawal]
    ) -> BlockResult:
        """End-of-block steps in 0g-geth's order; raises `RequestsInvalid`."""
        state, requests = self._state, []
        if state.fork >= Fork.PRAGUE:
            logs = (log for receipt in self._receipts for log in receipt.logs)
            deposits = deposit_request(logs, state.rules.deposit_contract)
            requests += [deposits] if deposits is not None else []
        system_errors = run_zero_g_steps(state, withdrawals, slashed)
        if state.fork >= Fork.PRAGUE:
            requests += read_request_queues(state)
        _credit_withdrawals(state, withdrawals)
        _pay_rewards(state)
        state.settle()
        return BlockResult(
            receipts=tuple(self._receipts),
            requests=tuple(requests),
            gas_used=self.gas_used,
            blob_gas_used=self.blob_gas_used,
            changes=state.changes(),
            system_errors=tuple(system_errors),
            alarms=tuple(state.alarms),
        )

    def _check_blob_room(self, transaction: Transaction) -> None:
        schedule = self._state.rules.blobs
        if schedule is None or not transaction.blob_versioned_hashes:
            return
        used = self.blob_gas_used + transaction.blob_gas
        if used > schedule.limit * GAS_PER_BLOB:
            raise BlobGasLimitReached(used, schedule.limit * GAS_PER_BLOB)


def _receipt(transaction: Transaction, execution: Execution, cumulative_gas_used: int) -> Receipt:
    return Receipt(
        type=transaction.type,
        succeeded=execution.error is None,
        gas_used=execution.gas_used,
        cumulative_gas_used=cumulative_gas_used,
        logs=execution.logs if execution.error is None else (),
        contract_address=execution.contract_address,
        effective_gas_price=execution.effective_gas_price,
        blob_gas_used=execution.blob_gas_used,
        output=execution.output,
        error=execution.error,
        touched=execution.touched,
    )


def _credit_withdrawals(state: EvmState, withdrawals: Sequence[Withdrawal]) -> None:
    """EIP-4895; on 0G a sentinel is passed over wherever it stands (facts [O8])."""
    if state.fork < Fork.SHANGHAI:
        return
    for withdrawal in withdrawals:
        if not (state.rules.has_zero_g_steps and is_sentinel(withdrawal)):
            credit(state, withdrawal)


def _pay_rewards(state: EvmState) -> None:
    """The miner's reward with 1/32 for each ommer, and the ommers' own (Yellow Paper 11.3)."""
    reward = state.rules.row.block_reward
    if not reward:
        return
    ommers = state.environment.ommers
    for ommer in ommers:
        share = reward * (ommer.number + 8 - state.block_number) // 8
        state.delta_balance(ommer.coinbase, share)
    state.delta_balance(state.coinbase, reward + len(ommers) * (reward // 32))
