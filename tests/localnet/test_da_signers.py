"""`zerog devnet --da-signers 10`: a rollup's developer disperses, has signed, and verifies on a laptop."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Hash32
from localnet import START_MAX_S, free_ports, run_zerog, wait_until

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from node.client.contract_calls import deploy
from node.client.json_rpc import RpcClient, RpcError
from node.client.wallet import Wallet
from node.da.aggregation import aggregate
from node.da.blobs import Blob, parse_signature
from node.da.collecting import collect
from node.da.commitments import CommitmentContract
from node.da.da_signers import DaSigners
from node.da.errors import BelowThreshold, Reverted
from node.da.keys import BlsKey
from node.da.submission import parse_submission

pytestmark = pytest.mark.localnet

SIGNERS = 10
EPOCH_BLOCKS = 20
COMMITMENT = BlsKey(2**77 + 1).g1
EPOCHS_MAX_S = 60.0


class Rollup:
    """What a rollup's developer has: a node's URL, a funded account, the signers' URL."""

    def __init__(self, rpc_port: int, da_port: int) -> None:
        self.rpc_url = f"http://127.0.0.1:{rpc_port}"
        self.da_url = f"http://127.0.0.1:{da_port}"
        self.client = RpcClient.of_url(self.rpc_url)
        self.signers = DaSigners(self.client)
        self.entrance = CommitmentContract(self.client)

    @property
    def wallet(self) -> Wallet:
        return Wallet(self.client, dev_accounts()[0][1], self.signers.chain_id)

    def epoch(self) -> int:
        """0 while the node or its precompile is not there."""
        try:
            return self.signers.epoch_number()
        except (OSError, RpcError):
            return 0

    def upload(self, what: bytes) -> Blob:
        upload, _ = self.entrance.upload(self.wallet, Hash32(keccak(what)))
        return Blob(upload.data_root, upload.epoch, upload.quorum_id, COMMITMENT)

    def http(self, method: str, path: str, content: Any = None) -> tuple[int, Any]:
        body = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(self.da_url + path, body, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, json.loads(response.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def switch(self, indices: range, word: str) -> None:
        for index in indices:
            status, answer = self.http("POST", f"/signers/{index}/switch-{word}")
            assert (status, answer["isOn"]) == (200, word == "on")


@pytest.fixture
def rollup(start_command: Callable[..., Any], tmp_path: Path) -> Iterator[Rollup]:
    port, p2p_port, da_port = free_ports(3)
    command = start_command(
        "devnet", "--validators", 1, "--datadir", tmp_path / "devnet", "--port", port,
        "--p2p-port", p2p_port, "--block-time", 0.3, "--da-signers", SIGNERS,
        "--da-epoch-blocks", EPOCH_BLOCKS, "--da-port", da_port,
    )  # fmt: skip
    started = Rollup(port, da_port)
    wait_until(lambda: started.epoch() >= 1, START_MAX_S, lambda: str(command.log[-3000:]))
    assert f"DA signers: {started.da_url}" in command.log
    assert "an epoch lasts 20 blocks, 0:00:06" in command.log
    yield started
    started.client.close()
    command.stop()
    assert command.is_gone()
    log = (tmp_path / "devnet" / "da-signers.log").read_text()
    assert "Traceback" not in log
    assert "10 DA signers registered" in log


def test_a_blob_is_dispersed_signed_and_verified_with_one_signer_switched_off(
    rollup: Rollup, tmp_path: Path
) -> None:
    blob = rollup.upload(b"rollup block 1")
    rollup.switch(range(3, 4), "off")
    signatures = []
    for index in range(SIGNERS):
        status, answer = rollup.http("POST", f"/signers/{index}/sign", blob.as_json())
        if index == 3:
            assert status == 503
            assert "switched off" in answer["error"]
            continue
        assert status == 200, answer
        signatures.append(parse_signature(answer))
    quorum = rollup.signers.quorum(blob.epoch, blob.quorum_id)
    details = rollup.signers.details(quorum.signers)
    done = aggregate(blob, quorum, details, signatures)
    done.check_threshold()
    assert len(done.signers) == SIGNERS - 1
    deployed, _ = deploy(rollup.client, rollup.wallet, artifact("DAVerifier"))
    for contract in (CommitmentContract(rollup.client, deployed.address), rollup.entrance):
        sent = contract.submit(rollup.wallet, done.submission)
        print(f"{contract.address}: verified with {sent.gas_used:,} gas")
        assert contract.commitment(blob.name) == COMMITMENT
    status, answer = rollup.http("POST", "/signers/0/sign", blob.as_json())
    assert status == 409
    assert "nothing is left to sign" in answer["error"]

    _see_the_threshold(rollup, tmp_path)
    _see_the_next_epoch(rollup, blob)


def _see_the_threshold(rollup: Rollup, tmp_path: Path) -> None:
    """Four of ten absent are too many, for our tools and for the contract."""
    blob = rollup.upload(b"rollup block 2")
    rollup.switch(range(4), "off")
    quorum = rollup.signers.quorum(blob.epoch, blob.quorum_id)
    details = rollup.signers.details(quorum.signers)
    collected = collect(blob, quorum, details)
    assert len(collected.failures) == 4
    low = aggregate(blob, quorum, details, collected.signatures)
    with pytest.raises(BelowThreshold, match=r"of 3,072, need 2,048"):
        low.check_threshold()
    with pytest.raises(Reverted, match="DARegistry: insufficient signed slices"):
        rollup.entrance.submit(rollup.wallet, low.submission)
    rollup.switch(range(4), "on")
    root = "0x" + blob.data_root.hex()
    submission = tmp_path / "submission.json"
    flags = (
        "--rpc-url", rollup.rpc_url, "--data-root", root, "--epoch", blob.epoch, "--quorum",
        blob.quorum_id, "--commitment", ",".join(blob.as_json()["erasureCommitment"]),
    )  # fmt: skip
    done = run_zerog("da", "aggregate", "--collect", "--out", submission, *flags)
    assert done.returncode == 0, done.stderr
    assert "10 of 10 signers, 3,072 of 3,072 rows" in done.stdout
    rollup.entrance.check(parse_submission(json.loads(submission.read_text())))


def _see_the_next_epoch(rollup: Rollup, blob: Blob) -> None:
    """Signers register again by themselves; a commitment of an old epoch stays verified."""
    wait_until(lambda: rollup.epoch() >= blob.epoch + 2, EPOCHS_MAX_S)
    epoch = rollup.epoch()
    assert len(rollup.signers.quorum(epoch, 0).signers) == SIGNERS
    assert rollup.entrance.commitment(blob.name) == COMMITMENT
    assert rollup.upload(b"rollup block 3").epoch >= epoch
