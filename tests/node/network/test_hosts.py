"""Consensus over real libp2p hosts on loopback, several in one process."""

from collections.abc import Callable

RunCluster = Callable[..., None]


def test_four_hosts_decide_twenty_heights(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(20)
        assert cluster.agree()

    run_cluster(scenario, is_real=True)


def test_a_killed_host_catches_up_after_its_restart(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(5)
        await cluster.kill(3)
        await cluster.wait_for_height(cluster.executor(0).tip + 20)
        await cluster.start(3)
        goal = cluster.executor(0).tip + 10
        await cluster.wait_for_height(goal)
        assert cluster.agree()

    run_cluster(scenario, is_real=True)
