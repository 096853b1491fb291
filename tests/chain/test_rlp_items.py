"""RLP against the rlp package, and against bytes that are none."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from chain.rlp_items import DEPTH_LIMIT, NotRlp, decode_item, encode_item

ITEMS = st.recursive(
    st.binary(max_size=80), lambda inner: st.lists(inner, max_size=8), max_leaves=30
)


def depth(item: object) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0


@given(ITEMS.filter(lambda item: depth(item) <= DEPTH_LIMIT))
def test_an_item_is_encoded_as_the_package_does_and_comes_back(item: object) -> None:
    encoded = encode_item(item)  # type: ignore[arg-type]
    assert encoded == rlp.encode(item)
    assert decode_item(encoded) == item


@given(st.integers(0, 2**256))
def test_a_number_is_its_digits_without_leading_zeros(number: int) -> None:
    assert encode_item(number) == rlp.encode(number)


@given(st.binary(max_size=200))
def test_any_bytes_are_the_one_encoding_of_an_item_or_refused(data: bytes) -> None:
    try:
        item = decode_item(data)
    except NotRlp:
        return
    assert encode_item(item) == data
    assert rlp.decode(data) == item


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81\x05",
        b"\xb8\x37" + bytes(55),
        b"\xb9\x00\x38" + bytes(56),
        b"\xb8",
        b"\xc2\x83\x01",
        b"\x01\x02",
        b"\xff" * 9,
        b"\xc1" * 2_000,
        b"\xc1" * (DEPTH_LIMIT + 1) + b"\xc0",
    ],
)
def test_what_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(NotRlp):
        decode_item(data)
