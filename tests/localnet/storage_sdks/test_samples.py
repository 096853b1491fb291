"""The samples of docs/storage.md, as they stand there but for ports."""

import re
import subprocess
from pathlib import Path

import pytest
from sdk_environments import JOBS_S_MAX, NAMES, Sdk, users_environment
from storage_network import StorageDevnet, content

pytestmark = pytest.mark.localnet

PAGE = Path(__file__).parents[3] / "docs" / "storage.md"
MARKS = {
    "python": "from core.indexer import Indexer",
    "typescript": 'from "@0gfoundation/0g-ts-sdk"',
    "old-typescript": 'from "@0glabs/0g-ts-sdk"',
}


def sample(name: str) -> str:
    blocks = re.findall(r"```(?:python|javascript)\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    [found] = [block for block in blocks if MARKS[name] in block]
    return found


@pytest.mark.parametrize("sdk", NAMES, indirect=True)
def test_a_sample_of_the_page_uploads_and_downloads(
    devnet: StorageDevnet, sdk: Sdk, tmp_path: Path
) -> None:
    code = sample(sdk.name)
    for old, new in (
        ("http://127.0.0.1:8545", devnet.rpc_url),
        ("http://127.0.0.1:5678", devnet.indexer),
        ("picture.png", str(tmp_path / "picture")),
        ("copy.png", str(tmp_path / "copy")),
    ):
        assert old in code
        code = code.replace(old, new)
    (tmp_path / "picture").write_bytes(content(300_000, f"sample {sdk.name}"))
    # Modules are looked for from where the file lies.
    script = sdk.folder / f"sample-{sdk.name}{'.py' if sdk.name == 'python' else '.mjs'}"
    script.write_text(code)
    done = subprocess.run(
        [sdk.command[0], str(script)], cwd=sdk.folder, capture_output=True, text=True, check=False,
        timeout=JOBS_S_MAX, env={**users_environment(), **sdk.environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "picture").read_bytes()
