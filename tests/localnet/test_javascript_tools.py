"""ethers, viem and hardhat with OpenZeppelin's contracts, as their users run them, against a devnet."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from localnet import Devnet

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcError
from node.devnet.settings import DEFAULT_MNEMONIC

pytestmark = pytest.mark.localnet

Packages = Callable[..., Path]
TOOLS = Path(__file__).with_name("tools")
SCRIPT_MAX_S = 180
KEYS = ["0x" + key.hex() for _, key in dev_accounts(DEFAULT_MNEMONIC, 10)]


def run_node(*arguments: object, folder: Path, **environment: str) -> str:
    """What a script says, which ends in `done`."""
    finished = subprocess.run(
        ["node", *map(str, arguments)],
        cwd=folder, capture_output=True, text=True, check=False, timeout=SCRIPT_MAX_S,
        env=os.environ | environment,
    )  # fmt: skip
    said = finished.stdout + finished.stderr
    assert finished.returncode == 0, said[-4_000:]
    assert finished.stdout.rstrip().endswith("done"), said[-4_000:]
    print(finished.stdout)
    return finished.stdout


@pytest.fixture(scope="session")
def notebook(npm_packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifact of tools/contracts/Notebook.sol."""
    project = npm_packages("solc")
    artifact = tmp_path_factory.mktemp("artifacts") / "Notebook.json"
    source = TOOLS / "contracts" / "Notebook.sol"
    subprocess.run(
        ["node", TOOLS / "compile.mjs", source, artifact], cwd=project, check=True, timeout=60
    )
    return artifact


@pytest.mark.parametrize(("tool", "account"), [("ethers", 2), ("viem", 3)])
def test_a_library_deploys_calls_watches_and_understands_errors(
    notebook: Path, npm_packages: Packages, tools_devnet: Devnet, tool: str, account: int
) -> None:
    project = npm_packages(tool, "ws")
    url = tools_devnet.url
    socket_url = url.replace("http", "ws", 1)
    run_node(TOOLS / f"{tool}.mjs", url, socket_url, notebook, KEYS[account], folder=project)


@pytest.fixture(scope="session")
def hardhat(npm_packages: Packages, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled hardhat project."""
    packages = ("hardhat", "@nomicfoundation/hardhat-ethers", "@openzeppelin/contracts")
    npm = npm_packages(*packages, "solc", "ethers")
    project = tmp_path_factory.mktemp("hardhat") / "project"
    shutil.copytree(TOOLS / "hardhat", project)
    (project / "package.json").write_text('{"private": true}')
    (project / "node_modules").symlink_to(npm / "node_modules")
    return project


def run_flow(project: Path, url: str) -> str:
    command = project / "node_modules" / "hardhat" / "internal" / "cli" / "bootstrap.js"
    quiet = {"HARDHAT_DISABLE_TELEMETRY_PROMPT": "true", "ZEROG_URL": url}
    return run_node(command, "run", "scripts/flow.js", folder=project, **quiet)


def test_openzeppelins_contracts_work_from_hardhat(hardhat: Path, tools_devnet: Devnet) -> None:
    """A token with permits and votes, a collectible, a governor, a proxy that is upgraded."""
    assert "upgraded" in run_flow(hardhat, tools_devnet.url)


def test_openzeppelins_contracts_work_without_0gs_rules(hardhat: Path, tmp_path: Path) -> None:
    with Devnet(tmp_path / "devnet", "--block-time", "0.3", "--no-0g-rules") as plain:
        assert "upgraded" in run_flow(hardhat, plain.url)


@pytest.mark.parametrize(
    "method",
    ["hardhat_metadata", "hardhat_getAutomine", "anvil_nodeInfo", "evm_snapshot", "evm_mine"],
)
def test_a_tool_that_asks_for_a_development_node_is_told_no(
    tools_devnet: Devnet, method: str
) -> None:
    """hardhat, ignition and foundry ask so, and then use the node as any other network's."""
    with pytest.raises(RpcError) as refused:
        tools_devnet.nodes[0].rpc.call(method)
    assert refused.value.code == -32601
