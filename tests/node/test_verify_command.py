"""`zerog verify-db`: what it prints and how it exits."""

from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak

from chain.chain import Chain
from chain.key_value import Table
from genesis.block import genesis_block
from genesis.document import load_document
from genesis.networks import devnet_document
from node.cli import main
from node.database import LmdbStore
from node.layout import DataDirectory

SOMEBODY = b"\x11" * 20


@pytest.fixture
def datadir(tmp_path: Path) -> Path:
    """Block zero of a devnet."""
    key = bytes.fromhex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798")
    document = load_document(devnet_document([(key, "validator-0")]))
    with LmdbStore(DataDirectory(tmp_path).database) as store:
        Chain.initialize(store, *genesis_block(document))
    return tmp_path


def verify(datadir: Path, *flags: str) -> int:
    return main(["verify-db", "--datadir", str(datadir), *flags])


def test_a_whole_database_is_said_to_be_whole(datadir: Path, capsys: Any) -> None:
    assert verify(datadir) == 0
    said = capsys.readouterr().out
    assert "no differences; head 0, state root 0x" in said
    assert len(said.splitlines()) == 1


def test_each_difference_is_a_line_and_the_exit_code_is_one(datadir: Path, capsys: Any) -> None:
    with LmdbStore(DataDirectory(datadir).database) as store, store.write() as batch:
        batch.put(Table.CODES, keccak(b"code"), b"another code")
    assert verify(datadir, "--blocks", "5") == 1
    found = capsys.readouterr()
    assert found.out.startswith(f"hash of code 0x{keccak(b'code').hex()}: 0x")
    assert len(found.out.splitlines()) == 1
    assert found.err.endswith("1 differences\n")


def test_a_row_that_cannot_be_decoded_is_a_difference_too(datadir: Path, capsys: Any) -> None:
    with LmdbStore(DataDirectory(datadir).database) as store, store.write() as batch:
        batch.put(Table.BODIES, bytes(8), b"\xc1")
    assert verify(datadir) == 1
    assert "a row that cannot be read: " in capsys.readouterr().out


def test_a_changed_balance_shows_in_the_state_root(datadir: Path, capsys: Any) -> None:
    with LmdbStore(DataDirectory(datadir).database) as store, store.write() as batch:
        batch.put(Table.ACCOUNTS, SOMEBODY, b"\x00\x05")
    assert verify(datadir) == 1
    assert "state root in header 0: 0x" in capsys.readouterr().out


def test_a_directory_without_a_database_is_an_operators_error(tmp_path: Path, capsys: Any) -> None:
    assert verify(tmp_path) == 2
    assert "no database here" in capsys.readouterr().err
