"""Nodes by hand, with `zerog init` and `zerog run`: a lone validator, and a full node that follows."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from localnet import START_MAX_S, Node, free_ports, run_zerog, seconds_until, wait_until, zerog

from genesis.dev_accounts import dev_accounts
from node.config import load_config
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC
from node.keystore import load_node_key
from node.network.identity import peer_multiaddr

pytestmark = pytest.mark.localnet

FAST = ("--consensus.block-time", "0.2")
GWEI = 10**9


@pytest.fixture
def ports() -> list[int]:
    return free_ports(4)


@pytest.fixture
def lone(tmp_path: Path, ports: list[int]) -> Iterator[Node]:
    """A validator that is the whole network, started and at height 2."""
    directory = tmp_path / "lone"
    said = zerog("init", "--devnet", "--datadir", directory,
                 "--http.port", ports[0], "--p2p.port", ports[1], *FAST)  # fmt: skip
    assert "peers dial /ip4/127.0.0.1/tcp/" in said
    node = Node(directory, ports[0])
    node.start()
    try:
        wait_until(lambda: node.height() >= 2, START_MAX_S, lambda: node.log)
        yield node
    finally:
        node.stop()


def test_a_lone_validator_makes_blocks_and_goes_on_after_a_stop_and_a_kill(lone: Node) -> None:
    block = lone.block(1)
    reached = lone.height()
    lone.stop()
    lone.start()
    seconds_until(lambda: lone.height() > reached, START_MAX_S, "a block after a restart")
    reached = lone.height()
    lone.kill()
    lone.start()
    seconds_until(lambda: lone.height() > reached, START_MAX_S, "a block after a kill")
    assert lone.block(1)["hash"] == block["hash"]


def test_a_full_node_joins_follows_and_passes_transactions_on(
    lone: Node, tmp_path: Path, ports: list[int]
) -> None:
    peer = load_config(lone.directory, {})
    identity = multiaddr_of(lone)
    said = zerog("init", "--genesis", lone.directory / "genesis.json", "--full-node",
                 "--datadir", tmp_path / "follower", "--peers", identity,
                 "--http.port", ports[2], "--p2p.port", ports[3])  # fmt: skip
    assert "validator" not in said
    assert not (tmp_path / "follower" / "validator").exists()
    assert f"/tcp/{peer.p2p_port}/p2p/" in identity
    follower = Node(tmp_path / "follower", ports[2])
    follower.start()
    try:
        reached = lone.height()
        seconds_until(lambda: follower.height() >= reached, START_MAX_S, "full node caught up")
        here = follower.height()
        wait_until(lambda: follower.height() >= here + 3, START_MAX_S, lambda: follower.log)
        assert follower.block(here)["hash"] == lone.block(here)["hash"]
        wait_until(lambda: follower.rpc.call("eth_syncing") is False, START_MAX_S)

        sent = follower.rpc.call("eth_sendRawTransaction", a_transfer(follower))
        receipt = follower.rpc.receipt(sent, START_MAX_S)
        assert receipt["status"] == "0x1"
        assert lone.rpc.call("eth_getTransactionReceipt", sent) == receipt

        # It goes on by itself after the validator was away.
        lone.stop()
        lone.start()
        there = follower.height()
        wait_until(lambda: follower.height() > there + 2, START_MAX_S, lambda: follower.log)
    finally:
        follower.stop()


def multiaddr_of(node: Node) -> str:
    """As `zerog init` shows it, from the keys that it wrote."""
    config = load_config(node.directory, {})
    secret = load_node_key(config.data.node_key)
    return peer_multiaddr(config.p2p_addr, config.p2p_port, secret)


def a_transfer(node: Node) -> str:
    [(_, key)] = dev_accounts(DEFAULT_MNEMONIC, 1)
    account = Account.from_key(key)
    raw = account.sign_transaction(
        {
            "chainId": DEFAULT_CHAIN_ID,
            "nonce": node.rpc.number("eth_getTransactionCount", account.address, "pending"),
            "gas": 21_000,
            "gasPrice": 3 * GWEI,
            "value": 1,
            "to": account.address,
        }
    ).raw_transaction
    return "0x" + bytes(raw).hex()


def test_a_second_run_on_the_same_directory_names_the_first(lone: Node) -> None:
    refused = run_zerog("run", "--datadir", lone.directory)
    assert refused.returncode == 2
    [line] = refused.stderr.splitlines()
    assert f"in use by process {lone.process_id}" in line
    assert lone.height() >= 2


def test_a_port_in_use_is_one_line_that_names_it(lone: Node, tmp_path: Path) -> None:
    taken = load_config(lone.directory, {})
    other = tmp_path / "other"
    zerog("init", "--devnet", "--datadir", other)
    for flags in (
        ("--http.port", taken.http_port, "--p2p.port", 0),
        ("--http.port", 0, "--p2p.port", taken.p2p_port),
    ):
        refused = run_zerog("run", "--datadir", other, *flags)
        assert refused.returncode == 2, refused.stderr
        mistakes = [line for line in refused.stderr.splitlines() if line.startswith("zerog: ")]
        print(mistakes)
        assert len(mistakes) == 1
        assert "is in use" in mistakes[0]
        assert "Traceback" not in refused.stderr


def test_an_encrypted_key_needs_its_password(tmp_path: Path, ports: list[int]) -> None:
    password = tmp_path / "password"
    password.write_text("correct horse\n")
    wrong = tmp_path / "wrong"
    wrong.write_text("battery staple\n")
    directory = tmp_path / "secret"
    zerog("init", "--datadir", directory, "--password-file", password,
          "--http.port", ports[0], "--p2p.port", ports[1], *FAST)  # fmt: skip
    key_file = directory / "validator" / "key.json"
    assert key_file.stat().st_mode & 0o777 == 0o600
    for flags, why in (((), "give --password-file"), (("--password-file", wrong), "wrong")):
        refused = run_zerog("run", "--datadir", directory, *flags)
        assert refused.returncode == 2
        [line] = refused.stderr.splitlines()
        assert str(key_file) in line
        assert why in line
    node = Node(directory, ports[0])
    node.start("--password-file", password)
    try:
        wait_until(lambda: node.height() >= 1, START_MAX_S, lambda: node.log)
    finally:
        node.stop()
