"""A data directory that cannot be used: one line, exit code 2, nothing started, nothing changed."""

import json
import os
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consensus.journal_file import JOURNAL_NAME, Journal
from consensus.sign_state import SIGN_STATE_NAME
from node.cli import main
from node.durable_files import DiskFiles
from node.initialization import read_genesis

Complaint = Callable[[], str]


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """A devnet's validator, as `zerog init` leaves it."""
    root = tmp_path / "node"
    assert main(["init", "--devnet", "--datadir", str(root), "--http.port", str(_free_port())]) == 0
    return root


@pytest.fixture
def complaint(node: Path, capfd: Any) -> Complaint:
    """What `zerog run` says; it must be one line, and nothing else may have begun."""

    def run() -> str:
        before = _contents(node)
        capfd.readouterr()
        assert main(["run", "--datadir", str(node)]) == 2
        said = capfd.readouterr()
        assert said.out == ""
        [line] = said.err.splitlines()
        assert _contents(node) == before, "nothing was changed"
        return str(line)

    return run


def _contents(root: Path) -> dict[str, bytes]:
    """Of all files but the lock's and the database's own."""
    paths = [path for path in root.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in paths
        if path.name not in ("LOCK", "lock.mdb") and path.parent != root / "db"
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize(
    ("content", "complains"),
    [
        ("", "not JSON"),
        ("[]", "expected an object, one entry a chain"),
        ('{"CHAIN": {"step": "prevote", "height": 1, "round": 0}}', "digest: expected 0x"),
        (
            '{"CHAIN": {"step": "prevote", "height": 1, "round": 0, "digest": "0xDIGEST", '
            '"signature": "0xSIGNATURE", "checksum": "0x00000000"}}',
            "checksum: expected 0x",
        ),
    ],
)
def test_a_bad_sign_state_is_said_before_json_rpc_starts(
    node: Path, complaint: Complaint, content: str, complains: str
) -> None:
    path = node / "validator" / SIGN_STATE_NAME
    identity = read_genesis(node / "genesis.json").identity.hex()
    for word, by in (("CHAIN", "0x" + identity), ("DIGEST", "ab" * 32), ("SIGNATURE", "cd" * 65)):
        content = content.replace(word, by)
    path.write_text(content)
    line = complaint()
    assert line.startswith(f"zerog: {path}: ")
    assert complains in line


def test_init_leaves_an_empty_sign_state_with_the_key(node: Path) -> None:
    """So that a missing file means that it is lost."""
    path = node / "validator" / SIGN_STATE_NAME
    assert json.loads(path.read_text()) == {}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_damaged_journal_is_said_with_its_place(node: Path, complaint: Complaint) -> None:
    identity = read_genesis(node / "genesis.json").identity
    journal = Journal(DiskFiles(node / "wal"), identity)
    journal.begin(1)
    for entry in (b"one", b"two"):
        journal.append(entry)
        journal.sync()
    path = node / "wal" / JOURNAL_NAME
    whole = path.read_bytes()
    first = whole.index(b"ZGJ", 1)
    path.write_bytes(whole[: first + 14] + b"?" + whole[first + 15 :])
    assert f"damaged at byte {first}: a whole record follows" in complaint()


def test_another_chain_s_journal_is_said_with_both_chains(node: Path, complaint: Complaint) -> None:
    Journal(DiskFiles(node / "wal"), b"\x0d" * 32).begin(1)
    line = complaint()
    assert f"of chain 0x{'0d' * 32}" in line
    assert read_genesis(node / "genesis.json").identity.hex() in line


@pytest.mark.parametrize("name", ["thesis.tex", "data.mdb"])
def test_a_database_folder_of_somebody_else_is_left_alone(
    node: Path, complaint: Complaint, name: str
) -> None:
    (node / "db").mkdir()
    (node / "db" / name).write_bytes(b"years of work" * 1_000)
    line = complaint()
    assert line.startswith(f"zerog: {node / 'db'}: ")
    assert (node / "db" / name).read_bytes() == b"years of work" * 1_000


def test_another_chain_s_database_is_left_alone(node: Path, complaint: Complaint) -> None:
    from node.assembly import prepare_database
    from node.layout import DataDirectory

    prepare_database(DataDirectory(node), read_genesis(node / "genesis.json"))
    genesis = json.loads((node / "genesis.json").read_text())
    genesis["timestamp"] = "0x1"
    (node / "genesis.json").write_text(json.dumps(genesis))
    assert complaint().startswith(f"zerog: {node}")


@pytest.mark.parametrize("name", ["data.mdb", "."], ids=["the file", "its folder"])
def test_a_database_that_may_not_be_written_is_named(name: str) -> None:
    """As an ordinary user: root may write everything."""
    from node.database import LmdbStore

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "db"
        with LmdbStore(path):
            pass
        os.chmod(folder, 0o755)
        os.chmod(path, 0o755)
        os.chmod(path / "lock.mdb", 0o666)
        os.chmod(path / name, 0o555)
        assert "cannot open the database: " in as_ordinary_user(lambda: LmdbStore(path))


def as_ordinary_user(action: Callable[[], object]) -> str:
    """What `action` raised in a child without root's rights."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setgid(65_534)
                os.setuid(65_534)
            action()
            os.write(writing, b"nothing")
        except Exception as error:
            os.write(writing, f"{type(error).__name__}: {error}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read().decode()
    os.waitpid(pid, 0)
    return answer
