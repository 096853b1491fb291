"""The chain identity: one hash of the whole genesis document, `config` and validators included.

geth's genesis hash ignores `config`, so two chains with different rules could share it. The
identity is the parent of consensus block 1, in the handshake, in every signed message.
"""

import json
import re
from collections.abc import Mapping

from eth_hash.auto import keccak
from eth_typing import Hash32

_HEX = re.compile(r"0[xX][0-9a-fA-F]*")
_BARE_ADDRESS = re.compile(r"[0-9a-fA-F]{40}")


def chain_identity(document: Mapping[str, object]) -> Hash32:
    """Keccak of the document's canonical JSON; 32 bytes."""
    return Hash32(keccak(canonical_json(document)))


def canonical_json(document: Mapping[str, object]) -> bytes:
    """Keys sorted, no spaces, ASCII with escapes, hex in lower case.

    Hex are the strings that begin with 0x, keys included, and the addresses of `alloc` also
    without it. Numbers stay as they are written: 16 and "0x10" make two documents.
    """
    lowered = _lowered(document)
    return json.dumps(lowered, sort_keys=True, separators=(",", ":")).encode("ascii")


def _lowered(value: object) -> object:
    if isinstance(value, str):
        return value.lower() if _HEX.fullmatch(value) else value
    if isinstance(value, Mapping):
        return {_lowered_key(key): _lowered(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_lowered(item) for item in value]
    return value


def _lowered_key(key: str) -> str:
    return key.lower() if _HEX.fullmatch(key) or _BARE_ADDRESS.fullmatch(key) else key
