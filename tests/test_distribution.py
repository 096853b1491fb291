"""What an installation of ours claims: names, the command, files beside the code."""

import importlib.metadata
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ["chain", "precompiles", "consensus", "genesis", "node"]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_exactly_five_packages_are_shipped_and_each_is_there() -> None:
    shipped = PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    assert shipped == PACKAGES
    assert all((ROOT / package / "__init__.py").is_file() for package in shipped)


def test_the_command_is_installed_and_named_zerog() -> None:
    scripts = importlib.metadata.entry_points(group="console_scripts", name="zerog")
    assert [script.value for script in scripts] == ["node.entry:main"]


def test_the_installed_version_is_that_of_the_project_file() -> None:
    assert importlib.metadata.version("zerog-chain") == PYPROJECT["project"]["version"]


def test_the_override_for_plain_wheels_is_the_one_that_the_lock_was_made_with() -> None:
    overrides = [line for line in (ROOT / "overrides.txt").read_text().splitlines() if line.strip()]
    assert overrides == PYPROJECT["tool"]["uv"]["override-dependencies"]


def test_every_decision_has_a_context_a_choice_and_a_price() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert pages
    for page in pages:
        text = page.read_text()
        assert all(f"**{part}.**" in text for part in ("Context", "Choice", "Price")) or (
            "| package |" in text
        ), page.name
