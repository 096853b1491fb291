"""One call of the entrance at work: its slots, its gas, its logs and its transfers."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils.address import to_canonical_address

from precompiles.contract import custom_error, is_read_only
from precompiles.da_entrance import gas
from precompiles.errors import WriteProtected
from precompiles.interface import Call, StorageReader

ADDRESS: Final = Address(to_canonical_address("0x000000000000000000000000000000000000da01"))
DA_SIGNERS: Final = Address(to_canonical_address("0x0000000000000000000000000000000000001000"))


class Entrance:
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

    @property
    def signers(self) -> StorageReader:
        """The storage of DASigners."""
        return self.call.storage_of(DA_SIGNERS)

    def load(self, slot: int) -> int:
        """A word of the storage, with what this call has written."""
        if slot not in self._values:
            self.charge(gas.SLOT_READ)
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
        self.charge(gas.log(len(topics), len(data)))
        self.call.emit(tuple(topics), data)

    def send(self, recipient: Address, amount: int) -> None:
        """Move wei to the recipient; a contract's code is not run (docs/da-entrance.md)."""
        self.require_writable()
        balances = self.call.balances
        self.charge(gas.TRANSFER)
        if balances.get(self.call.address) < amount:
            raise custom_error("AddressInsufficientBalance(address)", self.call.address)
        balances.subtract(self.call.address, amount)
        balances.add(recipient, amount)

    def write_back(self) -> None:
        """Hand what changed to the storage, and take its price."""
        for slot, value in self._values.items():
            before = self._before[slot]
            if value != before:
                self.charge(gas.slot_written(before, value))
                self.call.storage.store(slot, value)


Handler = Callable[..., Sequence[Any]]


def at_work(function: Handler) -> Handler:
    """A table's handler out of `function(entrance, *arguments)`."""

    @wraps(function)
    def handle(call: Call, *arguments: Any) -> Sequence[Any]:
        entrance = Entrance(call)
        values = function(entrance, *arguments)
        entrance.write_back()
        return values

    return handle


def topic(signature: str) -> Hash32:
    """The first topic of an event."""
    return Hash32(keccak(signature.encode()))


def word(value: int | bytes) -> Hash32:
    """A number or an address as a word."""
    data = value.to_bytes(32, "big") if isinstance(value, int) else value.rjust(32, b"\0")
    return Hash32(data)
