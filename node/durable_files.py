"""A folder of a real disk, for what must survive crashes: consensus/durable_files.py says how."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consensus.durable_files import DurableFiles

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class DiskFiles(DurableFiles):
    """`DurableFiles` on a real disk; the folder is made if it is missing."""

    def __init__(self, path: Path) -> None:
        make_folder(path)
        self._disk = DiskFolder(path)
        super().__init__(self._disk)

    def close(self) -> None:
        """Close what is open for appending."""
        self._disk.close()


class DiskFolder:
    """`FolderOperations` on a real disk. Files are made with mode 0600.

    Raises `OSError` with the file's name: a full disk, one that is read-only, one that fails.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._appending: dict[str, int] = {}

    def read(self, name: str) -> bytes | None:
        try:
            return (self._path / name).read_bytes()
        except FileNotFoundError:
            return None

    def append(self, name: str, data: bytes) -> None:
        with _named(self._path / name):
            _write_all(self._open(name), data)

    def overwrite(self, name: str, data: bytes) -> None:
        self._close(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self._path / name, flags, PRIVATE_FILE)
        try:
            with _named(self._path / name):
                os.fchmod(descriptor, PRIVATE_FILE)
                _write_all(descriptor, data)
        finally:
            os.close(descriptor)

    def sync(self, name: str) -> None:
        with _named(self._path / name):
            os.fdatasync(self._open(name))

    def rename(self, name: str, new_name: str) -> None:
        self._close(name)
        self._close(new_name)
        os.replace(self._path / name, self._path / new_name)

    def sync_folder(self) -> None:
        _sync_names(self._path)

    def close(self) -> None:
        """Close what is open for appending."""
        for name in tuple(self._appending):
            self._close(name)

    def _open(self, name: str) -> int:
        if name not in self._appending:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._appending[name] = os.open(self._path / name, flags, PRIVATE_FILE)
        return self._appending[name]

    def _close(self, name: str) -> None:
        descriptor = self._appending.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make it and those above it, for this user alone, their names on disk: with a folder whose name
    is lost, all that was synced in it is lost."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    _sync_names(path.parent)


def replace_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path`, mode 0600: a crash leaves the old content or the new, never a mix.

    Its folder is made if it is missing.
    """
    make_folder(path.parent)
    DurableFiles(DiskFolder(path.parent)).replace(path.name, data)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """What goes wrong with a descriptor does not say of which file it is."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def _sync_names(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
