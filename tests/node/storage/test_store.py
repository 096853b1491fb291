"""Segments in and out of a node's disk."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from eth_typing import Hash32

from node.storage.errors import (
    AlreadyFinalized,
    DamagedSegment,
    NotStored,
    QuotaExceeded,
    RefusedRequest,
)
from node.storage.file_merkle import CHUNK_BYTES, Node, Proof
from node.storage.index import SegmentRecord
from node.storage.shards import Shard
from node.storage.store import Limits

Parts = Callable[..., Any]


def is_final(node: Any, submission: Any) -> bool:
    with node.store.index.view() as view:
        final: bool = view.is_finalized(submission, node.store.shard)
        return final


def test_a_file_is_finalized_with_its_last_segment_and_read_as_it_was(
    parts: Parts, cut: Any
) -> None:
    node, file = parts(), cut(600_000)
    submission = file.submission()
    node.announce(submission)
    node.store.accept(submission, [file.segment(0), file.segment(1)])
    assert not is_final(node, submission)
    node.store.accept(submission, [file.segment(2)])
    assert is_final(node, submission)
    read = b"".join(node.store.read(submission, index)[0] for index in range(3))
    assert read[: file.size] == file.data
    with pytest.raises(AlreadyFinalized, match="already uploaded and finalized"):
        node.store.accept(submission, [file.segment(0)])


def test_what_was_accepted_is_there_when_the_directory_is_opened_again(
    parts: Parts, cut: Any
) -> None:
    file = cut(600_000)
    submission = file.submission()
    node = parts()
    node.announce(submission)
    node.store.accept(submission, [file.segment(1)])
    again = parts()
    assert again.store.read(submission, 1)[0] == file.segments[1]
    assert again.store.missing(submission, 10) == [0, 2]
    with pytest.raises(NotStored):
        again.store.read(submission, 0)


def test_a_segment_that_is_not_the_files_is_refused_with_the_field_that_is_wrong(
    parts: Parts, cut: Any
) -> None:
    node, file = parts(), cut(600_000)
    submission = file.submission()
    good = file.segment(1)
    flipped = bytes([good.data[0] ^ 1]) + good.data[1:]
    siblings = good.proof.siblings
    for wrong, parameter in (
        (replace(good, data=flipped), "proof"),
        (replace(good, proof=Proof(siblings[:-1])), "proof"),
        (replace(good, proof=Proof((Hash32(bytes(32)), *siblings[1:]))), "proof"),
        (replace(good, index=0), "proof"),
        (replace(good, data=good.data[:-256]), "data"),
        (replace(good, index=3), "index"),
    ):
        with pytest.raises(RefusedRequest) as refusal:
            node.store.accept(submission, [wrong])
        assert refusal.value.parameter == parameter
    assert node.store.missing(submission, 10) == [0, 1, 2]


def test_a_shard_takes_its_segments_alone_and_is_complete_with_them(parts: Parts, cut: Any) -> None:
    """(start segment + local index) mod the number of shards."""
    node, file = parts(shard=Shard(1, 2)), cut(1_300_000)
    submission = file.submission(start_chunk=3 * 1024)
    node.announce(submission)
    assert node.store.missing(submission, 10) == [0, 2, 4]
    with pytest.raises(RefusedRequest, match="shard 1 of 2"):
        node.store.accept(submission, [file.segment(1)])
    node.store.accept(submission, [file.segment(index) for index in (0, 2, 4)])
    assert is_final(node, submission)
    # The same file at another place: the other half is this node's.
    second = file.submission(sequence=1, start_chunk=16 * 1024)
    node.announce(second)
    assert not is_final(node, second)
    assert node.store.missing(second, 10) == [1, 3]


def test_a_second_submission_of_a_stored_file_is_finalized_at_once(parts: Parts, cut: Any) -> None:
    node, file = parts(), cut(300_000)
    node.announce(file.submission())
    node.store.accept(file.submission(), [file.segment(0), file.segment(1)])
    second = file.submission(sequence=7, start_chunk=4096)
    node.announce(second)
    assert is_final(node, second)
    assert node.store.read(second, 1)[0] == file.segments[1]


def test_a_flipped_byte_is_found_never_served_and_mended_by_the_next_upload(
    parts: Parts, cut: Any
) -> None:
    node, file = parts(), cut(600_000)
    submission = file.submission()
    node.announce(submission)
    node.store.accept(submission, [file.segment(index) for index in range(3)])
    path = node.store.files.path_of(submission.root)
    content = bytearray(path.read_bytes())
    content[262_144 + 5] ^= 0x80
    path.write_bytes(content)
    for _ in range(2):
        with pytest.raises(DamagedSegment, match="segment 1 of 0x"):
            node.store.read(submission, 1)
    assert not is_final(node, submission)
    assert node.call("zerog_storageStatus")["damaged"] == [{"root": file.root_text, "segment": 1}]
    assert node.store.read(submission, 0)[0] == file.segments[0]
    node.store.accept(submission, [file.segment(1)])
    assert node.store.read(submission, 1)[0] == file.segments[1]
    assert is_final(node, submission)
    status = node.call("zerog_storageStatus")
    assert status["damaged"] == []
    assert status["usedBytes"] == sum(map(len, file.segments))


def test_a_submission_that_counts_padding_as_data_reads_the_same_file_with_zeros(
    parts: Parts, cut: Any
) -> None:
    """One tree, two lengths: the Flow takes both, and neither is damage to the other."""
    node, file = parts(), cut(31 * CHUNK_BYTES)
    submission = file.submission()
    longer = replace(submission, sequence=1, start_chunk=32, size=32 * CHUNK_BYTES)
    for each in (submission, longer):
        node.announce(each)
    node.store.accept(submission, [file.segment(0)])
    assert node.store.read(longer, 0)[0] == file.data + bytes(CHUNK_BYTES)
    assert node.store.read(submission, 0)[0] == file.data


@pytest.mark.parametrize("height", [1, 12])
def test_a_submission_that_lies_about_a_files_shape_damages_nothing(
    parts: Parts, cut: Any, height: int
) -> None:
    """Anybody may submit a root of somebody else's file as that of a subtree of any height."""
    node, file = parts(), cut(600_000)
    submission = file.submission()
    nodes = (Node(submission.root, height),)
    lie = replace(submission, sequence=1, size=CHUNK_BYTES << height, nodes=nodes)
    for each in (submission, lie):
        node.announce(each)
    node.store.accept(submission, [file.segment(index) for index in range(3)])
    with pytest.raises(NotStored):
        node.store.read(lie, 2)
    for index in range(3):
        assert node.store.read(submission, index)[0] == file.segments[index]
    assert node.call("zerog_storageStatus")["damaged"] == []


@pytest.mark.parametrize("how", ["cut off", "gone"])
def test_data_that_is_cut_off_or_gone_is_damage_too(parts: Parts, cut: Any, how: str) -> None:
    node, file = parts(), cut(300_000)
    submission = file.submission()
    node.announce(submission)
    node.store.accept(submission, [file.segment(0), file.segment(1)])
    path = node.store.files.path_of(submission.root)
    if how == "gone":
        path.unlink()
    else:
        with path.open("r+b") as data:
            data.truncate(262_144 + 100)
    with pytest.raises(DamagedSegment):
        node.store.read(submission, 1)


def test_a_proof_that_was_changed_on_disk_is_damage_too(parts: Parts, cut: Any) -> None:
    node, file = parts(), cut(300_000)
    submission = file.submission()
    node.announce(submission)
    node.store.accept(submission, [file.segment(0), file.segment(1)])
    record = SegmentRecord(file.tree.segment_root(0), Proof((Hash32(bytes(32)),)))
    with node.store.index.write() as batch:
        batch.mark_damaged(submission.root, 0, node.store.shard)
        batch.add_segment(submission.root, 0, record, node.store.shard)
    with pytest.raises(DamagedSegment):
        node.store.read(submission, 0)


def test_a_full_quota_refuses_and_keeps_what_is_there(parts: Parts, cut: Any) -> None:
    node, file = parts(limits=Limits(quota=600_000, file=10**9)), cut(600_001)
    submission = file.submission()
    node.announce(submission)
    node.store.accept(submission, [file.segment(0), file.segment(1)])
    with pytest.raises(QuotaExceeded, match="600,000 bytes"):
        node.store.accept(submission, [file.segment(2)])
    assert node.store.missing(submission, 10) == [2]
    assert node.call("zerog_storageStatus")["usedBytes"] == 2 * 262_144


def test_a_file_over_the_limit_is_refused(parts: Parts, cut: Any) -> None:
    node, file = parts(limits=Limits(quota=10**9, file=299_999)), cut(300_000)
    with pytest.raises(RefusedRequest, match="299,999 bytes"):
        node.store.accept(file.submission(), [file.segment(0)])


def test_many_senders_of_the_same_segments_are_counted_once(parts: Parts, cut: Any) -> None:
    node, file = parts(), cut(2_500_000)
    submission = file.submission()
    node.announce(submission)

    def send(index: int) -> None:
        try:
            node.store.accept(submission, [file.segment(index % 10)])
        except AlreadyFinalized:
            return

    with ThreadPoolExecutor(8) as senders:
        list(senders.map(send, range(40)))
    assert is_final(node, submission)
    with node.store.index.view() as view:
        assert view.count(submission.root) == 10
        assert view.used_bytes() == sum(map(len, file.segments))
