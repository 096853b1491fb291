"""A process that commits blocks is killed at seeded random moments; what it told is there afterwards."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from eth_typing import Hash32

from chain.block_store import head_number, place_of, read_receipt
from chain.chain import Chain
from chain.verify import find_differences
from genesis.block import genesis_block
from node.database import LmdbStore

VICTIM = Path(__file__).with_name("victim.py")
ROUNDS_A_CHAIN = 25
"""Then another begins: to look through a long one takes long."""
LIFE_S = 0.3
"""Of a victim that is not killed during a commit, at most."""
ROOT = Path(__file__).parents[2]

_spec = importlib.util.spec_from_file_location("victim", VICTIM)
assert _spec is not None
assert _spec.loader is not None
victim = importlib.util.module_from_spec(_spec)
sys.modules["victim"] = victim
_spec.loader.exec_module(victim)


@dataclass
class Told:
    """What clients were told of one chain."""

    head: int = 0
    hashes: list[Hash32] = field(default_factory=list)


class Killer:
    """Starts victims and ends them."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, VICTIM], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        self.aimed = self.hit = 0

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()

    def one_life(self, seed: int, path: Path, told: Told) -> None:
        """A victim from its start to its death; even seeds die during a commit."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seed} {path}\n")
        self._process.stdin.flush()
        random, pid = Random(seed), self._pid()
        if seed % 2:
            self._await_line("committing", told)
            time.sleep(random.uniform(0, LIFE_S))
            os.kill(pid, signal.SIGKILL)
            self._await_line("ended", told)
            return
        commit_s = 0.0
        for _ in range(random.randint(1, 3)):
            self._await_line("committing", told)
            begin = time.perf_counter()
            self._await_line("committed", told)
            commit_s = time.perf_counter() - begin
        self._await_line("committing", told)
        time.sleep(random.uniform(0, commit_s))
        os.kill(pid, signal.SIGKILL)
        before = told.head
        self._await_line("ended", told)
        self.aimed += 1
        self.hit += told.head == before

    def _pid(self) -> int:
        word, number = self._line()
        assert word == "pid"
        return int(number)

    def _await_line(self, wanted: str, told: Told) -> None:
        word = ""
        while word != wanted:
            word, rest = self._line()
            assert wanted == "ended" or word != "ended", "the victim died by itself"
            if word == "committed" and rest.endswith(" ."):
                number, *hashes, _ = rest.split()
                told.head = int(number)
                told.hashes += [Hash32(bytes.fromhex(each)) for each in hashes]

    def _line(self) -> tuple[str, str]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, "the victims' parent is gone"
        word, _, rest = line.strip().partition(" ")
        return word, rest


@pytest.fixture
def killer() -> Iterator[Killer]:
    made = Killer()
    yield made
    made.close()


def begin_chain(path: Path) -> Path:
    with LmdbStore(path) as store:
        Chain.initialize(store, *genesis_block(victim.document()))
    return path


def check_what_is_left(path: Path, told: Told) -> None:
    """The database agrees with itself and with what was told."""
    with LmdbStore(path) as store, store.snapshot() as snapshot:
        assert [str(difference) for difference in find_differences(snapshot)] == []
        head = head_number(snapshot)
        assert head in (told.head, told.head + 1)
        for transaction_hash in told.hashes:
            place = place_of(snapshot, transaction_hash)
            assert place is not None, transaction_hash.hex()
            assert place[0] <= told.head
            assert read_receipt(snapshot, *place) is not None


def kill_again_and_again(killer: Any, folder: Path, rounds: int) -> int:
    """How many transactions had been told of."""
    count, told, path = 0, Told(), begin_chain(folder / "chain-0")
    for seed in range(rounds):
        if seed and seed % ROUNDS_A_CHAIN == 0:
            count += len(told.hashes)
            told, path = Told(), begin_chain(folder / f"chain-{seed}")
        killer.one_life(seed, path, told)
        check_what_is_left(path, told)
        with LmdbStore(path) as store, store.snapshot() as snapshot:
            # The next victim starts from there: what was not told may be there all the same.
            told.head = head_number(snapshot) or 0
    return count + len(told.hashes)


def test_ten_kills_lose_nothing_that_was_told(killer: Killer, tmp_path: Path) -> None:
    assert kill_again_and_again(killer, tmp_path, 10) > 50


@pytest.mark.slow
def test_two_hundred_kills_lose_nothing_that_was_told(killer: Killer, tmp_path: Path) -> None:
    assert kill_again_and_again(killer, tmp_path, 200) > 1_000
    assert killer.aimed == 100
    assert killer.hit >= 40, "the moments are aimed well enough to be during commits"
