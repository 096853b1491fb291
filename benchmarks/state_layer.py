"""What the state layer costs a changed account: tries, flat rows, history, one synced commit.

Guards: at most 30 µs a changed account in a state of 1,000 accounts, at most 90 µs at 1,000,000.
Blocks change 1,000 random accounts as plain transfers do: a tenth of them new, no storage.

    python benchmarks/state_layer.py [--million] [--directory DIR]
"""

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Account, AccountChange
from chain.key_value import KeyValueStore, MemoryStore
from chain.state import StateAt, prepare_update, write_update
from node.database import LmdbStore

CHANGED_ACCOUNTS = 1_000
NEW_OF_THEM = 100
ROUNDS = 10
BUILD_CHUNK = 50_000
READS = 20_000
NO_CODE = Hash32(keccak(b""))


@dataclass
class Result:
    """Of one size of state, over ROUNDS blocks."""

    cpu_s: float = 0
    """Of this thread; the others are wall time."""
    prepare_s: float = 0
    write_s: float = 0
    commit_s: float = 0
    written_bytes: int = 0


def address(number: int) -> Address:
    return Address(keccak(number.to_bytes(8, "big"))[:20])


def account_changes(numbers: Iterator[int] | range, nonce: int) -> list[AccountChange]:
    accounts = sorted(address(number) for number in numbers)
    return [AccountChange(a, Account(nonce, 10**21 + nonce, NO_CODE)) for a in accounts]


def build(store: KeyValueStore, count: int) -> None:
    for start in range(0, count, BUILD_CHUNK):
        changes = account_changes(range(start, min(count, start + BUILD_CHUNK)), 1)
        with store.write() as batch:
            write_update(batch, 0, prepare_update(batch, changes))


def written_bytes() -> int:
    """What this process has handed to the file system so far: LMDB writes whole pages."""
    for line in Path("/proc/self/io").read_text().splitlines():
        name, value = line.split(":")
        if name == "wchar":
            return int(value)
    return 0


def measure(store: KeyValueStore, count: int) -> Result:
    choice, result = random.Random(count), Result()
    for number in range(1, ROUNDS + 1):
        known = choice.sample(range(count), min(CHANGED_ACCOUNTS - NEW_OF_THEM, count))
        new = range(count + number * NEW_OF_THEM, count + (number + 1) * NEW_OF_THEM)
        changes = account_changes(iter([*known, *new]), number + 1)
        written = written_bytes()
        begin, cpu_begin = time.perf_counter(), time.thread_time()
        with store.snapshot() as snapshot:
            update = prepare_update(snapshot, changes)
        prepared = time.perf_counter()
        with store.write() as batch:
            write_update(batch, number, update)
            filled = time.perf_counter()
        done = time.perf_counter()
        result.cpu_s += time.thread_time() - cpu_begin
        result.prepare_s += prepared - begin
        result.write_s += filled - prepared
        result.commit_s += done - filled
        result.written_bytes += written_bytes() - written
    return result


def read_times_us(store: KeyValueStore, count: int) -> tuple[float, float]:
    """Of one account: latest, and at block 1."""
    addresses = [address(number) for number in random.Random(1).choices(range(count), k=READS)]
    times = []
    with store.snapshot() as snapshot:
        for reader in (StateAt(snapshot), StateAt(snapshot, 1)):
            begin = time.perf_counter()
            for each in addresses:
                reader.account(each)
            times.append((time.perf_counter() - begin) / READS * 1e6)
    return times[0], times[1]


def report(name: str, store: KeyValueStore, count: int) -> None:
    build(store, count)
    result = measure(store, count)
    latest_us, past_us = read_times_us(store, count)
    changed = ROUNDS * (min(count, CHANGED_ACCOUNTS - NEW_OF_THEM) + NEW_OF_THEM)
    parts = (result.cpu_s, result.prepare_s, result.write_s, result.commit_s)
    cpu, prepare, write, commit = (seconds / changed * 1e6 for seconds in parts)
    print(
        f"{name:7} {count:>9,}  {prepare + write + commit:7.1f}  {cpu:7.1f}  {prepare:7.1f}  {write:6.1f} "
        f" {commit:6.1f}  {result.written_bytes / ROUNDS / 1e6:9.2f}  {latest_us:6.2f}  {past_us:6.2f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="a state of 1,000,000 accounts too")
    parser.add_argument("--directory", type=Path, help="where the database is made and removed")
    arguments = parser.parse_args()
    sizes = [1_000, 100_000] + [1_000_000] * arguments.million
    print(
        "                   µs a changed account                           MB a block    µs a read"
    )
    print("store    accounts     wall      cpu  prepare   write  commit    written  latest    past")
    report("memory", MemoryStore(), 1_000)
    for count in sizes:
        with (
            tempfile.TemporaryDirectory(dir=arguments.directory) as directory,
            LmdbStore(Path(directory) / "db") as store,
        ):
            report("lmdb", store, count)


if __name__ == "__main__":
    main()
