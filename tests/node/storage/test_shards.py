"""Which segments are a shard's, counted and one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.storage.shards import Shard, parse_shard


@given(st.integers(0, 5), st.integers(0, 10**9), st.integers(0, 300), st.data())
def test_a_shard_expects_as_many_segments_as_it_holds(
    power: int, start: int, segments: int, data: st.DataObject
) -> None:
    shard = Shard(data.draw(st.integers(0, 2**power - 1)), 2**power)
    held = [index for index in range(segments) if shard.holds(start, index)]
    assert shard.expected(start, segments) == len(held)
    assert held == list(range(shard.first(start), segments, shard.count))


@given(st.integers(0, 10**9), st.integers(0, 300))
def test_all_shards_together_hold_every_segment_once(start: int, index: int) -> None:
    assert sum(Shard(number, 8).holds(start, index) for number in range(8)) == 1


@pytest.mark.parametrize("pair", [(0, 3), (2, 2), (-1, 2), (0, 0), (0, 2048)])
def test_what_is_no_shard_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        Shard(*pair)
    assert parse_shard({"shardId": pair[0], "numShard": pair[1]}) is None


@pytest.mark.parametrize(
    "content", [None, [], {}, {"shardId": "0", "numShard": 2}, {"shardId": True}]
)
def test_a_peer_that_says_something_else_has_no_shard(content: object) -> None:
    assert parse_shard(content) is None
    assert parse_shard(Shard(1, 2).as_json()) == Shard(1, 2)
