"""docs/consensus.md: each rule's method cites its lines, each trap has its test, and they are there."""

import ast
import re
from pathlib import Path

import pytest

from consensus.core import Consensus

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "consensus.md").read_text()
RULES = re.findall(r"^\| (L[^|]+) \| `(\w+)` \| `(\w+)` \|$", PAGE, re.MULTILINE)
TRAPS = re.findall(r"^\| T(\d+) \| [^|]+ \| `(\w+)` \|$", PAGE, re.MULTILINE)
TRAPS_IN_ALL = 31


def functions_of(folder: Path) -> dict[str, ast.FunctionDef]:
    """Every test below a folder, by name."""
    return {
        node.name: node
        for path in sorted(folder.rglob("test_*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


TESTS = functions_of(ROOT / "tests")


def lines_in(text: str) -> set[int]:
    """All lines that a text cites: L22–27, L44–46, L53, also in a list."""
    cited: set[int] = set()
    for first, last in re.findall(r"L(\d+)(?:[–-]L?(\d+))?", text):
        cited |= set(range(int(first), int(last or first) + 1))
    return cited


def test_every_line_of_the_paper_has_a_method() -> None:
    covered = set().union(*(lines_in(lines) for lines, _, _ in RULES))
    # L52 and L54 start the next height, which the host does once it has committed.
    assert covered | {52, 54} == set(range(10, 68))


@pytest.mark.parametrize(("lines", "method", "test"), RULES)
def test_a_rules_method_cites_its_lines_and_has_a_test(lines, method, test) -> None:
    assert lines_in(lines) <= lines_in(getattr(Consensus, method).__doc__)
    assert test in TESTS


def test_no_rule_fires_that_the_page_does_not_name() -> None:
    named = {method for _, method, _ in RULES}
    fired = {rule.__name__ for rule in Consensus(None, None)._rules}
    asides = {"_prevote_nil_after_deferral", "_check_proposal", "_check_value_with_quorum"}
    assert fired - asides <= named


def test_every_trap_has_a_row_and_one_alone() -> None:
    assert [int(number) for number, _ in TRAPS] == list(range(1, TRAPS_IN_ALL + 1))


@pytest.mark.parametrize(("number", "test"), TRAPS)
def test_a_traps_test_is_there_and_names_it(number, test) -> None:
    docstring = ast.get_docstring(TESTS[test]) or ""
    spans = re.findall(r"T(\d+)(?:–T(\d+))?", docstring)
    named = {n for first, last in spans for n in range(int(first), int(last or first) + 1)}
    assert int(number) in named


def test_what_does_not_apply_is_said_of_rows_that_there_are() -> None:
    asides = re.findall(r"^- T(\d+), ", PAGE, re.MULTILINE)
    assert asides
    assert all(1 <= int(number) <= TRAPS_IN_ALL for number in asides)
