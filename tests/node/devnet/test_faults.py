"""node/devnet/faults.py and fault_files.py: what a running node of a devnet suffers."""

import time
from pathlib import Path

import pytest
import trio
import trio.testing

from node.devnet.fault_files import (
    CUT,
    DELAY,
    RESTART,
    SKEW,
    SLOW_DISK,
    Fault,
    read_fault,
    real_now_ms,
    remove_fault,
    restart_due_s,
    write_fault,
)
from node.devnet.faults import NodeFaults, seams_of
from node.network.outbox import Outbox
from node.seams import Seams


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "faults"


class Stream:
    """Keeps what is written and when, as `ByteStream`."""

    def __init__(self) -> None:
        self.written: list[tuple[float, bytes]] = []

    async def read(self, n: int | None = None) -> bytes:
        raise AssertionError("only written to")

    async def write(self, data: bytes) -> None:
        self.written.append((trio.current_time(), data))

    async def close(self) -> None:
        return


def test_production_has_no_filter_nothing_beside_it_and_the_wall_clock() -> None:
    seams = Seams()
    assert seams.peer_filter is None
    assert seams.watch is None
    assert abs(seams.clock_ms() - real_now_ms()) < 1_000


def test_a_fault_is_read_as_it_was_written(folder: Path) -> None:
    for fault in (Fault(-5, None, None), Fault(7, ("a", "b"), 123)):
        write_fault(folder, SKEW, fault)
        assert read_fault(folder, SKEW) == fault
    remove_fault(folder, SKEW)
    assert read_fault(folder, SKEW) is None


def test_a_cut_names_whom_it_cuts_off_and_ends_by_itself(folder: Path) -> None:
    faults = NodeFaults(folder)
    assert not faults.is_cut("a")
    write_fault(folder, CUT, Fault(peers=("a",), until_ms=real_now_ms() + 200))
    assert faults.look(), "others are cut off than before"
    assert faults.is_cut("a")
    assert not faults.is_cut("b")
    assert not faults.look()
    time.sleep(0.21)  # Its end is a matter of the wall clock.
    assert faults.look()
    assert not faults.is_cut("a")


def test_a_cut_without_names_cuts_off_everybody_also_after_a_restart(folder: Path) -> None:
    write_fault(folder, CUT, Fault())
    assert NodeFaults(folder).is_cut("anybody")
    remove_fault(folder, CUT)
    assert not NodeFaults(folder).is_cut("anybody")


def test_a_skew_moves_the_clock(folder: Path) -> None:
    write_fault(folder, SKEW, Fault(-60_000))
    assert abs(NodeFaults(folder).clock_ms() - (real_now_ms() - 60_000)) < 5_000


def test_a_slow_disk_is_slow_at_each_sync_and_keeps_what_was_written(folder: Path) -> None:
    write_fault(folder, SLOW_DISK, Fault(50))
    files = seams_of(folder.parent).open_files(folder.parent / "wal")
    begun = time.monotonic()
    files.append("journal", b"x")
    files.sync("journal")
    assert time.monotonic() - begun >= 0.05
    assert files.read("journal") == b"x"


def test_a_file_of_somebody_else_changes_nothing(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_fault(folder, SKEW, Fault(5))
    faults = NodeFaults(folder)
    (folder / "delay.json").write_text("{}")
    faults.look()
    assert faults.amount_ms(SKEW) == 5
    assert "not a fault of `zerog perturb`" in caplog.text


async def _carried(faults: NodeFaults, frames: list[bytes]) -> list[tuple[float, bytes]]:
    """What was written, and how long after it was put into the outbox."""
    outbox, stream = Outbox(), Stream()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(faults.carry, outbox, stream)
        begun = trio.current_time()
        for frame in frames:
            outbox.put_bulk([frame])
            await trio.testing.wait_all_tasks_blocked()
        with trio.fail_after(5):
            while len(stream.written) < len(frames):
                await trio.sleep(0.005)
        nursery.cancel_scope.cancel()
    return [(moment - begun, data) for moment, data in stream.written]


def test_a_delay_holds_back_each_write_by_as_much_in_order(folder: Path) -> None:
    write_fault(folder, DELAY, Fault(100))
    carried = trio.run(_carried, NodeFaults(folder), [b"1", b"2", b"3"])
    assert [data for _, data in carried] == [b"1", b"2", b"3"]
    assert carried[0][0] >= 0.1
    assert carried[2][0] < 0.3, "they do not wait for each other"


def test_without_a_delay_everything_is_written_at_once(folder: Path) -> None:
    carried = trio.run(_carried, NodeFaults(folder), [b"1", b"2"])
    assert [data for _, data in carried] == [b"1", b"2"]


def test_the_devnet_is_told_once_when_to_bring_a_killed_node_back(folder: Path) -> None:
    assert restart_due_s(folder.parent) is None
    write_fault(folder, RESTART, Fault(until_ms=real_now_ms() + 10_000))
    due = restart_due_s(folder.parent)
    assert due is not None
    assert 5 < due <= 10
    assert restart_due_s(folder.parent) is None
