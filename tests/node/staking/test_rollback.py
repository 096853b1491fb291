"""node/rollback.py: undone blocks executed again give what was there, sets and absences included."""

from typing import Any

import pytest
import trio

from chain import block_store
from chain.key_value import Table
from chain.verify import find_differences
from node import rollback
from node.errors import OperatorError

STAYING = (Table.ACCOUNTS, Table.SLOTS, Table.ACCOUNT_TRIE, Table.STORAGE_TRIES, Table.META,
           Table.ACCOUNT_HISTORY, Table.SLOT_HISTORY, Table.CHANGES)  # fmt: skip
TOKEN = 10**18
NEWCOMER = bytes([9]) * 32


def rows(store: Any) -> dict[Table, dict[bytes, bytes]]:
    with store.snapshot() as snapshot:
        return {table: dict(snapshot.scan(table, b"")) for table in STAYING}


def without_sets(
    found: dict[Table, dict[bytes, bytes]],
) -> dict[Table, dict[bytes, bytes]]:
    """But for the sets kept by their hash, which no undoing forgets."""
    kept = {k: v for k, v in found[Table.META].items() if not k.startswith(b"validators ")}
    return found | {Table.META: kept}


async def history(cluster: Any, store: Any) -> list[dict[Table, dict[bytes, bytes]]]:
    """The rows after each of twelve blocks: somebody joins, is slashed, is absent."""
    after = [rows(store)]
    offender, absent, *_ = cluster.any_host.next_validators.addresses
    await cluster.create(NEWCOMER, 3_000 * TOKEN)
    for number in range(12):
        if number == 4:
            for host in cluster.hosts.values():
                host.evidence.add(cluster.evidence(offender, 3))
        await cluster.decide(absent=[cluster.secrets[absent]] if number > 4 else [])
        after.append(rows(store))
    return after


@pytest.mark.parametrize("count", [0, 1, 2, 4, 12])
def test_what_is_applied_again_is_what_was_undone(make_cluster: Any, count: int) -> None:
    cluster = make_cluster()
    store = cluster.stores[sorted(cluster.stores)[0]]

    async def main() -> None:
        with trio.fail_after(120):
            after = await history(cluster, store)
            before = rows(store)
            head, target = rollback._undo(store, cluster.document, count)
            assert (head, target) == (12, 12 - count)
            with store.snapshot() as snapshot:
                assert block_store.head(snapshot).number == target
            assert without_sets(rows(store)) == without_sets(after[target])
            engine = rollback.PyEvmEngine()
            assert await rollback._apply_again(store, cluster.document, engine) == 12
            assert rows(store) == before
            with store.snapshot() as snapshot:
                assert list(find_differences(snapshot)) == []

    trio.run(main)


def test_more_blocks_than_there_are_are_refused_and_nothing_changes(
    make_cluster: Any,
) -> None:
    cluster = make_cluster()
    store = cluster.stores[sorted(cluster.stores)[0]]

    async def main() -> None:
        await cluster.decide()
        before = rows(store)
        with pytest.raises(OperatorError, match="2 blocks, and there are 1"):
            rollback._undo(store, cluster.document, 2)
        assert rows(store) == before

    trio.run(main)
