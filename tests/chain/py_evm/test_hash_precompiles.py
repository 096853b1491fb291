"""The hashing precompiles against py-evm's, and against known answers."""

import hashlib
from typing import Any

import pytest
from eth.exceptions import VMError
from eth.precompiles import identity, ripemd160, sha256
from eth.precompiles.blake2 import blake2b_fcompress
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from chain.py_evm import hash_precompiles
from chain.py_evm.hash_precompiles import blake2f

IV = bytes.fromhex(
    "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
    "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"
)
"""BLAKE2b's, eight little-endian words (RFC 7693)."""
PARAMETERS = 0x01010040
"""RFC 7693: 64 bytes of hash, no key; they go into the first word."""


def one_block(message: bytes) -> bytes:
    """The input that hashes a message of at most 128 bytes with BLAKE2b-512."""
    first = (int.from_bytes(IV[:8], "little") ^ PARAMETERS).to_bytes(8, "little")
    length = len(message).to_bytes(16, "little")
    return (12).to_bytes(4, "big") + first + IV[8:] + message.ljust(128, b"\0") + length + b"\1"


ABC = one_block(b"abc")


class Recorder:
    """As much of a frame as a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg, self.data, self.data_as_bytes, self.output, self.gas = self, data, data, b"", 0

    def consume_gas(self, amount: int, reason: str = "") -> None:
        self.gas += amount


def outcome(function: Any, data: bytes) -> tuple[bytes, int] | str:
    frame = Recorder(data)
    try:
        function(frame)
    except VMError:
        return "failed"
    return frame.output, frame.gas


@pytest.mark.parametrize(("number", "theirs"), [(2, sha256), (3, ripemd160), (4, identity)])
@given(data=st.binary(max_size=300))
def test_hashes_answer_and_cost_what_py_evms_do(number: int, theirs: Any, data: bytes) -> None:
    ours = hash_precompiles.hash_precompiles()[Address(number.to_bytes(20, "big"))]
    assert outcome(ours, data) == outcome(theirs, data)


def test_ripemd160_does_not_need_openssls(monkeypatch: pytest.MonkeyPatch) -> None:
    """OpenSSL 3 without its legacy provider, as some distributions ship it."""
    inputs = (b"", b"abc", bytes(1_000))
    native = [hash_precompiles.ripemd160()(data) for data in inputs]

    def refuse(name: str, data: bytes = b"") -> Any:
        raise ValueError(f"unsupported hash type {name}")

    monkeypatch.setattr(hash_precompiles, "new_hash", refuse)
    assert [hash_precompiles.ripemd160()(data) for data in inputs] == native
    assert native[1].hex() == "00" * 12 + "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"


@given(st.binary(max_size=128))
def test_blake2f_hashes_one_block_as_hashlib_does(message: bytes) -> None:
    assert outcome(blake2f, one_block(message)) == (hashlib.blake2b(message).digest(), 12)


def test_blake2f_without_final_flag_is_another_hash() -> None:
    unfinished = outcome(blake2f, ABC[:-1] + b"\0")
    assert unfinished == outcome(blake2b_fcompress, ABC[:-1] + b"\0")
    assert unfinished != outcome(blake2f, ABC)


@pytest.mark.parametrize(
    "data",
    [b"", ABC[:-1], ABC + b"\0", ABC[:-1] + b"\2"],
    ids=["empty", "short", "long", "flag 2"],
)
def test_blake2f_refuses_what_is_no_input(data: bytes) -> None:
    assert outcome(blake2f, data) == "failed"


@given(st.integers(0, 40), st.binary(min_size=208, max_size=208), st.booleans())
def test_blake2f_answers_what_py_evms_does(rounds: int, words: bytes, is_final: bool) -> None:
    data = rounds.to_bytes(4, "big") + words + bytes([is_final])
    assert outcome(blake2f, data) == outcome(blake2b_fcompress, data)
