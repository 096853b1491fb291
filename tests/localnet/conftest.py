"""Networks of real processes; the classes behind them are in localnet.py."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

_spec = importlib.util.spec_from_file_location("localnet", Path(__file__).with_name("localnet.py"))
assert _spec is not None
assert _spec.loader is not None
localnet = importlib.util.module_from_spec(_spec)
sys.modules["localnet"] = localnet
_spec.loader.exec_module(localnet)

Start = Callable[..., Any]


@pytest.fixture
def start_command(tmp_path: Path) -> Iterator[Start]:
    """`start_command("devnet", …)`: a `Command`; whatever is left of it at the end is killed."""
    commands: list[Any] = []

    def start(*arguments: object, environment: dict[str, str] | None = None) -> Any:
        log = tmp_path / f"command-{len(commands)}.log"
        command = localnet.Command(*arguments, log=log, environment=environment)
        commands.append(command)
        return command

    yield start
    for command in commands:
        command.destroy()


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Four running validators, 0.3 s a block, for all tests of a file."""
    with_blocks = ("--consensus.block-time", "0.3")
    started = localnet.Network(tmp_path_factory.mktemp("network"), 4, *with_blocks)
    try:
        started.start()
        started.wait_for_height(1)
        yield started
    finally:
        started.stop()
