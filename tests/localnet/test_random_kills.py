"""SIGKILL at seeded random moments, to one of four validators at a time or to one that is still starting."""

import time
from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

import pytest
from localnet import START_MAX_S, Network, Node, kill_at_once, seconds_until

from consensus.journal_file import JOURNAL_NAME, inspect
from node.wal_command import describe

pytestmark = pytest.mark.localnet

KILLS_IN_CI = 4
KILLS = 30
PAUSE_S_MAX = 6.0
"""Between two kills: shorter and longer than a start, so that some meet a node that has not come back."""
LOOK_S = 0.02
"""Between two looks at the journals: several a block time."""
VOTES = ("proposal", "prevote", "precommit")


class Observer:
    """Reads every node's journal, and remembers what each validator has signed."""

    def __init__(self) -> None:
        self._said: dict[tuple[object, ...], object] = {}
        self.conflicts: list[str] = []

    def look(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if (node.directory / "wal" / JOURNAL_NAME).exists():
                self.note(records_of(node.directory))

    def note(self, records: list[dict[str, Any]]) -> None:
        """A validator says one thing at a place; two are a conflict."""
        for record in records:
            if record["record"] not in VOTES:
                continue
            place = tuple(record[name] for name in ("record", "height", "round", "validator"))
            said = record["value"], record["validRound"]
            if self._said.setdefault(place, said) != said:
                self.conflicts.append(f"{place}: {self._said[place]} and {said}")

    def __len__(self) -> int:
        return len(self._said)


def records_of(directory: Path) -> list[dict[str, Any]]:
    """What `zerog wal dump --json` lists."""
    inspected = inspect((directory / "wal" / JOURNAL_NAME).read_bytes())
    assert inspected.whole_again_at is None
    return [describe(entry) for batch in inspected.batches for entry in batch.entries]


def kill(node: Node) -> str:
    """The node process if it has begun, else all that its command has started so far."""
    assert node.command is not None
    if node.process_id in node.command.alive():
        node.kill()
        return "running"
    kill_at_once(node.command.alive())
    node.forget()
    return "starting"


def kill_again_and_again(network: Network, seed: int, kills: int) -> None:
    random, observer = Random(f"kills {seed}"), Observer()
    begun_at = max(node.height() for node in network.nodes)
    met = {"running": 0, "starting": 0}
    for _ in range(kills):
        pause_until = time.monotonic() + random.uniform(0, PAUSE_S_MAX)
        while time.monotonic() < pause_until:
            observer.look(network.nodes)
            time.sleep(LOOK_S)
        victim = random.choice(network.nodes)
        met[kill(victim)] += 1
        observer.look(network.nodes)
        victim.start()
    taken_s = seconds_until(
        lambda: all(node.height() >= 0 for node in network.nodes), START_MAX_S, "all answer again"
    )
    reached = network.wait_for_blocks(3)
    observer.look(network.nodes)
    print(
        f"{kills} kills ({met['running']} of running nodes, {met['starting']} of starting ones), "
        f"heights {begun_at} to {reached}, {len(observer)} signed statements in the journals, "
        f"all back {taken_s:.1f} s after the last"
    )
    assert observer.conflicts == []
    for node in network.nodes:
        assert "two-faced validator" not in node.log
        assert "Traceback" not in node.log
    assert_same_chain(network.nodes, range(1, reached + 1))


def assert_same_chain(nodes: Iterable[Node], heights: Iterable[int]) -> None:
    """Hash and state root of each height, on each node."""
    for height in heights:
        blocks = [node.block(height) for node in nodes]
        assert len({block["hash"] for block in blocks}) == 1, f"block {height} differs"
        assert len({block["stateRoot"] for block in blocks}) == 1, f"state at {height} differs"


def test_kills_at_random_moments_make_nobody_contradict_itself(network: Network) -> None:
    kill_again_and_again(network, 1, KILLS_IN_CI)


@pytest.mark.slow
def test_thirty_kills_at_random_moments_make_nobody_contradict_itself(network: Network) -> None:
    kill_again_and_again(network, 2, KILLS)


def test_the_observer_sees_a_conflict() -> None:
    vote = {"record": "prevote", "height": 1, "round": 0, "validator": "0x01", "validRound": -1}
    observer = Observer()
    observer.note([{**vote, "value": "0xaa"}, {**vote, "value": "0xaa"}])
    assert observer.conflicts == []
    observer.note([{**vote, "value": None}])
    assert len(observer.conflicts) == 1
