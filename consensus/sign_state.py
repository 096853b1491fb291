"""What this validator signed last, on disk before a signature leaves: it never signs twice.

`sign_state.json` maps a chain identity to the last (height, round, step), the digest that was
signed and its signature, so a new chain on the same key starts afresh and no chain overwrites
another. Each entry has a checksum: a lower height by a flipped bit would let it sign again. One
process owns the file; the data directory's lock sees to that.

The file is made, empty, with the key. Where it is missing, or says less than the chain itself does,
it is lost: `is_lost` holds until `forgive` says from which place on nothing can be contradicted.
"""

import json
import zlib
from dataclasses import dataclass
from typing import Any

from consensus.durable_files import DurableFiles
from consensus.values import Step

SIGN_STATE_NAME = "sign_state.json"
_CHECKED_FIELDS = ("height", "round", "step", "digest", "signature")
_CHAINS_MAX = 64
"""Entries kept for other chains; a devnet wiped every day for months stays below."""


class RefusedToSign(Exception):
    """Signing this could contradict what was signed before."""

    def __init__(self, last: "LastSigned", height: int, round: int, step: Step) -> None:
        super().__init__(
            f"asked to sign {step.name.lower()} of height {height} round {round}, but "
            f"{last.step.name.lower()} of height {last.height} round {last.round} "
            f"is already signed"
        )
        self.last = last


class InvalidSignState(Exception):
    """The file cannot be read; says which field and what was expected."""


@dataclass(frozen=True, slots=True)
class LastSigned:
    """The newest signature on one chain. `digest` is the 32 bytes that were signed."""

    height: int
    round: int
    step: Step
    digest: bytes
    signature: bytes


class SignState:
    """The last signature of one validator on one chain."""

    def __init__(self, files: DurableFiles, chain_identity: bytes) -> None:
        """Raises `InvalidSignState`."""
        self._files = files
        self._chain = "0x" + chain_identity.hex()
        content = files.read(SIGN_STATE_NAME)
        self._is_lost = content is None
        self._document = _parse(content)
        entry = self._document.get(self._chain)
        self._last = None if entry is None else _parse_entry(self._chain, entry)

    @property
    def last(self) -> LastSigned | None:
        """None if this key never signed on this chain."""
        return self._last

    @property
    def is_lost(self) -> bool:
        """Whether more may have been signed than is known here; then nothing should be."""
        return self._is_lost

    def note_on_chain(self, height: int, round: int) -> None:
        """A precommit of ours is in a certificate: if we do not know of it, the file is an old one."""
        known = (-1, -1) if self._last is None else (self._last.height, self._last.round)
        self._is_lost = self._is_lost or (height, round) > known

    def forgive(self, height: int, round: int) -> None:
        """The file is not lost any more: all up to this round counts as signed, durably.

        Its digest and signature are zeros: no request is ever the same as that one.
        """
        floor = LastSigned(height, round, Step.PRECOMMIT, bytes(32), bytes(65))
        self._is_lost = False
        if self._last is None or _position(floor) > _position(self._last):
            self.record(floor)

    def stored_signature(self, height: int, round: int, step: Step, digest: bytes) -> bytes | None:
        """The signature already made for this very request; None if it is new and may be signed.

        Raises `RefusedToSign` for a lower (height, round, step), or the same with other content.
        """
        if self._last is None:
            return None
        asked, signed = (height, round, step), _position(self._last)
        if asked > signed:
            return None
        if asked == signed and digest == self._last.digest:
            return self._last.signature
        raise RefusedToSign(self._last, height, round, step)

    def record(self, signed: LastSigned) -> None:
        """Make `signed` the last one; on disk, folder included, when this returns."""
        assert self._last is None or _position(signed) > _position(self._last)
        others = [item for item in self._document.items() if item[0] != self._chain]
        self._document = dict(others[-_CHAINS_MAX:]) | {self._chain: _entry(self._chain, signed)}
        self._files.replace(SIGN_STATE_NAME, sign_state_text(self._document))
        self._last = signed


def sign_state_text(document: dict[str, Any] | None = None) -> bytes:
    """The file's content; with no document, that of a validator that never signed."""
    return json.dumps(document or {}, indent=1).encode() + b"\n"


def _position(signed: LastSigned) -> tuple[int, int, Step]:
    return signed.height, signed.round, signed.step


def _entry(chain: str, signed: LastSigned) -> dict[str, Any]:
    fields = {
        "height": signed.height,
        "round": signed.round,
        "step": signed.step.name.lower(),
        "digest": "0x" + signed.digest.hex(),
        "signature": "0x" + signed.signature.hex(),
    }
    return {**fields, "checksum": _checksum(chain, fields)}


def _checksum(chain: str, fields: dict[str, Any]) -> str:
    """CRC-32 of the chain identity and the other fields in their order, as text."""
    text = "|".join([chain, *(str(fields[name]) for name in _CHECKED_FIELDS)])
    return f"0x{zlib.crc32(text.encode()):08x}"


def _parse(data: bytes | None) -> dict[str, Any]:
    if data is None:
        return {}
    try:
        document = json.loads(data)
    except ValueError as error:
        raise InvalidSignState(f"{SIGN_STATE_NAME}: not JSON: {error}") from None
    if not isinstance(document, dict):
        raise InvalidSignState(f"{SIGN_STATE_NAME}: expected an object, one entry a chain")
    return document


def _parse_entry(chain: str, entry: Any) -> LastSigned:
    if not isinstance(entry, dict):
        raise InvalidSignState(f"{SIGN_STATE_NAME}: expected an object for each chain identity")
    steps = {step.name.lower(): step for step in Step}
    if entry.get("step") not in steps:
        raise InvalidSignState(f"{SIGN_STATE_NAME}: step: expected one of {', '.join(steps)}")
    for name in ("height", "round"):
        if not isinstance(entry.get(name), int) or entry[name] < 0:
            raise InvalidSignState(f"{SIGN_STATE_NAME}: {name}: expected a number")
    signed = LastSigned(
        height=entry["height"],
        round=entry["round"],
        step=steps[entry["step"]],
        digest=_parse_bytes(entry, "digest", 32),
        signature=_parse_bytes(entry, "signature", 65),
    )
    expected = _checksum(chain, entry)
    if entry.get("checksum") != expected:
        raise InvalidSignState(
            f"{SIGN_STATE_NAME}: checksum: expected {expected}, got {entry.get('checksum')}; the "
            "entry was changed, or written by an older program"
        )
    return signed


def _parse_bytes(entry: dict[str, Any], name: str, length: int) -> bytes:
    try:
        value = bytes.fromhex(entry[name].removeprefix("0x"))
    except (KeyError, ValueError, AttributeError):
        value = b""
    if len(value) != length:
        raise InvalidSignState(f"{SIGN_STATE_NAME}: {name}: expected 0x and {length} bytes")
    return value
