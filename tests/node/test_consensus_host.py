"""The consensus host over a network in memory."""

import logging
from collections.abc import Callable

import pytest
import trio

RunCluster = Callable[..., None]


def test_four_validators_decide_the_same_blocks(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(20)
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_a_single_validator_produces_alone_and_after_a_restart(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0)
        await cluster.wait_for_height(5)
        await cluster.kill(0)
        tip = cluster.executor(0).tip
        await cluster.start(0)
        await cluster.wait_for_height(tip + 5)

    run_cluster(scenario, 1, is_real=False)


def test_without_two_of_four_nothing_is_decided_and_the_log_says_who_is_missing(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        cluster.hub.cut = {"2", "3"}
        await trio.sleep(0.5)
        stuck = cluster.executor(0).tip
        with caplog.at_level(logging.WARNING):
            while "no block for" not in caplog.text:
                await trio.sleep(0.1)
        assert cluster.executor(0).tip == stuck
        assert any(
            "validator-2, validator-3" in record.message and "(power 2 of 4)" in record.message
            for record in caplog.records
        )
        cluster.hub.cut = {"3"}
        await cluster.wait_for_height(stuck + 5, 0, 1, 2)
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_lost_messages_are_repaired(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        count = 0

        def lose_every_third(*_: object) -> bool:
            nonlocal count
            count += 1
            return count % 3 == 0

        cluster.hub.lose = lose_every_third
        await cluster.start(0, 1, 2)
        await cluster.wait_for_height(5, 0, timeout_s=30)
        assert cluster.agree()

    run_cluster(scenario, 3, is_real=False)


def test_all_killed_at_once_resume_the_same_chain(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        tip = 0
        for _ in range(4):
            await cluster.start(0, 1, 2, 3)
            await cluster.wait_for_height(tip + 4)
            assert cluster.agree()
            for index in (2, 0, 3, 1):
                await cluster.kill(index)
            tip = max(executor.tip for executor in cluster.executors.values())

    run_cluster(scenario, is_real=False)


def test_a_block_that_takes_long_to_check_is_decided_with_one_check_each(
    run_cluster: RunCluster,
) -> None:
    """Many propose timeouts go by meanwhile; the answer still counts."""

    async def scenario(cluster) -> None:
        for index in range(4):
            cluster.executor(index).check_time_s = 2.0
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(1, timeout_s=20)
        for executor in cluster.executors.values():
            assert len(executor.checked) == len(set(executor.checked))

    run_cluster(scenario, is_real=False)


def test_a_block_that_is_built_late_is_proposed_at_the_next_turn(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        for index in range(4):
            cluster.executor(index).block_time_s = 1.5
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(1, timeout_s=20)
        assert cluster.executor(0).committed[0][1].round > 0
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_one_with_a_corrupt_state_alone_refuses_and_stands_still(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        cluster.executor(3).is_corrupt = True
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(8, 0, 1, 2)
        assert cluster.executor(3).tip < 8
        with trio.fail_after(5):
            while cluster.nodes[3].host.halted is None:
                await trio.sleep(0.01)
        assert "state root ab, header says cd" in (cluster.nodes[3].host.halted or "")

    run_cluster(scenario, is_real=False)


def test_a_follower_without_a_key_follows(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2)
        await cluster.start(3, is_validator=False)
        await cluster.wait_for_height(6)
        assert cluster.agree()

    run_cluster(scenario, 3, is_real=False)
