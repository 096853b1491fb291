"""The only way consensus reaches the disk: append, sync, replace and read, in one folder.

What makes them survive a crash is said here once, over the few operations that a disk offers, which
the node carries out and the simulator loses: what was not synced is gone after a power failure, a
name that was made or changed too, until its folder is synced.
"""

from typing import Protocol


class FolderOperations(Protocol):
    """One folder of a disk. Nothing survives a power failure by itself."""

    def read(self, name: str) -> bytes | None:
        """The whole file, None if there is none."""

    def append(self, name: str, data: bytes) -> None:
        """Write behind the end; the file is made if there is none."""

    def overwrite(self, name: str, data: bytes) -> None:
        """Make the file anew with this content."""

    def sync(self, name: str) -> None:
        """Return when the file's content is on disk; its name in the folder need not be."""

    def rename(self, name: str, new_name: str) -> None:
        """In place of what had the new name, if anything."""

    def sync_folder(self) -> None:
        """Return when the names of the folder are on disk."""


class DurableFiles:
    """Files of one folder, by name. Every durable operation of consensus passes through here."""

    def __init__(self, folder: FolderOperations) -> None:
        self._folder = folder
        self._named: set[str] = set()
        """Whose names are on disk."""

    def read(self, name: str) -> bytes | None:
        """The whole file, None if there is none."""
        return self._folder.read(name)

    def append(self, name: str, data: bytes) -> None:
        """Write behind the end; not durable before `sync`."""
        self._folder.append(name, data)

    def sync(self, name: str) -> None:
        """Return when everything appended is on disk."""
        self._folder.sync(name)
        if name not in self._named:
            self._folder.sync_folder()
            self._named.add(name)

    def replace(self, name: str, data: bytes) -> None:
        """Put `data` in place of the file, whole or not at all, durable on return.

        The folder is synced as well: a rename alone can roll back after power loss (cometbft 6031).
        """
        temporary = name + ".new"
        self._folder.overwrite(temporary, data)
        self._folder.sync(temporary)
        self._folder.rename(temporary, name)
        self._folder.sync_folder()
        self._named.add(name)
