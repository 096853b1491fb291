"""A chain of the Flow's three accounts, in memory, with the real interface."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles import abi
from precompiles.errors import GasExhausted
from precompiles.interface import BlockContext, Call, CallKind, Failed, Outcome, Returned, Reverted
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import BLOCK_HASHES, FLOW
from precompiles.storage_flow.functions import storage_flow

ADMIN, STRANGER, HELPER = (Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3))
KEPT_BLOCKS = 8_191
ROOT = Hash32(keccak(b"zerog"))
TABLES = {table.address: table for table in storage_flow()}


def hash_of(number: int) -> Hash32:
    return Hash32(keccak(number.to_bytes(8, "big")))


@dataclass
class Slots:
    """`Storage` of one account."""

    values: dict[int, int]

    def load(self, slot: int) -> int:
        assert 0 <= slot < 1 << 256
        return self.values.get(slot, 0)

    def store(self, slot: int, value: int) -> None:
        assert 0 <= value < 1 << 256
        self.values[slot] = value


@dataclass
class Wei:
    """`Balances`."""

    of: dict[Address, int] = field(default_factory=dict)

    def get(self, address: Address) -> int:
        return self.of.get(address, 0)

    def add(self, address: Address, amount: int) -> None:
        self.of[address] = self.get(address) + amount
        assert 0 <= self.of[address] < 1 << 256

    def subtract(self, address: Address, amount: int) -> None:
        self.add(address, -amount)


class OldHashes:
    """EIP-2935's storage in a block: the hash of a number that is not too old."""

    def __init__(self, now: int) -> None:
        self._now = now

    def load(self, slot: int) -> int:
        newest = self._now - 1
        return int.from_bytes(hash_of(newest - (newest - slot) % KEPT_BLOCKS), "big")


@dataclass
class Code:
    """The code byte."""

    def is_empty(self) -> bool:
        return False

    def set(self, code: bytes) -> None:
        raise AssertionError


class Refused(Exception):
    """It reverted, with this data; compared by its text."""

    def __init__(self, data: bytes) -> None:
        is_text = data[:4] == keccak(b"Error(string)")[:4]
        super().__init__(data[68:].rstrip(b"\0").decode() if is_text else data.hex())


@dataclass
class FlowChain:
    """Each call is a transaction: value moved first, everything undone unless it returns."""

    price: int = 1
    blocks_per_epoch: int = 100
    first_block: int = 0
    number: int = 1
    wei: Wei = field(default_factory=Wei)
    logs: list[tuple[tuple[Hash32, ...], bytes]] = field(default_factory=list)
    gas_used: int = 0
    """By the last call."""

    def __post_init__(self) -> None:
        start = initial_storages(ADMIN, self.price, self.blocks_per_epoch, self.first_block)
        self.storages = {address: Slots(dict(slots)) for address, slots in start.items()}

    def run(
        self,
        data: bytes,
        to: Address = FLOW,
        caller: Address = ADMIN,
        value: int = 0,
        gas: int = 10**10,
        kind: CallKind = CallKind.CALL,
        is_static: bool = False,
    ) -> Outcome | None:
        """None is out of gas."""
        table, left = TABLES[to], gas
        before = self._copy()
        self.wei.add(to, value)

        def charge(amount: int) -> None:
            nonlocal left
            assert amount >= 0
            if amount > left:
                raise GasExhausted
            left -= amount

        call = Call(
            kind=kind, is_static=is_static, caller=caller, origin=caller, value=value, input=data,
            gas_left=gas, address=to, block=self._block(), storage=self.storages[to],
            balances=self.wei, code=Code(), emit=lambda *log: self.logs.append(log),
            precompile=lambda address, data: Reverted(), charge=charge,
            storage_of=lambda address: (
                OldHashes(self.number) if address == BLOCK_HASHES else self.storages[address]
            ),
        )  # fmt: skip
        outcome: Outcome | None
        try:
            charge(table.required_gas(call))
            outcome = table.run(call)
        except GasExhausted:
            outcome = None
        if not isinstance(outcome, Returned):
            self._restore(before)
        self.gas_used = gas if outcome is None or isinstance(outcome, Failed) else gas - left
        return outcome

    def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        """A function's answer, one value by itself; `name` may be a whole signature. Raises `Refused`."""
        table = TABLES[options.get("to", FLOW)]
        row = next(row for row in table.functions if row.signature.startswith(name))
        outcome = self.run(row.selector + abi.encode(row.inputs, arguments), **options)
        if isinstance(outcome, Reverted):
            raise Refused(outcome.data)
        assert isinstance(outcome, Returned), outcome
        values = abi.decode(row.outputs, outcome.data)
        return values[0] if len(values) == 1 else values

    def submit(self, *heights: int, value: int | None = None, **options: Any) -> Any:
        """A full file of such subtrees, every root the same: index, identity, start, sectors."""
        data = submission(*heights)
        value = data[0] // 256 * self.price if value is None else value
        return self.call("submit(((", (data, ADMIN), value=value, **options)

    def _block(self) -> BlockContext:
        number = self.number
        return BlockContext(
            number, 0, 1, lambda n: hash_of(n) if number - 256 <= n < number else None
        )

    def _copy(self) -> Any:
        slots = {address: dict(one.values) for address, one in self.storages.items()}
        return slots, dict(self.wei.of), len(self.logs)

    def _restore(self, before: Any) -> None:
        slots, self.wei.of, count = before
        for address, values in slots.items():
            self.storages[address].values = values
        del self.logs[count:]


def submission(*heights: int) -> tuple[int, bytes, list[tuple[Hash32, int]]]:
    """Length, tags, nodes of a file that fills its sectors."""
    nodes = [(ROOT, height) for height in heights]
    return sum(256 << height for height in heights), b"", nodes


@pytest.fixture
def flow() -> FlowChain:
    """A wei a sector, 100 blocks an epoch, block 1."""
    return FlowChain()


@pytest.fixture(scope="session")
def flow_of() -> Callable[..., FlowChain]:
    """Makes one with other parameters."""
    return FlowChain


@pytest.fixture(scope="session")
def refused() -> type[Exception]:
    return Refused
