"""node/status_command.py without nodes; tests/localnet/test_faults.py has running ones."""

from pathlib import Path

import pytest

from node.cli import main
from node.layout import nodes_below


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three validators' directories."""
    root = tmp_path_factory.mktemp("net")
    assert main(["init", "--devnet", "--datadir", str(root), "--validators", "3"]) == 0
    return root


def test_nodes_that_do_not_run_are_named_and_the_exit_code_says_so(
    directory: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--datadir", str(directory)]) == 1
    _, *rows = capsys.readouterr().out.splitlines()
    assert [row.split()[0] for row in rows] == ["validator-0", "validator-1", "validator-2"]
    assert all(row.endswith("not running") for row in rows)
    assert main(["status", "--datadir", str(directory / "validator-1")]) == 1
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_a_directory_without_a_node_is_an_operators_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "--datadir", str(tmp_path)]) == 2
    assert "neither a node's directory nor a devnet's" in capsys.readouterr().err


def test_a_url_where_nobody_answers_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--rpc", "http://127.0.0.1:1"]) == 2
    assert "http://127.0.0.1:1: " in capsys.readouterr().err


def test_the_validators_of_a_directory_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("validator-10", "validator-9", "validator-x", "storage-0"):
        (tmp_path / name).mkdir()
    assert list(nodes_below(tmp_path)) == ["validator-9", "validator-10"]
