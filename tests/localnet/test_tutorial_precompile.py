"""docs/tutorial-precompile.md as it stands, in four validators; and a plug-in with bugs beside it."""

import json
import os
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from localnet import Command, Network, wait_until

from genesis.contracts import artifact
from genesis.dev_accounts import DEV_MNEMONIC, dev_accounts
from node.client.contract_calls import deploy
from node.client.json_rpc import RpcError
from node.client.wallet import Wallet
from node.devnet.settings import DEFAULT_CHAIN_ID

pytestmark = pytest.mark.localnet

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "tutorial-precompile.md").read_text()
KEYS = [key for _, key in dev_accounts(DEV_MNEMONIC, 5)]
BUGGY = f"0x{0x7702:040x}"
LATER = f"0x{0x7703:040x}"
LATER_S = 20
"""After the genesis, in which the network starts; the test waits for it by the chain's own time."""
RECEIPT_MAX_S = 30.0
BUGGY_SOURCE = '''
"""A precompile with bugs."""

import sys

from precompiles.contract import ContractFunction


def functions(parameters):
    def forget(call):
        call.storage.store(0, 1)

    def descend(call):
        return sorted([1, 2], key=lambda _: descend(call))

    return [
        ContractFunction("divide(uint256)", lambda call, number: (1 // number,), gas=10, returns="(uint256)"),
        ContractFunction("forget()", forget, gas=10),
        ContractFunction("leave()", lambda call: sys.exit(1), gas=10),
        ContractFunction("descend()", descend, gas=10),
        ContractFunction("greedy()", lambda call: (), gas=lambda call: call.gas_left + 1),
        ContractFunction("give()", lambda call: (), gas=lambda call: -10**6),
        ContractFunction("spoil()", lambda call: call.storage.store(0, -1) or (), gas=10),
    ]
'''
BUGS = {
    "divide(uint256)": "divide(uint256): ZeroDivisionError",
    "forget()": "answered NoneType, not a tuple",
    "leave()": "leave(): SystemExit",
    "descend()": "descend(): RecursionError",
    "greedy()": "a block has 36000000",
    "give()": "as gas",
    "spoil()": "no 256-bit number",
}


def listing(title: str) -> str:
    """The code block of the page with that title."""
    [found] = re.findall(rf'^```\w+ title="{re.escape(title)}"\n(.*?)^```$', PAGE, re.M | re.S)
    return str(found)


def install(folder: Path, site: Path) -> None:
    """Build the package's wheel and unpack it, which is all that installing a pure one is."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        str(folder / "dist"),
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    [wheel] = (folder / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)


def write_tally(folder: Path) -> None:
    folder.mkdir()
    for name in ("pyproject.toml", "zerog_tally.py"):
        (folder / name).write_text(listing(name))


def write_buggy(folder: Path) -> None:
    folder.mkdir()
    project = listing("pyproject.toml").replace("tally", "buggy")
    (folder / "pyproject.toml").write_text(project)
    (folder / "zerog_buggy.py").write_text(BUGGY_SOURCE)


def write_entries(folder: Path) -> list[Path]:
    """Files for `zerog init --plugin`: the page's, the one with bugs, and the page's again for later."""
    tally = json.loads(listing("tally.json"))
    entries = {
        "tally": tally,
        "buggy": {**tally, "package": "zerog-buggy", "address": BUGGY},
        "later": {**tally, "address": LATER, "activationTime": int(time.time()) + LATER_S},
    }
    paths = [folder / f"{name}.json" for name in entries]
    for path, entry in zip(paths, entries.values(), strict=True):
        path.write_text(json.dumps(entry))
    return paths


@pytest.fixture(scope="module")
def plugged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Four validators with both packages on their path."""
    root = tmp_path_factory.mktemp("plugins")
    site = root / "site"
    write_tally(root / "tally")
    write_buggy(root / "buggy")
    for name in ("tally", "buggy"):
        install(root / name, site)
    plugins = [part for path in write_entries(root) for part in ("--plugin", path)]
    with pytest.MonkeyPatch.context() as patch:
        network = Network(root / "network", 4, "--consensus.block-time", "0.3", *plugins)
        patch.setenv("PYTHONPATH", str(site))
        try:
            network.start()
            network.wait_for_height(1)
            yield network
        finally:
            network.stop()


def check_equal_roots(network: Network) -> None:
    """All validators, at the same height, after two more blocks."""
    height = network.wait_for_blocks(2)
    blocks = [node.block(height) for node in network.nodes]
    assert len({block["stateRoot"] for block in blocks}) == 1
    assert len({block["hash"] for block in blocks}) == 1


def wallet(network: Network, index: int) -> Wallet:
    return Wallet(network.nodes[0].rpc, KEYS[index], DEFAULT_CHAIN_ID)


def test_the_pages_contract_is_the_compiled_one() -> None:
    assert listing("TallyVoter.sol") == (ROOT / "genesis/contracts/TallyVoter.sol").read_text()


def test_the_page_builds_a_precompile_in_about_thirty_lines() -> None:
    lines = [line for line in listing("zerog_tally.py").splitlines() if line]
    assert len(lines) <= 30


def test_the_page_works_as_it_stands(plugged: Network, tmp_path: Path) -> None:
    script = tmp_path / "vote.py"
    script.write_text(listing("vote.py"))
    url = f"http://127.0.0.1:{plugged.nodes[1].port}"
    done = subprocess.run(
        [sys.executable, str(script), url], capture_output=True, text=True, timeout=120
    )
    print(done.stdout)
    expected = re.escape(listing("output")).replace("…", r"\d+")
    assert re.fullmatch(expected, done.stdout), done.stderr
    check_equal_roots(plugged)


def test_every_node_answers_calls_of_the_plugin(plugged: Network) -> None:
    contract, _ = deploy(plugged.nodes[0].rpc, wallet(plugged, 1), artifact("TallyVoter"))
    plugged.wait_for_blocks(1)
    for node in plugged.nodes:
        request = {"to": contract.address, "data": "0x" + contract.data("voteFor", "milk").hex()}
        assert int(node.rpc.call("eth_call", request, "latest"), 16) == 1
        assert node.rpc.number("eth_estimateGas", request) > 50_000


def test_a_bug_fails_the_transaction_and_every_validator_says_so(plugged: Network) -> None:
    sender = wallet(plugged, 2)
    probe, _ = deploy(plugged.nodes[0].rpc, sender, artifact("TestProbe"))
    for function, alarm in BUGS.items():
        types, arguments = (["uint256"], [0]) if "uint256" in function else ([], [])
        receipt = call_buggy(plugged, sender, function, types, arguments)
        assert (receipt["status"], receipt["logs"]) == ("0x0", []), function
        assert int(receipt["gasUsed"], 16) == 200_000
        for node in plugged.nodes:
            wait_until(
                lambda node=node, alarm=alarm: is_alarmed(node.log, alarm),
                RECEIPT_MAX_S,
                lambda node=node, alarm=alarm: f"{node.name} says nothing of {alarm}",
            )
    # Caught in Solidity, the failure of the call is not the transaction's.
    data = probe.data("forward", bytes.fromhex(BUGGY[2:]), selector_of("forget()"))
    caught = sender.send(probe.address, data, gas=500_000)
    assert plugged.nodes[0].rpc.receipt(caught, RECEIPT_MAX_S)["status"] == "0x1"
    check_equal_roots(plugged)


def selector_of(function: str) -> bytes:
    return keccak(function.encode())[:4]


def call_buggy(
    network: Network, sender: Wallet, function: str, types: list[str], arguments: list[int]
) -> dict[str, Any]:
    data = selector_of(function) + encode(types, arguments)
    transaction = sender.send(BUGGY, data, gas=200_000)
    receipt: dict[str, Any] = network.nodes[0].rpc.receipt(transaction, RECEIPT_MAX_S)
    return receipt


def is_alarmed(log: str, alarm: str) -> bool:
    lines = [line for line in log.splitlines() if "CRITICAL" in line and BUGGY in line]
    return any(alarm in line for line in lines)


def test_a_call_that_meets_a_bug_says_that_the_precompile_failed(plugged: Network) -> None:
    request = {"to": BUGGY, "data": "0x" + selector_of("forget()").hex()}
    for method in ("eth_call", "eth_estimateGas"):
        with pytest.raises(RpcError, match="precompile failed"):
            plugged.nodes[0].rpc.call(method, request, "latest")


def test_a_plugin_begins_at_its_time_with_its_code(plugged: Network) -> None:
    entry = json.loads((plugged.root.parent / "later.json").read_text())
    begins, node = entry["activationTime"], plugged.nodes[0]

    def head_time() -> int:
        return int(node.block(node.height())["timestamp"], 16)

    wait_until(lambda: head_time() >= begins, LATER_S + RECEIPT_MAX_S)
    plugged.wait_for_blocks(1)
    height = node.height()
    first = next(
        number
        for number in range(height, 0, -1)
        if int(node.block(number - 1)["timestamp"], 16) < begins
    )
    for each in plugged.nodes:
        codes = [each.rpc.call("eth_getCode", LATER, hex(at)) for at in (first - 1, first)]
        assert codes == ["0x", "0x01"]
    check_equal_roots(plugged)


def test_a_node_without_the_package_does_not_start(
    plugged: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONPATH")
    assert "PYTHONPATH" not in os.environ
    directory = tmp_path / "late"
    genesis = plugged.nodes[0].directory / "genesis.json"
    init = Command(
        "init", "--devnet", "--full-node", "--datadir", directory, "--genesis", genesis,
        log=tmp_path / "init.log",
    )  # fmt: skip
    assert init.wait(60) == 0, init.log
    run = Command("run", "--datadir", directory, log=tmp_path / "run.log")
    assert run.wait(60) == 2
    [line] = run.log.splitlines()
    assert line == next(text for text in PAGE.splitlines() if text.startswith("zerog: the genesis"))
