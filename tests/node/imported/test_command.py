"""`zerog rpc` as its user starts it."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
START_SECONDS_MAX = 30.0


def start(*arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "node.cli", "rpc", "--http.port", "0", *map(str, arguments)],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"ETH_HASH_BACKEND": "pysha3"},
    )


@contextmanager
def serving(*arguments: str | Path) -> Iterator[str]:
    """The URL, once requests are answered and the pool, which is in another process, is reached."""
    process = start("--log.format", "json", *arguments)
    assert process.stderr is not None
    lines: list[str] = []
    deadline = time.monotonic() + START_SECONDS_MAX
    try:
        while not (lines and "JSON-RPC at" in lines[-1]):
            lines.append(process.stderr.readline())
            # One that dies is started again, and says so: the log alone would never end.
            assert lines[-1] and time.monotonic() < deadline, "".join(lines)  # noqa: PT018
        url = json.loads(lines[-1])["message"].removeprefix("JSON-RPC at ")
        while not ask(url, "net_listening")["result"]:
            assert time.monotonic() < deadline
        yield url
    finally:
        process.terminate()
        assert process.wait(10) == 0


def ask(url: str, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def refusal(*arguments: str | Path) -> str:
    """What it says when it will not start."""
    process = start(*arguments)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 2, said
    return said


def test_an_imported_chain_is_served_and_its_pool_takes_transactions(exported: Any) -> None:
    with serving("--import", exported.genesis, exported.chain) as url:
        for tag in ("latest", "safe", "finalized"):
            block = ask(url, "eth_getBlockByNumber", tag, False)["result"]
            assert block["hash"] == "0x" + exported.hashes[3].hex()
        signed = exported.account.sign_transaction(
            {"chainId": 1337, "nonce": 3, "to": b"\xbb" * 20, "value": 1, "gas": 21_000,
             "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 1}
        )  # fmt: skip
        raw = "0x" + bytes(signed.raw_transaction).hex()
        sent = ask(url, "eth_sendRawTransaction", raw)["result"]
        assert sent == "0x" + bytes(signed.hash).hex()
        assert ask(url, "eth_getTransactionByHash", sent)["result"]["blockHash"] is None
        sender = exported.account.address
        assert ask(url, "eth_getTransactionCount", sender, "pending")["result"] == "0x4"
        assert ask(url, "txpool_status")["result"] == {"pending": "0x1", "queued": "0x0"}
        assert ask(url, "net_peerCount")["result"] == "0x0"
        assert ask(url, "eth_syncing")["result"] is False
        error = ask(url, "zerog_validators")["error"]
        assert error["message"] == "an imported chain has no validators"


def test_a_block_to_order_is_the_block_that_was_made(exported: Any) -> None:
    """execution-apis' testing_buildBlockV1: blocks 2 and 3 again, on their parents; nothing is kept."""
    with serving("--import", exported.genesis, exported.chain) as url:
        for number in (2, 3):
            block = ask(url, "eth_getBlockByNumber", hex(number), False)["result"]
            raw = ask(url, "debug_getRawTransaction", block["transactions"][0])["result"]
            attributes = {
                "timestamp": block["timestamp"],
                "prevRandao": block["mixHash"],
                "suggestedFeeRecipient": block["miner"],
                "withdrawals": [],
                "parentBeaconBlockRoot": block["parentBeaconBlockRoot"],
                "targetGasLimit": block["gasLimit"],
            }
            order = (block["parentHash"], attributes, [raw], block["extraData"])
            built = ask(url, "testing_buildBlockV1", *order)["result"]
            payload = built["executionPayload"]
            assert payload["blockHash"] == block["hash"] == "0x" + exported.hashes[number].hex()
            assert payload["transactions"] == [raw]
            assert int(built["blockValue"], 16) == 21_000 * 10**9
            assert built["executionRequests"] == []
        empty = ask(url, "testing_buildBlockV1", block["parentHash"], attributes, None)["result"]
        assert empty["executionPayload"]["transactions"] == []
        assert empty["executionPayload"]["extraData"] == "0x" + b"zerog".hex()
        again = ask(url, "testing_buildBlockV1", block["hash"], attributes, [raw])["error"]
        assert again["message"].startswith("invalid timestamp, parent")
        attributes["timestamp"] = hex(int(block["timestamp"], 16) + 1)
        again = ask(url, "testing_buildBlockV1", block["hash"], attributes, [raw])["error"]
        assert again["message"].startswith("could not apply tx 0: nonce too low")
        unknown = ask(url, "testing_buildBlockV1", "0x" + "11" * 32, attributes, [])["error"]
        assert unknown["message"] == "unknown parent block"
        del attributes["prevRandao"]
        short = ask(url, "testing_buildBlockV1", block["hash"], attributes, [])["error"]
        assert short["code"] == -32602
        assert ask(url, "eth_blockNumber")["result"] == "0x3"


def test_a_directory_keeps_the_chain_and_serves_it_again(exported: Any, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with serving("--datadir", folder, "--import", exported.genesis, exported.chain):
        pass
    exported.chain.unlink()
    with serving("--datadir", folder) as url:
        assert ask(url, "eth_blockNumber")["result"] == "0x3"


def test_a_directory_of_another_chain_is_refused(exported: Any, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with serving("--datadir", folder, "--import", exported.genesis, exported.chain):
        pass
    document = json.loads(exported.genesis.read_text())
    exported.genesis.write_text(json.dumps(document | {"extraData": "0x01"}))
    said = refusal("--datadir", folder, "--import", exported.genesis, exported.chain)
    assert "is not the genesis of the chain in" in said


def test_a_wrong_block_is_one_line_that_names_it(exported: Any) -> None:
    exported.write(*exported.payloads[:2], exported.payloads[2][:-1])
    said = refusal("--import", exported.genesis, exported.chain)
    assert said.splitlines()[-1].startswith(f"zerog: {exported.chain}: ends in the middle")


@pytest.mark.parametrize(
    ("config", "field"),
    [
        ({"amsterdamTime": 1}, "config.amsterdamTime"),
        ({"pragueTime": "soon"}, "config.pragueTime"),
        ({"bpo3Time": 1}, "config.blobSchedule.bpo3"),
    ],
)
def test_a_genesis_document_that_cannot_be_followed_is_refused_by_field(
    exported: Any, config: dict[str, Any], field: str
) -> None:
    document = json.loads(exported.genesis.read_text())
    document["config"] |= config
    exported.genesis.write_text(json.dumps(document))
    assert field in refusal("--import", exported.genesis, exported.chain)


def test_without_a_chain_there_is_nothing_to_serve(tmp_path: Path) -> None:
    assert "give --import GENESIS CHAIN" in refusal()
    assert "genesis.json" in refusal("--datadir", tmp_path / "nothing")
