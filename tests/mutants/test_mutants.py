"""S2: the list of faults is whole, each one is a fault, and each dies of its directed test."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from planting import faulty_code, function_of, planted
from run import MUTANTS

ROOT = Path(__file__).parent.parent.parent
LABELS = {label for mutant in MUTANTS for label in mutant.covers.split()}
GUARDS = {15, 18, 22, 23, 28, 29, 34, 36, 44, 47, 49, 50, 55, 57, 61, 65}
"""Lines of the paper with an `upon`, or with an `if` below one."""
KINDS = {"threshold", "journal-order", "timer", "certificate", "proposer", "timestamp", "evidence"}
MUTANTS_MIN = 40
SECONDS_MAX = 600


def test_there_is_a_mutant_for_every_trap() -> None:
    assert {f"T{number}" for number in range(1, 32)} <= LABELS


def test_there_is_a_mutant_for_every_guard_of_the_paper() -> None:
    lines = {int(label[1:]) for label in LABELS if re.fullmatch(r"L\d+", label)}
    assert lines >= GUARDS


def test_there_are_mutants_of_every_kind() -> None:
    assert LABELS >= KINDS
    assert len(MUTANTS) >= MUTANTS_MIN
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_is_other_code_and_names_a_test(mutant) -> None:
    function = function_of(mutant.target)
    sound = function.__code__
    assert faulty_code(function, mutant).co_code != sound.co_code or (
        faulty_code(function, mutant).co_consts != sound.co_consts
        or faulty_code(function, mutant).co_names != sound.co_names
    )
    with planted(mutant):
        assert function.__code__ is not sound
    assert function.__code__ is sound
    file, _, test = mutant.test.partition("::")
    assert f"def {test}(" in (ROOT / "tests" / file).read_text()


def test_every_mutant_dies_of_its_directed_test() -> None:
    """The seeds to kill are for `make mutants`."""
    ran = subprocess.run(
        [sys.executable, str(Path(__file__).parent / "run.py"), "--directed"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    survivors = [line for line in ran.stdout.splitlines() if "SURVIVES" in line]
    assert not survivors
    assert ran.returncode == 0, ran.stderr
