"""Precompiles that behave as a Solidity contract would at their address: payable or not, with revert data.

Differences from `dispatch.TablePrecompile`, which is 0g-geth's: arguments are decoded as strictly as
Solidity does, a refusal reverts with data and keeps the gas that is left, value sent to a function
that takes none is refused, and nothing is ever written in a read-only call.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles import abi
from precompiles.dispatch import PANIC_REASON, SELECTOR_BYTES, Function, GasRule
from precompiles.errors import (
    CorruptStorage,
    Refusal,
    UnallocatableInput,
    UndecodableInput,
    WriteProtected,
)
from precompiles.interface import (
    Balances,
    Call,
    CallKind,
    Code,
    Failed,
    Outcome,
    Returned,
    Reverted,
    Storage,
)

CALL_GAS: Final = 180
"""Of every call: finding the function, and what the engine does around it."""
INPUT_WORD_GAS: Final = 12
"""A word of call data, for its decoding."""
WRITE_PROTECTION: Final = "write protection"
OVERFLOW: Final = 0x11
DIVISION_BY_ZERO: Final = 0x12
INDEX_OUT_OF_BOUNDS: Final = 0x32
TOO_MUCH_MEMORY: Final = 0x41
"""Codes of Solidity's panics."""

_WORD_VALUES: Final = 1 << 256
_ERROR: Final = keccak(b"Error(string)")[:SELECTOR_BYTES]
_PANIC: Final = keccak(b"Panic(uint256)")[:SELECTOR_BYTES]
_TEXT: Final = abi.parse_types("(string)")


class ContractFunction(Function):
    """A row of a contract's table. `gas` comes on top of `CALL_GAS` and of the words of the input."""

    def __init__(
        self,
        signature: str,
        handler: Callable[..., Sequence[Any]],
        *,
        gas: GasRule,
        returns: str = "()",
        writes: bool = False,
        is_payable: bool = False,
        is_pure: bool = False,
    ) -> None:
        """`handler` raises `Refusal`, and may ask `Call.charge` for more gas as its work turns out.

        `writes` and `is_pure` are what the ABI says. A read-only call is refused by its first write,
        as the EVM does it: a call that finds nothing to write succeeds.
        """
        super().__init__(
            signature, handler, gas=gas, returns=returns, writes=writes, is_strict=True
        )
        self.is_payable, self.is_pure = is_payable, is_pure

    @property
    def mutability(self) -> str:
        """`stateMutability` in the ABI."""
        if self.is_payable:
            return "payable"
        if self.writes:
            return "nonpayable"
        return "pure" if self.is_pure else "view"


class ContractPrecompile:
    """A precompile (`interface.Precompile`) made of a table of a contract's functions."""

    def __init__(
        self, address: Address, functions: Iterable[ContractFunction], has_receive: bool = False
    ) -> None:
        """`has_receive`: wei without call data are taken, as by Solidity's `receive` that does nothing."""
        self.address, self.has_receive = address, has_receive
        self.functions = tuple(functions)
        self._by_selector = {function.selector: function for function in self.functions}

    def required_gas(self, call: Call) -> int:
        """Price of the call and its input, then the function's own, which decodes the arguments."""
        gas = CALL_GAS + INPUT_WORD_GAS * (len(call.input) // abi.WORD_BYTES)
        function = self._by_selector.get(call.input[:SELECTOR_BYTES])
        if function is None or gas > call.gas_left:
            return gas
        if isinstance(function.gas, int):
            return gas + function.gas
        try:
            arguments = _arguments(function, call)
        except UndecodableInput:
            return gas
        return gas + function.cost(call, arguments)

    def run(self, call: Call) -> Outcome:
        if self.has_receive and not call.input:
            return Returned()
        function = self._by_selector.get(call.input[:SELECTOR_BYTES])
        if function is None or (call.value and not function.is_payable):
            return Reverted()
        try:
            arguments = _arguments(function, call)
            values = function.handler(_guarded(call), *arguments)
        except UnallocatableInput:
            return Reverted(panic(TOO_MUCH_MEMORY).data)
        except UndecodableInput:
            return Reverted()
        except Refusal as refusal:
            return Reverted(refusal.data)
        except WriteProtected:
            return Failed(WRITE_PROTECTION)
        except CorruptStorage as error:
            return Failed(PANIC_REASON, alarm=f"{function.signature}: {error}")
        return Returned(abi.encode(function.outputs, values))


def _arguments(function: ContractFunction, call: Call) -> tuple[Any, ...]:
    """Decoded; words that offsets make to be read more than once are charged as if each were there."""
    paid = len(call.input) // abi.WORD_BYTES

    def spend(words: int) -> None:
        nonlocal paid
        paid -= words
        if paid < 0:
            call.charge(-paid * INPUT_WORD_GAS)
            paid = 0

    return abi.decode(function.inputs, call.input[SELECTOR_BYTES:], spend)


def refusal(reason: str) -> Refusal:
    """`revert(reason)`: Solidity's Error(string)."""
    return Refusal(_ERROR + abi.encode(_TEXT, (reason.encode(),)))


def panic(code: int) -> Refusal:
    """What Solidity's own checks answer: Panic(uint256)."""
    return Refusal(_PANIC + code.to_bytes(32, "big"))


def custom_error(signature: str, *values: Any) -> Refusal:
    """`revert Error(values)` of a declared error, by its signature, e.g. `Closed(uint256)`."""
    types = abi.parse_types(signature[signature.index("(") :])
    return Refusal(keccak(signature.encode())[:SELECTOR_BYTES] + abi.encode(types, values))


def require(condition: bool, reason: str) -> None:
    """Raises `Refusal` with the reason unless the condition holds."""
    if not condition:
        raise refusal(reason)


def add(a: int, b: int) -> int:
    """Checked as Solidity's; raises `Refusal`."""
    return _checked(a + b)


def subtract(a: int, b: int) -> int:
    """Checked as Solidity's; raises `Refusal`."""
    return _checked(a - b)


def multiply(a: int, b: int) -> int:
    """Checked as Solidity's; raises `Refusal`."""
    return _checked(a * b)


def divide(a: int, b: int) -> int:
    """Rounded down; raises `Refusal` of a zero divisor."""
    if not b:
        raise panic(DIVISION_BY_ZERO)
    return a // b


def _checked(value: int) -> int:
    if not 0 <= value < _WORD_VALUES:
        raise panic(OVERFLOW)
    return value


def is_read_only(call: Call) -> bool:
    """Inside a static frame, or by an opcode that lends our code to another account."""
    return call.is_static or call.kind is not CallKind.CALL


def _guarded(call: Call) -> Call:
    """The call as the handler sees it: where it may only read, a write raises `WriteProtected`."""
    if not is_read_only(call):
        return call
    return replace(
        call,
        storage=_ReadOnlyStorage(call.storage),
        balances=_ReadOnlyBalances(call.balances),
        code=_ReadOnlyCode(call.code),
        emit=_refuse_log,
        precompile=_refuse_call,
    )


@dataclass(frozen=True, slots=True)
class _ReadOnlyStorage:
    storage: Storage

    def load(self, slot: int) -> int:
        return self.storage.load(slot)

    def store(self, slot: int, value: int) -> None:
        raise WriteProtected


@dataclass(frozen=True, slots=True)
class _ReadOnlyBalances:
    balances: Balances

    def get(self, address: Address) -> int:
        return self.balances.get(address)

    def add(self, address: Address, amount: int) -> None:
        raise WriteProtected

    def subtract(self, address: Address, amount: int) -> None:
        raise WriteProtected


@dataclass(frozen=True, slots=True)
class _ReadOnlyCode:
    code: Code

    def is_empty(self) -> bool:
        return self.code.is_empty()

    def set(self, code: bytes) -> None:
        raise WriteProtected


def _refuse_log(topics: tuple[Hash32, ...], data: bytes) -> None:
    raise WriteProtected


def _refuse_call(address: Address, data: bytes) -> Outcome:
    # Whether the other one would write is unknown: 0G's own write in static frames (facts §1a).
    raise WriteProtected
