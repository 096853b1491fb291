"""The only way consensus reaches the disk: append, sync, replace and read, in one folder.

Everything that must survive a crash passes through these four, so a test can put itself in front
of each and stop the world there.
"""

import os
from pathlib import Path
from typing import Protocol

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700


class DurableFiles(Protocol):
    """Files of one folder, by name."""

    def read(self, name: str) -> bytes | None:
        """The whole file, None if there is none."""

    def append(self, name: str, data: bytes) -> None:
        """Write behind the end; not durable before `sync`."""

    def sync(self, name: str) -> None:
        """Return when everything appended is on disk."""

    def replace(self, name: str, data: bytes) -> None:
        """Put `data` in place of the file, whole or not at all, durable on return."""


class DiskFiles:
    """`DurableFiles` on a real disk; the folder is made if it is missing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        self._appending: dict[str, int] = {}

    def read(self, name: str) -> bytes | None:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def append(self, name: str, data: bytes) -> None:
        descriptor = self._open(name)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, name: str) -> None:
        os.fdatasync(self._open(name))

    def replace(self, name: str, data: bytes) -> None:
        self._close(name)
        replace_durably(self._folder / name, data)

    def close(self) -> None:
        """Close what is open for appending."""
        for name in tuple(self._appending):
            self._close(name)

    def _open(self, name: str) -> int:
        if name not in self._appending:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._appending[name] = os.open(self._folder / name, flags, PRIVATE_FILE)
            _sync_folder(self._folder)
        return self._appending[name]

    def _close(self, name: str) -> None:
        descriptor = self._appending.pop(name, None)
        if descriptor is not None:
            os.close(descriptor)


def replace_durably(path: Path, data: bytes) -> None:
    """Write `data` to `path`, mode 0600: a crash leaves the old content or the new, never a mix.

    The folder is synced as well: a rename alone can roll back after power loss (cometbft 6031).
    """
    temporary = path.with_name(path.name + ".new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
    descriptor = os.open(temporary, flags, PRIVATE_FILE)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
