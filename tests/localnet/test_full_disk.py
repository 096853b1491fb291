"""A validator's disk fills up, or may not be written: it says so in one line, and nothing is lost."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from localnet import Network, Node, run_zerog, wait_for_height, zerog

pytestmark = pytest.mark.localnet

EXIT_OPERATOR_ERROR = 2
BLOCK_TIME = ("--consensus.block-time", "0.1")


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Node]:
    """One validator, not started."""
    network = Network(tmp_path / "net", 1, *BLOCK_TIME)
    yield network.nodes[0]
    network.stop()


def told(node: Node, least: int) -> dict[str, Any]:
    """A block that clients have been told of."""
    wait_for_height(node, least)
    return node.block(node.height())


def ended(node: Node) -> str:
    """It has ended by itself with the operator's exit code; its last words, one line."""
    assert node.command is not None
    assert node.command.wait(60) == EXIT_OPERATOR_ERROR, node.log[-3000:]
    assert node.command.is_gone()
    node.command = None
    node.rpc.close()
    assert "Traceback" not in node.log
    [line] = [line for line in node.log.splitlines() if line.startswith("zerog: ")]
    return line


def assert_nothing_is_lost(node: Node, block: dict[str, Any]) -> None:
    """What was told is there, whole, and the chain goes on."""
    assert "no differences" in zerog("verify-db", "--datadir", node.directory)
    number = int(block["number"], 16)
    node.start()
    wait_for_height(node, number + 3)
    assert node.block(number)["hash"] == block["hash"]


def limit_files(process_id: int, size: int) -> None:
    """No file of that process grows beyond `size` bytes: to it, as a disk without room."""
    resource.prlimit(process_id, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def test_a_database_that_cannot_grow_ends_the_node_and_loses_nothing(lone: Node) -> None:
    lone.start()
    block = told(lone, 3)
    limit_files(lone.process_id, (lone.directory / "db" / "data.mdb").stat().st_size)
    line = ended(lone)
    assert line.startswith(f"zerog: {lone.directory / 'db'}: ")
    assert "has reached the size limit" in line or "was cut short: the disk is full" in line
    assert_nothing_is_lost(lone, block)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """`small_disk("8m")`: a file system of that size; skips where none may be mounted."""
    place = tmp_path / "disk"
    place.mkdir()

    def mount(size: str) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
        if os.getuid() != 0 or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a small file system")
        return place

    yield mount
    subprocess.run(["umount", "-l", str(place)], capture_output=True)


def test_a_full_disk_ends_the_node_and_with_room_it_goes_on(
    small_disk: Callable[..., Path],
) -> None:
    disk = small_disk("16m")
    network = Network(disk / "net", 1, *BLOCK_TIME)
    node = network.nodes[0]
    try:
        node.start()
        block = told(node, 3)
        ballast = disk / "ballast"
        fill(ballast)
        line = ended(node)
        assert line.startswith(f"zerog: {node.directory}/")
        assert "no space left on" in line.lower() or "was cut short: the disk is full" in line
        ballast.unlink()
        assert_nothing_is_lost(node, block)
    finally:
        network.stop()


def fill(path: Path) -> None:
    """To the last byte."""
    with path.open("wb", buffering=0) as file:
        size = 1 << 20
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2


def test_a_disk_that_may_not_be_written_is_said_at_once(small_disk: Callable[..., Path]) -> None:
    disk = small_disk("64m")
    network = Network(disk / "net", 1, *BLOCK_TIME)
    node = network.nodes[0]
    node.start()
    block = told(node, 2)
    node.stop()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    done = run_zerog("run", "--datadir", node.directory)
    assert done.returncode == EXIT_OPERATOR_ERROR
    [line] = done.stderr.splitlines()
    assert "Read-only file system" in line
    assert str(node.directory) in line
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    try:
        assert_nothing_is_lost(node, block)
    finally:
        network.stop()
