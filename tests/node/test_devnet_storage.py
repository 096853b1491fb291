"""The devnet's storage nodes: their ports, shards, peers, and flags that do not fit."""

from dataclasses import replace

import pytest

from node.devnet.banner import banner
from node.devnet.settings import DevnetSettings
from node.devnet.storage import check_storage_flags, storage_processes, storage_settings
from node.errors import OperatorError

THREE = DevnetSettings(validators=2, port=9000, storage=3, storage_port=7000)


def test_each_node_has_a_port_a_validator_and_the_others_as_peers() -> None:
    first, second, third = storage_settings(THREE)
    assert [one.port for one in (first, second, third)] == [7000, 7001, 7002]
    assert [one.rpc_url[-4:] for one in (first, second, third)] == ["9000", "9001", "9000"]
    assert first.peers == ("http://127.0.0.1:7001", "http://127.0.0.1:7002")
    assert first.url == "http://127.0.0.1:7000"
    assert {one.shard.count for one in (first, second, third)} == {1}


def test_shards_go_round() -> None:
    shards = [one.shard for one in storage_settings(replace(THREE, storage_shards=2))]
    assert [(shard.number, shard.count) for shard in shards] == [(0, 2), (1, 2), (0, 2)]


def test_they_are_started_again_when_they_die() -> None:
    processes = storage_processes(THREE)
    assert [process.name for process in processes] == ["storage-0", "storage-1", "storage-2"]
    assert all(process.restarts for process in processes)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"zero_g_rules": False}, "--no-0g-rules"),
        ({"predeploys": False}, "--no-predeploys"),
        ({"storage_shards": 4}, "--storage-shards 4"),
        ({"storage_shards": 3}, "--storage-shards 3"),
    ],
)
def test_flags_that_leave_no_flow_or_no_sense_are_refused(
    change: dict[str, object], said: str
) -> None:
    with pytest.raises(OperatorError, match=said):
        check_storage_flags(replace(THREE, **change))  # type: ignore[arg-type]


def test_the_banner_says_where_they_are() -> None:
    text = banner(THREE, [], "0")
    assert "storage-2: node and indexer http://127.0.0.1:7002" in text
    assert "storage" not in banner(DevnetSettings(), [], "0")
