"""Peers over real HTTP: fetching what a node misses, and what becomes of a peer that lies."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from node.storage.http_api import answered
from node.storage.peers import REST_S
from node.storage.shards import Shard

Parts = Callable[..., Any]
Serve = Callable[[Callable[[Any], Any]], Iterator[str]]


@pytest.fixture
def served(serve: Serve) -> Iterator[Callable[..., str]]:
    """The URL of a node's methods, what they answer changed by the test where it likes."""
    running = []

    def start(node: Any, change: Callable[[Any], Any] = lambda answer: answer) -> str:
        def answer(request: Any) -> Any:
            return change(json.loads(answered(node.methods, json.dumps(request).encode())))

        server = serve(answer)
        running.append(server)
        return next(server)

    yield start
    for server in running:
        server.close()  # type: ignore[attr-defined]


def stored(node: Any, file: Any, indices: range, start_chunk: int = 0) -> Any:
    submission = file.submission(start_chunk=start_chunk)
    node.announce(submission)
    node.store.accept(submission, [file.segment(index) for index in indices])
    return submission


def test_a_node_fetches_its_shard_from_a_peer_that_has_everything(
    parts: Parts, cut: Any, served: Callable[..., str]
) -> None:
    full, file = parts("full"), cut(1_300_000)
    submission = stored(full, file, range(5))
    half = parts("half", shard=Shard(1, 2), peers=(served(full),))
    half.announce(submission)
    half.peers.tend()
    assert half.store.missing(submission, 9) == []
    assert half.store.read(submission, 3)[0] == file.segments[3]
    assert half.call("zgs_getFileInfoByTxSeq", 0)["finalized"] is True


def test_a_second_submission_at_another_place_fetches_the_other_half(
    parts: Parts, cut: Any, served: Callable[..., str]
) -> None:
    file = cut(600_000)
    other = parts("other", shard=Shard(1, 2))
    stored(other, file, range(1, 2))
    node = parts("node", shard=Shard(0, 2), peers=(served(other),))
    stored(node, file, range(0, 3, 2))
    second = file.submission(sequence=1, start_chunk=1024)
    for each in (node, other):
        each.announce(second)
    assert node.store.missing(second, 9) == [1]
    node.peers.tend()
    assert node.store.missing(second, 9) == []


def test_a_peer_that_sends_wrong_data_is_left_alone_and_nothing_of_it_kept(
    parts: Parts, cut: Any, served: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full, file = parts("full"), cut(600_000)
    submission = stored(full, file, range(3))

    def lie(answer: Any) -> Any:
        result = answer.get("result") if isinstance(answer, dict) else None
        if isinstance(result, dict) and result.get("index") == 1:
            result["data"] = "AAAA" + result["data"][4:]
        return answer

    node = parts("node", peers=(served(full, lie),))
    node.announce(submission)
    node.peers.tend()
    assert node.store.missing(submission, 9) == [1, 2]
    assert node.peers.answering == 0
    node.peers.tend()
    assert node.peers.answering == 0, f"it is to be left alone for {REST_S} s"


def test_a_peer_of_another_flow_does_not_count(parts: Parts, served: Callable[..., str]) -> None:
    def elsewhere(answer: Any) -> Any:
        if isinstance(answer["result"], dict) and "networkIdentity" in answer["result"]:
            answer["result"]["networkIdentity"]["flowAddress"] = "0x" + "11" * 20
        return answer

    node = parts("node", peers=(served(parts("other"), elsewhere), "http://127.0.0.1:1"))
    node.peers.tend()
    assert node.peers.answering == 0
    assert len(node.call("indexer_getShardedNodes")["trusted"]) == 1


def test_the_indexer_names_peers_that_answer_and_those_with_the_file(
    parts: Parts, cut: Any, served: Callable[..., str]
) -> None:
    file = cut(600_000)
    other = parts("other", shard=Shard(1, 2))
    url = served(other)
    node = parts("node", shard=Shard(0, 2), peers=(url,))
    submission = stored(other, file, range(0))
    node.announce(submission)
    node.peers.tend()
    assert [item["url"] for item in node.call("indexer_getShardedNodes")["trusted"]][1:] == [url]
    assert node.call("indexer_getFileLocations", file.root_text) == []
    other.store.accept(submission, [file.segment(1)])
    [found] = node.call("indexer_getFileLocations", file.root_text)
    assert (found["url"], found["config"]) == (url, {"shardId": 1, "numShard": 2})


def test_damage_is_mended_from_a_peer(parts: Parts, cut: Any, served: Callable[..., str]) -> None:
    full, file = parts("full"), cut(300_000)
    submission = stored(full, file, range(2))
    node = parts("node", peers=(served(full),))
    stored(node, file, range(2))
    path = node.store.files.path_of(submission.root)
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    assert "error" in json.loads(
        answered(
            node.methods,
            b'{"id":1,"method":"zgs_downloadSegmentByTxSeq","params":[0,0,1]}',
        )
    )
    node.peers.tend()
    assert node.store.read(submission, 0)[0] == file.segments[0]
    assert node.call("zerog_storageStatus")["damaged"] == []
