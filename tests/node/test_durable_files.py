"""What the node asks of the operating system, so that files survive a power failure."""

import os
from pathlib import Path

import pytest

from consensus.sign_state import SIGN_STATE_NAME
from node.durable_files import DiskFiles, make_folder, replace_durably


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
