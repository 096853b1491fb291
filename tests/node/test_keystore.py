"""Key files: what is written can be read, and what is wrong is named."""

import json
from pathlib import Path

import pytest

from node.errors import InvalidFile, MissingFile
from node.keystore import (
    load_node_key,
    load_validator_key,
    new_secret,
    read_password,
    write_node_key,
    write_validator_key,
)

SECRET = bytes.fromhex("4646464646464646464646464646464646464646464646464646464646464646")


def test_an_encrypted_key_comes_back_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "validator" / "key.json"
    write_validator_key(path, SECRET, "correct horse", is_light=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SECRET.hex() not in path.read_text()
    key = load_validator_key(path, "correct horse", is_devnet=False)
    assert key.secret == SECRET
    # The address of EIP-155's example key.
    assert key.address.hex() == "9d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
    assert SECRET.hex() not in repr(key)


def test_a_wrong_or_missing_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    write_validator_key(path, SECRET, "right", is_light=True)
    with pytest.raises(InvalidFile, match=r"key\.json: crypto: the password is wrong"):
        load_validator_key(path, "wrong", is_devnet=False)
    with pytest.raises(InvalidFile, match="--password-file"):
        load_validator_key(path, None, is_devnet=True)


def test_a_plain_key_is_for_devnets_only(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    write_validator_key(path, SECRET, None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_validator_key(path, None, is_devnet=True).secret == SECRET
    with pytest.raises(InvalidFile, match="privateKey: a plain key is for devnets only"):
        load_validator_key(path, None, is_devnet=False)


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    for write in (
        lambda p: write_validator_key(p, SECRET, None),
        lambda p: write_node_key(p, SECRET),
    ):
        path = tmp_path / "key"
        path.write_text("precious")
        with pytest.raises(InvalidFile, match="there is a key already"):
            write(path)
        assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "not JSON"),
        ("[1]", "expected a JSON object"),
        ("{}", "version: expected 3"),
        ('{"version": 3, "crypto": {}}', "crypto: cannot be decrypted"),
        ('{"privateKey": "0x12"}', "privateKey: expected 0x and 64 hex digits"),
        ('{"privateKey": 5}', "privateKey: expected 0x and 64 hex digits"),
        (json.dumps({"privateKey": "0x" + "00" * 32}), "privateKey: expected a number from 1"),
    ],
)
def test_a_wrong_key_file_is_named_with_its_field(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "key.json"
    path.write_text(content)
    with pytest.raises(InvalidFile, match=complaint) as caught:
        load_validator_key(path, "password", is_devnet=True)
    assert str(caught.value).startswith(str(path))


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="validator's key"):
        load_validator_key(tmp_path / "key.json", None, is_devnet=True)
    with pytest.raises(MissingFile, match="libp2p identity"):
        load_node_key(tmp_path / "node_key")


def test_a_node_key_comes_back(tmp_path: Path) -> None:
    secret = new_secret()
    path = tmp_path / "node_key"
    write_node_key(path, secret)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_node_key(path) == secret


@pytest.mark.parametrize("content", ["", "xyz", "ab" * 31, "00" * 32])
def test_a_wrong_node_key_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "node_key"
    path.write_text(content)
    with pytest.raises(InvalidFile, match="node_key"):
        load_node_key(path)


def test_a_password_is_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_bytes(b"secret phrase\r\nnot this\n")
    assert read_password(path) == "secret phrase"
    with pytest.raises(MissingFile):
        read_password(tmp_path / "none")
