"""What blocks cost to build and to import, beside py-evm as it comes and revm, in one run.

Import is decoding, executing, all roots, and the commit to disk, with senders and transactions known from
the pool as they are in a node. py-evm imports the same blocks with its own chain and HexaryTrie in memory,
senders known too; pyrevm runs the same messages without roots or disk. Cancun, without 0G's rules, which
py-evm does not know. The clock's figures are of a machine with other work; the ratio is of CPU time.
Guards: four times py-evm on transfers, one and a half on ERC-20; a state layer of at most 30 µs a changed
account at 1,000 accounts, 90 at 1,000,000; transfers at most twice as dear there.

    python benchmarks/execution.py [--million] [--without-py-evm]
"""

import argparse
import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from execution_parts.chains import SENDERS, Node, Sender, Timed, allocation, fill
from execution_parts.rivals import Revm, UntouchedPyEvm
from execution_parts.workloads import Workloads

from chain.block_store import head
from chain.transactions import Transaction, recover_sender

TRANSFERS_RATIO_MIN, TOKEN_RATIO_MIN = 4.0, 1.5
STATE_US_MAX = {1_000: 30.0, 1_000_000: 90.0}
GROWTH_MAX = 2.0
ANONYMOUS_BYTES_MAX = 500 * 1024 * 1024
WARM_UP_FIRST = 1_000_000
"""So that the transfers measured later go to other new accounts."""
TRANSFERS, TOKEN_TRANSFERS = "1,000 transfers", "300 ERC-20 transfers"


@dataclass(frozen=True)
class Row:
    """One block's figures."""

    name: str
    gas: int
    build: Timed
    execute: Timed
    commit: Timed
    state_us: float
    """CPU time of the state layer for each changed account or slot: tries, rows, history, commit."""
    changed_rows: int
    written_bytes: int
    long_path: Timed | None
    py_evm_build: Timed | None
    py_evm_import: Timed | None
    revm: Timed | None

    @property
    def whole_import(self) -> Timed:
        return self.execute + self.commit


class Bench:
    """Our nodes and the rivals on one chain."""

    def __init__(self, folder: Path, accounts: int, has_py_evm: bool) -> None:
        senders = [Sender(number) for number in range(SENDERS)]
        fill(folder / "builder", senders, accounts)
        for name in ("importer", "long"):
            shutil.copytree(folder / "builder", folder / name)
        self.builder, self.importer = Node(folder / "builder"), Node(folder / "importer")
        self.long = Node(folder / "long", has_short_transfers=False)
        self.workloads = Workloads(senders, accounts)
        self.py_evm = self.revm = None
        if has_py_evm:
            balances = allocation(senders, range(accounts))
            with self.builder.store.snapshot() as snapshot:
                genesis = head(snapshot)
            assert genesis is not None
            self.py_evm, self.revm = UntouchedPyEvm(genesis, balances), Revm(balances)

    def block(self, name: str, transactions: Sequence[Transaction]) -> Row:
        """The next block, on every chain."""
        built, build = self.builder.build(transactions)
        senders = [recover_sender(item) for item in built.block.transactions]
        for node in (self.importer, self.long):
            node.remember(transactions)
        executed, execute = self.importer.execute(built.payload)
        update = self.importer.update_again(executed)
        commit, written = self.importer.commit(executed)
        self.builder.commit(built)
        slow, long_execute = self.long.execute(built.payload)
        long_commit, _ = self.long.commit(slow)
        changed = sum(1 + len(change.slots) for change in executed.result.changes)
        return Row(
            name,
            built.block.header.gas_used,
            build,
            execute,
            commit,
            (update.cpu + commit.cpu) / changed * 1e6,
            changed,
            written,
            long_execute + long_commit,
            self.py_evm.build(built) if self.py_evm else None,
            self.py_evm.import_block(built) if self.py_evm else None,
            self.revm.run(built.block.transactions, senders) if self.revm else None,
        )


def run(accounts: int, has_py_evm: bool, is_short: bool) -> list[Row]:
    """Every block on a state of that many accounts, printed as it comes."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), accounts, has_py_evm)
        works = bench.workloads
        bench.block("contracts", works.deployments())
        bench.block("provisions", works.provisions())
        # A database that was opened just now maps pages and takes memory for its first large block.
        bench.block("warming up", works.transfers(WARM_UP_FIRST))
        blocks: list[tuple[str, Callable[[], list[Transaction]]]] = [
            (TRANSFERS, works.transfers),
            (TOKEN_TRANSFERS, works.token_transfers),
        ]
        if not is_short:
            blocks += [
                ("50 swaps", works.swaps),
                ("hashing loop", works.hashing_loop),
                ("storage loop", works.storage_loop),
                ("10 DA verifications", works.da_verifications),
            ]
        print(f"\nState of {accounts:,} accounts; ms by the clock (CPU)")
        print(HEADINGS)
        rows = []
        for name, make in blocks:
            rows.append(bench.block(name, make()))
            print_row(rows[-1])
        print(f"memory of this process beyond mapped pages: {_anonymous_bytes() / 2**20:.0f} MB")
        return rows


HEADINGS = (
    f"{'':21} {'Mgas':>5} {'build':>13} {'import':>13} {'long path':>13} {'py-evm build':>15} "
    f"{'py-evm import':>15} {'ratio':>5} {'revm':>6} {'state layer':>15} {'written':>8}"
)


def print_row(row: Row) -> None:
    ratio = row.py_evm_import.cpu / row.whole_import.cpu if row.py_evm_import else None
    print(
        f"{row.name:21} {row.gas / 1e6:5.1f} {_ms(row.build):>13} {_ms(row.whole_import):>13} "
        f"{_ms(row.long_path):>13} {_ms(row.py_evm_build):>15} {_ms(row.py_evm_import):>15} "
        f"{f'{ratio:.1f}' if ratio else '-':>5} "
        f"{f'{row.revm.wall * 1e3:.1f}' if row.revm else '-':>6} "
        f"{f'{row.state_us:.1f} µs × {row.changed_rows}':>15} {row.written_bytes // 1024:>5} kB",
        flush=True,
    )


def _ms(spent: Timed | None) -> str:
    return "-" if spent is None else f"{spent.wall * 1e3:.0f} ({spent.cpu * 1e3:.0f})"


def _anonymous_bytes() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0


def check(rows: Sequence[Row], accounts: int) -> list[str]:
    """What fell short."""
    found = []
    by_name = {row.name: row for row in rows}
    for name, least in ((TRANSFERS, TRANSFERS_RATIO_MIN), (TOKEN_TRANSFERS, TOKEN_RATIO_MIN)):
        row = by_name[name]
        if row.py_evm_import and row.py_evm_import.cpu < least * row.whole_import.cpu:
            found.append(f"{name}: less than {least} times py-evm")
    if by_name[TRANSFERS].state_us > STATE_US_MAX[accounts]:
        found.append(f"state layer: above {STATE_US_MAX[accounts]} µs a changed account")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--million", action="store_true", help="on 1,000,000 accounts too")
    parser.add_argument("--without-py-evm", action="store_true", help="our own figures alone")
    options = parser.parse_args()
    # As the node does when it starts; py-evm has the good of it too.
    gc.collect()
    gc.freeze()
    rows = run(1_000, not options.without_py_evm, is_short=False)
    problems = check(rows, 1_000)
    if options.million:
        large = run(1_000_000, False, is_short=True)
        problems += check(large, 1_000_000)
        growth = large[0].whole_import.cpu / rows[0].whole_import.cpu
        print(f"a transfer costs {growth:.2f} times as much as with 1,000 accounts")
        if growth > GROWTH_MAX:
            problems.append(f"transfers: more than {GROWTH_MAX} times as dear")
        if _anonymous_bytes() > ANONYMOUS_BYTES_MAX:
            problems.append("memory: above 500 MB")
    assert not problems, problems


if __name__ == "__main__":
    main()
