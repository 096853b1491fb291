"""The chain as consensus sees it: build a payload, execute a payload, commit one.

Shaped like Ethereum's Engine API. Finality is instant, so there is one head, everything executes on top
of it, and nothing is ever undone. One thread at a time may use a `Chain`; readers in other threads and
processes go through `Queries`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain import block_store
from chain.address_index import write_address_index
from chain.blocks import Block, Header, KnownTransaction, decode_block, encode_block
from chain.building import IsOverBudget, PayloadAttributes, build_block
from chain.candidates import Candidates
from chain.config import ChainConfig
from chain.engine import AccountChange, Engine, Withdrawal
from chain.errors import ChainError, HeaderMismatch, InvalidBlock
from chain.executed_block import ExecutedBlock
from chain.history import forget_history
from chain.importing import SendersOf, import_block
from chain.key_value import KeyValueStore, Table
from chain.state import prepare_update, write_update
from chain.stored_blocks import StoredBlocks
from chain.transactions import recover_senders

ENTRIES_SHOWN_MAX: Final = 16
"""Of a list that is not the prescribed one, in the reason why."""
VERDICTS_KEPT: Final = 16
"""Payloads of one height whose verdict is remembered for later rounds."""

Record = tuple[Table, bytes, bytes]
"""What to write beside a block: table, key, value."""


class AlreadyInitialized(ChainError):
    """The store holds a chain: another genesis must not be written over it."""

    def __init__(self, head: Header) -> None:
        super().__init__(f"the database already holds a chain, head {head.number}")


class NotOnHead(ChainError):
    """A block was to be committed that does not follow the head: a bug of the caller."""

    def __init__(self, got: Hash32, expected: Hash32) -> None:
        super().__init__(f"parent 0x{got.hex()}, head is 0x{expected.hex()}")
        self.got, self.expected = got, expected


class EntriesNotPrescribed(InvalidBlock):
    """On our network consensus prescribes withdrawals and slashed entries, most often none.

    A sentinel withdrawal would credit any amount to anyone, and `slashed` is in no header field.
    """

    def __init__(
        self, field: str, got: Sequence[Withdrawal], expected: Sequence[Withdrawal]
    ) -> None:
        count = f"{len(got)} entries"
        super().__init__(
            f"{field}: got {_listed(got) if expected else count}, expected {_listed(expected)}"
        )
        self.field, self.got, self.expected = field, got, expected


@dataclass(frozen=True, slots=True)
class Expectations:
    """What consensus prescribes of a payload; None leaves a field to the proposer."""

    timestamp: int
    """Seconds, at least; the parent's where that is later."""
    prev_randao: Hash32
    parent_beacon_block_root: Hash32
    coinbase: Address | None = None
    withdrawals: tuple[Withdrawal, ...] = ()
    slashed: tuple[Withdrawal, ...] = ()


@dataclass(frozen=True, slots=True)
class Valid:
    executed: ExecutedBlock


@dataclass(frozen=True, slots=True)
class Invalid:
    reason: InvalidBlock


Verdict = Valid | Invalid


class Chain:
    """The head, and what may follow it."""

    def __init__(
        self,
        store: KeyValueStore,
        config: ChainConfig,
        engine: Engine,
        *,
        gas_limit_target: int = 36_000_000,
        senders_of: SendersOf = recover_senders,
        known_transaction: KnownTransaction = lambda _hash: None,
        allows_withdrawals: bool = False,
        history_blocks_kept: int | None = None,
    ) -> None:
        """`senders_of` and `known_transaction` may answer from the pool's memory.

        `allows_withdrawals` is for foreign chains.

        `history_blocks_kept`: so far before the head can states be read; None forgets nothing.

        Raises `NotInitialized` where the store holds no block.
        """
        self._store, self._config, self._engine = store, config, engine
        self._gas_limit_target, self._senders_of = gas_limit_target, senders_of
        self._known_transaction = known_transaction
        self._allows_withdrawals = allows_withdrawals
        self._history_blocks_kept = history_blocks_kept
        self._verdicts: dict[Hash32, Verdict] = {}
        """By keccak of the payload; all on top of the head."""
        with store.snapshot() as snapshot:
            self._head = StoredBlocks(snapshot).head

    @staticmethod
    def initialize(
        store: KeyValueStore,
        header: Header,
        changes: Sequence[AccountChange],
        records: Iterable[Record] = (),
    ) -> None:
        """Write block zero and the records beside it.

        Raises `HeaderMismatch` where its state root is not that of `changes`.
        """
        with store.write() as batch:
            head = block_store.head(batch)
            if head is not None:
                raise AlreadyInitialized(head)
            update = prepare_update(batch, changes)
            if update.state_root != header.state_root:
                raise HeaderMismatch("state_root", header.state_root, update.state_root)
            write_update(batch, header.number, update)
            withdrawals = None if header.withdrawals_root is None else ()
            block_store.write_block(batch, Block(header, withdrawals=withdrawals), ())
            for table, key, value in records:
                batch.put(table, key, value)

    @property
    def head(self) -> Header:
        return self._head

    def build_payload(
        self, attributes: PayloadAttributes, candidates: Candidates, is_over_budget: IsOverBudget
    ) -> ExecutedBlock:
        """The best next block; it is known valid from now on."""
        with self._store.snapshot() as snapshot:
            executed = build_block(
                self._engine,
                self._config,
                self._head,
                attributes,
                candidates,
                snapshot,
                is_over_budget,
            )
        self._remember(Hash32(keccak(executed.payload)), Valid(executed))
        return executed

    def execute_payload(
        self, payload: bytes | Block, expectations: Expectations | None = None
    ) -> Verdict:
        """Whether a payload (`encode_block`'s form) may follow the head.

        A payload that was built or judged before is not executed again. `expectations` None accepts
        any time, randomness, coinbase and parent consensus block: for imported chains; withdrawals and
        slashed entries only where the chain allows them.
        """
        encoded = encode_block(payload) if isinstance(payload, Block) else payload
        key = Hash32(keccak(encoded))
        verdict = self._verdicts.get(key)
        if isinstance(verdict, Invalid):
            return verdict
        try:
            block = (
                verdict.executed.block
                if verdict
                else decode_block(encoded, self._known_transaction)
            )
            if expectations is not None:
                self._check_expectations(block.header, expectations)
                _check_lists(block, expectations.withdrawals, expectations.slashed)
            elif not self._allows_withdrawals:
                _check_lists(block, (), ())
        except InvalidBlock as reason:
            # Not remembered: another round may expect another time.
            return Invalid(reason)
        if verdict is None:
            verdict = self._judge(block, encoded)
            self._remember(key, verdict)
        return verdict

    def commit(self, executed: ExecutedBlock, records: Iterable[Record] = ()) -> None:
        """Make an executed block the head, durably, together with the records: all or nothing."""
        header = executed.block.header
        if header.parent_hash != self._head.hash:
            raise NotOnHead(header.parent_hash, self._head.hash)
        with self._store.write() as batch:
            write_update(batch, header.number, executed.update)
            if self._history_blocks_kept is not None:
                forget_history(batch, header.number, self._history_blocks_kept)
            block_store.write_block(
                batch, executed.block, executed.result.receipts, executed.payload
            )
            write_address_index(batch, executed)
            for table, key, value in records:
                batch.put(table, key, value)
        self._head = header
        self._verdicts.clear()

    def _judge(self, block: Block, payload: bytes) -> Verdict:
        try:
            with self._store.snapshot() as snapshot:
                executed = import_block(
                    self._engine,
                    self._config,
                    self._head,
                    block,
                    payload,
                    snapshot,
                    self._senders_of,
                )
        except InvalidBlock as reason:
            return Invalid(reason)
        return Valid(executed)

    def _check_expectations(self, header: Header, expectations: Expectations) -> None:
        timestamp = max(expectations.timestamp, self._head.timestamp)
        coinbase = header.coinbase if expectations.coinbase is None else expectations.coinbase
        for field, got, expected in (
            ("timestamp", header.timestamp, timestamp),
            ("mix_hash", header.mix_hash, expectations.prev_randao),
            ("coinbase", header.coinbase, coinbase),
            (
                "parent_beacon_block_root",
                header.parent_beacon_block_root,
                expectations.parent_beacon_block_root,
            ),
        ):
            if got != expected:
                raise HeaderMismatch(field, got, expected)

    def _remember(self, key: Hash32, verdict: Verdict) -> None:
        if len(self._verdicts) >= VERDICTS_KEPT:
            del self._verdicts[next(iter(self._verdicts))]
        self._verdicts[key] = verdict


def _check_lists(
    block: Block, withdrawals: tuple[Withdrawal, ...], slashed: tuple[Withdrawal, ...]
) -> None:
    for field, got, expected in (
        ("withdrawals", block.withdrawals or (), withdrawals),
        ("slashed", block.slashed, slashed),
    ):
        if tuple(got) != expected:
            raise EntriesNotPrescribed(field, got, expected)


def _listed(entries: Sequence[Withdrawal]) -> str:
    first = entries[:ENTRIES_SHOWN_MAX]
    shown = [f"{entry.amount} gwei of 0x{entry.address.hex()}" for entry in first]
    if len(entries) > ENTRIES_SHOWN_MAX:
        shown.append(f"{len(entries)} in all")
    return ", ".join(shown) or "none"
