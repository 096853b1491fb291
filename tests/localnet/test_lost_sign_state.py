"""Validators whose sign_state.json is gone, on real processes: they ask, and go on by themselves."""

from typing import Any

import pytest
from localnet import START_MAX_S, Network, Node, kill_at_once, wait_until

pytestmark = pytest.mark.localnet


def lose_sign_state(node: Node) -> None:
    (node.directory / "validator" / "sign_state.json").unlink()


def is_signing(node: Node, name: str) -> bool:
    """Its signature is in the certificate of the newest block."""
    answer: Any = node.rpc.call("zerog_getCertificate", hex(node.height()))
    named = {entry["address"]: entry["name"] for entry in answer["validators"]}
    return name in [named[each["validator"]] for each in answer["certificate"]["signatures"]]


def test_one_of_four_asks_the_others_and_signs_again(network: Network) -> None:
    victim, others = network.nodes[3], network.nodes[:3]
    network.wait_for_height(2)
    victim.kill()
    lose_sign_state(victim)
    network.wait_for_blocks(2, others)
    log_end = len(victim.log)
    victim.start()
    wait_until(lambda: "what was signed is known again" in victim.log[log_end:], START_MAX_S)
    said = victim.log[log_end:]
    print(*[line for line in said.splitlines() if "what " in line], sep="\n")
    assert "what this validator has signed is lost" in said
    wait_until(lambda: is_signing(network.nodes[0], "validator-3"), START_MAX_S)
    assert (victim.directory / "validator" / "sign_state.json").exists()
    assert not any("two-faced validator" in node.log for node in network.nodes)


def test_all_four_killed_without_sign_states_go_on(network: Network) -> None:
    """In a round above what they find in each other's journals: nobody else would lead them there."""
    reached = network.wait_for_blocks(1)
    kill_at_once([node.process_id for node in network.nodes])
    for node in network.nodes:
        node.forget()
        lose_sign_state(node)
    for node in network.nodes:
        node.start()
    network.wait_for_height(reached + 3)
    assert not any("two-faced validator" in node.log for node in network.nodes)
