"""node/cli.py: whatever is wrong is one line on stderr, exit code 2 and no traceback."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from node import cli
from node.cli import main
from node.config import SETTINGS, load_config

Complaint = Callable[..., str]


@pytest.fixture
def complaint(capsys: pytest.CaptureFixture[str]) -> Complaint:
    """`complaint("run", …)`: the one line that a command ends with."""

    def complain(*arguments: object) -> str:
        capsys.readouterr()
        try:
            code: object = main([str(argument) for argument in arguments])
        except SystemExit as leave:  # argparse leaves this way.
            code = leave.code
        captured = capsys.readouterr()
        assert code == 2
        assert captured.out == ""
        [line] = captured.err.splitlines()
        assert line.startswith("zerog")
        return line

    return complain


@pytest.fixture
def node(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The directory of a lone validator of a devnet."""
    assert main(["init", "--devnet", "--datadir", str(tmp_path / "node")]) == 0
    capsys.readouterr()
    return tmp_path / "node"


def change(path: Path, pattern: str, by: str) -> None:
    text, count = re.subn(pattern, by, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def test_ctrl_c_while_flags_are_read_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_parser", interrupted)
    assert main(["--help"]) == 130


def test_without_a_command_the_commands_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    shown = capsys.readouterr().out
    for command in ("devnet", "demo", "init", "run"):
        assert command in shown


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("frobnicate",), ("invalid choice: 'frobnicate'",)),
        (("run",), ("required: --datadir", "`zerog run --help`")),
        (("run", "--datadir", "x", "--no-such"), ("--no-such",)),
        (("devnet", "--validators", "0"), ("--validators", "1 to 50", "'0'")),
        (("devnet", "--block-time", "soon"), ("--block-time", "a number", "'soon'")),
        (("devnet", "--host", "here"), ("--host", "an IP address", "'here'")),
        (("devnet", "--port", "65534"), ("--port 65534", "65537", "65535 at most")),
        (("devnet", "--mnemonic", "not words"), ("--mnemonic: expected BIP-39 words",)),
        (("init", "--datadir", "x", "--chain-id", "0"), ("--chain-id", "'0'")),
    ],
)
def test_wrong_flags_are_named_in_one_line(
    complaint: Complaint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...], texts: tuple[str, ...],
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    line = complaint(*arguments)
    for text in texts:
        assert text in line


def test_a_missing_directory_says_how_to_make_one(complaint: Complaint, tmp_path: Path) -> None:
    line = complaint("run", "--datadir", tmp_path / "nowhere")
    assert line == (
        f"zerog: {tmp_path}/nowhere/config.toml: the configuration is missing; "
        "make one with `zerog init`"
    )


@pytest.mark.parametrize(
    ("file", "pattern", "by", "texts"),
    [
        ("config.toml", r"port = 8545", 'port = "x"', ("http.port", "a port, 0 to 65535", "'x'")),
        ("config.toml", r"\[http\]", "[htp]", ("htp", "one of the sections")),
        ("config.toml", r"gascap", "gascup", ("rpc.gascup", "one of: gascap")),
        ("config.toml", r"\[p2p\]", "[p2p", ("not TOML", "line 1")),
        ("genesis.json", r'"gasLimit": "\w+"', '"gasLimit": "lots"', ("gasLimit", "a number")),
        ("genesis.json", r'"chainId": \d+', '"chainId": "a"', ("config.chainId", "a number")),
        ("genesis.json", r'"power": 1', '"power": -1', ("validators[0].power", "a number")),
        ("genesis.json", r"\{", "", ("expected JSON",)),
        ("validator/key.json", r'"0x\w+"', '"0x12"', ("privateKey", "64 hex digits")),
        ("validator/key.json", r"\{", "", ("not JSON",)),
        ("validator/key.json", r"privateKey", "secret", ("version: expected 3",)),
    ],
)
def test_a_wrong_file_is_named_with_the_field_and_what_was_expected(
    complaint: Complaint, node: Path, file: str, pattern: str, by: str, texts: tuple[str, ...]
) -> None:
    change(node / file, pattern, by)
    line = complaint("run", "--datadir", node)
    assert line.startswith(f"zerog: {node / file}: ")
    for text in texts:
        assert text in line


@pytest.mark.parametrize("file", ["config.toml", "genesis.json"])
def test_a_missing_file_is_named(complaint: Complaint, node: Path, file: str) -> None:
    (node / file).unlink()
    line = complaint("run", "--datadir", node)
    assert line.startswith(f"zerog: {node / file}: ")
    assert "is missing" in line


def test_a_binary_file_is_no_reason_for_a_traceback(complaint: Complaint, node: Path) -> None:
    for file in ("config.toml", "genesis.json", "validator/key.json"):
        path = node / file
        kept = path.read_bytes()
        path.write_bytes(bytes(range(128, 256)))
        assert complaint("run", "--datadir", node).startswith(f"zerog: {path}: ")
        path.write_bytes(kept)


def test_a_plain_key_is_refused_outside_devnets(complaint: Complaint, node: Path) -> None:
    path = node / "genesis.json"
    document = json.loads(path.read_text())
    document["config"]["zerog"]["devnet"] = False
    path.write_text(json.dumps(document))
    line = complaint("run", "--datadir", node)
    assert "a plain key is for devnets only" in line


def test_an_encrypted_key_wants_its_password(complaint: Complaint, tmp_path: Path) -> None:
    password, wrong = tmp_path / "password", tmp_path / "wrong"
    password.write_text("right\n")
    wrong.write_text("wrong\n")
    node = tmp_path / "node"
    assert main(["init", "--datadir", str(node), "--password-file", str(password)]) == 0
    assert "give --password-file" in complaint("run", "--datadir", node)
    line = complaint("run", "--datadir", node, "--password-file", wrong)
    assert "the password is wrong" in line
    line = complaint("run", "--datadir", node, "--password-file", tmp_path / "none")
    assert "the password file is missing" in line


def test_another_genesis_than_the_databases_is_refused_with_both_identities(
    complaint: Complaint, node: Path, tmp_path: Path
) -> None:
    from node.assembly import prepare_database
    from node.initialization import read_genesis
    from node.layout import DataDirectory

    prepare_database(DataDirectory(node), read_genesis(node / "genesis.json"))
    identity = read_genesis(node / "genesis.json").identity
    change(node / "genesis.json", r'"chainId": \d+', '"chainId": 5')
    line = complaint("run", "--datadir", node)
    assert f"0x{identity.hex()}" in line
    assert f"0x{read_genesis(node / 'genesis.json').identity.hex()}" in line


def test_a_directory_that_cannot_be_written_is_named(complaint: Complaint, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = complaint("init", "--devnet", "--datadir", tmp_path / "file" / "node")
    assert line == f"zerog: {tmp_path}/file/node: Not a directory"


def test_a_foreign_database_is_named(complaint: Complaint, node: Path) -> None:
    (node / "db").mkdir()
    (node / "db" / "data.mdb").write_bytes(b"something else" * 1_000)
    line = complaint("run", "--datadir", node)
    assert line.startswith(f"zerog: {node / 'db'}: ")


def test_history_is_set_by_the_names_that_people_know(tmp_path: Path) -> None:
    names = {"--prune": "5", "--archive": "true"}
    flags = [part for pair in names.items() for part in pair]
    assert main(["init", "--datadir", str(tmp_path / "node"), "--devnet", *flags]) == 0
    config = load_config(tmp_path / "node", {})
    assert (config.history_state, config.archive) == (5, True)
    assert main(["init", "--datadir", str(tmp_path / "other"), "--devnet", "--archive"]) == 0
    config = load_config(tmp_path / "other", {})
    assert (config.history_state, config.archive) == (0, True)


def test_every_setting_is_a_flag_of_run_and_of_init(capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("run", "init"):
        with pytest.raises(SystemExit) as leave:
            main([command, "--help"])
        assert leave.value.code == 0
        shown = capsys.readouterr().out
        for setting in SETTINGS:
            if (command, setting.name) != ("init", "peers"):
                assert f"--{setting.section}.{setting.key}" in shown
