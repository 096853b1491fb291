"""`PyEvmEngine`: the chain's `Engine` over py-evm's opcodes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from eth_typing import Address

from chain.config import Rules
from chain.engine import (
    AccountOverride,
    BlockResult,
    CallResult,
    Environment,
    Message,
    StateReader,
    Withdrawal,
)
from chain.errors import InvalidTransaction, InvalidTransactionInBlock, PluginMissing
from chain.forks.fork import Fork
from chain.overridden_state import override_changes
from chain.precompile_adapter import adapt
from chain.py_evm.block_transcript import BlockTranscript
from chain.py_evm.code_analysis import CodeAnalysis
from chain.py_evm.ethereum_precompiles import ethereum_precompiles
from chain.py_evm.evm_state import EvmState, FramePrecompile
from chain.py_evm.fork_classes import FORK_CLASSES
from chain.py_evm.moved_precompiles import move_precompiles
from chain.py_evm.opcode_table import OpcodeTable, build_opcode_table
from chain.py_evm.tracing import Tracing
from chain.py_evm.transaction_executor import call_result, execute_message
from chain.state import Overlay
from chain.tracer import Tracer
from chain.transactions import Transaction
from precompiles.interface import Precompile
from precompiles.registry import own_precompiles, storage_precompiles, zero_g_precompiles

PrecompileSource = Callable[[int], Mapping[Address, Precompile]]
"""DA epoch length in blocks → 0G's precompiles."""
PrecompileKey = tuple[Fork, bool, int, bool, bool, tuple[Address, ...]]
"""The rules by which the precompiles of a block are chosen."""


class PyEvmEngine:
    """Executes blocks and calls at every fork; keeps only what is the same for all of them."""

    def __init__(
        self,
        precompiles: PrecompileSource = zero_g_precompiles,
        plugins: Mapping[Address, Precompile] | None = None,
        has_short_transfers: bool = True,
    ) -> None:
        """`plugins` are other people's precompiles; the rules of a block say which are there in it.

        `has_short_transfers` False runs calls of accounts without code as every other call, with the
        same outcome: for comparison.
        """
        self._has_short_transfers = has_short_transfers
        self._zero_g_precompiles = precompiles
        self._plugins = plugins or {}
        self._opcodes: dict[Fork, OpcodeTable] = {}
        self._precompiles: dict[PrecompileKey, Mapping[Address, FramePrecompile]] = {}
        self._code_analysis = CodeAnalysis()

    def precompiles(self, rules: Rules) -> Collection[Address]:
        """Where precompiles are in a block with these rules; raises `PluginMissing`."""
        return self._precompiles_of(rules).keys()

    def begin_block(
        self,
        environment: Environment,
        reader: StateReader,
        overrides: Mapping[Address, AccountOverride] | None = None,
    ) -> BlockTranscript:
        """Begin-of-block steps (EIP-4788, EIP-2935), then transactions one by one."""
        state = self._state(environment, reader)
        if overrides:
            state.precompiles = move_precompiles(state.precompiles, overrides)
        return BlockTranscript(state)

    def execute_block(
        self,
        environment: Environment,
        transactions: Sequence[Transaction],
        senders: Sequence[Address],
        withdrawals: Sequence[Withdrawal],
        slashed: Sequence[Withdrawal],
        reader: StateReader,
    ) -> BlockResult:
        """A whole block; raises `InvalidTransactionInBlock` for the first invalid transaction, and
        `RequestsInvalid` where its deposit logs or request contracts are broken."""
        transcript = self.begin_block(environment, reader)
        for index, (transaction, sender) in enumerate(zip(transactions, senders, strict=True)):
            try:
                transcript.try_transaction(transaction, sender)
            except InvalidTransaction as error:
                raise InvalidTransactionInBlock(index, error) from error
        return transcript.finish(withdrawals, slashed)

    def call(
        self,
        environment: Environment,
        message: Message,
        reader: StateReader,
        overrides: dict[Address, AccountOverride] | None = None,
        tracer: Tracer | None = None,
    ) -> CallResult:
        """Run a message and keep nothing; raises `InvalidTransaction`, `InvalidOverride`."""
        if overrides:
            reader = Overlay(reader, override_changes(reader, overrides))
        if not message.gas_price and not message.max_fee_per_gas:
            # Where nothing is paid, opcode BASEFEE answers zero too (geth, internal/ethapi).
            environment = replace(environment, base_fee=0)
        state = self._state(environment, reader)
        if overrides:
            state.precompiles = move_precompiles(state.precompiles, overrides)
        if tracer is not None:
            state.tracing = Tracing(state, tracer)
        return call_result(execute_message(state, _with_both_fee_forms(message, state.base_fee)))

    def _state(self, environment: Environment, reader: StateReader) -> EvmState:
        return EvmState(
            environment,
            reader,
            self._opcode_table(environment.rules.fork),
            self._precompiles_of(environment.rules),
            self._code_analysis,
            self._has_short_transfers,
        )

    def _opcode_table(self, fork: Fork) -> OpcodeTable:
        table = self._opcodes.get(fork)
        if table is None:
            table = self._opcodes[fork] = build_opcode_table(FORK_CLASSES[fork].opcodes)
        return table

    def _precompiles_of(self, rules: Rules) -> Mapping[Address, FramePrecompile]:
        """Raises `PluginMissing`."""
        key = (
            rules.fork,
            rules.has_zero_g_precompiles,
            rules.da_epoch_blocks,
            rules.da_entrance_admin is not None,
            rules.storage_flow is not None,
            rules.plugins,
        )
        found = self._precompiles.get(key)
        if found is None:
            ours = self._precompiles_in_python(rules)
            built = ethereum_precompiles(rules.fork)
            built |= {address: adapt(item, ours) for address, item in ours.items()}
            found = self._precompiles[key] = built
        return found

    def _precompiles_in_python(self, rules: Rules) -> dict[Address, Precompile]:
        """0G's, ours and the plug-ins: those that can call each other."""
        found: dict[Address, Precompile] = {}
        if rules.has_zero_g_precompiles:
            found |= self._zero_g_precompiles(rules.da_epoch_blocks)
        if rules.da_entrance_admin is not None:
            found |= own_precompiles(rules.da_epoch_blocks)
        if rules.storage_flow is not None:
            found |= storage_precompiles()
        for address in rules.plugins:
            if address not in self._plugins:
                raise PluginMissing(address)
            found[address] = self._plugins[address]
        return found


def _with_both_fee_forms(message: Message, base_fee: int) -> Message:
    """One price as a fee market's pair, and the other way round."""
    if message.gas_price:
        return replace(
            message,
            max_fee_per_gas=message.max_fee_per_gas or message.gas_price,
            max_priority_fee_per_gas=message.max_priority_fee_per_gas or message.gas_price,
        )
    price = min(message.max_fee_per_gas, base_fee + message.max_priority_fee_per_gas)
    return replace(message, gas_price=price)
