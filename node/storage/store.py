"""Segments in and out: verified and durable before they are acknowledged, verified again when read.

The data file is synced before the index names the segment, so a kill at any moment leaves the
segments that were acknowledged and none that is not whole. Everything that waits at the same time
shares one sync.
"""

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass

from eth_typing import Hash32

from node.storage.errors import (
    AlreadyFinalized,
    DamagedSegment,
    InvalidProof,
    NotStored,
    QuotaExceeded,
    RefusedRequest,
)
from node.storage.file_merkle import CHUNK_BYTES, FileShape, Proof, check_proof, segment_root
from node.storage.index import Index, IndexBatch, IndexView, SegmentRecord
from node.storage.segment_files import SegmentData, SegmentFiles
from node.storage.shards import Shard
from node.storage.submissions import Submission

WAITING_SEGMENTS_MAX = 256
"""64 MiB of verified data on its way to the disk."""
BATCH_SEGMENTS_MAX = 64
WRITE_S_MAX = 60.0
"""How long somebody waits for the disk."""

_logger = logging.getLogger("zerog.storage")


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as it travels: its data, whole chunks, and that it belongs to the file."""

    index: int
    data: bytes
    proof: Proof


@dataclass(frozen=True, slots=True)
class Limits:
    """What a node takes in, in bytes."""

    quota: int
    """Of all segments' data together."""
    file: int
    """Of one file."""


@dataclass(frozen=True, slots=True)
class _Write:
    segment: SegmentData
    record: SegmentRecord
    done: "Future[None]"


class SegmentStore:
    """Index and data files of one node; usable from every thread."""

    def __init__(self, index: Index, files: SegmentFiles, shard: Shard, limits: Limits) -> None:
        self.index, self.files, self.shard, self.limits = index, files, shard, limits
        self._writes: queue.Queue[_Write | None] = queue.Queue(WAITING_SEGMENTS_MAX)
        self._writer = threading.Thread(target=self._write_all, name="segment writer", daemon=True)
        self._writer.start()

    def close(self) -> None:
        """What was handed in before is written."""
        self._writes.put(None)
        self._writer.join()
        self.index.close()

    def accept(self, submission: Submission, segments: list[Segment]) -> None:
        """Keep segments of a file; they are durable on return.

        Raises `RefusedRequest` where one is not the file's or not ours to keep, `QuotaExceeded`,
        or `OSError` of the disk. Those before the wrong one may have been kept.
        """
        with self.index.view() as view:
            if view.is_finalized(submission, self.shard):
                raise AlreadyFinalized
        if submission.size > self.limits.file:
            raise RefusedRequest("fileSize", f"more than {self.limits.file:,} bytes")
        waiting = [self._hand_in(submission, segment) for segment in segments]
        for done in waiting:
            if done is not None:
                done.result(WRITE_S_MAX)

    def read(self, submission: Submission, index: int) -> tuple[bytes, SegmentRecord]:
        """A segment's data, verified, and its record; raises `NotStored` or `DamagedSegment`."""
        root = submission.root
        with self.index.view() as view:
            record = view.segment(root, index)
            if record is None:
                if view.is_damaged(root, index):
                    raise DamagedSegment(root, index)
                raise NotStored(f"segment {index} of 0x{root.hex()} is not here")
        data = self._verified(root, submission.shape, index, record)
        if data is not None:
            return data, record
        if self._is_whole_in_another(submission, index, record):
            raise NotStored(
                f"0x{root.hex()} is not of the shape of submission {submission.sequence}"
            )
        self._report_damage(root, index)
        raise DamagedSegment(root, index)

    def missing(self, submission: Submission, limit: int) -> list[int]:
        """Segments of the node's shard that it has not, the first `limit` of them."""
        root, found = submission.root, []
        first = self.shard.first(submission.start_segment)
        with self.index.view() as view:
            for index in range(first, submission.shape.segments, self.shard.count):
                if view.segment(root, index) is None:
                    found.append(index)
                    if len(found) == limit:
                        break
        return found

    def chosen(self, view: IndexView, root: bytes, size: int | None = None) -> Submission | None:
        """The submission to answer with for a root: the first finalized, else the first.

        `size`: of files of so many bytes alone; anybody may submit a root with another size.
        """
        first: Submission | None = None
        for number in view.submissions_of(root):
            submission = view.submission(number)
            assert submission is not None
            if size not in (None, submission.size):
                continue
            if view.is_finalized(submission, self.shard):
                return submission
            first = first or submission
        return first

    def _hand_in(self, submission: Submission, segment: Segment) -> "Future[None] | None":
        """Verify one and have it written; None where it is there already."""
        root, shape, index = submission.root, submission.shape, segment.index
        if not 0 <= index < shape.segments:
            raise RefusedRequest("index", f"index out of bound: the file has {shape.segments}")
        if not self.shard.holds(submission.start_segment, index):
            raise RefusedRequest(
                "index",
                f"segment {index} is not of shard {self.shard.number} of {self.shard.count}",
            )
        if len(segment.data) != shape.segment_bytes(index):
            raise RefusedRequest(
                "data",
                f"invalid data length: segment {index} has {shape.segment_bytes(index)} bytes",
            )
        with self.index.view() as view:
            if view.segment(root, index) is not None:
                return None
        leaf = segment_root(segment.data, shape.segment_padded_chunks(index))
        try:
            check_proof(root, leaf, index, shape.padded_segments, segment.proof)
        except InvalidProof as error:
            raise RefusedRequest("proof", f"segment {index}: {error}") from None
        done: Future[None] = Future()
        data = SegmentData(root, index, segment.data)
        self._writes.put(
            _Write(data, SegmentRecord(leaf, segment.proof), done), timeout=WRITE_S_MAX
        )
        return done

    def _verified(
        self, root: Hash32, shape: FileShape, index: int, record: SegmentRecord
    ) -> bytes | None:
        """What lies on disk, where it is that segment of a file of this root and shape."""
        if index >= shape.segments:
            return None
        size = shape.segment_bytes(index)
        # Who stored it may have counted chunks of zeros at the end as padding, not as data.
        data = self.files.read(root, index, size).ljust(size, b"\0")
        leaf = segment_root(data, shape.segment_padded_chunks(index))
        try:
            check_proof(root, leaf, index, shape.padded_segments, record.proof)
        except InvalidProof:
            return None
        return data

    def _is_whole_in_another(
        self, submission: Submission, index: int, record: SegmentRecord
    ) -> bool:
        """Whether the data are right for another submission of the root.

        The chain takes any heights for a root: a lie about them must not count as damage.
        """
        root, own = submission.root, submission.shape.padded_chunks
        with self.index.view() as view:
            others = map(view.submission, view.submissions_of(root))
            sizes = {other.shape.padded_chunks for other in others if other is not None} - {own}
        return any(
            self._verified(root, FileShape(chunks * CHUNK_BYTES, chunks), index, record) is not None
            for chunks in sizes
        )

    def _report_damage(self, root: Hash32, index: int) -> None:
        with self.index.write() as batch:
            if batch.segment(root, index) is None:
                return
            batch.mark_damaged(root, index, self.shard)
        path = self.files.path_of(root)
        _logger.error("segment %d of 0x%s is damaged on disk: %s", index, root.hex(), path)

    def _write_all(self) -> None:
        """The writer's life."""
        is_open = True
        while is_open:
            writes: list[_Write] = []
            write = self._writes.get()
            while write is not None:
                writes.append(write)
                if len(writes) == BATCH_SEGMENTS_MAX or self._writes.empty():
                    break
                write = self._writes.get()
            is_open = write is not None
            if writes:
                self._write_together(writes)

    def _write_together(self, writes: list[_Write]) -> None:
        wanted = self._with_room(writes)
        try:
            self._store(wanted)
        except OSError as error:
            _logger.error("cannot write segments: %s", error)
            for write in wanted:
                write.done.set_exception(error)
        else:
            for write in wanted:
                write.done.set_result(None)

    def _store(self, writes: list[_Write]) -> None:
        """Data, then index."""
        self.files.write(write.segment for write in writes)
        with self.index.write() as batch:
            for write in writes:
                self._note(batch, write)
            for root in {write.segment.root for write in writes}:
                batch.note_finished(root, self.shard)

    def _with_room(self, writes: list[_Write]) -> list[_Write]:
        """Those that the quota lets in; the others fail."""
        with self.index.view() as view:
            room = self.limits.quota - view.used_bytes()
        wanted = []
        for write in writes:
            if len(write.segment.data) > room:
                write.done.set_exception(QuotaExceeded(self.limits.quota))
            else:
                room -= len(write.segment.data)
                wanted.append(write)
        return wanted

    def _note(self, batch: IndexBatch, write: _Write) -> None:
        segment = write.segment
        if batch.segment(segment.root, segment.index) is not None:
            return  # Two senders at the same time.
        if not batch.is_damaged(segment.root, segment.index):
            batch.use(len(segment.data))
        batch.add_segment(segment.root, segment.index, write.record, self.shard)
