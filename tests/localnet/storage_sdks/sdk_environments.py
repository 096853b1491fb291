"""0G's public storage SDKs in environments that are thrown away, or kept where `ZEROG_SDKS` points."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PYTHON_PACKAGE: Final = "0g-storage-sdk==0.4.0"
NPM_PACKAGES: Final = {
    "@0gfoundation/0g-ts-sdk": "1.2.8",
    "@0glabs/0g-ts-sdk": "0.3.3",
}
INSTALL_S_MAX: Final = 300
JOBS_S_MAX: Final = 300
HERE: Final = Path(__file__).parent
NAMES: Final = ("python", "typescript", "old-typescript")


class SdkMissing(Exception):
    """It cannot be installed here: what needs it is skipped with this text."""


@dataclass(frozen=True)
class Sdk:
    """One SDK, and how a process of it is started."""

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]

    def run(self, *jobs: Mapping[str, Any]) -> list[Any]:
        """Its answers, from a process of its own; an SDK that waits for something waits for ever."""
        try:
            done = subprocess.run(
                [*self.command, json.dumps(jobs)],
                cwd=self.folder, env={**users_environment(), **self.environment}, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=JOBS_S_MAX, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            said = str(error.stdout)
            raise AssertionError(f"still running after {JOBS_S_MAX} s:\n{said[-3000:]}") from None
        assert done.returncode == 0, done.stdout[-3000:]
        answers: list[Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return answers


def python_sdk(folder: Path) -> Sdk:
    """PyPI's; raises `SdkMissing`."""
    place = Path(os.environ.get("ZEROG_SDKS") or folder) / "python"
    python = place / "bin" / "python"
    if not (place / "installed").exists():
        _run([sys.executable, "-m", "venv", str(place)])
        _run([str(python), "-m", "pip", "install", "--quiet", PYTHON_PACKAGE])
        (place / "installed").touch()
    [packages] = place.glob("lib/python3*/site-packages")
    return Sdk(
        "python",
        [str(python), str(HERE / "python_sdk.py")],
        place,
        # It installs its modules without a package of their own.
        {"PYTHONPATH": str(packages), "PYTHONIOENCODING": "utf-8"},
    )


def typescript_sdk(folder: Path, *, is_old: bool) -> Sdk:
    """npm's, the current or the one before the new ABI; raises `SdkMissing`."""
    package = list(NPM_PACKAGES)[is_old]
    place = Path(os.environ.get("ZEROG_SDKS") or folder) / "npm"
    if not (place / "installed").exists():
        if shutil.which("npm") is None:
            raise SdkMissing("npm is missing")
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text(json.dumps({"name": "sdks", "private": True}))
        wanted = [f"{name}@{version}" for name, version in NPM_PACKAGES.items()]
        options = ["--no-audit", "--no-fund", "--ignore-scripts", "--silent"]
        _run(["npm", "install", *options, *wanted], place)
        (place / "installed").touch()
    return Sdk(
        "old-typescript" if is_old else "typescript",
        ["node", str(HERE / "typescript_sdk.mjs"), package],
        place,
        {},
    )


def users_environment() -> dict[str, str]:
    """Without what is set for our own interpreter: its hash backend is not in theirs."""
    ours = ("ETH_HASH_BACKEND", "PYTHON", "VIRTUAL_ENV")
    return {key: value for key, value in os.environ.items() if not key.startswith(ours)}


def _run(command: Sequence[str], folder: Path | None = None) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_S_MAX
        )
    except subprocess.TimeoutExpired:
        raise SdkMissing(f"{command[0]} took more than {INSTALL_S_MAX} s") from None
    if done.returncode:
        raise SdkMissing(f"{' '.join(command)}: {(done.stderr or done.stdout)[-300:]}")
