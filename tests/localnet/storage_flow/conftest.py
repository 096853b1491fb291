"""0G's own Flow and market, compiled: taken from the npm packages that ship them, kept nowhere."""

import importlib.util
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = "@0gfoundation/0g-ts-sdk"
VERSION = "1.2.8"
INSTALL_MAX_S = 300
_FACTORIES = """
const {createRequire} = require("module");
const folder = `${process.argv[1]}/node_modules/${process.argv[2]}/lib.commonjs/contracts/`;
const load = (kind, name) => require(`${folder}${kind}/factories/${name}__factory.js`)[`${name}__factory`];
const flow = load("flow", "FixedPriceFlow"), market = load("market", "FixedPrice");
console.log(JSON.stringify({flow: flow.bytecode, market: market.bytecode}));
"""


def _load(name: str) -> None:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)


for _name in ("flow_steps", "flow_chains"):
    _load(_name)


@dataclass(frozen=True)
class Compiled:
    """Init code of the two contracts."""

    flow: bytes
    market: bytes


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The current generation, which names a submitter."""
    folder = tmp_path_factory.mktemp("npm")
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        pytest.skip("needs npm and node, to take 0G's contracts from their package")
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder)]
    done = subprocess.run(
        [npm, "install", *quietly, f"{PACKAGE}@{VERSION}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=INSTALL_MAX_S,
    )
    if done.returncode:
        pytest.skip(f"npm could not install {PACKAGE}: {done.stderr[-300:]}")
    printed = subprocess.run(
        [node, "-e", _FACTORIES, folder, PACKAGE], capture_output=True, text=True, check=True
    ).stdout
    read = json.loads(printed)
    flow, market = (bytes.fromhex(read[key].removeprefix("0x")) for key in ("flow", "market"))
    return Compiled(flow, market)
