"""A devnet with two storage nodes for each file of tests, and the SDKs for all of them.

A file that says `STORAGE_SHARDS = 2` has its nodes hold a shard each; otherwise each holds everything.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

for _name in ("sdk_environments", "storage_network", "flipping_proxy"):
    _spec = importlib.util.spec_from_file_location(_name, Path(__file__).with_name(f"{_name}.py"))
    assert _spec is not None
    assert _spec.loader is not None
    _module = importlib.util.module_from_spec(_spec)
    sys.modules[_name] = _module
    _spec.loader.exec_module(_module)

from sdk_environments import Sdk, SdkMissing, python_sdk, typescript_sdk  # noqa: E402
from storage_network import StorageDevnet, start_devnet  # noqa: E402


@pytest.fixture(scope="module")
def devnet(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StorageDevnet]:
    shards = getattr(request.module, "STORAGE_SHARDS", 1)
    folder = tmp_path_factory.mktemp("storage")
    started = start_devnet(folder, 2, "--storage-shards", shards)
    try:
        yield started
        started.stop()
    finally:
        started.command.destroy()
    for log in started.datadir.glob("storage-*/node.log"):
        assert "Traceback" not in log.read_text()


@pytest.fixture(scope="session")
def sdks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sdk | str]:
    """By name; where one cannot be installed, why."""
    folder = tmp_path_factory.mktemp("sdks")
    found: dict[str, Sdk | str] = {}
    for name, make in {
        "python": lambda: python_sdk(folder),
        "typescript": lambda: typescript_sdk(folder, is_old=False),
        "old-typescript": lambda: typescript_sdk(folder, is_old=True),
    }.items():
        try:
            found[name] = make()
        except SdkMissing as error:
            found[name] = str(error)
    return found


@pytest.fixture
def sdk(request: pytest.FixtureRequest, sdks: dict[str, Any]) -> Sdk:
    """The SDK that the test names, by indirect parametrisation."""
    return there(sdks, request.param)


def there(sdks: dict[str, Any], name: str) -> Sdk:
    found = sdks[name]
    if isinstance(found, str):
        pytest.skip(f"no {name} SDK: {found}")
    assert isinstance(found, Sdk)
    return found
