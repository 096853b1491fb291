"""Finding a submission again on a long chain."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from node.client.json_rpc import RpcClient
from node.storage.flow import LOG_BLOCKS_MAX, Flow
from node.storage.settings import FLOW

LogOf = Callable[..., dict[str, Any]]


def test_a_submission_is_found_in_pieces_of_the_chain_by_its_number(
    chain: Any, cut: Any, log_of: LogOf
) -> None:
    chain.height = 3 * LOG_BLOCKS_MAX
    chain.blocks_at_once = LOG_BLOCKS_MAX
    file = cut(300_000)
    first = replace(file.submission(0), block_number=3)
    second = replace(file.submission(1, 2048), block_number=chain.height)
    chain.logs = [log_of(first), log_of(second)]
    flow = Flow(RpcClient.of_url(chain.url), FLOW)
    assert flow.find(file.nodes, 1) == second
    assert len(chain.asked) == 1
    assert flow.find(file.nodes, 0) == first
    assert flow.find(file.nodes, 7) is None
    assert chain.asked[-1][0] == 0
