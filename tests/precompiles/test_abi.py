"""ABI: what go-ethereum accepts, refuses and writes (facts §1a, "ABI decoding is go-ethereum's")."""

from typing import Any

import pytest
from eth_abi.abi import encode as strict_encode
from hypothesis import given
from hypothesis import strategies as st

from precompiles import abi
from precompiles.da_signers.functions import da_signers
from precompiles.errors import UndecodableInput

INPUTS = {
    function.signature.partition("(")[0]: function.inputs for function in da_signers().functions
}


def word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def test_every_recorded_input_is_decoded_or_refused_as_go_ethereum_does(
    recorded: dict[str, Any],
) -> None:
    for name, data, canonical in recorded["abi"]:
        if canonical is None:
            with pytest.raises(UndecodableInput):
                abi.decode(INPUTS[name], bytes.fromhex(data))
        else:
            values = abi.decode(INPUTS[name], bytes.fromhex(data))
            assert abi.encode(INPUTS[name], values).hex() == canonical


def test_only_the_low_twenty_bytes_of_an_address_word_count() -> None:
    """§1a: dirty high bytes are accepted."""
    dirty = b"\xff" * 12 + b"\x01" * 20
    assert abi.decode(abi.parse_types("(address)"), dirty) == (b"\x01" * 20,)


def test_a_uint32_above_its_range_is_refused() -> None:
    """§1a: `uint32 _rowIndex` > 2^32-1 is a decode error."""
    types = abi.parse_types("(uint32)")
    assert abi.decode(types, word(2**32 - 1)) == (2**32 - 1,)
    with pytest.raises(UndecodableInput):
        abi.decode(types, word(2**32))


def test_padding_and_utf8_of_a_string_are_not_looked_at() -> None:
    """§1a: strings/bytes padding not checked, no UTF-8 check."""
    data = word(32) + word(2) + b"\xff\xfe" + b"\x01" * 30
    assert abi.decode(abi.parse_types("(string)"), data) == (b"\xff\xfe",)
    assert abi.decode(abi.parse_types("(string)"), data[:-30]) == (b"\xff\xfe",)


def test_words_behind_the_arguments_are_ignored() -> None:
    assert abi.decode(abi.parse_types("()"), b"anything") == ()
    assert abi.decode(abi.parse_types("(uint256)"), word(7) + b"more") == (7,)


def test_an_array_needs_a_word_for_each_item_wherever_its_offset_points() -> None:
    types = abi.parse_types("(address[])")
    with pytest.raises(UndecodableInput):
        abi.decode(types, word(32) + word(2) + word(1))
    # The offset may point at itself: the head then is the length as well.
    assert abi.decode(types, word(0)) == ((),)


def test_integers_are_written_modulo_two_to_the_256() -> None:
    """[O12], and Go's negative numbers."""
    assert abi.encode(abi.parse_types("(uint256,uint256)"), (2**256 + 5, -1)) == (
        word(5) + b"\xff" * 32
    )


def test_a_bool_is_zero_or_one() -> None:
    types = abi.parse_types("(bool)")
    assert abi.decode(types, word(1)) == (True,)
    with pytest.raises(UndecodableInput):
        abi.decode(types, word(2))


ADDRESSES = st.binary(min_size=20, max_size=20)
WORDS = st.integers(0, 2**256 - 1)
SIGNERS = st.tuples(
    ADDRESSES,
    st.binary(max_size=70),
    st.tuples(WORDS, WORDS),
    st.tuples(st.tuples(WORDS, WORDS), st.tuples(WORDS, WORDS)),
)
SIGNER_TYPE = "(address,bytes,(uint256,uint256),(uint256[2],uint256[2]))"


@given(st.lists(SIGNERS, max_size=4), st.binary(max_size=70), WORDS)
def test_encoding_agrees_with_eth_abi_and_decoding_reverses_it(
    signers: list[Any], blob: bytes, number: int
) -> None:
    types = [f"{SIGNER_TYPE}[]", "bytes", "uint256"]
    values = (tuple(signers), blob, number)
    ours = abi.parse_types(f"({','.join(types)})")
    encoded = abi.encode(ours, values)
    assert encoded == strict_encode(types, values)
    assert abi.decode(ours, encoded) == values


@given(
    st.sampled_from(sorted(INPUTS)), st.lists(st.one_of(WORDS, st.integers(0, 400)), max_size=16)
)
def test_any_words_are_values_or_undecodable(name: str, words: list[int]) -> None:
    assert _is_decoded_or_refused(name, b"".join(map(word, words)))


@given(st.sampled_from(sorted(INPUTS)), st.binary(max_size=300))
def test_any_bytes_are_values_or_undecodable(name: str, data: bytes) -> None:
    assert _is_decoded_or_refused(name, data)


def _is_decoded_or_refused(name: str, data: bytes) -> bool:
    try:
        values = abi.decode(INPUTS[name], data)
    except UndecodableInput:
        return True
    return len(values) == len(INPUTS[name])
