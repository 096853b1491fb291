"""The data of stored segments on disk: one sparse file for each stored file, named after its root."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from node.storage.file_merkle import SEGMENT_BYTES

PRIVATE_FILE = 0o600


@dataclass(frozen=True, slots=True)
class SegmentData:
    """What is to be written where."""

    root: bytes
    index: int
    data: bytes


class SegmentFiles:
    """A folder; usable from every thread."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path_of(self, root: bytes) -> Path:
        """Segment i lies at i times 256 KiB of it."""
        return self.folder / root.hex()

    def write(self, segments: Iterable[SegmentData]) -> None:
        """Durable on return; raises `OSError`."""
        descriptors: dict[bytes, int] = {}
        is_new = False
        try:
            for segment in segments:
                if segment.root not in descriptors:
                    path = self.path_of(segment.root)
                    is_new = is_new or not path.exists()
                    flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC
                    descriptors[segment.root] = os.open(path, flags, PRIVATE_FILE)
                _write_at(descriptors[segment.root], segment.data, segment.index * SEGMENT_BYTES)
            for descriptor in descriptors.values():
                os.fdatasync(descriptor)
        finally:
            for descriptor in descriptors.values():
                os.close(descriptor)
        if is_new:
            self._sync_folder()

    def read(self, root: bytes, index: int, size: int) -> bytes:
        """What is there, perhaps less than `size` bytes; nothing where the file is gone."""
        try:
            descriptor = os.open(self.path_of(root), os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return b""
        try:
            return os.pread(descriptor, size, index * SEGMENT_BYTES)
        finally:
            os.close(descriptor)

    def _sync_folder(self) -> None:
        descriptor = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _write_at(descriptor: int, data: bytes, place: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(descriptor, view, place)
        view, place = view[written:], place + written
