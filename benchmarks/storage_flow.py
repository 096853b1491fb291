"""Unit times of the storage Flow's work, beside the gas that is asked for them; docs/storage-flow-gas.md.

Guards: none takes longer than its gas at the worst rate of precompiles 0x06 to 0x08, also where it is
all undone at the end and so nothing is paid for slots.

    python benchmarks/storage_flow.py
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from da_entrance import cost, worst_rate
from da_signers import CODE, environment
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Account
from chain.storage_flow import StorageFlow
from precompiles import abi
from precompiles.storage_flow import layout
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import BLOCK_HASHES, FLOW, MARKET, PRECOMPILES, ROOT_HISTORY
from precompiles.storage_flow.functions import storage_flow

ADMIN = Address(b"\xad" * 20)
PARAMETERS = StorageFlow(0, ADMIN, 0, blocks_per_epoch=10, first_block=0)
ROOT = Hash32(keccak(b"root"))
BATCH = 200
EPOCHS = 2_000
TALL = 62
"""Levels of a tree that has nearly every bit of its length set."""


@dataclass
class Accounts:
    """The Flow's accounts, as a `StateReader`."""

    storages: Mapping[Address, Mapping[int, int]]

    def account(self, address: Address) -> Account | None:
        return Account(0, 0, Hash32(keccak(CODE))) if address in PRECOMPILES else None

    def slot(self, address: Address, slot: int) -> int:
        if address == BLOCK_HASHES:
            return slot + 1
        return self.storages.get(address, {}).get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return True

    def code(self, code_hash: Hash32) -> bytes:
        return CODE

    def block_hash(self, number: int) -> Hash32 | None:
        return Hash32(keccak(number.to_bytes(8, "big")))


def begun(**changes: int) -> Accounts:
    """The first storage with other values, by the names in `layout`."""
    first = initial_storages(ADMIN, 0, PARAMETERS.blocks_per_epoch, 0)
    flow = {**first[FLOW], **{getattr(layout, name): value for name, value in changes.items()}}
    return Accounts({**first, FLOW: flow})


def tall_tree() -> Accounts:
    """Each submission goes up nearly all of its levels, and again for its root."""
    accounts = begun(
        TREE_LENGTH=(1 << TALL) - (1 << 20), OPEN_NODES=TALL + 1, UNSTAGED_HEIGHT=TALL + 1
    )
    nodes = {layout.open_node(level): level + 1 for level in range(TALL + 1)}
    return Accounts({**accounts.storages, FLOW: {**accounts.storages[FLOW], **nodes}})


def call_data(name: str, *arguments: object, to: Address = FLOW) -> bytes:
    (table,) = (table for table in storage_flow() if table.address == to)
    row = next(row for row in table.functions if row.signature.startswith(name))
    return row.selector + abi.encode(row.inputs, arguments)


def submission(*heights: int) -> tuple[tuple[int, bytes, list[tuple[Hash32, int]]], Address]:
    length = sum(256 << height for height in heights)
    return (length, b"", [(ROOT, height) for height in heights]), ADMIN


def main() -> None:
    block = replace(environment(), rules=replace(environment().rules, storage_flow=PARAMETERS))
    block = replace(block, number=1)
    late = replace(block, number=EPOCHS * PARAMETERS.blocks_per_epoch + 1)
    rate = worst_rate(begun(), block)
    nobody = submission(0)[0], Address(bytes(20))
    many, refused = [submission(0)] * BATCH, [submission(0)] * BATCH + [nobody]
    one = call_data("submit(((", submission(0))
    past = call_data("queryContextAtPosition", 1 << 100)
    contains = call_data("contains", ROOT, to=ROOT_HISTORY)
    cases = [
        ("a call", begun(), block, FLOW, call_data("deployDelay")),
        ("a price asked for", begun(), block, MARKET, call_data("pricePerSector", to=MARKET)),
        ("a submission of one sector", begun(), block, FLOW, one),
        ("of four subtrees", begun(), block, FLOW, call_data("submit(((", submission(9, 8, 7, 6))),
        ("in a tree of 63 levels", tall_tree(), block, FLOW, one),
        (f"{BATCH} in a batch", begun(), block, FLOW, call_data("batchSubmit(((", many)),
        ("the same, refused", begun(), block, FLOW, call_data("batchSubmit(((", refused)),
        ("refused, 63 levels", tall_tree(), block, FLOW, call_data("batchSubmit(((", refused)),
        (f"{EPOCHS} missed contexts", begun(), late, FLOW, call_data("makeContext()")),
        ("the same, refused", begun(), late, FLOW, past),
        ("a root looked for", begun(EPOCH=EPOCHS), block, ROOT_HISTORY, contains),
        (
            "1,000 subtrees, refused",
            begun(),
            block,
            FLOW,
            call_data("submit(((", submission(*[0] * 1_000)),
        ),
    ]
    for what, accounts, at, to, data in cases:
        ns, asked = cost(accounts, at, to, data)
        worth = ns / rate
        verdict = "ok" if worth <= asked else "UNDERPRICED"
        print(f"{what:<28} {ns / 1_000:10.1f} µs, worth {worth:9.0f}, asked {asked:9}: {verdict}")


if __name__ == "__main__":
    main()
