"""Following the chain over JSON-RPC: every submission once, other chains and strange logs refused."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from node.client.json_rpc import RpcError
from node.storage.chain_watch import LOG_BLOCKS_MAX
from node.storage.index import IdentityMismatch, Progress
from node.storage.shards import Shard

Parts = Callable[..., Any]
LogOf = Callable[..., dict[str, Any]]


def known(node: Any) -> list[int]:
    with node.store.index.view() as view:
        return [
            number
            for number in range(view.next_submission())
            if view.submission(number) is not None
        ]


def test_submissions_of_finalized_blocks_become_known(
    chain: Any, parts: Parts, cut: Any, log_of: LogOf
) -> None:
    node = parts(rpc_url=chain.url)
    chain.logs = [log_of(cut(300_000).submission()), log_of(cut(10).submission(1, 2048))]
    node.watch.catch_up()
    assert known(node) == [0, 1]
    with node.store.index.view() as view:
        assert view.submission(1) == cut(10).submission(1, 2048)
        assert view.progress() == Progress(
            10, chain.answer("eth_getBlockByNumber", ["0xa"])["hash"]
        )
    assert node.watch.chain_id == 16_601


def test_each_block_is_asked_for_once_over_restarts_and_in_bounded_pieces(
    chain: Any, parts: Parts, cut: Any, log_of: LogOf
) -> None:
    chain.height = 2 * LOG_BLOCKS_MAX
    node = parts(rpc_url=chain.url)
    node.watch.catch_up()
    node.watch.catch_up()
    chain.height += 5
    parts(rpc_url=chain.url).watch.catch_up()
    edges = [0, LOG_BLOCKS_MAX, 2 * LOG_BLOCKS_MAX, 2 * LOG_BLOCKS_MAX + 1]
    lasts = [edges[1] - 1, edges[2] - 1, edges[2], chain.height]
    assert chain.asked == list(zip(edges, lasts, strict=True))


def test_a_node_that_answers_for_few_blocks_at_a_time_is_asked_for_few(
    chain: Any, parts: Parts, cut: Any, log_of: LogOf
) -> None:
    chain.height, chain.blocks_at_once = 300, 50
    chain.logs = [log_of(cut(10).submission())]
    node = parts(rpc_url=chain.url)
    node.watch.catch_up()
    assert known(node) == [0]
    assert chain.asked[0][0] == 0
    assert chain.asked[-1][1] == 300
    assert all(after[0] == before[1] + 1 for before, after in pairwise(chain.asked))
    chain.height, chain.blocks_at_once = 301, 0
    with pytest.raises(RpcError, match="more than"):
        node.watch.catch_up()


def test_a_log_that_is_no_submission_does_not_stop_the_others(
    chain: Any, parts: Parts, cut: Any, log_of: LogOf
) -> None:
    good = log_of(cut(10).submission())
    chain.logs = [
        {**good, "data": "0x"},
        {**good, "data": "0x" + "ff" * 320},
        {**good, "data": good["data"][:-64]},
        good,
    ]
    node = parts(rpc_url=chain.url)
    node.watch.catch_up()
    assert known(node) == [0]


@pytest.mark.parametrize("what", ["genesis block", "shard's shardId"])
def test_a_directory_of_another_chain_or_shard_is_refused(
    chain: Any, parts: Parts, what: str
) -> None:
    parts(rpc_url=chain.url, shard=Shard(0, 2)).watch.catch_up()
    if what == "genesis block":
        chain.genesis = "another"
        again = parts(rpc_url=chain.url, shard=Shard(0, 2))
    else:
        again = parts(rpc_url=chain.url, shard=Shard(1, 2))
    with pytest.raises(IdentityMismatch, match=what):
        again.watch.catch_up()
