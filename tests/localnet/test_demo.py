"""`zerog demo`: everything that it promises, and nothing left of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from localnet import START_MAX_S, wait_until

pytestmark = pytest.mark.localnet

DEMO_MAX_S = 300.0


@pytest.fixture
def start_demo(start_command: Callable[..., Any], tmp_path: Path) -> Callable[[], tuple[Any, Path]]:
    """The running demo, and the folder that takes the place of /tmp for it."""

    def start() -> tuple[Any, Path]:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        return start_command("demo", environment={"TMPDIR": str(scratch)}), scratch

    return start


def test_the_demo_shows_every_step_and_leaves_nothing_behind(
    start_demo: Callable[[], tuple[Any, Path]],
) -> None:
    command, scratch = start_demo()
    exit_code = command.wait(DEMO_MAX_S)
    print(command.log)
    assert exit_code == 0
    assert command.alive() == []
    assert not list(scratch.glob("zerog-demo-*"))
    for text in (
        "1. Blocks, finalized by all four validators",
        "on node 3: signed by validator-",
        "2. A Solidity contract, deployed and called",
        "count() answers 42",
        "3. A DA commitment, verified by a contract on chain",
        "4. A file in 0G storage, every segment of it proven",
        "the contract verified the commitment and stored it on chain",
        "refused, ",
        "Summary",
        "first block ",
        "to finality ",
        "Everything worked, and nothing is left running.",
    ):
        assert text in command.log, text
    assert command.log.count("refused, ") >= 5
    assert "Traceback" not in command.log


@pytest.mark.parametrize("text", ["starting 4 validators", "2. A Solidity contract"])
def test_ctrl_c_ends_the_demo_wherever_it_is(
    start_demo: Callable[[], tuple[Any, Path]], text: str
) -> None:
    command, scratch = start_demo()
    wait_until(lambda: text in command.log, START_MAX_S)
    taken = command.stop()
    print(f"stopped {taken:.2f} s after Ctrl-C")
    assert command.exit_code == 130
    assert command.is_gone(1.0)
    assert "Traceback" not in command.log
    assert not list(scratch.glob("zerog-demo-*"))


def test_sigkill_to_the_demo_ends_its_validators(
    start_demo: Callable[[], tuple[Any, Path]],
) -> None:
    command, _ = start_demo()
    wait_until(lambda: "first block " in command.log, START_MAX_S)
    command.kill()
    assert command.is_gone()
