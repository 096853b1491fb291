"""`zerog simulate`."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from consensus.simulation.__main__ import main
from consensus.validators import ValidatorSet
from node.cli import main as zerog

ROOT = Path(__file__).parent.parent.parent


def traces_of(seed: int, *flags: str) -> list[bytes]:
    """Of two processes with other hash seeds."""
    return [
        subprocess.run(
            [sys.executable, "-m", "consensus.simulation", "--replay", str(seed), *flags],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "ETH_HASH_BACKEND": "pysha3"},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for hash_seed in ("1", "2")
    ]


@pytest.mark.parametrize("mode", ["safety", "twins", "liveness", "storage"])
def test_the_same_seed_gives_the_same_bytes_whatever_the_hash_seed(mode) -> None:
    """S1: in other processes."""
    one, other = traces_of(17, "--mode", mode)
    assert one == other
    assert one.count(b"decides") >= 3


@pytest.mark.parametrize("mode", ["safety", "twins", "liveness", "storage"])
def test_the_command_runs_seeds_and_says_how_many_failed_and_how_fast(capsys, mode) -> None:
    assert main(["--seeds", "0..3", "--heights", "1", "--mode", mode]) == 0
    assert re.fullmatch(r"3 seeds, 0 failures, \d+\.\d seeds/s\n", capsys.readouterr().out)


def test_zerog_hands_its_flags_on(capsys) -> None:
    assert zerog(["simulate", "--seeds", "4..5", "--heights", "1"]) == 0
    assert capsys.readouterr().out.startswith("1 seeds, 0 failures, ")


def test_a_failing_seed_is_named_with_its_mode(capsys, monkeypatch) -> None:
    monkeypatch.setattr(ValidatorSet, "has_quorum", lambda s, power: 2 * power > s.total_power)
    assert main(["--seeds", "0..4", "--mode", "twins"]) == 1
    said = capsys.readouterr().out
    assert "seed 0 mode twins: Unjustified: no polka: precommit 2/0 " in said
    assert main(["--replay", "0", "--mode", "twins"]) == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("Unjustified: ")
    assert main(["--shrink", "0", "--mode", "twins"]) == 1
    assert "def test_what_seed_0_of_mode_twins_found()" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--seeds", "5..5"], "argument --seeds: '5..5': no seeds in it, B must be above A"),
        (["--seeds", "a..b"], "argument --seeds: 'a..b': expected A..B, two whole numbers"),
        (["--seeds", "-1..2"], "argument --seeds"),
        (["--replay", "x"], "argument --replay: 'x': expected a whole number"),
        (["--mode", "fast"], "argument --mode: invalid choice: 'fast'"),
        (["--heights", "0"], "argument --heights: '0': expected a whole number, 1 to 1000"),
        (["--replay", "1", "--shrink", "1"], "not allowed with argument"),
        (["--speed"], "unrecognized arguments: --speed"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_flags_are_said_in_one_line(capsys, flags, complaint) -> None:
    with pytest.raises(SystemExit) as stopped:
        zerog(["simulate", *flags])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert complaint in said
    assert said.startswith("zerog simulate: ")
    assert said.count("\n") == 1


def test_a_seed_that_does_not_fail_cannot_be_shrunk(capsys) -> None:
    assert main(["--shrink", "1", "--heights", "1", "--mode", "safety"]) == 2
    assert capsys.readouterr().err == "zerog simulate: seed 1 mode safety: it does not fail\n"
