"""Validators that lost everything but their keys, and restarts of all, one after the other."""

import shutil
import time
from collections.abc import Sequence

import pytest
from localnet import (
    START_MAX_S,
    Network,
    Node,
    kill_at_once,
    seconds_until,
    wait_until,
    zerog,
)

from node.config import load_config
from node.keystore import load_node_key, new_secret
from node.layout import DataDirectory
from node.network.identity import peer_multiaddr
from node.network.status import STATUS_TIMEOUT_S
from node.sync.genesis import fetch_genesis

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

NEVER_IN_A_LOG = ("two-faced validator", "Traceback", "CRITICAL")


def multiaddr_of(node: Node) -> str:
    config = load_config(node.directory, {})
    secret = load_node_key(config.data.node_key)
    return peer_multiaddr(config.p2p_addr, config.p2p_port, secret)


def wipe(node: Node) -> None:
    """Empty the directory, but for the two keys."""
    data = DataDirectory(node.directory)
    kept = {path: path.read_bytes() for path in (data.node_key, data.validator_key)}
    shutil.rmtree(node.directory)
    for path, content in kept.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o600)


def set_up_again(node: Node, peer: Node, p2p_port: int) -> None:
    """As an operator does: the same ports and keys, the rest from a peer."""
    data = DataDirectory(node.directory)
    key = data.validator_key.read_bytes()
    zerog("init", "--join", multiaddr_of(peer), "--datadir", node.directory,
          "--http.port", node.port, "--p2p.port", p2p_port, "--consensus.block-time", "0.3")  # fmt: skip
    assert data.validator_key.read_bytes() == key
    assert not data.sign_state.exists(), "what it has signed is unknown, not nothing"


def signs_now(asked: Node, name: str) -> bool:
    """Its signature is in the newest certificate: the others could have done without it."""
    answer = asked.rpc.call("zerog_getCertificate", hex(asked.height()))
    named = {entry["address"]: entry["name"] for entry in answer["validators"]}
    return name in {named[entry["validator"]] for entry in answer["certificate"]["signatures"]}


def assert_same_blocks(nodes: Sequence[Node], first: int, last: int) -> None:
    """Hash of every height on each node, each block on top of the one before."""
    for height in range(first, last + 1):
        blocks = [node.block(height) for node in nodes]
        assert all(blocks), f"block {height} is missing on a node"
        assert len({block["hash"] for block in blocks}) == 1, f"block {height} differs"
        assert blocks[0]["parentHash"] == nodes[0].block(height - 1)["hash"]


def assert_no_lies_and_no_bugs(nodes: Sequence[Node]) -> None:
    for node in nodes:
        for text in NEVER_IN_A_LOG:
            assert text not in node.log, f"{node.name}: {text}"


def wiped_and_started_again(network: Network, victims: Sequence[Node]) -> int:
    """The height that the others had by the time all was lost."""
    peer = network.nodes[0]
    kill_at_once([node.process_id for node in victims])
    for node in victims:
        node.forget()
        wipe(node)
    left_at = peer.height()
    for node in victims:
        set_up_again(node, peer, network.p2p_ports[network.nodes.index(node)])
        node.start()
    return left_at


def test_a_wiped_validator_rejoins_and_signs_again(network: Network) -> None:
    victim, others = network.nodes[3], network.nodes[:3]
    network.wait_for_height(3)
    left_at = wiped_and_started_again(network, [victim])
    seconds_until(lambda: victim.height() > left_at, START_MAX_S, "wiped validator caught up")
    seconds_until(lambda: signs_now(others[0], victim.name), START_MAX_S, "then signed again")
    reached = network.wait_for_blocks(4)
    assert_same_blocks(network.nodes, 1, reached)
    assert_no_lies_and_no_bugs(network.nodes)


def test_two_wiped_validators_of_four_rejoin_and_blocks_go_on(network: Network) -> None:
    victims = network.nodes[2:]
    network.wait_for_blocks(1)
    left_at = wiped_and_started_again(network, victims)
    # What was under way when they were killed may still be decided.
    seconds_until(
        lambda: all(node.height() > left_at + 1 for node in network.nodes),
        START_MAX_S,
        "blocks went on after two of four were wiped",
    )
    for victim in victims:
        wait_until(lambda v=victim: signs_now(network.nodes[0], v.name), START_MAX_S)  # type: ignore[misc]
    reached = network.wait_for_blocks(4)
    assert_same_blocks(network.nodes, 1, reached)
    assert_no_lies_and_no_bugs(network.nodes)


@pytest.mark.slow
def test_a_restart_of_all_one_after_the_other_loses_no_height(network: Network) -> None:
    first = network.wait_for_blocks(1)
    for node in network.nodes:
        others = [other for other in network.nodes if other is not node]
        node.stop()
        network.wait_for_blocks(2, others)
        node.start()
        # The next one goes when this one is back, as an operator would see to it.
        network.wait_for_blocks(1)
        wait_until(lambda n=node, o=others: signs_now(o[0], n.name), START_MAX_S)  # type: ignore[misc]
    reached = network.wait_for_blocks(2)
    assert_same_blocks(network.nodes, first, reached)
    assert_no_lies_and_no_bugs(network.nodes)


def test_the_genesis_document_is_there_without_a_wait(network: Network) -> None:
    """The peer goes on waiting for a status; who asks for the document does not wait with it."""
    peer = network.nodes[1]
    began = time.monotonic()
    text = fetch_genesis(multiaddr_of(peer), new_secret())
    taken = time.monotonic() - began
    print(f"genesis document: {taken:.2f} s")
    assert text == (peer.directory / "genesis.json").read_bytes()
    assert taken < STATUS_TIMEOUT_S
