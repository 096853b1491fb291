"""From call data to a function of a precompile's table and back: gas, read-only rule, code byte, ABI.

Facts §1a, "Precompile framework": what 0g-geth does before and after each of its functions.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eth_hash.auto import keccak
from eth_typing import Address

from precompiles import abi
from precompiles.errors import CorruptStorage, DomainError, UndecodableInput
from precompiles.interface import Call, CallKind, Failed, Outcome, Returned, Reverted

GasRule = int | Callable[..., int]
"""A function's price: a number, or `rule(call, *arguments)`, which may read the storage."""

UNKNOWN_FUNCTION_GAS = 1_000_000_000
CODE_BYTE = b"\x01"
SELECTOR_BYTES = 4
PANIC_REASON = "method handler crashed"
"""What JSON-RPC answers when a handler of geth's panics."""


class Function:
    """One row of a precompile's table: everything there is to know about one function."""

    def __init__(
        self,
        signature: str,
        handler: Callable[..., Sequence[Any]],
        *,
        gas: GasRule,
        returns: str = "()",
        writes: bool = False,
        is_strict: bool = False,
    ) -> None:
        """`handler(call, *arguments)` returns the values that `returns` lists, or raises `DomainError`.

        `writes` makes a read-only call revert. 0g-geth flags fewer functions than write. `is_strict`
        decodes arguments as Solidity does, not as go-ethereum.
        """
        self.signature, self.gas, self.writes, self.handler = signature, gas, writes, handler
        self.returns = returns
        self.selector = keccak(signature.encode())[:SELECTOR_BYTES]
        self.inputs = abi.parse_types(signature[signature.index("(") :], is_strict=is_strict)
        self.outputs = abi.parse_types(returns)

    def cost(self, call: Call, arguments: Sequence[Any]) -> int:
        """The price of a call with these arguments."""
        return self.gas if isinstance(self.gas, int) else self.gas(call, *arguments)


class TablePrecompile:
    """A precompile (`interface.Precompile`) made of a table of functions."""

    def __init__(self, address: Address, functions: Iterable[Function]) -> None:
        self.address = address
        self.functions = tuple(functions)
        self._by_selector = {function.selector: function for function in self.functions}

    def required_gas(self, call: Call) -> int:
        """The function's; no selector or an unknown one is priced out of reach (facts §1a, Gas)."""
        function = self._by_selector.get(call.input[:SELECTOR_BYTES])
        if function is None:
            return UNKNOWN_FUNCTION_GAS
        if isinstance(function.gas, int):
            return function.gas
        try:
            arguments = abi.decode(function.inputs, call.input[SELECTOR_BYTES:])
        except UndecodableInput:
            return 0
        return function.cost(call, arguments)

    def run(self, call: Call) -> Outcome:
        function = self._by_selector.get(call.input[:SELECTOR_BYTES])
        if function is None:
            return Reverted()
        try:
            arguments = abi.decode(function.inputs, call.input[SELECTOR_BYTES:])
        except UndecodableInput:
            return Reverted()
        # Not the frame's static flag: a CALL inside a static frame may write (facts §1a).
        is_read_only = call.kind is not CallKind.CALL
        if is_read_only and function.writes:
            return Reverted()
        if not is_read_only and call.code.is_empty():
            # Without code the account would count as empty and be swept with its storage (EIP-158).
            call.code.set(CODE_BYTE)
        return _outcome(function, call, arguments)


def _outcome(function: Function, call: Call, arguments: Sequence[Any]) -> Outcome:
    try:
        values = function.handler(call, *arguments)
    except DomainError as error:
        return Failed(error.reason)
    except CorruptStorage as error:
        return Failed(PANIC_REASON, alarm=f"{function.signature}: {error}")
    return Returned(abi.encode(function.outputs, values))
