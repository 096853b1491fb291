"""docs/protocol/consensus.md: each rule's method cites its lines, and its test is there."""

import ast
import re
from pathlib import Path

import pytest

from consensus.core import Consensus

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "protocol" / "consensus.md"
ROWS = re.findall(r"^\| (L[^|]+) \| `(\w+)` \| `(\w+)` \|$", PAGE.read_text(), re.MULTILINE)


def lines_in(text: str) -> set[int]:
    """All lines that a text cites: L22–27, L44–46, L53, also in a list."""
    cited: set[int] = set()
    for first, last in re.findall(r"L(\d+)(?:[–-]L?(\d+))?", text):
        cited |= set(range(int(first), int(last or first) + 1))
    return cited


def test_every_line_of_the_paper_has_a_method() -> None:
    covered = set().union(*(lines_in(lines) for lines, _, _ in ROWS))
    # L52 and L54 start the next height, which the host does once it has committed.
    assert covered | {52, 54} == set(range(10, 68))


@pytest.mark.parametrize(("lines", "method", "test"), ROWS)
def test_a_rules_method_cites_its_lines_and_has_a_test(lines, method, test) -> None:
    assert lines_in(lines) <= lines_in(getattr(Consensus, method).__doc__)
    tests = {
        node.name
        for path in Path(__file__).parent.glob("test_core_*.py")
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    assert test in tests
