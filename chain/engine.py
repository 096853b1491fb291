"""The seam between the chain and whatever executes transactions.

An `Engine` reads through a `StateReader` at one snapshot and answers what changed; it never
writes. py-evm is the first engine (`chain/py_evm/`) and remains the reference.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from eth_typing import Address, Hash32

from chain.config import Rules
from chain.tracer import Tracer
from chain.transactions import AccessList, Transaction
from chain.transactions import Authorization as Authorization


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the state, without its storage."""

    nonce: int
    balance: int
    """Wei."""
    code_hash: Hash32


class StateReader(Protocol):
    """The state at one snapshot."""

    def account(self, address: Address) -> Account | None:
        """None where the account does not exist (EIP-161: there are no empty accounts in a state)."""

    def slot(self, address: Address, slot: int) -> int: ...

    def has_storage(self, address: Address) -> bool:
        """Whether any slot of the account is set: no contract can be created there (EIP-7610)."""

    def code(self, code_hash: Hash32) -> bytes: ...

    def block_hash(self, number: int) -> Hash32 | None:
        """Hash of an earlier block; the engine applies the 256-block window itself."""


@dataclass(frozen=True, slots=True)
class Environment:
    """The block in which transactions run: what the EVM and the fork's rules need to know of it."""

    rules: Rules
    number: int
    timestamp: int
    """Seconds."""
    coinbase: Address
    gas_limit: int
    base_fee: int | None
    """Wei a gas; None before London."""
    prev_randao: Hash32
    """The header's mixHash; DIFFICULTY gives it from Paris on."""
    difficulty: int
    excess_blob_gas: int | None
    parent_hash: Hash32
    parent_beacon_block_root: Hash32 | None
    blob_base_fee: int | None = None
    """Wei a blob gas, where it is not to follow from `excess_blob_gas`."""
    ommers: tuple["Ommer", ...] = ()
    """For rewards before Paris."""
    state_root_of: "Callable[[tuple[AccountChange, ...]], Hash32] | None" = None
    """The root after changes of the block so far: receipts hold it before Byzantium, and only there."""


@dataclass(frozen=True, slots=True)
class Ommer:
    """What the reward rule needs of an ommer's header."""

    number: int
    coinbase: Address


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """EIP-4895; also the shape of 0G's slashed entries."""

    index: int
    validator_index: int
    address: Address
    amount: int
    """Gwei."""


@dataclass(frozen=True, slots=True)
class Log:
    address: Address
    topics: tuple[Hash32, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What one transaction did."""

    type: int
    succeeded: bool
    gas_used: int
    """Of this transaction, after refunds, floors and the 80 % rule."""
    cumulative_gas_used: int
    logs: tuple[Log, ...]
    contract_address: Address | None
    """Of a creation, also of a failed one, as geth reports it."""
    effective_gas_price: int
    blob_gas_used: int
    output: bytes
    """Return or revert data of the outermost call; not part of the encoded receipt."""
    error: str | None
    """geth's text, e.g. `execution reverted`; not part of the encoded receipt."""
    post_state: Hash32 | None = None
    """The state root after the transaction, before Byzantium only."""
    touched: tuple[Address, ...] = field(default=(), compare=False)
    """Accounts that it called, paid or changed, without those of undone frames; in no order, not kept.
    Where no code ran it may be empty."""


@dataclass(frozen=True, slots=True)
class AccountChange:
    """The end state of one account that a block touched."""

    address: Address
    account: Account | None
    """None: the account is gone, and its storage with it."""
    wipes_storage: bool = False
    """The old storage is dropped before `slots` are written (self-destruct, re-creation)."""
    slots: tuple[tuple[int, int], ...] = ()
    """(slot, new value) ascending by slot; zero clears."""
    code: bytes | None = None
    """New code, where it changed."""


@dataclass(frozen=True, slots=True)
class BlockResult:
    """What a block did, nothing of it written yet."""

    receipts: tuple[Receipt, ...]
    requests: tuple[bytes, ...]
    """EIP-7685, type byte first, empty ones left out."""
    gas_used: int
    blob_gas_used: int
    changes: tuple[AccountChange, ...]
    """Ascending by address."""
    system_errors: tuple[str, ...] = ()
    """End-of-block calls that failed and, as in 0g-geth, are only logged."""
    alarms: tuple[str, ...] = ()
    """Bugs in precompiles that became failed transactions."""


@dataclass(frozen=True, slots=True)
class AccountOverride:
    """geth's state override of one account; None leaves the field as it is."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    state: dict[int, int] | None = None
    """Replaces the whole storage."""
    state_diff: dict[int, int] = field(default_factory=dict)
    move_precompile_to: Address | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """What eth_call and eth_estimateGas run: a transaction without nonce and signature."""

    sender: Address
    to: Address | None
    gas_limit: int
    """Of the whole message, intrinsic gas included."""
    value: int = 0
    data: bytes = b""
    gas_price: int = 0
    """Wei; the GASPRICE opcode's answer. Zero with a base fee of zero charges nobody."""
    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0
    access_list: AccessList = ()
    authorization_list: tuple[Authorization, ...] = ()
    blob_versioned_hashes: tuple[Hash32, ...] = ()
    max_fee_per_blob_gas: int = 0
    """Wei a blob gas; zero charges nobody for blobs."""


@dataclass(frozen=True, slots=True)
class CallResult:
    """What a message did, though nothing of it is kept."""

    output: bytes
    gas_used: int
    """After refunds, floors and the 80 % rule."""
    peak_gas_used: int
    """Before refunds and the 80 % rule: what the estimator starts from (facts [O4])."""
    logs: tuple[Log, ...]
    error: str | None
    """None on success; otherwise geth's text, e.g. `execution reverted`, `out of gas`."""
    is_revert: bool = False


class Transcript(Protocol):
    """A block under construction: transactions are tried one by one on top of each other."""

    gas_used: int
    blob_gas_used: int

    def try_transaction(
        self, transaction: Transaction, sender: Address, tracer: Tracer | None = None
    ) -> Receipt:
        """Apply one; raises `InvalidTransaction` and leaves no trace where it cannot be in the block.

        A `tracer` is told how it runs; what it does is the same.
        """

    def apply_unsigned(
        self,
        transaction: Transaction,
        sender: Address,
        *,
        is_strict: bool,
        tracer: Tracer | None = None,
    ) -> CallResult:
        """Apply what nobody signed; raises `InvalidTransaction` as `try_transaction`.

        `sender` may have code, and the gas limit may be above what one transaction may ask for
        (EIP-7825). Where `is_strict` is false the nonce may be any, and one that names no fee pays none.
        """

    def account(self, address: Address) -> Account | None:
        """As it is after the block so far."""

    def changes(self) -> tuple[AccountChange, ...]:
        """Of the block so far, ascending by address."""

    def finish(
        self, withdrawals: Sequence[Withdrawal], slashed: Sequence[Withdrawal]
    ) -> BlockResult:
        """End-of-block steps; the transcript is used up."""


class Engine(Protocol):
    """Executes; keeps nothing between two blocks but what is the same for all of them."""

    def precompiles(self, rules: Rules) -> Collection[Address]:
        """Where precompiles are in a block with these rules."""

    def begin_block(
        self,
        environment: Environment,
        reader: StateReader,
        overrides: Mapping[Address, AccountOverride] | None = None,
    ) -> Transcript:
        """Begin-of-block steps (EIP-4788, EIP-2935), then transactions one by one.

        `overrides`, whose values `reader` has already, say which precompiles are moved or replaced;
        raises `InvalidOverride`.
        """

    def execute_block(
        self,
        environment: Environment,
        transactions: Sequence[Transaction],
        senders: Sequence[Address],
        withdrawals: Sequence[Withdrawal],
        slashed: Sequence[Withdrawal],
        reader: StateReader,
    ) -> BlockResult:
        """A whole block; raises `InvalidTransactionInBlock` with the index of the first that is invalid."""

    def call(
        self,
        environment: Environment,
        message: Message,
        reader: StateReader,
        overrides: dict[Address, AccountOverride] | None = None,
        tracer: Tracer | None = None,
    ) -> CallResult:
        """Run a message on the state, keep nothing; no nonce or sender check.

        A `tracer` is told how it runs; what it does is the same.

        The fee is charged where `max_fee_per_gas` or `gas_price` is not zero: raises
        `InvalidTransaction` (geth's texts) where the sender cannot pay, or where the gas limit
        is below the intrinsic gas.
        """
