"""Networks of real processes, and the tools that use them; the classes are in localnet.py."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest


def _sibling(name: str) -> Any:
    """A module of this folder, which is no package, for the tests to import by its name."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


localnet = _sibling("localnet")
npm_project = _sibling("npm_project")

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


@pytest.fixture(scope="session")
def tools_devnet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`zerog devnet` with 0G's rules, 0.3 s a block, for all tests of other people's tools."""
    root = tmp_path_factory.mktemp("tools") / "devnet"
    with localnet.Devnet(root, "--block-time", "0.3") as running:
        yield running


@pytest.fixture(scope="session")
def npm_packages(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`npm_packages("viem", …)`: a project directory that has them; skips where there are none."""
    folder = tmp_path_factory.getbasetemp() / "npm"

    def install(*packages: str) -> Path:
        try:
            return npm_project.install(folder, *packages)
        except npm_project.NpmMissing as error:
            pytest.skip(str(error))

    return install
