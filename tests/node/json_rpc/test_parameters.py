"""Arguments: what is taken, what is refused, and in which words."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.answers import BlockTag
from node.json_rpc import parameters as p
from node.json_rpc.errors import ParameterError, RpcError
from node.json_rpc.parameters import Parameter, parse_arguments

HASH = "0x" + "ab" * 32
ADDRESS = "0x" + "Cd" * 20
PARSERS = (
    p.address, p.hash32, p.data, p.uint64, p.uint256, p.count, p.boolean, p.storage_key,
    p.percentiles, p.block_number, p.block_reference,
)  # fmt: skip

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.from_regex(r"0[xX][0-9a-fA-F]{0,70}", fullmatch=True),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["blockHash", "blockNumber", "x"]), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values)
def test_any_json_value_is_parsed_or_refused(value: Any) -> None:
    for parse in PARSERS:
        refusal = "none"
        try:
            parse(value)
        except (ParameterError, RpcError) as error:
            refusal = str(error)
        assert refusal


@pytest.mark.parametrize(
    ("parse", "value", "expected"),
    [
        (p.uint64, "0x0", 0),
        (p.uint64, "0x00005", 5),
        (p.uint256, "0x" + "f" * 64, 2**256 - 1),
        (p.count, "0xa", 10),
        (p.count, 10, 10),
        (p.count, "10", 10),
        (p.address, ADDRESS, b"\xcd" * 20),
        (p.hash32, HASH, b"\xab" * 32),
        (p.data, "0x", b""),
        (p.storage_key, "0x0", 0),
        (p.storage_key, "0x", 0),
        (p.storage_key, "0x123", 0x123),
        (p.storage_key, HASH, int(HASH, 16)),
        (p.percentiles, [20.0, 50], [20.0, 50.0]),
        (p.block_number, "safe", BlockTag.SAFE),
        (p.block_number, "0x10", 16),
        (p.block_reference, "pending", BlockTag.PENDING),
        (p.block_reference, HASH, b"\xab" * 32),
        (p.block_reference, {"blockHash": HASH, "requireCanonical": True}, b"\xab" * 32),
        (p.block_reference, {"blockNumber": "0x2"}, 2),
        (p.block_reference, {"blockNumber": "finalized"}, BlockTag.FINALIZED),
    ],
)
def test_what_tools_send_is_taken(parse: Any, value: Any, expected: Any) -> None:
    assert parse(value) == expected


@pytest.mark.parametrize(
    ("parse", "value", "message"),
    [
        (p.block_number, "10", "hex string without 0x prefix"),
        (p.block_number, "0x", 'hex string "0x"'),
        (p.block_number, "0xzz", "invalid hex string"),
        (p.block_number, "0x10000000000000000", "hex number > 64 bits"),
        (p.block_number, "0x8000000000000000", "block number larger than int64"),
        (p.block_reference, "latests", "hex string without 0x prefix"),
        (
            p.block_reference,
            {"blockHash": HASH, "blockNumber": "0x1"},
            "cannot specify both BlockHash and BlockNumber, choose one or the other",
        ),
        (
            p.address,
            "cdcd",
            "json: cannot unmarshal hex string without 0x prefix into Go value of type "
            "common.Address",
        ),
        (p.address, "0xcd", "hex string has length 2, want 40 for common.Address"),
        (
            p.address,
            5,
            "json: cannot unmarshal non-string into Go value of type common.Address",
        ),
        (
            p.hash32,
            "0xabc",
            "json: cannot unmarshal hex string of odd length into Go value of type common.Hash",
        ),
        (
            p.uint64,
            "5",
            "json: cannot unmarshal hex string without 0x prefix into Go value of type "
            "hexutil.Uint64",
        ),
        (
            p.uint256,
            "0x1" + "0" * 64,
            "json: cannot unmarshal hex number > 256 bits into Go value of type *hexutil.Big",
        ),
        (p.boolean, "true", "json: cannot unmarshal string into Go value of type bool"),
    ],
)
def test_refusals_are_worded_as_geth_words_them(parse: Any, value: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        parse(value)
    assert str(caught.value) == message


NUMBER_AND_FLAG = (Parameter(p.uint64), Parameter(p.boolean, optional=True, default=False))


@pytest.mark.parametrize("given_params", [["0x1"], ["0x1", None], ["0x1", False]])
def test_trailing_arguments_may_be_absent_or_null(given_params: list[Any]) -> None:
    assert parse_arguments(NUMBER_AND_FLAG, given_params) == [1, False]


@pytest.mark.parametrize("given_params", [None, []])
def test_params_absent_null_and_empty_are_the_same(given_params: Any) -> None:
    assert parse_arguments((), given_params) == []
    with pytest.raises(RpcError, match="missing value for required argument 0"):
        parse_arguments(NUMBER_AND_FLAG, given_params)


@pytest.mark.parametrize(
    ("given_params", "message"),
    [
        ({"a": 1}, "non-array args"),
        (["0x1", True, 3], "too many arguments, want at most 2"),
        (["0x1", "x"], "invalid argument 1: json: cannot unmarshal string into Go value of type bool"),
        ([None], "missing value for required argument 0"),
    ],
)  # fmt: skip
def test_the_refusal_names_the_argument(given_params: Any, message: str) -> None:
    with pytest.raises(RpcError) as caught:
        parse_arguments(NUMBER_AND_FLAG, given_params)
    assert (caught.value.code, caught.value.message) == (-32602, message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0xasdf", 'invalid hex in storage key: "0xasdf"'),
        ("0x" + "0" * 65, "storage key too long (want at most 32 bytes)"),
    ],
)
def test_a_storage_key_is_refused_without_a_position(value: str, message: str) -> None:
    with pytest.raises(RpcError) as caught:
        p.storage_key(value)
    assert caught.value.code == -32602
    assert caught.value.message.startswith(message)
