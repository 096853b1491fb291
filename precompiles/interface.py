"""What a precompile is given and what it answers: the whole interface between contracts in Python and an EVM.

A precompile is a table of functions behind one address. It sees a `Call`, and through it its own
storage, balances, the block and its log; it returns an `Outcome`. It never sees the EVM's classes,
so that one adapter per engine is all that joins the two.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from eth_typing import Address, Hash32


class CallKind(Enum):
    """The opcode that made the call; a transaction's outermost message is a CALL."""

    CALL = "CALL"
    CALLCODE = "CALLCODE"
    DELEGATECALL = "DELEGATECALL"
    STATICCALL = "STATICCALL"


class Storage(Protocol):
    """The 32-byte slots of the precompile's own account."""

    def load(self, slot: int) -> int:
        """The word at `slot` (both in 0 … 2**256 - 1), zero where nothing was stored."""

    def store(self, slot: int, value: int) -> None:
        """Write a word; zero clears the slot."""


class StorageReader(Protocol):
    """The slots of another account, to be read only."""

    def load(self, slot: int) -> int: ...


class Balances(Protocol):
    """Native balances, in wei, wrapping modulo 2**256 as 0g-geth's do (facts §1a-2)."""

    def get(self, address: Address) -> int: ...

    def add(self, address: Address, amount: int) -> None: ...

    def subtract(self, address: Address, amount: int) -> None: ...


class Code(Protocol):
    """The code of the precompile's own account, for the code byte rule (facts §1a)."""

    def is_empty(self) -> bool: ...

    def set(self, code: bytes) -> None: ...


@dataclass(frozen=True, slots=True)
class BlockContext:
    """The block in which the call runs."""

    number: int
    time: int
    """Seconds since the epoch."""
    chain_id: int
    hash: Callable[[int], Hash32 | None]
    """Hash of one of the last 256 blocks by number, as opcode BLOCKHASH; None where out of range."""
    gas_limit: int = (1 << 64) - 1
    """The block's."""


def _unmetered(amount: int) -> None:
    """Where nobody asks for gas."""


def _nobody(address: Address) -> StorageReader:
    raise LookupError(f"no account 0x{address.hex()} to read")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a precompile."""

    kind: CallKind
    is_static: bool
    """Whether the frame is inside a STATICCALL; 0G's two precompiles go by `kind` alone."""
    caller: Address
    """The contract that executed the opcode, also under DELEGATECALL and CALLCODE (facts §1a)."""
    origin: Address
    value: int
    """Wei sent along."""
    input: bytes
    gas_left: int
    """Gas available before the function's own cost is taken."""
    address: Address
    """The account whose storage the call sees: the precompile's own address."""
    block: BlockContext
    storage: Storage
    balances: Balances
    code: Code
    emit: Callable[[tuple[Hash32, ...], bytes], None]
    """Append a log of the precompile's address: topics, data. Undone when the call fails."""
    precompile: "Callable[[Address, bytes], Outcome]"
    """CALL another precompile with our address as caller and no value.

    Of its gas only what it asks for while it works (`charge`) is taken, from what is left to us."""
    charge: Callable[[int], None] = _unmetered
    """Take gas beyond the function's own cost, for work that shows itself only while it is done.

    Raises `errors.GasExhausted` where less is left; let it through."""
    storage_of: Callable[[Address], StorageReader] = _nobody
    """Read another account's slots without the call that would be needed; neither priced nor warmed."""


@dataclass(frozen=True, slots=True)
class Returned:
    """Success: keep the state, hand `data` to the caller."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Reverted:
    """Undo the state, keep the gas that is left after the function's cost, hand `data` to the caller."""

    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Failed:
    """Undo the state, consume all gas, return nothing."""

    reason: str
    """What JSON-RPC shows, word for word 0g-geth's text."""
    alarm: str | None = None
    """Set where the cause is a bug or corrupt storage: the node logs it loudly."""


Outcome = Returned | Reverted | Failed


class Precompile(Protocol):
    """What an engine calls. Neither method raises anything but `GasExhausted` out of `Call.charge`."""

    @property
    def address(self) -> Address: ...

    def required_gas(self, call: Call) -> int:
        """Gas to deduct before `run`; more than `call.gas_left` is out of gas, and `run` is not called."""

    def run(self, call: Call) -> Outcome:
        """Do it. The engine takes back every change when the outcome is not `Returned`."""
