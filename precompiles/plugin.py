"""A precompile that somebody else wrote: its table, with whatever may be wrong in it made an exception.

Every exception that leaves a precompile becomes a failed call and an alarm (`chain/precompile_adapter.py`);
here are the mistakes that would not be one by themselves: a result that its type cannot hold, a price that no
block has, a balance below zero.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth_typing import Address

from precompiles import abi
from precompiles.contract import ContractFunction, ContractPrecompile
from precompiles.dispatch import GasRule
from precompiles.errors import GasExhausted, PrecompileError, UndecodableInput
from precompiles.interface import Balances, Call

FUNCTIONS_MAX: Final = 256
RUN_GAS: Final = 1_500
"""Of one run of foreign code beside what it does: a thread of its own, some 80 µs, at the 60 ns that the
EVM's pairing check takes for a gas."""

Runner = Callable[[str, Callable[[], Any]], Any]
"""Runs foreign code, named for a report, and gives its result or raises its exception."""


class InvalidTable(PrecompileError):
    """What a plug-in offers is no table of functions."""


class PluginFault(PrecompileError):
    """A plug-in has a bug: it broke what `ContractFunction` promises."""


def run_directly(what: str, work: Callable[[], Any]) -> Any:
    """The plainest `Runner`."""
    return work()


class PluginPrecompile(ContractPrecompile):
    """A precompile made of a plug-in's functions."""

    def __init__(
        self, address: Address, functions: Iterable[object], run: Runner = run_directly
    ) -> None:
        """Raises `InvalidTable`."""
        table = _checked_table(functions)
        super().__init__(address, [_guarded(function, run) for function in table])

    def required_gas(self, call: Call) -> int:
        """The price. Raises `PluginFault` where no transaction of the block could pay it."""
        price = super().required_gas(call)
        limit = call.block.gas_limit
        if price > call.gas_left:
            # A price may depend on the gas left; what a whole block's gas cannot pay is a bug.
            most = super().required_gas(replace(call, gas_left=limit))
            if most > limit:
                raise PluginFault(f"asks for {most} gas, a block has {limit}")
        return price


def _checked_table(functions: Iterable[object]) -> list[ContractFunction]:
    table: list[ContractFunction] = []
    by_selector: dict[bytes, str] = {}
    for function in functions:
        if not isinstance(function, ContractFunction):
            raise InvalidTable(f"{type(function).__name__} in place of a ContractFunction")
        signature = function.signature
        other = by_selector.setdefault(function.selector, signature)
        if len(by_selector) != len(table) + 1:
            raise InvalidTable(f"{signature} has the selector of {other}")
        if not callable(function.gas):
            _check_gas(signature, function.gas)
        table.append(function)
    if not 1 <= len(table) <= FUNCTIONS_MAX:
        raise InvalidTable(f"{len(table)} functions; expected 1 to {FUNCTIONS_MAX}")
    return table


def _check_gas(signature: str, gas: object) -> None:
    if type(gas) is not int or gas < 0:
        raise InvalidTable(
            f"{signature}: gas {gas!r}; expected a number of zero or more, or a rule"
        )


def _guarded(function: ContractFunction, run: Runner) -> ContractFunction:
    """The same function; what it does and answers is checked."""
    returned = abi.parse_types(function.returns, is_strict=True)

    def handler(call: Call, *arguments: Any) -> Sequence[Any]:
        seen = replace(call, balances=_CheckedBalances(call.balances))

        def foreign() -> Sequence[Any]:
            return _checked_values(function, returned, function.handler(seen, *arguments))

        values: Sequence[Any] = run(function.signature, foreign)
        return values

    return ContractFunction(
        function.signature,
        handler,
        gas=_guarded_gas(function, run),
        returns=function.returns,
        writes=function.writes,
        is_payable=function.is_payable,
        is_pure=function.is_pure,
    )


def _guarded_gas(function: ContractFunction, run: Runner) -> GasRule:
    rule = function.gas
    if isinstance(rule, int):
        return rule + RUN_GAS
    what = f"the gas of {function.signature}"

    def price(call: Call, *arguments: Any) -> int:
        if call.gas_left < 2 * RUN_GAS:
            # The rule itself is work that has to be paid.
            raise GasExhausted
        gas = run(what, lambda: rule(call, *arguments))
        if type(gas) is not int or gas < 0:
            raise PluginFault(f"{function.signature}: {type(gas).__name__} {gas!r:.50} as gas")
        return gas + 2 * RUN_GAS

    return price


def _checked_values(
    function: ContractFunction, types: Sequence[abi.AbiType], values: object
) -> Sequence[Any]:
    """Encoding is lenient, as go-ethereum's is: what does not come back as it was is no value of the type."""
    if not isinstance(values, tuple | list):
        raise PluginFault(f"{function.signature}: answered {type(values).__name__}, not a tuple")
    try:
        decoded = abi.decode(types, abi.encode(types, values))
    except UndecodableInput:
        decoded = ()
    if decoded != _as_decoded(values):
        raise PluginFault(f"{function.signature}: {values!r:.100} are no {function.returns}")
    return decoded


def _as_decoded(value: Any) -> Any:
    return tuple(map(_as_decoded, value)) if isinstance(value, tuple | list) else value


@dataclass(frozen=True, slots=True)
class _CheckedBalances:
    """Balances that do not wrap: 0g-geth's burn does (facts §1a-2), and nothing else should."""

    balances: Balances

    def get(self, address: Address) -> int:
        return self.balances.get(address)

    def add(self, address: Address, amount: int) -> None:
        if amount < 0:
            raise PluginFault(f"adds {amount} wei")
        self.balances.add(address, amount)

    def subtract(self, address: Address, amount: int) -> None:
        if not 0 <= amount <= self.get(address):
            raise PluginFault(f"takes {amount} wei of 0x{address.hex()}, which has less")
        self.balances.subtract(address, amount)
