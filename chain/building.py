"""From waiting transactions to the next block. What is built here is executed, hence checked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_typing import Address, Hash32

from chain.blocks import EMPTY_OMMERS_HASH, NO_NONCE, Block, Header, encode_block
from chain.candidates import Candidates
from chain.config import ChainConfig
from chain.engine import Engine, Environment, Transcript, Withdrawal
from chain.errors import InvalidTransaction, NonceTooLow
from chain.executed_block import (
    ExecutedBlock,
    ExecutionFields,
    execution_fields,
    transactions_root,
    withdrawals_root,
)
from chain.forks.fork import Fork
from chain.header_rules import (
    excess_blob_gas,
    gas_limit_minimum,
    next_base_fee,
    next_gas_limit,
)
from chain.key_value import Snapshot
from chain.pooled_transaction import PooledTransaction
from chain.state import StateAt, prepare_update
from chain.transactions import GAS_TRANSACTION, Transaction

EXTRA_DATA: Final = b"zerog"
"""At most 32 bytes: web3.py refuses more."""
PAYLOAD_BYTES_MAX: Final = 4 * 1024 * 1024
"""Of the transactions in a block that is built; more is left for the next one."""

IsOverBudget = Callable[[], bool]
"""Asked before each transaction; the first True ends the block."""


@dataclass(frozen=True, slots=True)
class PayloadAttributes:
    """What consensus prescribes for a block, and the proposer's wishes."""

    timestamp: int
    """Seconds; below the parent's it is raised to the parent's."""
    prev_randao: Hash32
    coinbase: Address
    parent_beacon_block_root: Hash32
    """The hash of the parent consensus block (EIP-4788 puts it on chain)."""
    gas_limit_target: int
    withdrawals: tuple[Withdrawal, ...] = ()
    slashed: tuple[Withdrawal, ...] = ()
    """Entries that consensus prescribes."""


def build_block(
    engine: Engine,
    config: ChainConfig,
    parent: Header,
    attributes: PayloadAttributes,
    candidates: Candidates,
    snapshot: Snapshot,
    is_over_budget: IsOverBudget,
) -> ExecutedBlock:
    """The best block on top of `parent`, the head of `snapshot`, within the budget."""
    environment = environment_on(config, parent, attributes)
    transcript = engine.begin_block(environment, StateAt(snapshot))
    included = _fill(transcript, environment.gas_limit, candidates, is_over_budget)
    result = transcript.finish(attributes.withdrawals, attributes.slashed)
    update = prepare_update(snapshot, result.changes)
    transactions = tuple(pooled.transaction for pooled in included)
    withdrawals = attributes.withdrawals if environment.rules.fork >= Fork.SHANGHAI else None
    fields = execution_fields(result, update.state_root, environment.rules)
    header = sealed_header(environment, fields, transactions, withdrawals, EXTRA_DATA)
    block = Block(header, transactions, withdrawals=withdrawals, slashed=attributes.slashed)
    senders = tuple(pooled.sender for pooled in included)
    return ExecutedBlock(block, encode_block(block), senders, result, update)


def sealed_header(
    environment: Environment,
    fields: ExecutionFields,
    transactions: Sequence[Transaction],
    withdrawals: Sequence[Withdrawal] | None,
    extra_data: bytes,
) -> Header:
    """The header of what was executed in that environment."""
    assert environment.parent_hash is not None, "set by `environment_on`"
    return Header(
        parent_hash=environment.parent_hash,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=environment.coinbase,
        state_root=fields.state_root,
        transactions_root=transactions_root(transactions),
        receipts_root=fields.receipts_root,
        bloom=fields.bloom,
        difficulty=0,
        number=environment.number,
        gas_limit=environment.gas_limit,
        gas_used=fields.gas_used,
        timestamp=environment.timestamp,
        extra_data=extra_data,
        mix_hash=environment.prev_randao,
        nonce=NO_NONCE,
        base_fee=environment.base_fee,
        withdrawals_root=withdrawals_root(withdrawals),
        blob_gas_used=fields.blob_gas_used,
        excess_blob_gas=environment.excess_blob_gas,
        parent_beacon_block_root=environment.parent_beacon_block_root,
        requests_hash=fields.requests_hash,
    )


def environment_on(
    config: ChainConfig, parent: Header, attributes: PayloadAttributes
) -> Environment:
    """Of the block after `parent` that these attributes ask for."""
    number, timestamp = parent.number + 1, max(attributes.timestamp, parent.timestamp)
    rules = config.rules(number, timestamp)
    assert rules.fork >= Fork.PARIS, "this node makes no blocks with proof of work"
    is_cancun = rules.fork >= Fork.CANCUN
    return Environment(
        rules=rules,
        number=number,
        timestamp=timestamp,
        coinbase=attributes.coinbase,
        gas_limit=next_gas_limit(
            parent.gas_limit, attributes.gas_limit_target, gas_limit_minimum(rules, timestamp)
        ),
        base_fee=next_base_fee(parent),
        prev_randao=attributes.prev_randao,
        difficulty=0,
        excess_blob_gas=excess_blob_gas(parent, rules) if is_cancun else None,
        parent_hash=parent.hash,
        parent_beacon_block_root=attributes.parent_beacon_block_root if is_cancun else None,
    )


def _fill(
    transcript: Transcript, gas_limit: int, candidates: Candidates, is_over_budget: IsOverBudget
) -> list[PooledTransaction]:
    """Try candidates one by one; what cannot be in the block costs its sender the rest of it."""
    included: list[PooledTransaction] = []
    bytes_left = PAYLOAD_BYTES_MAX
    while (best := candidates.best()) is not None and not is_over_budget():
        gas_left = gas_limit - transcript.gas_used
        if gas_left < GAS_TRANSACTION:
            break
        size = len(best.transaction.encoded)
        if best.transaction.gas_limit > gas_left or size > bytes_left:
            candidates.drop_sender()
            continue
        try:
            transcript.try_transaction(best.transaction, best.sender)
        except NonceTooLow:
            candidates.advance()
        except InvalidTransaction:
            candidates.drop_sender()
        else:
            included.append(best)
            bytes_left -= size
            candidates.advance()
    return included
