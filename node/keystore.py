"""Key files: the validator's key (encrypted, or plain in a devnet) and the libp2p identity.

Errors are one line that names the file, the field and what was expected.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coincurve import PrivateKey
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json

from consensus.signatures import public_key_of
from consensus.validators import address_of
from consensus.values import ValidatorAddress
from node.durable_files import PRIVATE_FOLDER, replace_durably
from node.errors import InvalidFile, MissingFile

SCRYPT_WORK_STANDARD = 262_144
"""geth's --lightkdf off: about a second and 256 MB."""
SCRYPT_WORK_LIGHT = 4_096
"""geth's --lightkdf on."""
KEY_FILE_BYTES_MAX = 64 * 1024
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class ValidatorKey:
    """A secp256k1 key; `secret` is 32 bytes, big-endian, and stays out of every representation."""

    secret: bytes

    def __repr__(self) -> str:
        return f"ValidatorKey({self.public_key.hex()})"

    @property
    def public_key(self) -> bytes:
        """33 bytes, compressed."""
        return public_key_of(self.secret)

    @property
    def address(self) -> ValidatorAddress:
        return address_of(self.public_key)


def new_secret() -> bytes:
    """A fresh secp256k1 secret from the system's randomness."""
    return PrivateKey().secret


def write_validator_key(
    path: Path, secret: bytes, password: str | None, *, is_light: bool = False
) -> None:
    """Write a V3 key file, or with no password a plain one, which only a devnet accepts.

    Raises `InvalidFile` if there is one already: a key is never overwritten.
    """
    _refuse_to_overwrite(path)
    key = ValidatorKey(secret)
    if password is None:
        document: dict[str, Any] = {
            "privateKey": "0x" + secret.hex(),
            "publicKey": "0x" + key.public_key.hex(),
            "address": "0x" + key.address.hex(),
        }
    else:
        work = SCRYPT_WORK_LIGHT if is_light else SCRYPT_WORK_STANDARD
        document = create_keyfile_json(secret, password.encode(), kdf="scrypt", iterations=work)
        document["publicKey"] = "0x" + key.public_key.hex()
    path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    replace_durably(path, json.dumps(document, indent=2).encode() + b"\n")


def load_validator_key(path: Path, password: str | None, *, is_devnet: bool) -> ValidatorKey:
    """The validator's key; raises `MissingFile` or `InvalidFile`."""
    document = _load_document(path)
    if "privateKey" in document:
        if not is_devnet:
            raise InvalidFile(
                path,
                "privateKey: a plain key is for devnets only; expected a V3 key file "
                "(write one with `zerog keys`)",
            )
        return ValidatorKey(_secret_field(path, document, "privateKey"))
    if document.get("version") != 3 or "crypto" not in document:
        raise InvalidFile(path, "version: expected 3 and a crypto section, as geth writes them")
    if password is None:
        raise InvalidFile(path, "crypto: the key is encrypted; give --password-file")
    try:
        secret = decode_keyfile_json(document, password.encode())
    except (ValueError, KeyError, TypeError) as error:
        why = "the password is wrong" if "MAC" in str(error) else f"cannot be decrypted: {error}"
        raise InvalidFile(path, f"crypto: {why}") from None
    return ValidatorKey(_checked_secret(path, "crypto", bytes(secret)))


def read_password(path: Path) -> str:
    """The first line of a password file; raises `MissingFile` or `InvalidFile`."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise MissingFile(path, "the password file", "give --password-file another path") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(path, f"cannot be read as text: {error}") from None
    return text.split("\n", 1)[0].rstrip("\r")


def write_node_key(path: Path, secret: bytes) -> None:
    """Write the libp2p identity: 64 hex digits, as geth's nodekey. Never overwrites."""
    _refuse_to_overwrite(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_durably(path, secret.hex().encode() + b"\n")


def load_node_key(path: Path) -> bytes:
    """The libp2p identity's secp256k1 secret; raises `MissingFile` or `InvalidFile`."""
    text = _read(path, "the libp2p identity").strip()
    try:
        secret = bytes.fromhex(text)
    except ValueError:
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise InvalidFile(path, "expected 64 hex digits, a secp256k1 secret")
    return _checked_secret(path, "secret", secret)


def _refuse_to_overwrite(path: Path) -> None:
    if path.exists():
        raise InvalidFile(path, "there is a key already; move it away first")


def _read(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            return file.read(KEY_FILE_BYTES_MAX).decode()
    except FileNotFoundError:
        raise MissingFile(path, what, "make one with `zerog init`") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(path, f"cannot be read as text: {error}") from None


def _load_document(path: Path) -> dict[str, Any]:
    text = _read(path, "the validator's key")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidFile(path, f"not JSON: {error}") from None
    if not isinstance(document, dict):
        raise InvalidFile(path, "expected a JSON object")
    return document


def _secret_field(path: Path, document: dict[str, Any], field: str) -> bytes:
    try:
        secret = bytes.fromhex(document[field].removeprefix("0x"))
    except (ValueError, AttributeError):
        secret = b""
    if len(secret) != _SECRET_BYTES:
        raise InvalidFile(path, f"{field}: expected 0x and 64 hex digits")
    return _checked_secret(path, field, secret)


def _checked_secret(path: Path, field: str, secret: bytes) -> bytes:
    try:
        PrivateKey(secret)
    except ValueError:
        raise InvalidFile(path, f"{field}: expected a number from 1 to the curve's order") from None
    return secret
