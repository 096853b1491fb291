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
