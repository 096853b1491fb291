"""What the node asks of the operating system, so that files survive a power failure."""

import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from consensus.sign_state import SIGN_STATE_NAME
from node.assembly import mendable
from node.durable_files import DiskFiles, make_folder, replace_durably
from node.layout import DataDirectory


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of files and folders in the order in which they were synced."""
    names: list[str] = []

    def spying(call: object) -> object:
        def spy(descriptor: int) -> None:
            names.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)
            call(descriptor)  # type: ignore[operator]

        return spy

    for name in ("fsync", "fdatasync"):
        monkeypatch.setattr(os, name, spying(getattr(os, name)))
    return names


def test_a_replaced_file_is_synced_before_its_name_and_then_the_folder(
    tmp_path: Path, synced: list[str]
) -> None:
    """T15."""
    files = DiskFiles(tmp_path)
    files.replace(SIGN_STATE_NAME, b"content")
    assert synced == [f"{SIGN_STATE_NAME}.new", tmp_path.name]
    assert (tmp_path / SIGN_STATE_NAME).read_bytes() == b"content"


def test_a_new_file_that_is_synced_has_its_name_synced_once(
    tmp_path: Path, synced: list[str]
) -> None:
    files = DiskFiles(tmp_path)
    for _ in range(2):
        files.append("journal", b"more")
        files.sync("journal")
    assert synced == ["journal", tmp_path.name, "journal"]


def test_a_new_folder_has_its_name_synced_in_the_one_above(
    tmp_path: Path, synced: list[str]
) -> None:
    """Else all that was synced in it could be gone together."""
    make_folder(tmp_path / "node" / "wal")
    assert synced == [tmp_path.name, "node"]
    assert (tmp_path / "node" / "wal").stat().st_mode & 0o777 == 0o700
    replace_durably(tmp_path / "node" / "validator" / "key", b"key")
    assert synced[2:] == ["node", "key.new", "validator"]


@pytest.fixture
def small_files() -> Iterator[None]:
    """No file grows beyond 1,000 bytes, as on a disk without room."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_files")
def test_a_journal_without_room_is_an_operator_s_error_that_names_the_file(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path / "wal")
    files.append("journal", bytes(900))
    with pytest.raises(OSError, match="File too large") as refused:
        files.append("journal", bytes(900))
    error = mendable(BaseExceptionGroup("", [refused.value]), DataDirectory(tmp_path))
    assert str(error) == f"{tmp_path}/wal/journal: File too large"


@pytest.mark.usefixtures("small_files")
def test_a_sign_state_without_room_keeps_its_old_content(tmp_path: Path) -> None:
    files = DiskFiles(tmp_path)
    files.replace(SIGN_STATE_NAME, b"old")
    with pytest.raises(OSError, match="File too large") as refused:
        files.replace(SIGN_STATE_NAME, bytes(2_000))
    assert refused.value.filename == f"{tmp_path}/{SIGN_STATE_NAME}.new"
    assert files.read(SIGN_STATE_NAME) == b"old"
