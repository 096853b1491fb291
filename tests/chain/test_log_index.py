"""The logs index finds what looking at every log finds, whatever is indexed and asked."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from eth_account import Account as Wallet
from eth_typing import Address, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.block_store import write_block
from chain.blocks import EMPTY_OMMERS_HASH, EMPTY_TRIE_ROOT, ZERO_HASH, Block, Header
from chain.engine import Log, Receipt
from chain.key_value import MemoryStore, Table
from chain.log_filter import LogFilter
from chain.log_index import INDEX_START_KEY, log_index_start
from chain.log_search import SMALL_SEARCH_PLACES_MAX, find_logs, is_small_search
from chain.receipts import bloom_of
from chain.stored_blocks import StoredBlocks
from chain.transactions import Transaction, decode_transaction
from chain.verify import find_differences

TRANSACTIONS_MAX = 3
HEADER = Header(
    parent_hash=ZERO_HASH,
    ommers_hash=EMPTY_OMMERS_HASH,
    coinbase=Address(bytes(20)),
    state_root=EMPTY_TRIE_ROOT,
    transactions_root=EMPTY_TRIE_ROOT,
    receipts_root=EMPTY_TRIE_ROOT,
    bloom=bytes(256),
    difficulty=0,
    number=0,
    gas_limit=36_000_000,
    gas_used=0,
    timestamp=0,
    extra_data=b"",
    mix_hash=ZERO_HASH,
    nonce=bytes(8),
    base_fee=10**9,
    withdrawals_root=EMPTY_TRIE_ROOT,
)

addresses = st.sampled_from([Address(bytes([name]) * 20) for name in range(3)])
# The same values at several positions, so that positions must be told apart.
topics = st.sampled_from([Hash32(bytes([name]) * 32) for name in range(3)])
logs = st.builds(Log, addresses, st.lists(topics, max_size=4).map(tuple), st.binary(max_size=3))
blocks = st.lists(
    st.lists(st.lists(logs, max_size=3), max_size=TRANSACTIONS_MAX), min_size=1, max_size=6
)
filters = st.builds(
    LogFilter,
    addresses=st.lists(addresses, max_size=2).map(tuple),
    topics=st.lists(st.lists(topics, max_size=2).map(tuple), max_size=4).map(tuple),
)


@cache
def transaction(number: int, index: int) -> Transaction:
    signed = Wallet.sign_transaction(
        {
            "nonce": number * TRANSACTIONS_MAX + index,
            "gasPrice": 10**9,
            "gas": 21_000,
            "to": bytes(20),
            "value": 0,
            "chainId": 1,
        },
        b"\x01" * 32,
    )
    return decode_transaction(bytes(signed.raw_transaction))


def written(chain: Sequence[Sequence[Sequence[Log]]]) -> MemoryStore:
    store = MemoryStore()
    for number, block in enumerate(chain):
        receipts = [
            Receipt(0, True, 21_000, 21_000, tuple(logs), None, 10**9, 0, b"", None)
            for logs in block
        ]
        bloom = bloom_of([log for logs in block for log in logs])
        header = replace(HEADER, number=number, timestamp=number * 100, bloom=bloom)
        body = tuple(transaction(number, index) for index in range(len(block)))
        with store.write() as batch:
            write_block(batch, Block(header, body, withdrawals=()), receipts)
    return store


def expected(
    chain: Sequence[Sequence[Sequence[Log]]], log_filter: LogFilter, numbers: range
) -> list[tuple[int, int, int, int, Log]]:
    found = []
    for number in numbers:
        log_index = 0
        for index, logs in enumerate(chain[number]):
            for log in logs:
                if log_filter.matches(log):
                    found.append((number, number * 100, index, log_index, log))
                log_index += 1
    return found


def searched(
    store: MemoryStore, log_filter: LogFilter, numbers: range
) -> list[tuple[int, int, int, int, Log]]:
    with store.snapshot() as snapshot:
        stored = StoredBlocks(snapshot)
        found = find_logs(stored, log_filter, numbers, 100, 1_000)
        for item in found:
            assert item.block_hash == stored.header(item.block_number).hash
            sent = transaction(item.block_number, item.transaction_index)
            assert item.transaction_hash == sent.hash
    return [
        (i.block_number, i.block_timestamp, i.transaction_index, i.log_index, i.log) for i in found
    ]


@settings(max_examples=300, deadline=None)
@given(blocks, filters, st.data())
def test_the_index_finds_what_a_look_at_every_log_finds(
    chain: list[list[list[Log]]], log_filter: LogFilter, data: st.DataObject
) -> None:
    first = data.draw(st.integers(0, len(chain) - 1))
    numbers = range(first, data.draw(st.integers(first, len(chain) - 1)) + 1)
    store = written(chain)
    assert searched(store, log_filter, numbers) == expected(chain, log_filter, numbers)


@settings(max_examples=100, deadline=None)
@given(blocks, filters, st.data())
def test_blocks_from_before_the_index_are_found_too(
    chain: list[list[list[Log]]], log_filter: LogFilter, data: st.DataObject
) -> None:
    """As in a database that an older program began."""
    start = data.draw(st.integers(0, len(chain)))
    store = written(chain)
    with store.write() as batch:
        for key, _ in list(batch.scan(Table.LOG_INDEX, b"")):
            if int.from_bytes(key[8:], "big") < start:
                batch.delete(Table.LOG_INDEX, key)
        if start < len(chain):
            batch.put(Table.META, INDEX_START_KEY, start.to_bytes(8, "big"))
        else:
            batch.delete(Table.META, INDEX_START_KEY)
    numbers = range(len(chain))
    assert searched(store, log_filter, numbers) == expected(chain, log_filter, numbers)


def index_differences(store: MemoryStore) -> list[str]:
    with store.snapshot() as snapshot:
        return [found.what for found in find_differences(snapshot) if "log index" in found.what]


def test_a_changed_missing_or_strange_row_is_named() -> None:
    log = Log(Address(b"\x0a" * 20), (Hash32(b"\x0b" * 32),), b"")
    store = written([[[log]], [[log, log]]])
    assert index_differences(store) == []
    with store.snapshot() as snapshot:
        rows = list(snapshot.scan(Table.LOG_INDEX, b""))
    assert len(rows) == 4
    for key, value in rows:
        name = f"log index row 0x{key.hex()}"
        with store.write() as batch:
            batch.put(Table.LOG_INDEX, key, value + b"x")
        assert index_differences(store) == [name]
        with store.write() as batch:
            batch.delete(Table.LOG_INDEX, key)
        assert index_differences(store) == [name, "rows of the log index"]
        with store.write() as batch:
            batch.put(Table.LOG_INDEX, key, value)
    with store.write() as batch:
        batch.put(Table.LOG_INDEX, bytes(16), b"")
    assert index_differences(store) == ["rows of the log index"]


def test_the_index_begins_with_the_first_block_written() -> None:
    with MemoryStore().snapshot() as snapshot:
        assert log_index_start(snapshot) is None
    with written([[], []]).snapshot() as snapshot:
        assert log_index_start(snapshot) == 0


def test_a_search_is_small_by_what_it_has_to_read() -> None:
    address = Address(b"\x01" * 20)
    busy = [[Log(address, (), b"")]] * 3
    blocks_at_most = SMALL_SEARCH_PLACES_MAX // len(busy)
    store = written([*[busy] * (blocks_at_most + 1), []])
    everywhere = range(blocks_at_most + 2)
    with store.snapshot() as snapshot:
        stored = StoredBlocks(snapshot)
        assert is_small_search(stored, LogFilter(addresses=(address,)), range(blocks_at_most))
        assert not is_small_search(stored, LogFilter(addresses=(address,)), everywhere)
        assert is_small_search(stored, LogFilter(addresses=(Address(b"\x02" * 20),)), everywhere)
        assert is_small_search(stored, LogFilter(), range(1))
        assert not is_small_search(stored, LogFilter(), range(2))
