"""`zerog verify-db`: does a node's database agree with itself? Says what differs."""

import sys
from itertools import islice

from chain.block_store import head
from chain.verify import UNDONE_BLOCKS_DEFAULT, find_differences
from node.database import LmdbStore
from node.layout import DataDirectory

EXIT_DIFFERENCES = 1
DIFFERENCES_SHOWN_MAX = 1_000
"""Of a database that is wholly wrong."""


def verify_database(data: DataDirectory, undone_blocks: int = UNDONE_BLOCKS_DEFAULT) -> int:
    """Print one line for each difference, or that there is none; the exit code.

    Reads one snapshot, also beside a running node. `undone_blocks`: so many of the newest blocks are
    undone by the history, each state root compared. Raises `DatabaseError` where there is none.
    """
    shown = 0
    with LmdbStore(data.database, readonly=True) as store, store.snapshot() as snapshot:
        newest = head(snapshot)
        try:
            found = find_differences(snapshot, undone_blocks)
            for difference in islice(found, DIFFERENCES_SHOWN_MAX):
                print(difference)
                shown += 1
        except Exception as error:
            # The edge of the process: a damaged row can break whatever decodes it.
            print(f"a row that cannot be read: {type(error).__name__}: {error}")
            shown += 1
    if shown:
        more = " or more" if shown == DIFFERENCES_SHOWN_MAX else ""
        print(f"{data.database}: {shown}{more} differences", file=sys.stderr)
        return EXIT_DIFFERENCES
    assert newest is not None, "a database without blocks is a difference"
    print(
        f"{data.database}: no differences; head {newest.number}, "
        f"state root 0x{newest.state_root.hex()}"
    )
    return 0
