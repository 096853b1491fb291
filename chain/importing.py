"""Somebody's block: execute it on top of its parent and say whether it is what it claims to be."""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace

from eth_typing import Address

from chain.blocks import Block, Header, ommers_hash
from chain.config import ChainConfig, Rules
from chain.engine import Engine, Environment, Ommer
from chain.errors import BlockOversized, HeaderMismatch, InvalidSignature, InvalidTransactionInBlock
from chain.executed_block import (
    ExecutedBlock,
    ExecutionFields,
    execution_fields,
    transactions_root,
    withdrawals_root,
)
from chain.forks.fork import Fork
from chain.header_rules import check_header
from chain.key_value import Snapshot
from chain.message_calls import environment_of
from chain.state import StateAt, prepare_update
from chain.transactions import Transaction, recover_frontier_sender, recover_senders

SendersOf = Callable[[Sequence[Transaction]], Sequence[Address | None]]
"""Who signed each, in order; None where the signature is invalid. May answer from memory."""


def import_block(
    engine: Engine,
    config: ChainConfig,
    parent: Header,
    block: Block,
    payload: bytes,
    snapshot: Snapshot,
    senders_of: SendersOf = recover_senders,
) -> ExecutedBlock:
    """The block executed on top of `parent`, the head of `snapshot`; raises an `InvalidBlock`.

    `payload` is the block's encoded form, as it came.
    """
    header = block.header
    check_header(header, parent, config)
    environment = _environment(block, config, snapshot)
    _check_body(block, len(payload), environment.rules)
    senders = _senders(block.transactions, environment.rules, senders_of)
    result = engine.execute_block(
        environment,
        block.transactions,
        senders,
        block.withdrawals or (),
        block.slashed,
        StateAt(snapshot),
    )
    update = prepare_update(snapshot, result.changes)
    _check_outcome(header, execution_fields(result, update.state_root, environment.rules))
    return ExecutedBlock(block, payload, senders, result, update)


def _environment(block: Block, config: ChainConfig, snapshot: Snapshot) -> Environment:
    return replace(
        environment_of(block.header, config),
        ommers=tuple(Ommer(ommer.number, ommer.coinbase) for ommer in block.ommers),
        state_root_of=lambda changes: prepare_update(snapshot, changes).state_root,
    )


def _check_body(block: Block, size: int, rules: Rules) -> None:
    """The lists are those that the header commits to, and no longer than the fork allows."""
    limit = rules.row.block_bytes_limit
    if limit is not None and size > limit:
        raise BlockOversized(size, limit)
    header = block.header
    _expect("transactions_root", header.transactions_root, transactions_root(block.transactions))
    _expect("ommers_hash", header.ommers_hash, ommers_hash(block.ommers))
    if (block.withdrawals is not None) != (rules.fork >= Fork.SHANGHAI):
        presence = "a list" if rules.fork >= Fork.SHANGHAI else "no list"
        raise HeaderMismatch("withdrawals", block.withdrawals, presence)
    _expect("withdrawals_root", header.withdrawals_root, withdrawals_root(block.withdrawals))


def _senders(
    transactions: Sequence[Transaction], rules: Rules, senders_of: SendersOf
) -> tuple[Address, ...]:
    # Before Homestead a signature's high half is valid too, so nobody's memory counts.
    recover = senders_of if rules.fork >= Fork.HOMESTEAD else _frontier_senders
    senders = []
    for index, sender in enumerate(recover(transactions)):
        if sender is None:
            raise InvalidTransactionInBlock(index, InvalidSignature())
        senders.append(sender)
    return tuple(senders)


def _frontier_senders(transactions: Sequence[Transaction]) -> list[Address | None]:
    senders: list[Address | None] = []
    for transaction in transactions:
        try:
            senders.append(recover_frontier_sender(transaction))
        except InvalidSignature:
            senders.append(None)
    return senders


def _check_outcome(header: Header, outcome: ExecutionFields) -> None:
    for field in fields(outcome):
        _expect(field.name, getattr(header, field.name), getattr(outcome, field.name))


def _expect(field: str, got: object, expected: object) -> None:
    if got != expected:
        raise HeaderMismatch(field, got, expected)
