"""`zerog devnet`, as somebody at a terminal meets it."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from localnet import START_MAX_S, Node, free_ports, run_zerog, wait_until

from node.devnet.settings import DEFAULT_CHAIN_ID

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

Start = Callable[..., Any]
SHUTDOWN_S = 3.0
FIRST_KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
"""hardhat's and anvil's account 0."""


class Devnet:
    """One directory and its ports, started as often as a test likes."""

    def __init__(self, start: Start, directory: Path) -> None:
        self._start = start
        self.directory = directory
        ports = free_ports(8)
        self.flags = ("--datadir", directory, "--port", ports[0], "--p2p-port", ports[4])
        self.nodes = [Node(directory / f"validator-{index}", ports[index]) for index in range(4)]
        self.first_port = ports[0]

    def start(self, *flags: object) -> Any:
        self.command = self._start("devnet", *self.flags, "--block-time", "0.3", *flags)
        return self.command

    def run_to_end(self, *flags: object) -> Any:
        """A start that is expected to be refused."""
        return run_zerog("devnet", *self.flags, *flags)

    def wait_for_height(self, height: int, count: int = 4) -> None:
        """On the first `count` validators."""
        for node in self.nodes[:count]:
            wait_until(
                lambda node=node: node.height() >= height,  # type: ignore[misc]
                START_MAX_S,
                lambda: self.command.log[-4_000:],
            )

    def forget_connections(self) -> None:
        for node in self.nodes:
            node.rpc.close()


@pytest.fixture
def devnet(start_command: Start, tmp_path: Path) -> Devnet:
    return Devnet(start_command, tmp_path / "devnet")


def one_line(text: str) -> str:
    """The only line that an operator's error has."""
    [line] = text.splitlines()
    assert line.startswith("zerog: ")
    return line


def test_a_devnet_starts_stops_at_ctrl_c_and_goes_on_with_the_same_chain(devnet: Devnet) -> None:
    first = devnet.start()
    devnet.wait_for_height(1, count=1)
    print(f"first block {time.monotonic() - first.began:.1f} s after the command")
    devnet.wait_for_height(3)
    block_1 = devnet.nodes[0].block(1)
    reached = devnet.nodes[0].height()
    devnet.forget_connections()
    taken = first.stop()
    print(f"stopped {taken:.2f} s after Ctrl-C")
    assert taken < SHUTDOWN_S + 1  # The machine may be busy; the figure is printed.
    assert first.exit_code == 0
    assert first.alive() == []
    assert first.log.endswith("stopped\n")
    assert "Traceback" not in first.log

    second = devnet.start()
    devnet.wait_for_height(reached + 1)
    assert [node.block(1)["hash"] for node in devnet.nodes] == [block_1["hash"]] * 4
    devnet.forget_connections()
    second.stop()
    assert second.exit_code == 0

    refused = devnet.run_to_end("--validators", "3")
    assert refused.returncode == 2
    line = one_line(refused.stderr)
    assert "made with --validators 4" in line
    assert "started with --validators 3" in line
    refused = devnet.run_to_end("--chain-id", "31337")
    assert refused.returncode == 2
    line = one_line(refused.stderr)
    assert f"made with --chain-id {DEFAULT_CHAIN_ID}" in line
    assert "started with --chain-id 31337" in line

    anew = devnet.start("--reset", "--chain-id", "31337")
    devnet.wait_for_height(1, count=1)
    assert devnet.nodes[0].block(1)["hash"] != block_1["hash"]
    assert devnet.nodes[0].rpc.number("eth_chainId") == 31_337
    devnet.forget_connections()
    anew.stop()


def check_banner(devnet: Devnet, said: str) -> None:
    """All that a user needs is there."""
    assert "Ctrl-C" in said
    banner = said.split("Ctrl-C")[0]
    assert f"Chain id: {DEFAULT_CHAIN_ID}" in banner
    for index in range(4):
        assert f"http://127.0.0.1:{devnet.first_port + index}" in banner
    assert FIRST_KEY in banner
    for number in range(10):
        assert f"({number}) 0x" in banner
    assert "80 %" in banner
    assert "test test test test test test test test test test test junk" in banner
    for tool in ("hardhat", "foundry", "MetaMask", "web3.py"):
        assert tool in banner


def test_a_running_devnet_has_said_all_and_keeps_its_directory_and_ports(
    devnet: Devnet, tmp_path: Path
) -> None:
    first = devnet.start()
    devnet.wait_for_height(1, count=1)
    check_banner(devnet, first.log)
    refused = devnet.run_to_end()
    assert refused.returncode == 2
    line = one_line(refused.stderr)
    assert f"in use by process {first.pid}" in line
    assert str(devnet.directory) in line

    elsewhere = run_zerog("devnet", "--datadir", tmp_path / "other", *devnet.flags[2:])
    assert elsewhere.returncode == 2
    assert f"127.0.0.1:{devnet.first_port} is in use" in one_line(elsewhere.stderr)

    assert devnet.nodes[0].height() >= 1
    devnet.forget_connections()
    first.stop()
    assert first.alive() == []


@pytest.mark.parametrize(
    "seconds",
    [0.5, 1.5, *(pytest.param(moment, marks=pytest.mark.slow) for moment in (0.3, 1.0, 2.0, 3.0))],
)
def test_ctrl_c_during_the_start_leaves_nothing_running(devnet: Devnet, seconds: float) -> None:
    command = devnet.start()
    # The moment is the point of the test: whatever the start is at then, it has to end cleanly.
    time.sleep(seconds)
    taken = command.stop()
    assert taken < SHUTDOWN_S + 1
    assert command.is_gone(1.0)
    assert command.exit_code in (0, 130)
    assert "Traceback" not in command.log
    again = devnet.start()
    devnet.wait_for_height(1, count=1)
    devnet.forget_connections()
    again.stop()
    assert again.exit_code == 0


def test_sigkill_to_the_devnet_itself_ends_its_validators(devnet: Devnet) -> None:
    command = devnet.start()
    devnet.wait_for_height(1, count=1)
    devnet.forget_connections()
    command.kill()
    assert command.is_gone()


def test_a_foreign_directory_is_neither_used_nor_wiped(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"dear")
    for flags in ((), ("--reset",)):
        refused = run_zerog("devnet", "--datadir", tmp_path, *flags)
        assert refused.returncode == 2
        assert "holds photos" in one_line(refused.stderr)
        assert (tmp_path / "photos" / "one.jpg").read_bytes() == b"dear"
    shutil.rmtree(tmp_path / "photos")
