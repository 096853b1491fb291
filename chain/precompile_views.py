"""What a precompile sees of the journal: storage, balances, code, logs, each checked before it is written.

A value that no slot, log or balance can hold is an exception here, which the adapter makes a failed call;
unchecked it would surface when the block is encoded, and stop the chain.
"""

from typing import TYPE_CHECKING, Final

from eth_typing import Address, Hash32

from chain.engine import Log

if TYPE_CHECKING:
    from chain.py_evm.evm_state import EvmState

WORD: Final = 1 << 256
TOPICS_MAX: Final = 4


class StorageReaderView:
    """`precompiles.interface.StorageReader` of any account."""

    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, _checked_address(address)

    def load(self, slot: int) -> int:
        return self._state.get_storage(self._address, _checked_word(slot))


class StorageView:
    """`precompiles.interface.Storage` over the journal; access is neither priced nor warmed (facts §1a)."""

    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, address

    def load(self, slot: int) -> int:
        return self._state.get_storage(self._address, _checked_word(slot))

    def store(self, slot: int, value: int) -> None:
        self._state.set_storage(self._address, _checked_word(slot), _checked_word(value))


class BalancesView:
    """`precompiles.interface.Balances`: wrapping, as 0g-geth's unchecked subtraction does."""

    def __init__(self, state: "EvmState") -> None:
        self._state = state

    def get(self, address: Address) -> int:
        return self._state.get_balance(_checked_address(address))

    def add(self, address: Address, amount: int) -> None:
        if not isinstance(amount, int):
            raise TypeError(f"{type(amount).__name__} in place of an amount of wei")
        self._state.set_balance(address, (self.get(address) + amount) % WORD)

    def subtract(self, address: Address, amount: int) -> None:
        self.add(address, -amount)


class CodeView:
    """`precompiles.interface.Code`."""

    def __init__(self, state: "EvmState", address: Address) -> None:
        self._state, self._address = state, address

    def is_empty(self) -> bool:
        return not self._state.get_code(self._address)

    def set(self, code: bytes) -> None:
        self._state.set_code(self._address, checked_data(code))


def append_log(
    state: "EvmState", address: Address, topics: tuple[Hash32, ...], log_data: bytes
) -> None:
    if len(topics) > TOPICS_MAX or any(len(checked_data(topic)) != 32 for topic in topics):
        raise ValueError("a log has at most four topics of 32 bytes")
    state.logs.append(Log(address, tuple(topics), checked_data(log_data)))


def _checked_word(value: int) -> int:
    """What a slot can hold, or be named by; else a block with it could not be written."""
    if not isinstance(value, int) or not 0 <= value < WORD:
        raise ValueError(f"{type(value).__name__} that is no 256-bit number")
    return value


def checked_data(value: bytes) -> bytes:
    """Raises `TypeError` of anything but bytes."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} in place of bytes")
    return value


def _checked_address(value: Address) -> Address:
    if len(checked_data(value)) != 20:
        raise ValueError(f"an address of {len(value)} bytes")
    return value
