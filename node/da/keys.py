"""A DA signer's BLS key over BN254, and its file: encrypted as a V3 keystore, or plain if asked for.

The file is geth's V3 JSON (scrypt, AES-CTR, a MAC) around the 32-byte big-endian secret, with
`"curve": "bn254"` and the public keys beside it and no address: it is no account's key.
"""

import json
import secrets
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json
from eth_typing import Address

from node.da.blobs import Blob, BlobSignature
from node.da.json_forms import point_form, word_text
from node.durable_files import replace_durably
from node.errors import InvalidFile, MissingFile
from node.keystore import KEY_FILE_BYTES_MAX, SCRYPT_WORK_LIGHT, SCRYPT_WORK_STANDARD
from precompiles.bn254 import G2Point
from precompiles.bn254_unchecked import Point, R
from precompiles.da_signers.signatures import (
    epoch_registration_hash,
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)

CURVE = "bn254"


@dataclass(frozen=True)
class BlsKey:
    """A secret from 1 to the group's order less one; it stays out of every representation."""

    secret: int

    def __repr__(self) -> str:
        return f"BlsKey(0x{self.g1[0]:064x}…)"

    @cached_property
    def _public(self) -> tuple[Point, G2Point]:
        return public_keys(self.secret)

    @property
    def g1(self) -> Point:
        return self._public[0]

    @property
    def g2(self) -> G2Point:
        """Real parts first, as DASigners takes it."""
        return self._public[1]

    def registration_signature(self, account: Address, chain_id: int) -> Point:
        """What `registerSigner` wants (facts §1a-1)."""
        return sign(self.secret, hash_to_g1(registration_message_hash(account, chain_id)))

    def epoch_signature(self, account: Address, next_epoch: int, chain_id: int) -> Point:
        """What `registerNextEpoch` wants; `next_epoch` is the one after the current."""
        return sign(self.secret, hash_to_g1(epoch_registration_hash(account, next_epoch, chain_id)))

    def sign_blob(self, account: Address, blob: Blob) -> BlobSignature:
        """The signature of `account`, the signer that registered this key."""
        return BlobSignature(account, blob, sign(self.secret, blob.message_point))

    def public_json(self) -> dict[str, Any]:
        """Both public keys; the words of a coordinate in G2 are real part first."""
        x, y = self.g2
        return {
            "publicKeyG1": point_form(self.g1),
            "publicKeyG2": [point_form(x), point_form(y)],
        }


def new_bls_key() -> BlsKey:
    """From the system's randomness."""
    return BlsKey(1 + secrets.randbelow(R - 1))


def write_bls_key(path: Path, key: BlsKey, password: str | None, *, is_light: bool = False) -> None:
    """Write a key file, mode 0600; without a password a plain one.

    `is_light` takes geth's --lightkdf. Raises `InvalidFile` where there is a file already.
    """
    if path.exists():
        raise InvalidFile(path, "there is a key already; move it away first")
    if password is None:
        document: dict[str, Any] = {"secretKey": word_text(key.secret)}
    else:
        work = SCRYPT_WORK_LIGHT if is_light else SCRYPT_WORK_STANDARD
        secret = key.secret.to_bytes(32, "big")
        document = create_keyfile_json(secret, password.encode(), kdf="scrypt", iterations=work)
        del document["address"]
    document |= {"curve": CURVE, **key.public_json()}
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_durably(path, json.dumps(document, indent=2).encode() + b"\n")


def load_bls_key(path: Path, password: str | None, *, allows_plain: bool) -> BlsKey:
    """The key in a file; raises `MissingFile` or `InvalidFile` naming file, field and expectation."""
    document = _document(path)
    if document.get("curve") != CURVE:
        raise InvalidFile(path, f'curve: expected "{CURVE}"; make a BLS key with `zerog da keygen`')
    key = BlsKey(_secret(path, document, password, allows_plain))
    if document.get("publicKeyG1", point_form(key.g1)) != point_form(key.g1):
        raise InvalidFile(path, "publicKeyG1: is not the public key of the secret in the file")
    return key


def _secret(path: Path, document: dict[str, Any], password: str | None, allows_plain: bool) -> int:
    if "secretKey" in document:
        if not allows_plain:
            raise InvalidFile(path, "secretKey: the key is not encrypted; allow that with --plain")
        return _checked(path, "secretKey", _hex_bytes(document["secretKey"]))
    if document.get("version") != 3 or not isinstance(document.get("crypto"), dict):
        raise InvalidFile(path, "version: expected 3 and a crypto section")
    if password is None:
        raise InvalidFile(path, "crypto: the key is encrypted; give --password-file")
    try:
        secret = decode_keyfile_json(document, password.encode())
    except (ValueError, KeyError, TypeError) as error:
        why = "the password is wrong" if "MAC" in str(error) else f"cannot be decrypted: {error}"
        raise InvalidFile(path, f"crypto: {why}") from None
    return _checked(path, "crypto", bytes(secret))


def _checked(path: Path, field: str, secret: bytes) -> int:
    number = int.from_bytes(secret, "big")
    if len(secret) != 32 or not 0 < number < R:
        raise InvalidFile(path, f"{field}: expected 32 bytes, from 1 to the order of BN254's group")
    return number


def _hex_bytes(text: object) -> bytes:
    try:
        return bytes.fromhex(str(text).removeprefix("0x"))
    except ValueError:
        return b""


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(KEY_FILE_BYTES_MAX))
    except FileNotFoundError:
        raise MissingFile(path, "the BLS key", "make one with `zerog da keygen`") from None
    except (OSError, ValueError) as error:
        raise InvalidFile(path, f"cannot be read as JSON: {error}") from None
    if not isinstance(document, dict):
        raise InvalidFile(path, "expected a JSON object")
    return document
