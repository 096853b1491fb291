"""BLS key files: what is written can be read, what is wrong is named, the secret stays inside."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.da.keys import BlsKey, load_bls_key, new_bls_key, write_bls_key
from node.errors import InvalidFile, MissingFile, OperatorError
from precompiles.bn254 import G1_GENERATOR, G2_GENERATOR
from precompiles.bn254_unchecked import R

SECRET = 0x1234567890ABCDEF


def test_an_encrypted_key_comes_back_and_does_not_lie_there_in_the_clear(tmp_path: Path) -> None:
    path = tmp_path / "bls.json"
    key = BlsKey(SECRET)
    write_bls_key(path, key, "correct horse", is_light=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert f"{SECRET:x}" not in path.read_text().lower()
    assert "address" not in json.loads(path.read_text())
    assert load_bls_key(path, "correct horse", allows_plain=False) == key


def test_a_wrong_or_missing_password_is_said(tmp_path: Path) -> None:
    path = tmp_path / "bls.json"
    write_bls_key(path, BlsKey(SECRET), "right", is_light=True)
    with pytest.raises(InvalidFile, match=r"bls\.json: crypto: the password is wrong"):
        load_bls_key(path, "wrong", allows_plain=False)
    with pytest.raises(InvalidFile, match="give --password-file"):
        load_bls_key(path, None, allows_plain=True)


def test_a_plain_key_is_read_only_where_that_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "bls.json"
    write_bls_key(path, BlsKey(SECRET), None)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_bls_key(path, None, allows_plain=True).secret == SECRET
    with pytest.raises(InvalidFile, match="allow that with --plain"):
        load_bls_key(path, None, allows_plain=False)


def test_a_key_is_never_overwritten_and_a_missing_one_says_how_to_make_one(tmp_path: Path) -> None:
    path = tmp_path / "bls.json"
    with pytest.raises(MissingFile, match="zerog da keygen"):
        load_bls_key(path, None, allows_plain=True)
    path.write_text("precious")
    with pytest.raises(InvalidFile, match="there is a key already"):
        write_bls_key(path, BlsKey(SECRET), None)
    assert path.read_text() == "precious"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"curve": "secp256k1"}, "curve"),
        ({"secretKey": "0x" + "00" * 32}, "secretKey"),
        ({"secretKey": f"0x{R:064x}"}, "secretKey"),
        ({"secretKey": 7}, "secretKey"),
        ({"publicKeyG1": ["0x01", "0x02"]}, "publicKeyG1"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    tmp_path: Path, change: dict[str, Any], why: str
) -> None:
    path = tmp_path / "bls.json"
    write_bls_key(path, BlsKey(SECRET), None)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InvalidFile, match=why):
        load_bls_key(path, None, allows_plain=True)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.sampled_from(["curve", "secretKey", "version", "crypto", "cipher", "kdf"])
            | st.text(max_size=3),
            inner | st.sampled_from(["bn254", 3]),
            max_size=4,
        ),
        max_leaves=8,
    )
)
def test_any_json_is_a_key_or_an_operators_error(
    tmp_path_factory: pytest.TempPathFactory, document: Any
) -> None:
    path = tmp_path_factory.mktemp("keys") / "bls.json"
    path.write_text(json.dumps(document))
    with pytest.raises(OperatorError):
        load_bls_key(path, "password", allows_plain=True)


def test_the_secret_is_in_no_representation_and_keys_differ() -> None:
    key = new_bls_key()
    assert f"{key.secret:x}" not in repr(key)
    assert str(key.secret) not in repr(key)
    assert key != new_bls_key()
    assert (BlsKey(1).g1, BlsKey(1).g2) == (G1_GENERATOR, G2_GENERATOR)
