"""docs/protocol/network.md gives each limit as the code has it."""

import importlib
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[3] / "docs" / "protocol" / "network.md"
ROWS = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| `(node/[\w/]+)\.py` \|$", PAGE.read_text(), re.M)


def test_the_page_has_limits() -> None:
    assert len(ROWS) > 20


@pytest.mark.parametrize(("name", "value", "module"), ROWS)
def test_the_page_gives_a_limit_as_the_code_has_it(name: str, value: str, module: str) -> None:
    assert getattr(importlib.import_module(module.replace("/", ".")), name) == float(value)
