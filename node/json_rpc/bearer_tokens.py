"""Who may call where a secret is set: holders of a JSON Web Token made with it, a minute old at most.

The Engine API's authentication (ethereum/execution-apis, src/engine/authentication.md): HS256, `iat` within
60 s of our clock. Texts are go-ethereum's (node/jwt_handler.go).
"""

import binascii
import hmac
import math
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeGuard

import orjson

from node.errors import InvalidFile, MissingFile
from node.json_rpc.access import Refusal

SECRET_BYTES = 32
AGE_SECONDS_MAX = 60
"""Of a token, and how far ahead of our clock it may be."""
TOKEN_BYTES_MAX = 4_096
_BEARER = b"Bearer "


class _BadToken(Exception):
    """Not a token of anybody who has the secret; the text is what is answered."""


class BearerTokens:
    """Checks the tokens of one secret."""

    def __init__(self, secret: bytes, now_s: Callable[[], float] = time.time) -> None:
        self._secret, self._now_s = secret, now_s

    def refusal(self, authorization: bytes | None) -> Refusal | None:
        """Of a request with this Authorization header."""
        try:
            self._check(authorization or b"")
        except _BadToken as error:
            return Refusal(401, str(error))
        return None

    def _check(self, authorization: bytes) -> None:
        if not authorization.startswith(_BEARER):
            raise _BadToken("missing token")
        claims = self._claims(authorization.removeprefix(_BEARER).strip())
        now, issued, expires = self._now_s(), claims.get("iat"), claims.get("exp")
        if _is_number(expires) and expires <= now:
            raise _BadToken("token is expired")
        if not _is_number(issued):
            raise _BadToken("missing issued-at")
        if now - issued > AGE_SECONDS_MAX:
            raise _BadToken("stale token")
        if issued - now > AGE_SECONDS_MAX:
            raise _BadToken("future token")

    def _claims(self, token: bytes) -> dict[str, Any]:
        head, _, rest = token.partition(b".")
        body, _, signature = rest.partition(b".")
        if len(token) > TOKEN_BYTES_MAX or not signature:
            raise _BadToken("token contains an invalid number of segments")
        if _object(head).get("alg") != "HS256":
            raise _BadToken("signing method is invalid")
        expected = hmac.digest(self._secret, head + b"." + body, "sha256")
        if not hmac.compare_digest(expected, _decoded(signature)):
            raise _BadToken("signature is invalid")
        return _object(body)


def read_secret(path: Path) -> bytes:
    """32 bytes in hex, as geth's `--authrpc.jwtsecret` has them; raises `MissingFile`, `InvalidFile`."""
    try:
        text = path.read_text().strip()
    except FileNotFoundError:
        remedy = f"make one with `openssl rand -hex {SECRET_BYTES}`"
        raise MissingFile(path, "the JWT secret", remedy) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidFile(path, f"cannot be read: {error}") from None
    try:
        secret = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise InvalidFile(path, f"expected {SECRET_BYTES} bytes in hex")
    return secret


def _object(part: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(_decoded(part))
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise _BadToken("token is malformed")
    return found


def _decoded(part: bytes) -> bytes:
    """base64url without padding (RFC 7515)."""
    try:
        return urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise _BadToken("token is malformed") from None


def _is_number(value: Any) -> TypeGuard[int | float]:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
