"""A validator set that the chain drives, on real processes: joining, leaving, absence, slashing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from localnet import (
    START_MAX_S,
    STOP_MAX_S,
    Network,
    Node,
    free_ports,
    seconds_until,
    wait_until,
    zerog,
)

from chain.staking import WEI_PER_POWER, Staking
from genesis.dev_accounts import dev_accounts
from genesis.networks import devnet_document
from node.config import load_config
from node.keystore import load_node_key, load_validator_key
from node.layout import DataDirectory
from node.network.identity import peer_multiaddr

pytestmark = pytest.mark.localnet

RULES = Staking(
    max_active=4,
    min_stake=100 * WEI_PER_POWER,
    unbonding_blocks=20,
    reward_per_block=10**18,
    missed_blocks_limit=10,
)
OWNER_KEY, STAKER_KEY = ("0x" + key.hex() for _, key in dev_accounts(count=2))
FIRST_LIE = 6
FAST = ("--consensus.block-time", "0.2")
EQUIVOCATOR = Path(__file__).parent / "equivocating_validator.py"


def key_of(directory: Path) -> Any:
    return load_validator_key(DataDirectory(directory).validator_key, None, is_devnet=True)


def begin_chain(*directories: Path) -> None:
    """Give new nodes' directories one genesis with our rules, in place of the one they have."""
    keys = [(key_of(each).public_key, each.name) for each in directories]
    document = devnet_document(keys, staking=RULES)
    for each in directories:
        DataDirectory(each).genesis.write_text(json.dumps(document))


def multiaddr_of(node: Node) -> str:
    config = load_config(node.directory, {})
    secret = load_node_key(config.data.node_key)
    return peer_multiaddr(config.p2p_addr, config.p2p_port, secret)


def members(node: Node) -> dict[str, dict[str, Any]]:
    found = node.rpc.call("zerog_validators")["validators"]
    return {entry["address"]: entry for entry in found}


def takes_part(node: Node, validator: str) -> bool:
    """It proposed one of the last blocks, and its votes arrive: after a decision that needed none."""
    top = node.height()
    proofs = [
        node.rpc.call("zerog_getCertificate", hex(height))
        for height in range(max(1, top - 5), top + 1)
    ]
    proposers = {proof["header"]["proposer"] for proof in proofs}
    return validator in proposers and members(node)[validator]["missedBlocks"] == "0x0"


def validator_command(node: Node, name: str, *rest: object, key: str = STAKER_KEY) -> str:
    return zerog("validator", name, *rest, "--private-key", key, "--rpc-url", node.rpc.url)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Node]:
    """A validator that is the whole network, with 1,000 0G behind it."""
    ports = free_ports(2)
    directory = tmp_path / "lone"
    zerog("init", "--devnet", "--datadir", directory,
          "--http.port", ports[0], "--p2p.port", ports[1], *FAST)  # fmt: skip
    begin_chain(directory)
    node = Node(directory, ports[0])
    node.start()
    try:
        wait_until(lambda: node.height() >= 2, START_MAX_S, lambda: node.log)
        yield node
    finally:
        node.stop()


def test_a_node_joins_becomes_a_validator_is_left_out_comes_back_and_exits(
    lone: Node, tmp_path: Path
) -> None:
    ports = free_ports(2)
    directory = tmp_path / "joined"
    zerog("init", "--join", multiaddr_of(lone), "--datadir", directory,
          "--http.port", ports[0], "--p2p.port", ports[1], *FAST)  # fmt: skip
    own = f"0x{key_of(directory).address.hex()}"
    joined = Node(directory, ports[0])
    joined.start()
    try:
        reached = lone.height()
        seconds_until(lambda: joined.height() >= reached, START_MAX_S, "joined node caught up")
        said = validator_command(lone, "create", "400", "--datadir", directory)
        assert "is ranked with 400 0G" in said
        wait_until(lambda: own in members(lone), START_MAX_S, lambda: lone.log)
        assert int(members(lone)[own]["power"], 16) == 400
        wait_until(lambda: takes_part(lone, own), START_MAX_S, lambda: joined.log)
        there = lone.height()
        wait_until(lambda: lone.height() > there + 2 * RULES.missed_blocks_limit, START_MAX_S)
        assert own in members(lone)

        joined.stop()
        seconds_until(lambda: own not in members(lone), START_MAX_S, "absent one is left out")
        status = zerog("validator", "status", "--validator", own, "--rpc-url", lone.rpc.url)
        assert "absent" in status
        joined.start()
        wait_until(lambda: joined.height() >= lone.height() - 1, START_MAX_S, lambda: joined.log)
        validator_command(lone, "rejoin", "--validator", own)
        wait_until(lambda: own in members(lone), START_MAX_S, lambda: lone.log)
        wait_until(lambda: takes_part(lone, own), START_MAX_S, lambda: joined.log)

        said = validator_command(lone, "exit", "--validator", own)
        assert "400 0G on the way back" in said
        wait_until(lambda: own not in members(lone), START_MAX_S, lambda: lone.log)
        there = lone.height()
        wait_until(lambda: joined.height() > there + 2, START_MAX_S, lambda: joined.log)
        wait_until(lambda: lone.height() > there + RULES.unbonding_blocks, START_MAX_S)
        assert "paid" in validator_command(lone, "withdraw", "--validator", own)
    finally:
        joined.stop()


@pytest.fixture
def four(tmp_path: Path) -> Iterator[list[Node]]:
    """Three honest validators and one that contradicts itself from height FIRST_LIE on."""
    nodes = Network(tmp_path, 4, *FAST).nodes
    begin_chain(*(node.directory for node in nodes))
    for node in nodes[:3]:
        node.start()
    with nodes[3].log_path.open("ab") as log:
        liar = subprocess.Popen(
            [sys.executable, str(EQUIVOCATOR), str(nodes[3].directory), str(FIRST_LIE)],
            stdout=log, stderr=subprocess.STDOUT, env={**os.environ},
        )  # fmt: skip
    try:
        yield nodes
    finally:
        liar.terminate()
        liar.wait(STOP_MAX_S)
        for node in nodes[:3]:
            node.stop()


def test_a_validator_that_contradicts_itself_is_slashed_within_three_heights_and_once(
    four: list[Node],
) -> None:
    node = four[0]
    liar = f"0x{key_of(four[3].directory).address.hex()}"
    wait_until(lambda: node.height() >= FIRST_LIE + 8, START_MAX_S, lambda: node.log)
    slashes = [
        (height, entry)
        for height in range(1, node.height() + 1)
        for entry in node.block(height).get("slashed", [])
    ]
    [(height, entry)] = slashes
    assert FIRST_LIE < height <= FIRST_LIE + 3
    assert entry["address"] == liar
    assert int(entry["amount"], 16) == 20 * 10**9, "2 % of 1,000 0G, in gwei"
    assert liar not in members(node)
    assert len(members(node)) == 3
    there = [each.block(height)["hash"] for each in four[:3]]
    assert len(set(there)) == 1
    status = zerog("validator", "status", "--validator", liar, "--rpc-url", node.rpc.url)
    assert "slashed" in status
    assert "980 0G" in status
