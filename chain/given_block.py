"""A block of given transactions, all of them and in their order, on any block whose tries can be set up.

Nothing is written: it is for testing what a block of ours would be (execution-apis' `testing_buildBlockV1`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.blocks import Block, Header
from chain.building import PayloadAttributes, environment_on, sealed_header
from chain.config import ChainConfig
from chain.engine import Engine
from chain.errors import InvalidTransaction, InvalidTransactionInBlock
from chain.executed_block import execution_fields
from chain.forks.fork import Fork
from chain.simulated_state import SimulatedState
from chain.transactions import Transaction, recover_sender


@dataclass(frozen=True, slots=True)
class GivenBlock:
    """What the block is to be."""

    attributes: PayloadAttributes
    transactions: Sequence[Transaction]
    extra_data: bytes
    """At most 32 bytes."""


@dataclass(frozen=True, slots=True)
class BuiltBlock:
    block: Block
    requests: tuple[bytes, ...]
    """EIP-7685: type and content of each that has content."""
    tips: int
    """Wei to the coinbase."""


def build_given(
    engine: Engine, config: ChainConfig, parent: Header, state: SimulatedState, given: GivenBlock
) -> BuiltBlock:
    """The block on top of `parent`, whose state `state` is.

    Raises `InvalidTransactionInBlock` for the first that cannot be in it, and `RequestsInvalid`.
    """
    environment = environment_on(config, parent, given.attributes)
    transcript = engine.begin_block(environment, state.reader)
    for index, transaction in enumerate(given.transactions):
        try:
            transcript.try_transaction(transaction, recover_sender(transaction))
        except InvalidTransaction as error:
            raise InvalidTransactionInBlock(index, error) from error
    withdrawals = given.attributes.withdrawals if environment.rules.fork >= Fork.SHANGHAI else None
    result = transcript.finish(withdrawals or (), ())
    fields = execution_fields(result, state.apply(result.changes), environment.rules)
    header = sealed_header(environment, fields, given.transactions, withdrawals, given.extra_data)
    tips, gas_before = 0, 0
    for transaction, receipt in zip(given.transactions, result.receipts, strict=True):
        price = transaction.effective_gas_price(environment.base_fee) - (environment.base_fee or 0)
        tips += price * (receipt.cumulative_gas_used - gas_before)
        gas_before = receipt.cumulative_gas_used
    block = Block(header, tuple(given.transactions), withdrawals=withdrawals)
    return BuiltBlock(block, result.requests, tips)
