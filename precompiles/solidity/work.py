"""One call of a contract at work: its slots, its gas, its logs and its transfers."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.contract import custom_error, is_read_only
from precompiles.errors import WriteProtected
from precompiles.interface import Call
from precompiles.solidity import prices


class Work:
    """What the functions work on. Each slot is read once, and written when the call has succeeded.

    So a call pays for a slot what the EVM takes for its last value, however often it changed.
    """

    def __init__(self, call: Call) -> None:
        self.call, self.charge = call, call.charge
        self._is_read_only = is_read_only(call)
        self._before: dict[int, int] = {}
        self._values: dict[int, int] = {}

    @property
    def is_read_only(self) -> bool:
        return self._is_read_only

    def load(self, slot: int) -> int:
        """A word of the storage, with what this call has written."""
        if slot not in self._values:
            self.charge(prices.SLOT_READ)
            self._before[slot] = self._values[slot] = self.call.storage.load(slot)
        return self._values[slot]

    def store(self, slot: int, value: int) -> None:
        """Raises `WriteProtected` in a read-only call, also where the value stays the same."""
        self.require_writable()
        self.load(slot)
        self._values[slot] = value

    def require_writable(self) -> None:
        """Raises `WriteProtected` in a read-only call."""
        if self._is_read_only:
            raise WriteProtected

    def emit(self, topics: Sequence[Hash32], data: bytes) -> None:
        """Raises `WriteProtected` in a read-only call."""
        self.require_writable()
        self.charge(prices.log(len(topics), len(data)))
        self.call.emit(tuple(topics), data)

    def send(self, recipient: Address, amount: int) -> None:
        """Move wei to the recipient; a contract's code is not run (docs/da-entrance.md)."""
        self.move(self.call.address, recipient, amount)

    def move(self, source: Address, recipient: Address, amount: int) -> None:
        """Move wei from an account that is this contract's to another; raises `Refusal` of too much."""
        self.require_writable()
        balances = self.call.balances
        self.charge(prices.TRANSFER)
        if balances.get(source) < amount:
            raise custom_error("AddressInsufficientBalance(address)", source)
        balances.subtract(source, amount)
        balances.add(recipient, amount)

    def write_back(self) -> None:
        """Hand what changed to the storage, and take its price."""
        for slot, value in self._values.items():
            before = self._before[slot]
            if value != before:
                self.charge(prices.slot_written(before, value))
                self.call.storage.store(slot, value)


Handler = Callable[..., Sequence[Any]]


def at_work(function: Handler, kind: Callable[[Call], Work] = Work) -> Handler:
    """A table's handler out of `function(work, *arguments)`."""

    @wraps(function)
    def handle(call: Call, *arguments: Any) -> Sequence[Any]:
        work = kind(call)
        values = function(work, *arguments)
        work.write_back()
        return values

    return handle


def topic(signature: str) -> Hash32:
    """The first topic of an event."""
    return Hash32(keccak(signature.encode()))


def word(value: int | bytes) -> Hash32:
    """A number or an address as a word."""
    data = value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")
    return Hash32(data)
