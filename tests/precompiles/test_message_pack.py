"""MessagePack as Go's library writes and reads it (facts §1a-1, "Blob encoding"; [O14])."""

from collections.abc import Callable
from typing import Any

import pytest
import umsgpack
from hypothesis import given
from hypothesis import strategies as st

from precompiles import message_pack
from precompiles.da_signers.records import decode_quorum, decode_signer, encode_signer
from precompiles.message_pack import BadMessagePack, Reader
from precompiles.wrapped_a0gi_base.records import decode_supply, encode_supply

READERS: dict[str, Callable[[bytes], bytes]] = {
    "signer": lambda blob: encode_signer(decode_signer(blob)),
    "supply": lambda blob: encode_supply(decode_supply(blob)),
    "quorum": lambda blob: b"".join(decode_quorum(blob)),
}


@pytest.mark.parametrize("kind", READERS)
def test_every_recorded_record_is_read_or_refused_as_go_does(
    recorded: dict[str, Any], kind: str
) -> None:
    """[O14]: nil, empty maps, arrays for maps, unknown fields, other bases; the rest is an error."""
    for blob, expected in recorded["message_pack"][kind]:
        if expected is None:
            with pytest.raises(BadMessagePack):
                READERS[kind](bytes.fromhex(blob))
        else:
            assert READERS[kind](bytes.fromhex(blob)).hex() == expected


@given(st.sampled_from(sorted(READERS)), st.binary(max_size=400))
def test_any_bytes_are_a_record_or_bad(kind: str, blob: bytes) -> None:
    try:
        written = READERS[kind](blob)
    except BadMessagePack:
        return
    assert kind == "quorum" or READERS[kind](written) == written


@given(st.binary(max_size=300))
def test_strings_and_binaries_take_their_shortest_form(value: bytes) -> None:
    assert umsgpack.unpackb(message_pack.encode_binary(value)) == value
    assert message_pack.encode_binary(value) == umsgpack.packb(value)
    assert Reader(message_pack.encode_string(value)).read_string() == value


@pytest.mark.parametrize("length", [0, 31, 32, 255, 256, 65_535, 65_536])
def test_headers_change_at_their_borders(length: int) -> None:
    text = "a" * length
    assert message_pack.encode_string(text.encode()) == umsgpack.packb(text)
    assert message_pack.encode_binary(text.encode()) == umsgpack.packb(text.encode())


@pytest.mark.parametrize("length", [0, 15, 16, 3_072, 65_535, 65_536])
def test_array_headers_change_at_their_borders(length: int) -> None:
    packed = umsgpack.packb([None] * length)
    header = message_pack.encode_array_header(length)
    assert packed.startswith(header)
    assert Reader(header).read_array_length() == length


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**64 - 1)
        | st.floats()
        | st.text()
        | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_any_value_can_be_passed_over(value: Any) -> None:
    reader = Reader(umsgpack.packb(value) + b"\xa3end")
    reader.skip()
    assert reader.read_string() == b"end"


def test_a_deep_value_is_passed_over_without_recursion() -> None:
    reader = Reader(b"\x91" * 100_000 + b"\xc0\xa1x")
    reader.skip()
    assert reader.read_string() == b"x"


def test_an_integer_beyond_what_python_converts_is_bad() -> None:
    digits = b"9" * (message_pack.INTEGER_TEXT_BYTES_MAX + 1)
    with pytest.raises(BadMessagePack):
        Reader(message_pack.encode_binary(digits)).read_integer()
    reader = Reader(message_pack.encode_binary(b"0x" + digits[:-3]))
    assert message_pack.encode_integer(reader.read_integer())
