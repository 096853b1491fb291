"""A chain of one account: what a precompile sees, in memory, with the real interface."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_typing import Address, Hash32
from hypothesis import settings

from precompiles import abi
from precompiles.dispatch import TablePrecompile
from precompiles.errors import GasExhausted
from precompiles.interface import (
    BlockContext,
    Call,
    CallKind,
    Failed,
    Outcome,
    Precompile,
    Returned,
    Reverted,
)

settings.register_profile("any-machine", deadline=None)
settings.load_profile("any-machine")

NOBODY = Address(bytes(19) + b"\x99")


@dataclass
class MemoryStorage:
    """`Storage` over a dict that holds no zeros."""

    slots: dict[int, int] = field(default_factory=dict)

    def load(self, slot: int) -> int:
        assert 0 <= slot < 1 << 256
        return self.slots.get(slot, 0)

    def store(self, slot: int, value: int) -> None:
        assert 0 <= slot < 1 << 256
        assert 0 <= value < 1 << 256
        if value:
            self.slots[slot] = value
        else:
            self.slots.pop(slot, None)


@dataclass
class MemoryBalances:
    """`Balances` over a dict."""

    wei: dict[Address, int] = field(default_factory=dict)

    def get(self, address: Address) -> int:
        return self.wei.get(address, 0)

    def add(self, address: Address, amount: int) -> None:
        self.wei[address] = (self.get(address) + amount) % (1 << 256)

    def subtract(self, address: Address, amount: int) -> None:
        self.add(address, -amount)


@dataclass
class MemoryCode:
    """`Code` in a field."""

    code: bytes = b""

    def is_empty(self) -> bool:
        return not self.code

    def set(self, code: bytes) -> None:
        self.code = code


@dataclass
class OneAccountChain:
    """Carries out calls of one precompile as an engine does: gas first, undone unless it returned."""

    precompile: Precompile
    chain_id: int = 1
    number: int = 1
    time: int = 0
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    balances: MemoryBalances = field(default_factory=MemoryBalances)
    code: MemoryCode = field(default_factory=MemoryCode)
    logs: list[tuple[tuple[Hash32, ...], bytes]] = field(default_factory=list)
    gas_left: int = 0
    """After the last call."""

    def call(
        self,
        data: bytes,
        *,
        caller: Address = NOBODY,
        origin: Address | None = None,
        kind: CallKind = CallKind.CALL,
        is_static: bool = False,
        value: int = 0,
        gas: int = 10**10,
    ) -> Outcome | None:
        """None is out of gas."""
        call = Call(
            kind=kind,
            is_static=is_static,
            caller=caller,
            origin=caller if origin is None else origin,
            value=value,
            input=data,
            gas_left=gas,
            address=self.precompile.address,
            block=BlockContext(self.number, self.time, self.chain_id, lambda _: None),
            storage=self.storage,
            balances=self.balances,
            code=self.code,
            emit=lambda topics, data: self.logs.append((topics, data)),
            precompile=lambda address, data: Reverted(),
            charge=self._charge,
            storage_of=lambda address: MemoryStorage(),
        )
        self.gas_left = gas
        before = self._copy()
        try:
            self._charge(self.precompile.required_gas(call))
            outcome = self.precompile.run(call)
        except GasExhausted:
            self._restore(before)
            self.gas_left = 0
            return None
        if not isinstance(outcome, Returned):
            self._restore(before)
        if isinstance(outcome, Failed):
            self.gas_left = 0
        return outcome

    def _charge(self, amount: int) -> None:
        if amount > self.gas_left:
            raise GasExhausted
        self.gas_left -= amount

    def invoke(self, name: str, *arguments: Any, **options: Any) -> Any:
        """Call a function of the table by name: its decoded results, or the outcome that is no return."""
        assert isinstance(self.precompile, TablePrecompile)
        rows = self.precompile.functions
        (function,) = (row for row in rows if row.signature.startswith(f"{name}("))
        data = function.selector + abi.encode(function.inputs, arguments)
        outcome = self.call(data, **options)
        if isinstance(outcome, Returned):
            return abi.decode(function.outputs, outcome.data)
        return outcome

    def _copy(self) -> tuple[dict[int, int], dict[Address, int], bytes, int]:
        return dict(self.storage.slots), dict(self.balances.wei), self.code.code, len(self.logs)

    def _restore(self, before: tuple[Mapping[int, int], Mapping[Address, int], bytes, int]) -> None:
        slots, wei, self.code.code, log_count = before
        self.storage.slots, self.balances.wei = dict(slots), dict(wei)
        del self.logs[log_count:]


@pytest.fixture(scope="session")
def chain_of() -> Callable[..., OneAccountChain]:
    """Makes a chain around a precompile."""
    return OneAccountChain


RECORDED = Path(__file__).with_name("recorded_from_go.json")


@pytest.fixture(scope="session")
def recorded() -> dict[str, Any]:
    """Answers of the Go libraries that 0g-geth is built on."""
    document: dict[str, Any] = json.loads(RECORDED.read_text())
    return document


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared vectors; skips where it is absent."""
    root = Path(os.environ.get("ZEROG_SHARED", Path(__file__).parents[2].parent / "shared"))
    if not (root / "vectors").is_dir():
        pytest.skip(f"no shared vectors at {root}")
    return root
