"""node/layout.py: one node a directory, and short socket paths."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from node.errors import DirectoryInUse, InvalidFile
from node.layout import DataDirectory, locked

SOCKET_PATH_MAX = 107


def test_a_second_process_is_told_the_pid_of_the_first(tmp_path: Path) -> None:
    with locked(DataDirectory(tmp_path)):
        code = (
            "import sys; from pathlib import Path; from node.layout import *\n"
            "from node.errors import DirectoryInUse\n"
            "try:\n    with locked(DataDirectory(Path(sys.argv[1]))): pass\n"
            "except DirectoryInUse as error: print(error.pid)\n"
        )
        other = subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
        )
    assert other.stdout.strip() == str(os.getpid())


def test_the_lock_is_free_again_afterwards(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(DataDirectory(tmp_path)):
            assert (tmp_path / "LOCK").read_text().strip() == str(os.getpid())


def test_the_same_process_cannot_lock_twice(tmp_path: Path) -> None:
    with (
        locked(DataDirectory(tmp_path)),
        pytest.raises(DirectoryInUse),
        locked(DataDirectory(tmp_path)),
    ):
        pass


def test_a_socket_path_fits_however_deep_the_directory_lies() -> None:
    deep = DataDirectory(Path("/" + "/".join(["a-rather-long-folder-name"] * 20)))
    assert len(str(deep.socket)) <= SOCKET_PATH_MAX
    assert deep.socket != DataDirectory(Path("/elsewhere")).socket


def test_a_deep_folder_for_temporary_files_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/" + "deep" * 30)
    socket = DataDirectory(tmp_path).socket
    assert len(str(socket)) <= SOCKET_PATH_MAX
    assert "deep" not in str(socket)


def test_a_socket_folder_that_others_may_enter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever made it before us could put a socket of his own in the place of the node's."""
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        monkeypatch.setenv("XDG_RUNTIME_DIR", place)
        directory = DataDirectory(Path(place) / "node")
        directory.make_socket_folder()
        directory.make_socket_folder()
        directory.socket.parent.chmod(0o755)
        with pytest.raises(InvalidFile, match="closed to all others"):
            directory.make_socket_folder()
