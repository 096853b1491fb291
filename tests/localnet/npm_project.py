"""Packages from npm in a directory that is thrown away or kept: real tools for tests and benchmarks.

`ZEROG_NPM` names a directory to keep them in, so that a second run needs no network.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

PACKAGES: Final = {
    "ethers": "6.17.0",
    "viem": "2.57.20",
    "ws": "8.23.0",
    "hardhat": "2.29.1",
    "@nomicfoundation/hardhat-ethers": "3.1.3",
    "@openzeppelin/contracts": "5.7.0",
    "solc": "0.8.28",
    "@foundry-rs/cast": "1.7.1",
    "@foundry-rs/forge": "1.7.1",
    "@foundry-rs/anvil": "1.7.1",
}
INSTALL_MAX_S: Final = 300


class NpmMissing(Exception):
    """No npm, or no registry: what needs it is skipped with this text."""


def install(folder: Path, *packages: str) -> Path:
    """A project in `ZEROG_NPM` or `folder` that has these packages; raises NpmMissing."""
    project = Path(os.environ.get("ZEROG_NPM") or folder)
    missing = [name for name in packages if not _has(project, name)]
    if not missing:
        return project
    if shutil.which("npm") is None:
        raise NpmMissing("npm is missing")
    project.mkdir(parents=True, exist_ok=True)
    if not (project / "package.json").exists():
        (project / "package.json").write_text(json.dumps({"name": "tools", "private": True}))
    wanted = [f"{name}@{PACKAGES[name]}" for name in missing]
    try:
        done = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", *wanted],
            cwd=project, capture_output=True, text=True, check=False, timeout=INSTALL_MAX_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NpmMissing(f"npm took more than {INSTALL_MAX_S} s") from None
    if done.returncode:
        raise NpmMissing(f"npm cannot install {' '.join(wanted)}: {done.stderr[-300:]}")
    return project


def foundry(project: Path, name: str) -> Path:
    """The native `anvil`, `cast` or `forge` of an installed `@foundry-rs` package."""
    found = sorted(project.glob(f"node_modules/@foundry-rs/{name}-*/bin/{name}"))
    if not found:
        raise NpmMissing(f"@foundry-rs has no {name} for this machine")
    return found[0]


def _has(project: Path, name: str) -> bool:
    path = project / "node_modules" / name / "package.json"
    return path.exists() and json.loads(path.read_text())["version"] == PACKAGES[name]
