"""The committed artifacts are what the pinned compiler makes of the committed sources."""

import json
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from genesis import contracts
from genesis.contracts import artifact

FOLDER = Path(contracts.__file__).parent
ARTIFACTS = sorted((FOLDER / "artifacts").glob("*.json"))
WITHOUT_ARTIFACT = {
    "BN254.sol", "DAChunks.sol", "DAVerification.sol", "IRoles.sol", "Owned.sol", "Roles.sol",
}  # fmt: skip
COMPILE_SECONDS_MAX = 120


def read(path: Path) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(path.read_text())
    return parsed


def reached_from(source: str) -> set[str]:
    """A source and all that it imports."""
    reached: set[str] = set()
    waiting = [source]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            text = (FOLDER / name).read_text()
            waiting += re.findall(r'^import .* from "\./(.+)";$', text, re.MULTILINE)
    return reached


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_an_artifact_belongs_to_the_sources_as_they_are(path: Path) -> None:
    made = read(path)
    digest = sha256()
    for name in sorted(reached_from(made["sourceName"])):
        digest.update(f"{name}\n{(FOLDER / name).read_text()}".encode())
    assert made["sourceHash"] == digest.hexdigest(), "run `make contracts`"


def test_every_contract_has_an_artifact() -> None:
    sources = {path.name for path in FOLDER.glob("*.sol")} - WITHOUT_ARTIFACT
    assert {read(path)["sourceName"] for path in ARTIFACTS} == sources


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_no_artifact_needs_more_than_prague(path: Path) -> None:
    assert read(path)["compiler"]["settings"]["evmVersion"] in {"shanghai", "cancun", "prague"}


def test_every_source_is_under_the_projects_licence() -> None:
    assert all(
        path.read_text().startswith("// SPDX-License-Identifier: MIT\n")
        for path in FOLDER.glob("*.sol")
    )


def test_an_unknown_contract_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        artifact("NoSuchContract")


@pytest.mark.skipif(not shutil.which("node") or not shutil.which("npm"), reason="no node and npm")
def test_compiling_again_gives_the_same_artifacts(tmp_path: Path) -> None:
    command = ["node", str(FOLDER / "compile.mjs"), "--out", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILE_SECONDS_MAX)
    if "npm ci" in done.stderr:
        pytest.skip("the npm registry does not answer")
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in ARTIFACTS}
    for path in ARTIFACTS:
        assert read(tmp_path / path.name) == read(path), "run `make contracts`"
