"""cast and forge from npm against a devnet; forge compiles with npm's solc, without a network."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from localnet import Devnet
from npm_project import NpmMissing, foundry

from genesis.dev_accounts import dev_accounts
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC

pytestmark = pytest.mark.localnet

Run = Callable[..., str]
TOOLS = Path(__file__).with_name("tools")
COMMAND_MAX_S = 120
_, KEY = dev_accounts(DEFAULT_MNEMONIC, 5)[4]
SENDER, FRIEND = (
    "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65",
    "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc",
)
WRITTEN = "Written(address,uint256,string)"


@pytest.fixture(scope="session")
def project(
    npm_packages: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """The npm directory, and a foundry project with our sources and an executable `solc`."""
    npm = npm_packages("solc", "@foundry-rs/cast", "@foundry-rs/forge")
    folder = tmp_path_factory.mktemp("foundry") / "project"
    shutil.copytree(TOOLS / "foundry", folder)
    (folder / "src").mkdir()
    shutil.copy(TOOLS / "contracts" / "Notebook.sol", folder / "src")
    shutil.copy(TOOLS / "solc.mjs", folder / "solc")
    (folder / "solc").chmod(0o755)
    return npm, folder


def runner(project: tuple[Path, Path], url: str, name: str) -> Run:
    npm, folder = project
    try:
        binary = foundry(npm, name)
    except NpmMissing as error:
        pytest.skip(str(error))
    environment = {
        "SOLC_PROJECT": str(npm),
        "ETH_RPC_URL": url,
        "FOUNDRY_SOLC": str(folder / "solc"),
    }

    def run(*arguments: object) -> str:
        done = subprocess.run(
            [str(binary), *map(str, arguments)],
            cwd=folder, capture_output=True, text=True, check=False, timeout=COMMAND_MAX_S,
            env=os.environ | environment,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-4_000:]
        return done.stdout.strip()

    return run


@pytest.fixture(scope="module")
def cast(project: tuple[Path, Path], tools_devnet: Devnet) -> Run:
    return runner(project, tools_devnet.url, "cast")


@pytest.fixture(scope="module")
def forge(project: tuple[Path, Path], tools_devnet: Devnet) -> Run:
    return runner(project, tools_devnet.url, "forge")


@pytest.fixture(scope="module")
def notebook(forge: Run) -> str:
    """Deployed by `forge create`; its address."""
    key = ("--private-key", "0x" + KEY.hex())
    created = forge(
        "create", "--offline", "--broadcast", *key, "src/Notebook.sol:Notebook", "--json",
        "--constructor-args", 5,
    )  # fmt: skip
    address: str = json.loads(created[created.index("{") :])["deployedTo"]
    return address


@pytest.fixture(scope="module")
def written(cast: Run, notebook: str) -> dict[str, Any]:
    """The receipt of a transaction sent with `cast send`."""
    key = ("--private-key", "0x" + KEY.hex())
    sent = cast("send", *key, "--json", notebook, "write(uint256,string)", 1, "by cast")
    receipt: dict[str, Any] = json.loads(sent)
    assert receipt["status"] == "0x1"
    return receipt


def test_forge_creates_a_contract_that_cast_calls(cast: Run, notebook: str) -> None:
    assert cast("call", notebook, "count()(uint256)") == "5"
    assert cast("code", notebook).startswith("0x60")


def test_cast_sends_and_finds_what_it_sent(
    cast: Run, notebook: str, written: dict[str, Any]
) -> None:
    assert cast("call", notebook, "pages(uint256)(string)", 1) == '"by cast"'
    receipt = json.loads(cast("receipt", "--json", written["transactionHash"]))
    assert receipt["logs"][0]["address"] == notebook.lower()
    transaction = json.loads(cast("tx", "--json", written["transactionHash"]))
    assert transaction["to"] == notebook.lower()
    first = int(written["blockNumber"], 16)
    logs = cast("logs", "--json", "--from-block", first, "--address", notebook, WRITTEN)
    assert len(json.loads(logs)) == 1


def test_cast_reads_blocks_and_accounts(cast: Run, written: dict[str, Any]) -> None:
    number = int(written["blockNumber"], 16)
    block = json.loads(cast("block", "--json", number))
    assert written["transactionHash"] in block["transactions"]
    assert cast("chain-id") == str(DEFAULT_CHAIN_ID)
    assert cast("client").startswith("zerog/v")
    assert int(cast("balance", FRIEND)) > 0
    assert int(cast("nonce", SENDER)) >= 2
    assert int(cast("gas-price")) > 0
    assert int(cast("block-number")) >= number
    assert json.loads(cast("rpc", "eth_chainId")) == hex(DEFAULT_CHAIN_ID)


def test_cast_reads_storage_and_proofs(cast: Run, notebook: str, written: dict[str, Any]) -> None:
    assert int(cast("storage", notebook, 1), 16) == 6
    proof = json.loads(cast("proof", "--json", notebook, 1))
    assert int(proof["storageProof"][0]["value"], 16) == 6


def test_cast_estimates_and_lists_accesses(cast: Run, notebook: str) -> None:
    call = (notebook, "write(uint256,string)", 2, "estimated")
    assert 21_000 < int(cast("estimate", "--from", SENDER, *call)) < 200_000
    listed = json.loads(cast("access-list", "--json", "--from", SENDER, *call))
    assert [entry["address"] for entry in listed["accessList"]] == [notebook.lower()]


def test_cast_runs_a_transaction_again(cast: Run, written: dict[str, Any]) -> None:
    """In its own EVM, over the state that the node hands out."""
    assert "Transaction successfully executed" in cast("run", "--quick", written["transactionHash"])


def test_cast_sends_from_an_unlocked_account(cast: Run, notebook: str) -> None:
    sent = cast("send", "--unlocked", "--from", FRIEND, "--json", SENDER, "--value", 7)
    assert json.loads(sent)["from"] == FRIEND.lower()


def test_a_script_sends_its_transactions_in_a_row(
    forge: Run, cast: Run, project: tuple[Path, Path], tools_devnet: Devnet
) -> None:
    """Two contracts, one of them by the CREATE2 deployer, and a call to each."""
    where = ("--rpc-url", tools_devnet.url, "--private-key", "0x" + KEY.hex())
    said = forge("script", "--offline", "--broadcast", *where, "script/Deploy.s.sol:Deploy")
    assert "ONCHAIN EXECUTION COMPLETE & SUCCESSFUL" in said
    _, folder = project
    runs = folder / "broadcast" / "Deploy.s.sol" / str(DEFAULT_CHAIN_ID) / "run-latest.json"
    receipts = json.loads(runs.read_text())["receipts"]
    assert [receipt["status"] for receipt in receipts] == ["0x1"] * 4
    first, second, *_ = json.loads(runs.read_text())["transactions"]
    assert cast("call", first["contractAddress"], "count()(uint256)") == "2"
    assert cast("call", second["contractAddress"], "count()(uint256)") == "3"
