"""`zerog validator` where something is wrong: one line, and the exit code that says whose fault."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.signatures import public_key_of
from genesis.networks import devnet_document
from node.cli import main
from node.errors import OperatorError
from node.keystore import write_validator_key
from node.layout import DataDirectory
from node.validator import commands
from node.validator.commands import _amount, _shown, _validator

SECRET = b"\x01" * 32
NOBODY = "http://127.0.0.1:1"
ADDRESS = "0x" + "ab" * 20


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["validator"]) == 0
    said = capsys.readouterr().out
    for name in commands._COMMANDS:
        assert f"\n    {name}" in said


@pytest.mark.parametrize(
    "name", ["delegate 1", "undelegate all", "withdraw", "exit", "rejoin", "status"]
)
def test_a_node_that_does_not_answer_is_named(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(["validator", *name.split(), "--validator", ADDRESS, "--rpc-url", NOBODY])
    assert code == 2
    assert capsys.readouterr().err == f"zerog: --rpc-url {NOBODY}: nobody answers\n"


@pytest.mark.parametrize(
    ("text", "wei"),
    [("1", 10**18), ("0.5", 5 * 10**17), ("1e3", 10**21), ("0.000000000000000001", 1)],
)
def test_amounts_are_in_0g(text: str, wei: int) -> None:
    assert _amount(text) == wei


@pytest.mark.parametrize(
    "text", ["0", "-1", "much", "nan", "inf", "1e30", "0.0000000000000000001", ""]
)
def test_what_is_no_amount_is_refused_with_what_was_given(text: str) -> None:
    with pytest.raises(OperatorError, match="AMOUNT: expected 0G above zero"):
        _amount(text)


@given(st.integers(1, 2**100))
def test_a_shown_amount_is_the_amount(wei: int) -> None:
    assert _amount(_shown(wei).replace(",", "")) == wei


class Options:
    """As argparse gives them."""

    password_file = None

    def __init__(self, **values: Any) -> None:
        self.validator = values.get("validator")
        self.datadir = values.get("datadir")


def test_a_validator_is_named_by_address_or_by_its_directory(tmp_path: Path) -> None:
    data = DataDirectory(tmp_path)
    with pytest.raises(OperatorError, match="give --validator ADDRESS or --datadir DIR"):
        _validator(Options())  # type: ignore[arg-type]
    with pytest.raises(OperatorError, match="expected 0x and 40 hex digits"):
        _validator(Options(validator="0x1"))  # type: ignore[arg-type]
    document = devnet_document([(public_key_of(SECRET), "one")])
    data.genesis.write_text(json.dumps(document))
    with pytest.raises(OperatorError, match="no consensus key"):
        _validator(Options(datadir=tmp_path))  # type: ignore[arg-type]
    data.validator_key.parent.mkdir()
    write_validator_key(data.validator_key, SECRET, None)
    address = _validator(Options(datadir=tmp_path))  # type: ignore[arg-type]
    assert address == document["coinbase"]


def test_init_join_does_not_go_with_a_genesis(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    datadir, document = str(tmp_path / "new"), str(tmp_path / "genesis.json")
    where = "/ip4/127.0.0.1/tcp/1/p2p/16Uiu2HAm1Lqtt2GNaTnSQqRTJMSmoHDdsqzzDLLzwGrBdqtNZzKH"
    code = main(["init", "--join", where, "--genesis", document, "--datadir", datadir])
    assert code == 2
    assert "--join has its genesis from a node" in capsys.readouterr().err


def test_init_join_says_which_node_cannot_be_reached(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from node.network.identity import peer_multiaddr

    where = peer_multiaddr("127.0.0.1", 1, SECRET)
    code = main(["init", "--join", where, "--full-node", "--datadir", str(tmp_path / "new")])
    assert code == 2
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"zerog: --join {where}: cannot have that node's genesis document")
    assert not (tmp_path / "new").exists()
