"""Where each file of a data directory lies, and the lock that keeps a second node out."""

import fcntl
import hashlib
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from node.errors import DirectoryInUse, InvalidFile

VALIDATOR_PREFIX = "validator-"
"""Of the directories of a network's validators; a number follows."""
SOCKET_PATH_BYTES_MAX = 108
"""Of a Unix socket's path, the zero at its end included (unix(7))."""


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Paths below one node's data directory."""

    root: Path

    @property
    def config(self) -> Path:
        return self.root / "config.toml"

    @property
    def genesis(self) -> Path:
        return self.root / "genesis.json"

    @property
    def node_key(self) -> Path:
        return self.root / "node_key"

    @property
    def validator_key(self) -> Path:
        return self.root / "validator" / "key.json"

    @property
    def sign_state(self) -> Path:
        return self.root / "validator" / "sign_state.json"

    @property
    def database(self) -> Path:
        return self.root / "db"

    @property
    def journal(self) -> Path:
        return self.root / "wal"

    @property
    def log_file(self) -> Path:
        return self.root / "node.log"

    @property
    def lock(self) -> Path:
        return self.root / "LOCK"

    @property
    def socket(self) -> Path:
        """A Unix socket's path holds 108 bytes at most, so it lies apart from deep directories."""
        name = hashlib.sha256(str(self.root.resolve()).encode()).hexdigest()[:16]
        places = (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp")
        paths = [Path(place) / f"zerog-{os.getuid()}" / f"{name}.sock" for place in places if place]
        fitting = [path for path in paths if len(os.fsencode(path)) < SOCKET_PATH_BYTES_MAX]
        return (fitting or paths)[0]

    def make_socket_folder(self) -> None:
        """Create the socket's folder, for this user alone.

        Raises `InvalidFile` where somebody else was there first: /tmp is everybody's.
        """
        folder = self.socket.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
        if found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise InvalidFile(folder, "expected a folder of this user, closed to all others")


def nodes_below(root: Path) -> dict[str, DataDirectory]:
    """The validators that `zerog devnet` or `zerog init --validators` made there, by name, in order."""
    found = {
        path.name: DataDirectory(path)
        for path in root.glob(f"{VALIDATOR_PREFIX}*")
        if path.name.removeprefix(VALIDATOR_PREFIX).isdecimal()
    }
    number_of = len(VALIDATOR_PREFIX)
    return dict(sorted(found.items(), key=lambda item: int(item[0][number_of:])))


def process_using(directory: DataDirectory) -> int | None:
    """The pid of who holds the directory's lock now; None where nobody does."""
    try:
        descriptor = os.open(directory.lock, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 32).decode(errors="replace").strip()
        return int(holder) if holder.isdecimal() else None
    finally:
        os.close(descriptor)
    return None


@contextmanager
def locked(directory: DataDirectory) -> Iterator[None]:
    """Hold the directory's lock, our pid in it; raises `DirectoryInUse` naming the other pid."""
    directory.root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(directory.lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip()
            raise DirectoryInUse(directory.root, holder or "unknown") from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)
