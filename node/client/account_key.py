"""The key of the account that a command sends from: its flags, and the key that they name.

What reads keys takes most of a second to import, so it is imported only where a key is read.
"""

import argparse
import os
from pathlib import Path

from node.errors import InvalidFile, MissingFile, OperatorError

KEY_FILE_BYTES_MAX = 1 << 20
PRIVATE_KEY_VARIABLE = "ZEROG_PRIVATE_KEY"


def add_account_flags(parser: argparse.ArgumentParser) -> None:
    """Give a command the flags that `account_key` reads."""
    group = parser.add_argument_group("the account that sends the transaction")
    group.add_argument(
        "--private-key", metavar="HEX",
        help="its secp256k1 key; other users of this machine can see it, so better in the "
        f"environment, as {PRIVATE_KEY_VARIABLE}",
    )  # fmt: skip
    group.add_argument(
        "--account-file", type=Path, metavar="FILE", help="or its key in a V3 file, as geth's"
    )
    group.add_argument(
        "--account-password-file", type=Path, metavar="FILE", help="the password of that file"
    )


def account_key(options: argparse.Namespace) -> bytes | None:
    """32 bytes, None where no flag and no variable names one; raises `OperatorError`."""
    if options.account_file is not None:
        return _account_file_key(options.account_file, options.account_password_file)
    text = options.private_key or os.environ.get(PRIVATE_KEY_VARIABLE)
    if not text:
        return None
    try:
        return _checked_key(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        # The key itself is not repeated: it may be right but for one digit.
        raise OperatorError("--private-key: expected 64 hex digits, a secp256k1 key") from None


def needed_account_key(options: argparse.Namespace) -> bytes:
    """As `account_key`, where there has to be one."""
    key = account_key(options)
    if key is None:
        raise OperatorError(
            f"no account to send from; give --private-key, --account-file or {PRIVATE_KEY_VARIABLE}"
        )
    return key


def _account_file_key(path: Path, password_file: Path | None) -> bytes:
    document = _json_file(path)
    if not isinstance(document, dict) or document.get("curve") is not None:
        raise InvalidFile(path, "expected a V3 key file of an account, as geth writes them")
    from eth_keyfile.keyfile import decode_keyfile_json

    from node.keystore import read_password

    if password_file is None:
        raise InvalidFile(path, "crypto: the key is encrypted; give --account-password-file")
    try:
        return _checked_key(decode_keyfile_json(document, read_password(password_file).encode()))
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidFile(path, f"crypto: cannot be decrypted: {error}") from None


def _checked_key(secret: bytes) -> bytes:
    from coincurve import PrivateKey

    if len(secret) != 32:
        raise ValueError("32 bytes")
    return PrivateKey(secret).secret


def _json_file(path: Path) -> object:
    import orjson

    try:
        with path.open("rb") as file:
            return orjson.loads(file.read(KEY_FILE_BYTES_MAX))
    except FileNotFoundError:
        raise MissingFile(
            path, "the account's key", "give the path of a file that is there"
        ) from None
    except orjson.JSONDecodeError as error:
        raise InvalidFile(path, f"expected JSON: {error}") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
