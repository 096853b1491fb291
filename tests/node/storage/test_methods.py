"""The wire behaviour that 0G's SDKs rely on, method by method, and hostile requests."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.storage.http_api import BATCH_MAX, answered
from node.storage.methods import SEGMENTS_A_REQUEST_MAX
from node.storage.shards import Shard

Parts = Callable[..., Any]


def ask(node: Any, method: str, *parameters: Any) -> Any:
    """The whole answer, over the wire's JSON."""
    request = {"jsonrpc": "2.0", "id": 5, "method": method, "params": list(parameters)}
    answer = json.loads(answered(node.methods, json.dumps(request).encode()))
    assert answer["id"] == 5
    assert ("error" in answer) != ("result" in answer), "never both: null is an error to some"
    return answer


def upload_all(node: Any, file: Any, sequence: int = 0) -> None:
    wires = [file.wire(index) for index in range(file.shape.segments)]
    assert ask(node, "zgs_uploadSegmentsByTxSeq", wires, sequence)["result"] == 0


def test_status_tells_the_sdks_where_the_flow_is(parts: Parts, cut: Any) -> None:
    node = parts()
    node.announce(cut(10).submission(sequence=4))
    status = ask(node, "zgs_getStatus")["result"]
    assert status["networkIdentity"]["flowAddress"] == "0x000000000000000000000000000000000000f10a"
    assert status["nextTxSeq"] == 5
    assert status["logSyncHeight"] == 0
    assert status["connectedPeers"] == 0


def test_an_announced_file_is_there_unfinalized_and_an_unknown_one_is_null(
    parts: Parts, cut: Any
) -> None:
    """The TypeScript SDK waits for ever otherwise."""
    node, file = parts(), cut(300_000)
    assert ask(node, "zgs_getFileInfo", file.root_text, True)["result"] is None
    assert ask(node, "zgs_getFileInfoByTxSeq", 0)["result"] is None
    node.announce(file.submission(start_chunk=2048))
    by_root = ask(node, "zgs_getFileInfo", file.root_text, True)["result"]
    assert by_root == ask(node, "zgs_getFileInfoByTxSeq", 0)["result"]
    assert by_root["finalized"] is False
    assert by_root["uploadedSegNum"] == 0
    transaction = by_root["tx"]
    assert transaction["seq"] == 0
    assert transaction["size"] == 300_000
    assert transaction["startEntryIndex"] == 2048
    assert transaction["dataMerkleRoot"] == file.root_text
    assert transaction["merkleNodes"] == [
        [node.height + 1, "0x" + node.root.hex()] for node in file.nodes
    ]
    upload_all(node, file)
    final = ask(node, "zgs_getFileInfo", file.root_text, True)["result"]
    assert (final["finalized"], final["uploadedSegNum"]) == (True, 2)


def test_a_second_upload_is_told_so_in_the_words_that_both_sdks_look_for(
    parts: Parts, cut: Any
) -> None:
    node, file = parts(), cut(1_000)
    node.announce(file.submission())
    upload_all(node, file)
    error = ask(node, "zgs_uploadSegmentsByTxSeq", [file.wire(0)], 0)["error"]
    assert error["code"] == -32602
    assert error["data"] == "already uploaded and finalized"
    assert error["message"].startswith("Invalid params: root")
    assert "already uploaded and finalized" in error["message"]


@pytest.mark.parametrize(
    ("method", "is_list", "by_number"),
    [
        ("zgs_uploadSegment", False, False),
        ("zgs_uploadSegments", True, False),
        ("zgs_uploadSegmentByTxSeq", False, True),
        ("zgs_uploadSegmentsByTxSeq", True, True),
    ],
)
def test_each_way_to_upload_keeps_the_segment(
    parts: Parts, cut: Any, method: str, is_list: bool, by_number: bool
) -> None:
    node, file = parts(), cut(1_000)
    node.announce(file.submission())
    content = [file.wire(0)] if is_list else file.wire(0)
    assert ask(node, method, content, *([0] if by_number else []))["result"] == 0
    assert ask(node, "zgs_getFileInfoByTxSeq", 0)["result"]["finalized"] is True


def test_a_segment_without_its_root_is_taken_by_number(parts: Parts, cut: Any) -> None:
    """What the Python SDK tries after `Invalid params: root`."""
    node, file = parts(), cut(1_000)
    node.announce(file.submission())
    wire = file.wire(0)
    del wire["root"]
    assert ask(node, "zgs_uploadSegmentsByTxSeq", [wire], 0)["result"] == 0


def test_what_does_not_fit_the_submission_is_refused_naming_the_parameter(
    parts: Parts, cut: Any
) -> None:
    node, file = parts(), cut(1_000)
    node.announce(file.submission())
    wire = file.wire(0)
    for content, number, parameter in (
        ([wire], 1, "txSeq"),
        ([{**wire, "root": "0x" + "11" * 32}], 0, "root"),
        ([{**wire, "fileSize": 999}], 0, "fileSize"),
        ([{**wire, "data": "!" + wire["data"][1:]}], 0, "data"),
        ([{**wire, "data": 7}], 0, "data"),
        ([{**wire, "index": "0"}], 0, "index"),
        ([{**wire, "proof": {"lemma": [], "path": []}}], 0, "proof"),
        ([{**wire, "proof": None}], 0, "proof"),
        ([wire] * (SEGMENTS_A_REQUEST_MAX + 1), 0, "segments"),
        ({"not": "a list"}, 0, "segments"),
        ([wire], "0", "txSeq"),
    ):
        error = ask(node, "zgs_uploadSegmentsByTxSeq", content, number)["error"]
        assert error["code"] == -32602
        assert error["message"].startswith(f"Invalid params: {parameter}: ")
        assert isinstance(error["data"], str)
    error = ask(node, "zgs_uploadSegments", [{**wire, "root": "0x" + "11" * 32}])["error"]
    assert error["message"].startswith("Invalid params: root: no submission")


def test_chunks_come_back_as_the_sdks_ask_for_them(parts: Parts, cut: Any) -> None:
    """Indices of chunks in the file; the end is not included."""
    node, file = parts(), cut(300_001)
    node.announce(file.submission())
    assert ask(node, "zgs_downloadSegmentByTxSeq", 0, 0, 1024)["result"] is None
    upload_all(node, file)
    padded = file.data + bytes(-file.size % 256)
    for first, end in ((0, 1024), (1024, 1172), (0, 1), (1000, 1100), (1171, 1172)):
        text = ask(node, "zgs_downloadSegmentByTxSeq", 0, first, end)["result"]
        assert base64.b64decode(text) == padded[first * 256 : end * 256]
        assert ask(node, "zgs_downloadSegment", file.root_text, first, end)["result"] == text
    for first, end in ((5, 5), (6, 5), (0, 1025), (1172, 1173), (-1, 5)):
        assert ask(node, "zgs_downloadSegmentByTxSeq", 0, first, end)["error"]["code"] == -32602
    assert ask(node, "zgs_downloadSegmentByTxSeq", 1, 0, 1)["result"] is None


def test_segments_come_back_with_the_proof_they_came_with(parts: Parts, cut: Any) -> None:
    node, file = parts(), cut(1_300_000)
    node.announce(file.submission())
    upload_all(node, file)
    for index in range(file.shape.segments):
        wire = ask(node, "zgs_downloadSegmentWithProof", file.root_text, index)["result"]
        assert wire == file.wire(index)
        assert ask(node, "zgs_downloadSegmentWithProofByTxSeq", 0, index)["result"] == wire
    out_of_bound = ask(node, "zgs_downloadSegmentWithProofByTxSeq", 0, file.shape.segments)
    assert out_of_bound["error"]["data"] == "index out of bound"
    assert ask(node, "zgs_downloadSegmentWithProofByTxSeq", 9, 0)["result"] is None


def test_damage_is_an_error_and_no_data(parts: Parts, cut: Any) -> None:
    node, file = parts(), cut(1_000)
    node.announce(file.submission())
    upload_all(node, file)
    path = node.store.files.path_of(file.tree.root)
    path.write_bytes(b"\xff" + path.read_bytes()[1:])
    for answer in (
        ask(node, "zgs_downloadSegmentByTxSeq", 0, 0, 4),
        ask(node, "zgs_downloadSegmentWithProof", file.root_text, 0),
    ):
        assert answer["error"]["code"] == -32603
        assert "segment 0" in answer["error"]["message"]
        assert "is damaged" in answer["error"]["message"]
    assert ask(node, "zgs_getFileInfoByTxSeq", 0)["result"]["finalized"] is False
    assert ask(node, "indexer_getFileLocations", file.root_text)["result"] == []


def test_the_indexer_knows_the_node_itself(parts: Parts, cut: Any) -> None:
    node, file = parts(shard=Shard(1, 2)), cut(1_000)
    nodes = ask(node, "indexer_getShardedNodes")["result"]
    assert nodes["discovered"] == []
    [own] = nodes["trusted"]
    assert own["url"] == "http://127.0.0.1:5678"
    assert own["config"] == {"shardId": 1, "numShard": 2}
    assert set(own) == {"url", "config", "latency", "since"}
    assert ask(node, "zgs_getShardConfig")["result"] == own["config"]
    node.announce(file.submission(start_chunk=1024))
    assert ask(node, "indexer_getFileLocations", file.root_text)["result"] == []
    upload_all(node, file)
    assert ask(node, "indexer_getFileLocations", file.root_text)["result"] == [own]


def test_batches_are_answered_in_order_and_bounded(parts: Parts) -> None:
    node = parts()
    one = {"jsonrpc": "2.0", "id": 1, "method": "zgs_getShardConfig"}
    answers = json.loads(answered(node.methods, json.dumps([one, {**one, "id": 2}]).encode()))
    assert [answer["id"] for answer in answers] == [1, 2]
    many = json.loads(answered(node.methods, json.dumps([one] * (BATCH_MAX + 1)).encode()))
    assert many["error"]["code"] == -32600


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
METHODS = ("zgs_getFileInfo", "zgs_uploadSegmentsByTxSeq", "zgs_uploadSegment",
           "zgs_downloadSegmentByTxSeq", "zgs_downloadSegmentWithProof",
           "indexer_getFileLocations", "zgs_getStatus", "no_such")  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=60) | JSON.map(lambda item: json.dumps(item).encode()))
def test_any_body_has_an_answer(body: bytes, node_once: Any) -> None:
    answer = json.loads(answered(node_once.methods, body))
    assert isinstance(answer, dict | list)


@settings(max_examples=300, deadline=None)
@given(method=st.sampled_from(METHODS), parameters=st.lists(JSON, max_size=4))
def test_any_parameters_have_an_answer_and_none_is_our_bug(
    method: str, parameters: list[Any], node_once: Any
) -> None:
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = json.loads(answered(node_once.methods, json.dumps(request).encode()))
    assert "bug" not in json.dumps(answer.get("error", ""))


@pytest.fixture(scope="module")
def node_once(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One for all examples."""
    from node.client.json_rpc import RpcClient
    from node.storage.chain_watch import ChainWatch, WatchedFlow
    from node.storage.index import Index
    from node.storage.methods import Methods
    from node.storage.peers import Peers
    from node.storage.segment_files import SegmentFiles
    from node.storage.settings import StorageSettings
    from node.storage.store import Limits, SegmentStore

    class Holder:
        pass

    folder = tmp_path_factory.mktemp("fuzzed")
    settings_ = StorageSettings(folder, "http://127.0.0.1:1")
    store = SegmentStore(
        Index(folder / "index"), SegmentFiles(folder / "segments"), Shard(), Limits(10**9, 10**9)
    )
    flow = WatchedFlow(settings_.flow, 0)
    watch = ChainWatch(RpcClient.of_url("http://127.0.0.1:1"), store.index, flow, Shard())
    holder = Holder()
    holder.methods = Methods(settings_, store, watch, Peers((), store, settings_.flow))  # type: ignore[attr-defined]
    yield holder
    store.close()


def test_an_upload_by_root_is_for_the_submission_of_its_size(parts: Any, cut: Any) -> None:
    """Somebody else was first to submit the root, with a size that is not the file's."""
    node, file = parts(), cut(300_000)
    node.announce(replace(file.submission(), size=file.size - 1_000))
    node.announce(file.submission(sequence=1, start_chunk=2_048))
    node.call("zgs_uploadSegments", [file.wire(0), file.wire(1)])
    assert node.call("zgs_getFileInfoByTxSeq", 1)["finalized"] is True
    assert node.store.read(file.submission(sequence=1), 1)[0] == file.segments[1]
