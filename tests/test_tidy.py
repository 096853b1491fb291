"""House rules that a machine can hold: sizes, names, maps, comments."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("chain", "precompiles", "consensus", "genesis", "node")
FUNCTION_LINES_MAX = 60
FILE_LINES_MAX = 500
EMPTY_NAMES = {"utils", "util", "common", "helpers", "helper", "types", "base", "misc", "lib"}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
EVERYTHING = SOURCES + TESTS + sorted((ROOT / "benchmarks").rglob("*.py"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_a_source_file_is_short_and_says_what_it_is_for(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= FILE_LINES_MAX
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, "no module docstring"
    assert docstring.split("\n\n")[0].endswith((".", ":")), "the docstring starts with a sentence"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_functions_are_short(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= FUNCTION_LINES_MAX, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_public_classes_and_functions_have_docstrings_unless_a_protocol_gives_them(
    path: Path,
) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            length = (node.end_lineno or 0) - node.lineno + 1
            assert ast.get_docstring(node) or length <= 8, f"{node.name} has no docstring"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_names_say_something(path: Path) -> None:
    assert path.stem not in EMPTY_NAMES


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_docstring_maps_its_modules(package: str) -> None:
    for init in (ROOT / package).rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(init.read_text())) or ""
        folder = init.parent
        modules = [
            p.name for p in folder.glob("*.py") if p.name not in {"__init__.py", "__main__.py"}
        ]
        folders = [p.parent.name + "/" for p in folder.glob("*/__init__.py")]
        missing = [name for name in modules + folders if name not in docstring]
        assert not missing, f"{name_of(init)} does not mention {missing}"
        named = re.findall(r"^ {4}(\w+\.py)\b", docstring, flags=re.MULTILINE)
        gone = [name for name in named if name not in modules and name != "__main__.py"]
        assert not gone, f"{name_of(init)} mentions {gone}, which are not there"


@pytest.mark.parametrize("path", EVERYTHING, ids=name_of)
def test_no_left_over_marks(path: Path) -> None:
    if path == Path(__file__):
        return
    marks = re.findall(r"\b(TODO|FIXME|XXX|HACK)\b", path.read_text())
    assert not marks


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_broad_excepts_stand_only_at_the_edge_of_a_process(path: Path) -> None:
    broad = re.findall(r"except (?:Base)?Exception\b", path.read_text())
    assert not broad or path.is_relative_to(ROOT / "node") or path.name == "precompile_adapter.py"


def test_no_package_file_hides_a_package_from_the_tests() -> None:
    assert not list((ROOT / "tests").rglob("__init__.py"))


CLAIMS = re.compile(r"\bassert\b|pytest\.raises|\bexcept \w+:|\bcheck_\w+\(")
"""A function named check_… raises where it finds something wrong, so calling it is a claim."""


def asserting_names() -> set[str]:
    """Functions of the test tree that assert, themselves or through another of them."""
    bodies: dict[str, str] = {}
    for path in TESTS:
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                bodies.setdefault(node.name, "")
                bodies[node.name] += ast.get_source_segment(text, node) or ""
    asserting = {name for name, body in bodies.items() if CLAIMS.search(body)}
    while True:
        calls = re.compile(r"\b(" + "|".join(map(re.escape, sorted(asserting))) + r")\b")
        more = {name for name, body in bodies.items() if calls.search(body)} - asserting
        if not more:
            return asserting
        asserting |= more


ASSERTING = asserting_names()


@pytest.mark.parametrize("path", sorted((ROOT / "benchmarks").glob("*.py")), ids=name_of)
def test_a_benchmark_looks_for_modules_in_its_own_folder_last(path: Path) -> None:
    # `benchmarks/precompiles.py` would otherwise be imported in place of the package.
    assert "sys.path.append(sys.path.pop(0))" in path.read_text()


@pytest.mark.parametrize("path", TESTS, ids=name_of)
def test_every_test_can_fail(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert not node.name.startswith("test_") or node.name in ASSERTING, node.name


@pytest.mark.parametrize(
    "path",
    [
        p
        for p in ROOT.rglob("*")
        if p.suffix in {".py", ".md", ".toml", ".sol"}
        and ".venv" not in p.parts
        and ".uv" not in p.parts
        and "node_modules" not in p.parts
        and p != Path(__file__)
    ],
    ids=name_of,
)
def test_the_repository_speaks_only_of_the_project(path: Path) -> None:
    assert not re.search(r"/(?:work|root)/", path.read_text())
