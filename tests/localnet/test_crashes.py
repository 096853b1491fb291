"""Power cuts: one validator of four, two, all; each test leaves the network whole again."""

import random
import time
from collections.abc import Sequence
from typing import Any

import pytest
from localnet import (
    START_MAX_S,
    Network,
    Node,
    allowed_s,
    children_of,
    kill_at_once,
    seconds_until,
    wait_until,
)

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

RESUME_MAX_S = 10.0
"""From the last command to the next block; on a machine that does nothing else."""
BLACKOUTS_IN_CI = 3
STANDSTILL_S = 4.0
BLOCKS_UNSEEN_MAX = 2
"""Decided between the last look at a height and the kill."""


def assert_same_chain(nodes: Sequence[Node], heights: Sequence[int]) -> None:
    """Hash and state root of each height, on each node."""
    for height in heights:
        blocks = [node.block(height) for node in nodes]
        assert len({block["hash"] for block in blocks}) == 1, f"block {height} differs"
        assert len({block["stateRoot"] for block in blocks}) == 1, f"state at {height} differs"


def lines_with(node: Node, text: str, after: int) -> list[str]:
    return [line for line in node.log[after:].splitlines() if text in line]


def test_one_validator_of_four_is_killed_and_catches_up_with_the_same_state(
    network: Network,
) -> None:
    victim, others = network.nodes[3], network.nodes[:3]
    network.wait_for_height(3)
    victim.kill()
    left_at = max(node.height() for node in others)
    # More than a rotation, so that the round of the dead one as proposer is among them.
    reached = network.wait_for_blocks(6, others)
    victim.start()
    seconds_until(lambda: victim.height() >= reached, START_MAX_S, "killed validator caught up")
    network.wait_for_blocks(2)
    assert_same_chain(network.nodes, range(left_at, reached + 2))
    # It votes again, which the others could do without: its signature is in some certificate.
    wait_until(lambda: signs(network.nodes[0], "validator-3"), START_MAX_S)


def signs(node: Node, name: str) -> bool:
    answer: Any = node.rpc.call("zerog_getCertificate", hex(node.height()))
    named = {entry["address"]: entry["name"] for entry in answer["validators"]}
    signers = [named[entry["validator"]] for entry in answer["certificate"]["signatures"]]
    return name in signers


def test_with_two_of_four_down_nothing_is_decided_and_the_log_says_who_is_missing(
    network: Network,
) -> None:
    stay, gone = network.nodes[:2], network.nodes[2:]
    network.wait_for_blocks(1)
    log_ends = [len(node.log) for node in stay]
    kill_at_once([node.process_id for node in gone])
    for node in gone:
        node.forget()
    for node, end in zip(stay, log_ends, strict=True):
        wait_until(lambda n=node, e=end: lines_with(n, "no block for", e), START_MAX_S)
    stuck_at = [node.height() for node in stay]
    time.sleep(STANDSTILL_S)  # That nothing happens can only be seen by waiting.
    assert [node.height() for node in stay] == stuck_at
    for node, end in zip(stay, log_ends, strict=True):
        line = lines_with(node, "no block for", end)[-1]
        print(line)
        assert f"height {stuck_at[0] + 1} round " in line
        assert "step " in line
        assert "validator-2, validator-3" in line
        assert "(power 2000 of 4000)" in line

    gone[0].start()
    back = [*stay, gone[0]]
    seconds_until(
        lambda: all(node.height() > stuck_at[0] for node in back),
        allowed_s(RESUME_MAX_S),
        "blocks resumed after one of two came back",
    )
    gone[1].start()
    network.wait_for_blocks(2)
    assert_same_chain(network.nodes, [stuck_at[0], stuck_at[0] + 1])


def assert_a_blackout_loses_nothing(network: Network, seed: int) -> None:
    """SIGKILL of all four, restarts in an order drawn from the seed."""
    reached = network.wait_for_blocks(2)
    known = network.nodes[0].block(reached)
    kill_at_once([node.process_id for node in network.nodes])
    for node in network.nodes:
        node.forget()
    for node in random.Random(seed).sample(network.nodes, 4):
        node.start()
    # What was decided while they were being killed may be there at once.
    seconds_until(
        lambda: any(node.height() > reached + BLOCKS_UNSEEN_MAX for node in network.nodes),
        allowed_s(RESUME_MAX_S),
        f"blackout {seed}: new blocks after all were killed",
    )
    network.wait_for_height(reached + 1)
    assert network.nodes[1].block(reached)["hash"] == known["hash"]
    assert_same_chain(network.nodes, range(max(1, reached - 5), reached + 2))


def test_all_four_are_killed_at_once_and_go_on_with_the_same_chain(network: Network) -> None:
    for seed in range(BLACKOUTS_IN_CI):
        assert_a_blackout_loses_nothing(network, seed)


def test_a_killed_json_rpc_process_is_started_again_and_blocks_go_on(
    network: Network,
) -> None:
    node, others = network.nodes[0], network.nodes[1:]
    network.wait_for_height(1)
    assert node.command is not None
    [rpc_process] = set(children_of(node.command.pid)) - {node.process_id}
    log_end, round_lines = len(node.log), len(lines_with(others[0], " round 0 ", 0))
    kill_at_once([rpc_process])
    wait_until(lambda: node.height() >= 0, START_MAX_S)
    network.wait_for_blocks(3)
    assert "json-rpc ended (killed by signal 9) and is started again" in node.log[log_end:]
    assert len(lines_with(others[0], " round 0 ", 0)) >= round_lines + 3


@pytest.mark.slow
def test_twenty_blackouts_in_a_row_lose_nothing(network: Network) -> None:
    for seed in range(BLACKOUTS_IN_CI, BLACKOUTS_IN_CI + 20):
        assert_a_blackout_loses_nothing(network, seed)
