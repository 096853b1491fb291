"""Builds the wheel, installs it into a clean environment, and sees the command work there.

Run by `make wheel`; not collected by pytest, since it takes the network and half a minute.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV = ROOT / ".uv" / "bin" / "uv"


def run(*command: object, cwd: Path = ROOT) -> str:
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, check=True, stdout=subprocess.PIPE, text=True
    )
    return done.stdout


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        away = Path(folder)
        run(UV, "build", "--quiet", "--wheel", "--out-dir", away / "dist")
        [wheel] = (away / "dist").glob("*.whl")
        run(UV, "venv", "--quiet", "--python", sys.executable, away / "clean")
        python = away / "clean" / "bin" / "python"
        run(UV, "pip", "install", "--quiet", "--python", python, "--override",
            ROOT / "overrides.txt", wheel)  # fmt: skip
        zerog = away / "clean" / "bin" / "zerog"
        print(run(zerog, "--version", cwd=away).strip())
        run(zerog, "init", "--datadir", away / "node", "--devnet", cwd=away)
        listing = run(python, "-c", "import chain, consensus, genesis, node, precompiles; "
                      "print(node.__file__)", cwd=away)  # fmt: skip
        assert str(away) in listing, f"imported from {listing}, not from the installed wheel"
        print("the wheel installs and works in a clean environment")


if __name__ == "__main__":
    main()
