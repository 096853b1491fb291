"""Random steps for a Flow: what is called, in the form that each side understands."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_typing import Address

DATA = "(uint256,bytes,(bytes32,uint256)[])"
SUBMISSION = f"({DATA},address)"
ADMIN, STRANGER, HELPER = (Address(bytes([n]) * 20) for n in (0xA1, 0xA2, 0xA3))
SECTOR_BYTES = 256
Data = tuple[int, bytes, list[tuple[bytes, int]]]


@dataclass(frozen=True)
class Step:
    """A call of Flow or market: `native` to the precompile, `contract` to 0G's."""

    what: str
    native: bytes = field(repr=False)
    contract: bytes = field(repr=False)
    sender: Address = ADMIN
    value: int = 0
    to: str = "flow"
    blocks: int = 0
    """To go forward before it."""


def call_data(name: str, types: Sequence[str] = (), *arguments: Any) -> bytes:
    return bytes(keccak(f"{name}({','.join(types)})".encode())[:4] + encode(types, arguments))


def same(what: str, data: bytes, **more: Any) -> Step:
    """The same call data for both."""
    return Step(what, data, data, **more)


def checksum(address: bytes) -> str:
    return "0x" + address.hex()


def sectors_of(data: Data) -> int:
    return sum(1 << height for _, height in data[2] if height < 64)


def valid_data(rng: random.Random, highest: int = 12) -> Data:
    """A file's subtrees, of up to four neighbouring heights."""
    first = rng.choice([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, rng.randrange(highest)])
    below = rng.sample(range(max(first - 3, 0), first), rng.randint(0, min(3, first)))
    heights = [first, *sorted(below, reverse=True)]
    nodes = [(rng.randbytes(32), height) for height in heights]
    return length_of(rng, heights), rng.randbytes(rng.choice([0, 0, 3, 32, 70])), nodes


def length_of(rng: random.Random, heights: Sequence[int]) -> int:
    """Within what the sizes of the subtrees tell; at a border half of the time."""
    size = sum(1 << height for height in heights)
    if size < 16:
        least = size - 1
    elif len(heights) == 1:
        least = size - size // 16
    else:
        least = size - (1 << heights[0] - 3)
    border = rng.choice([least * SECTOR_BYTES + 1, size * SECTOR_BYTES])
    return rng.choice([border, rng.randint(least * SECTOR_BYTES + 1, size * SECTOR_BYTES)])


def invalid_data(rng: random.Random) -> Data:
    length, tags, nodes = valid_data(rng)
    root = rng.randbytes(32)
    size = sectors_of((length, tags, nodes))
    return rng.choice(
        [
            (0, tags, []),
            (length, tags, [*nodes, nodes[-1]]),
            (length, tags, [(root, 1), (root, 3)]),
            (length, tags, [(root, 9), (root, 2), (root, 5)]),
            (3 * SECTOR_BYTES, tags, [(root, 7), (root, 3)]),
            (length, tags, [(root, rng.choice([64, 65, 256, 2**255]))]),
            (size * SECTOR_BYTES + 1, tags, nodes),
            (2**256 - 1, tags, nodes),
            (0, tags, nodes),
            (max(size - max(size // 16, 1), 0) * SECTOR_BYTES, tags, [(root, 6)]),
        ]
    )


class Steps:
    """Steps drawn from a seed. The older form, which the contract does not know, names its caller there."""

    def __init__(
        self,
        seed: int,
        epoch_blocks: int,
        admin: Address = ADMIN,
        others: Sequence[Address] = (STRANGER, HELPER),
        highest: int = 12,
    ) -> None:
        self._rng = random.Random(seed)
        self._epoch_blocks, self._highest = epoch_blocks, highest
        self._admin, self._callers = admin, [admin, *others]
        self._price = 1
        self._is_paused = False

    def __iter__(self) -> Iterator[Step]:
        """Everything that can be called."""
        while True:
            kinds = {
                self.submission: 10, self.batch: 3, self.context: 3, self.query: 1,
                self.pausing: 6 if self._is_paused else 1, self.price: 1, self.root: 1,
                self.wei: 1, self.garbage: 1,
            }  # fmt: skip
            [draw] = self._rng.choices([*kinds], weights=[*kinds.values()])
            yield draw()

    def until(self, submissions: int) -> Iterator[Step]:
        """Until so many submissions and batches of them are among the steps."""
        for step in self:
            yield step
            submissions -= step.what.startswith(("submit", "batchSubmit"))
            if not submissions:
                return

    def submission(self) -> Step:
        rng = self._rng
        is_valid = rng.random() < 0.75
        data = valid_data(rng, self._highest) if is_valid else invalid_data(rng)
        return self._submitting("submit", [data], is_batch=False)

    def batch(self) -> Step:
        rng = self._rng
        count = rng.choice([0, 1, 2, 3, 5])
        datas = [valid_data(rng, highest=6) for _ in range(count)]
        if count and rng.random() < 0.15:
            datas[rng.randrange(count)] = invalid_data(rng)
        return self._submitting("batchSubmit", datas, is_batch=True)

    def _submitting(self, name: str, datas: list[Data], is_batch: bool) -> Step:
        rng, brackets = self._rng, "[]" if is_batch else ""
        sender = rng.choice(self._callers)
        submitter = rng.choice([sender, HELPER, bytes(20) if rng.random() < 0.2 else sender])
        old = call_data(name, [f"{DATA}{brackets}"], datas if is_batch else datas[0])
        has_submitter = rng.random() < 0.5
        if not has_submitter:
            submitter = sender
        named = [(data, checksum(submitter)) for data in datas]
        new = call_data(name, [f"{SUBMISSION}{brackets}"], named if is_batch else named[0])
        return Step(
            f"{name} {datas}", new if has_submitter else old, new, sender,
            self._fee(sum(map(sectors_of, datas))), blocks=self._blocks(),
        )  # fmt: skip

    def _fee(self, sectors: int) -> int:
        """Mostly right; too little, which an earlier excess may make up for, or too much."""
        fee = sectors * self._price
        return max(0, min(fee + self._rng.choice([0, 0, 0, -1, 1, -fee, 100]), 10**18))

    def _blocks(self) -> int:
        rng = self._rng
        [far] = rng.choices([0, 1, self._epoch_blocks, 300, 8_300], weights=[40, 30, 20, 6, 1])
        return rng.randint(0, far) if far < 300 else far

    def context(self) -> Step:
        rng = self._rng
        times = rng.choice([0, 1, 3, 2**256 - 1])
        data = rng.choice(
            [
                call_data("makeContext"),
                call_data("makeContextWithResult"),
                call_data("makeContextFixedTimes", ["uint256"], times),
            ]
        )
        sender = rng.choice(self._callers)
        return same("makeContext", data, sender=sender, blocks=self._blocks())

    def query(self) -> Step:
        rng = self._rng
        position = rng.choice([0, 1, rng.randrange(20_000), 2**127])
        data = call_data("queryContextAtPosition", ["uint128"], position)
        return same("queryContextAtPosition", data, sender=rng.choice(self._callers))

    def pausing(self) -> Step:
        rng = self._rng
        name = rng.choice(["pause", "unpause"])
        sender = rng.choice([self._admin, *self._callers])
        if sender == self._admin:
            self._is_paused = name == "pause"
        return same(name, call_data(name), sender=sender)

    def price(self) -> Step:
        rng = self._rng
        [price] = rng.choices([0, 1, 7, 10**9, 2**255], weights=[2, 4, 4, 4, 1])
        sender = rng.choice([self._admin, *self._callers])
        if sender == self._admin:
            self._price = price
        data = call_data("setPricePerSector", ["uint256"], price)
        return same("setPricePerSector", data, sender=sender, to="market")

    def root(self) -> Step:
        return same("computeFlowRoot", call_data("computeFlowRoot"), sender=self._admin)

    def wei(self) -> Step:
        """Sent along with nothing: the market takes it, the Flow does not."""
        rng = self._rng
        return same("wei", b"", value=rng.choice([0, 5]), to=rng.choice(["flow", "market"]))

    def garbage(self) -> Step:
        """Call data cut off, value where none is taken, a charge by anybody."""
        rng = self._rng
        step = self.submission()
        cut = rng.randrange(4, len(step.native)) & ~31 | 4
        charge = call_data("chargeFee", ["uint256"] * 3, 1, 1, 0)
        return rng.choice(
            [
                Step("cut", step.native[:cut], step.contract[:cut], step.sender, step.value),
                same("value", call_data("epoch"), value=1),
                same(
                    "initialize",
                    call_data("initialize", ["address", "uint256"], checksum(ADMIN), 5),
                ),
                same("chargeFee", charge, to="market"),
                same("nothing", rng.randbytes(4)),
            ]
        )
