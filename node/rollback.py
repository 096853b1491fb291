"""`zerog rollback N`: undoes this node's newest blocks and executes the same certified blocks again.

For a node whose state is in doubt while its blocks are not: nothing that was decided changes, nothing is
signed, and the last-sign state and the journal stay as they are. Blocks that a stop left unexecuted are
executed by the next rollback, or come from peers.
"""

import logging

import trio
from eth_typing import Address

from chain import block_store
from chain.block_store import head_number, read_block
from chain.chain import Chain
from chain.engine import Account
from chain.errors import ChainError
from chain.key_value import KeyValueStore, Snapshot, Table, WriteBatch
from chain.py_evm import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from chain.undoing import undo_newest_block
from consensus.encoding import encode_validator_set
from consensus.validators import ValidatorSet
from consensus.values import ValidatorAddress
from genesis.document import GenesisDocument
from node.consensus_records import (
    ABSENCES_KEY,
    LAST_VALIDATORS_KEY,
    NEXT_VALIDATORS_KEY,
    read_decision,
    read_set_of,
)
from node.database import LmdbStore
from node.errors import OperatorError
from node.execution_host import BuildSettings, ExecutionHost
from node.initialization import read_genesis
from node.layout import DataDirectory, locked
from node.plugins import load_plugins
from node.staking.absences import counted, encode_absences
from node.transaction_intake import TransactionIntake

_GAS_LIMIT_TARGET = 36_000_000


def rollback(data: DataDirectory, blocks: int) -> int:
    """Exit code 0; raises `OperatorError` where it cannot be done, and then nothing has changed."""
    document = read_genesis(data.genesis)
    plugins = load_plugins(document.config)
    with locked(data), LmdbStore(data.database) as store:
        try:
            head, target = _undo(store, document, blocks)
        except ChainError as error:
            raise OperatorError(f"{data.database}: {error}") from None
        print(f"undone: blocks {head} to {target + 1}" if head > target else "nothing to undo")
        reached = trio.run(_apply_again, store, document, PyEvmEngine(plugins=plugins))
        with store.snapshot() as snapshot:
            header = block_store.head(snapshot)
        assert header is not None
        print(f"applied again up to block {reached}, state root 0x{header.state_root.hex()}")
    return 0


def _undo(store: KeyValueStore, document: GenesisDocument, blocks: int) -> tuple[int, int]:
    """(head before, head now)."""
    with store.write() as batch:
        head = head_number(batch) or 0
        if blocks > head:
            raise OperatorError(f"rollback: {blocks} blocks, and there are {head}")
        for _ in range(blocks):
            undo_newest_block(batch)
        if blocks:
            _put_sets(batch, document, head - blocks)
    return head, head - blocks


def _put_sets(batch: WriteBatch, document: GenesisDocument, height: int) -> None:
    """What consensus keeps beside the head, as it was at `height`."""
    if height == 0:
        for key in (NEXT_VALIDATORS_KEY, LAST_VALIDATORS_KEY, ABSENCES_KEY):
            batch.delete(Table.META, key)
        return
    decided_by = following = document.validators
    absences: dict[ValidatorAddress, int] = {}
    proposer: ValidatorAddress | None = None
    for number in range(1, height + 1):
        last, decided_by = decided_by, following
        following = _following(batch, decided_by, number)
        decision, block = read_decision(batch, number), read_block(batch, number)
        assert decision is not None, "a committed height is whole"
        assert block is not None, "a committed height is whole"
        certificate = decision.block.last_certificate
        if document.config.staking is not None and certificate is not None:
            present = {validator for validator, _ in certificate.signatures}
            absences = counted(absences, last, present | ({proposer} if proposer else set()))
            for entry in block.slashed:
                absences.pop(ValidatorAddress(entry.address), None)
        proposer = decision.block.header.proposer
    batch.put(Table.META, LAST_VALIDATORS_KEY, encode_validator_set(decided_by))
    batch.put(Table.META, NEXT_VALIDATORS_KEY, encode_validator_set(following))
    batch.put(Table.META, ABSENCES_KEY, encode_absences(absences))


def _following(snapshot: Snapshot, current: ValidatorSet, height: int) -> ValidatorSet:
    """Who decides `height` + 1, after `current` has decided `height`: as its header says."""
    members = read_set_of(snapshot, height + 1)
    if members is None or members.hash() == current.hash():
        return current.advanced()
    return current.with_validators(members.validators).advanced()


async def _apply_again(store: KeyValueStore, document: GenesisDocument, engine: PyEvmEngine) -> int:
    """Every stored decision behind the head, checked as a peer's; the height reached."""
    host = _host(store, document, engine)
    while True:
        stored = host.stored(host.tip + 1)
        if stored is None:
            return host.tip
        block, certificate = stored
        why = await host.check(block)
        if why is not None:
            raise OperatorError(
                f"block {block.header.height}, which was decided, is invalid: {why}"
            )
        await host.commit(block, certificate)


def _host(store: KeyValueStore, document: GenesisDocument, engine: PyEvmEngine) -> ExecutionHost:
    def account_of(address: Address) -> Account | None:
        with store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)

    with store.snapshot() as snapshot:
        head = block_store.head(snapshot)
    assert head is not None, "the database is prepared"
    logging.getLogger("zerog.chain").setLevel(logging.WARNING)
    intake = TransactionIntake(TransactionPool(document.config, head, account_of))
    settings = BuildSettings(None, Address(bytes(20)), _GAS_LIMIT_TARGET, 0, 0)
    chain = Chain(store, document.config, engine, senders_of=intake.senders_of)
    return ExecutionHost(chain, store, document, intake, settings, lambda _executed: None)
