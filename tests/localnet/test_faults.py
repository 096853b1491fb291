"""`zerog perturb` on running validators, and what `zerog status` and the logs say meanwhile."""

import json
import time
from typing import Any

import pytest
from localnet import (
    START_MAX_S,
    Devnet,
    Network,
    Node,
    allowed_s,
    run_zerog,
    seconds_until,
    wait_until,
    zerog,
)

pytestmark = [pytest.mark.localnet, pytest.mark.alone]

HEAL_MAX_S = 5.0
"""From the end of a partition to the next block."""
SHORT_S, LONG_S = 9, 30


def status(network: Network) -> dict[str, Any]:
    """What each node says, None where it does not answer."""
    found: dict[str, Any] = json.loads(
        run_zerog("status", "--datadir", network.root, "--json").stdout
    )
    return found


def assert_a_partition_heals(network: Network, seconds: int) -> None:
    """2|2: no block while it lasts, at least so long, one soon after it."""
    network.wait_for_blocks(1)
    log_ends = [len(node.log) for node in network.nodes]
    zerog("perturb", "partition", 0, 2, "--datadir", network.root)
    ends_at = time.monotonic() + seconds
    for node, end in zip(network.nodes, log_ends, strict=True):
        wait_until(lambda n=node, e=end: "fault: cut off" in n.log[e:], START_MAX_S)  # type: ignore[misc]
    wait_until(lambda: all_with_others_missing(network), START_MAX_S)
    stood_at = max(node.height() for node in network.nodes)
    assert_status_and_logs_say_who_is_missing(network, log_ends, stood_at)
    time.sleep(max(0.0, ends_at - time.monotonic()))  # That nothing happens takes waiting.
    assert max(node.height() for node in network.nodes) == stood_at, "decided by two of four"
    zerog("perturb", "heal", "--datadir", network.root)
    seconds_until(
        lambda: min(node.height() for node in network.nodes) > stood_at,
        allowed_s(HEAL_MAX_S),
        f"a block everywhere after a partition of {seconds} s",
    )
    assert len({node.block(stood_at + 1)["hash"] for node in network.nodes}) == 1


def assert_status_and_logs_say_who_is_missing(
    network: Network, log_ends: list[int], stood_at: int
) -> None:
    """Of a network whose even half cannot reach its odd half."""
    said = wait_until(lambda: all_with_others_missing(network), START_MAX_S)
    for name, answer in said.items():
        others = [f"validator-{i}" for i in range(4) if (i - int(name[-1])) % 2]
        consensus = answer["consensus"]
        assert consensus["missingNames"] == others
        assert consensus["missingPower"] * 2 == consensus["totalPower"]
        assert consensus["height"] in (stood_at, stood_at + 1), "one side may have seen one more"
    table = zerog("status", "--datadir", network.root)
    assert table.splitlines()[0].split()[:4] == ["NODE", "BLOCK", "AGE", "PEERS"]
    assert "s of validator-1, validator-3 (power 2000 of 4000)" in table
    wait_until(
        lambda: (
            "missing " in network.nodes[0].log[log_ends[0] :]
            and "validator-1, validator-3 (power 2000 of 4000)"
            in network.nodes[0].log[log_ends[0] :]
        ),
        START_MAX_S,
    )
    over_rpc = zerog("status", "--rpc", network.nodes[1].rpc.url)
    assert "s of validator-0, validator-2 (power 2000 of 4000)" in over_rpc


def all_with_others_missing(network: Network) -> dict[str, Any] | None:
    """The answers, once each node has the votes of its own side."""
    said = status(network)
    known = [
        (answer or {}).get("consensus", {}).get("missingNames", ()) for answer in said.values()
    ]
    return said if all(len(names) == 2 for names in known) else None


def test_a_partition_of_two_and_two_stops_the_chain_and_heals_in_seconds(network: Network) -> None:
    assert_a_partition_heals(network, SHORT_S)


@pytest.mark.slow
def test_a_partition_of_half_a_minute_heals_in_seconds(network: Network) -> None:
    assert_a_partition_heals(network, LONG_S)


def test_a_paused_validator_is_named_as_such_and_comes_back(network: Network) -> None:
    network.wait_for_blocks(1)
    zerog("perturb", "pause", 3, "--datadir", network.root)
    try:
        told = run_zerog("status", "--datadir", network.root)
        assert told.returncode == 1
        assert f"paused (process {network.nodes[3].process_id})" in told.stdout
        reached = network.wait_for_blocks(3, network.nodes[:3])
    finally:
        zerog("perturb", "heal", "--datadir", network.root)
    network.wait_for_height(reached, [network.nodes[3]])


def test_late_messages_slow_disks_and_a_wrong_clock_do_not_stop_three_others(
    network: Network,
) -> None:
    log_end = len(network.nodes[2].log)
    zerog("perturb", "delay", "all", "--ms", 60, "--datadir", network.root)
    zerog("perturb", "slow-disk", 1, "--ms", 40, "--datadir", network.root)
    zerog("perturb", "skew", 2, "--ms", -20_000, "--datadir", network.root)
    try:
        wait_until(
            lambda: "fault: the clock is -20000 ms wrong" in network.nodes[2].log[log_end:],
            START_MAX_S,
        )
        network.wait_for_blocks(4)
        wait_until(
            lambda: "off our clock: voting nil" in network.nodes[2].log[log_end:], START_MAX_S
        )
    finally:
        zerog("perturb", "heal", "--datadir", network.root)
    wait_until(lambda: "fault: skew is over" in network.nodes[2].log[log_end:], START_MAX_S)
    network.wait_for_blocks(2)


def test_a_validator_cut_off_from_all_catches_up_afterwards(network: Network) -> None:
    lonely, others = network.nodes[0], network.nodes[1:]
    zerog("perturb", "disconnect", 0, "--datadir", network.root)
    wait_until(lambda: peers_of(lonely) == 0, START_MAX_S)
    reached = network.wait_for_blocks(3, others)
    assert lonely.height() < reached
    zerog("perturb", "heal", 0, "--datadir", network.root)
    network.wait_for_height(reached, [lonely])


def peers_of(node: Node) -> int:
    return int(node.rpc.call("zerog_status")["node"]["peers"], 16)


def test_a_devnet_brings_a_validator_back_that_was_killed_for_a_while(tmp_path: Any) -> None:
    root = tmp_path / "devnet"
    with Devnet(root, "--block-time", "0.3") as devnet:
        victim, others = devnet.nodes[3], devnet.nodes[:3]
        killed = victim.process_id
        zerog("perturb", "kill", 3, "--for", 2, "--datadir", root)
        wait_until(lambda: "started again in " in devnet.command.log, START_MAX_S)
        reached = max(node.height() for node in others) + 3
        wait_until(
            lambda: min(node.height() for node in devnet.nodes) >= reached,
            START_MAX_S,
            lambda: devnet.command.log[-2_000:],
        )
        assert victim.process_id != killed
