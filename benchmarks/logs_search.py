"""How long eth_getLogs takes over 100,000 blocks with about 1,000 matches, and what the index costs.

A chain of blocks with one transaction each is written to a real database; every hundredth has a log
of the wanted contract. Execution is left out.
"""

import os
import statistics
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import orjson
from eth_account import Account
from eth_typing import Address, Hash32

from chain.block_store import write_block
from chain.blocks import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH, Block, Header
from chain.engine import Log, Receipt
from chain.key_value import MemoryStore, Table
from chain.log_filter import LogFilter
from chain.log_index import write_log_index
from chain.log_search import find_logs
from chain.receipts import bloom_of
from chain.stored_blocks import StoredBlocks
from chain.transactions import decode_transaction
from node.database import LmdbStore
from node.json_rpc.encoding import log_json

BLOCKS = 100_000
MATCH_EVERY = 100
BLOCKS_PER_BATCH = 5_000
REPEATS = 5
WANTED, OTHER = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
TRANSFER = Hash32(b"\xdd" * 32)


def block_of(number: int, header: Header, sent: object) -> tuple[Block, list[Receipt]]:
    """Every block has a transfer; those of the wanted contract are few."""
    contract = WANTED if number % MATCH_EVERY == 0 else OTHER
    sender = Hash32(number.to_bytes(32, "big"))
    log = Log(contract, (TRANSFER, sender, sender), bytes(32))
    receipt = Receipt(2, True, 50_000, 50_000, (log,), None, 10**9, 0, b"", None)
    header = replace(header, number=number, timestamp=number, bloom=bloom_of([log]))
    return Block(header, (sent,), withdrawals=()), [receipt]  # type: ignore[arg-type]


def write_chain(store: LmdbStore) -> None:
    header = Header(
        parent_hash=ZERO_HASH, ommers_hash=EMPTY_OMMERS_HASH, coinbase=Address(bytes(20)),
        state_root=EMPTY_TRIE_ROOT, transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT, bloom=bytes(256), difficulty=0, number=0,
        gas_limit=36_000_000, gas_used=50_000, timestamp=0, extra_data=b"", mix_hash=ZERO_HASH,
        nonce=bytes(8), base_fee=10**9, withdrawals_root=EMPTY_TRIE_ROOT,
    )  # fmt: skip
    fields = {"nonce": 0, "gas": 50_000, "to": bytes(20), "value": 1, "chainId": 1, "gasPrice": 7}
    signed = Account.sign_transaction(fields, b"\x01" * 32)
    sent = decode_transaction(bytes(signed.raw_transaction))
    for start in range(0, BLOCKS, BLOCKS_PER_BATCH):
        with store.write() as batch:
            for number in range(start, start + BLOCKS_PER_BATCH):
                write_block(batch, *block_of(number, header, sent))


def milliseconds(store: LmdbStore, log_filter: LogFilter) -> tuple[int, float]:
    """Matches, and the median time until they are JSON."""
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        with store.snapshot() as snapshot:
            found = find_logs(StoredBlocks(snapshot), log_filter, range(BLOCKS), BLOCKS, BLOCKS)
        orjson.dumps([log_json(placed) for placed in found])
        times.append((time.perf_counter() - begun) * 1_000)
    return len(found), statistics.median(times)


def index_cost(transfers: int) -> tuple[float, int]:
    """Milliseconds to index one block of that many token transfers, and bytes of keys and values."""
    receipts = []
    for number in range(transfers):
        parties = [Hash32(bytes([side]) + number.to_bytes(31, "big")) for side in range(2)]
        log = Log(OTHER, (TRANSFER, *parties), bytes(32))
        receipts.append(Receipt(2, True, 50_000, 50_000, (log,), None, 1, 0, b"", None))
    store = MemoryStore()
    begun = time.perf_counter()
    with store.write() as batch:
        write_log_index(batch, 1, receipts)
    taken = (time.perf_counter() - begun) * 1_000
    with store.snapshot() as snapshot:
        size = sum(len(k) + len(v) for k, v in snapshot.scan(Table.LOG_INDEX, b""))
    return taken, size


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, LmdbStore(Path(folder) / "db") as store:
        begun = time.perf_counter()
        write_chain(store)
        print(f"{BLOCKS} blocks written in {time.perf_counter() - begun:.1f} s")
        for name, log_filter in (
            ("one contract", LogFilter(addresses=(WANTED,))),
            ("one contract and topic", LogFilter(addresses=(WANTED,), topics=((TRANSFER,),))),
            ("one sender", LogFilter(topics=((), (Hash32((500).to_bytes(32, "big")),)))),
            ("nothing", LogFilter(addresses=(Address(b"\x0c" * 20),))),
        ):
            matches, taken = milliseconds(store, log_filter)
            print(f"{name:24} {matches:6} matches {taken:8.1f} ms")
    taken, size = index_cost(1_000)
    print(f"indexing a block of 1000 transfers: {taken:.1f} ms, {size / 1_000:.0f} kB")


if __name__ == "__main__":
    main()
