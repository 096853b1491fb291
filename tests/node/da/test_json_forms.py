"""Text in, a value or `InvalidInput` out, and the way back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.da.blobs import Blob, BlobSignature, parse_blob, parse_signature
from node.da.errors import InvalidInput
from node.da.json_forms import (
    parse_address,
    parse_data,
    parse_hash,
    parse_number,
    parse_point,
    point_form,
)
from node.da.submission import Submission, parse_submission
from precompiles.bn254 import G1_GENERATOR
from precompiles.bn254_unchecked import P
from precompiles.da_signers.signatures import public_keys

SCALARS = st.integers(1, 2**200)
BLOBS = st.builds(
    Blob,
    st.binary(min_size=32, max_size=32),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    SCALARS.map(lambda scalar: public_keys(scalar)[0]),
)
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("0x0g"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["dataRoot", "epoch", "quorumId", "erasureCommitment", "signature", "aggPkG2"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


@given(BLOBS, st.binary(min_size=20, max_size=20), SCALARS, st.binary(max_size=400))
def test_blobs_signatures_and_submissions_come_back_from_their_json(
    blob: Any, signer: Any, scalar: int, bitmap: bytes
) -> None:
    key_g1, key_g2 = public_keys(scalar)
    signature = BlobSignature(signer, blob, key_g1)
    submission = Submission(blob, bitmap, key_g2, key_g1)
    assert parse_blob(blob.as_json()) == blob
    assert parse_signature(signature.as_json()) == signature
    assert parse_submission(submission.as_json()) == submission


@given(JUNK)
def test_junk_is_an_invalid_input_and_nothing_else(junk: Any) -> None:
    for parse in (parse_blob, parse_signature, parse_submission):
        with pytest.raises(InvalidInput):
            parse(junk)
    for parse_one in (parse_hash, parse_address, parse_point):
        with pytest.raises(InvalidInput, match="field: expected"):
            parse_one("field", junk)


@pytest.mark.parametrize("text", ["{0},{1}", " {0} , {1}"])
def test_a_point_is_read_from_a_command_line_in_several_ways(text: str) -> None:
    x, y = point_form(G1_GENERATOR)
    assert parse_point("--commitment", text.format(x, y)) == G1_GENERATOR
    assert parse_point("--commitment", "0x" + x[2:] + y[2:]) == G1_GENERATOR
    assert parse_point("--commitment", "0x1,0x2".replace("0x", "0x0")) == G1_GENERATOR


@pytest.mark.parametrize(
    "value",
    ["0x01,0x03", "1,2", "0x01", f"0x{P:064x},0x{P + 2:064x}", "0x" + "01" * 33 + ",0x02", [1, 2]],
)
def test_what_is_no_point_of_the_curve_is_refused(value: Any) -> None:
    with pytest.raises(InvalidInput, match="a point on BN254"):
        parse_point("--commitment", value)


def test_numbers_are_decimal_or_hex_and_below_two_to_the_64() -> None:
    assert [parse_number("n", text) for text in ("12", "0xc", 12)] == [12, 12, 12]
    for wrong in (-1, "-1", 2**64, "1.5", "", True, None, 1.0):
        with pytest.raises(InvalidInput):
            parse_number("n", wrong)


def test_data_has_a_limit() -> None:
    assert parse_data("bitmap", "0x0102", 2) == b"\1\2"
    with pytest.raises(InvalidInput, match="at most 1 bytes"):
        parse_data("bitmap", "0x0102", 1)
