"""Call objects, overrides and log filters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.engine import AccountOverride
from chain.message_calls import BlockOverrides, CallRequest
from node.json_rpc.call_parameters import (
    CHAIN_HEAD,
    block_overrides,
    call_request,
    log_filter,
    state_overrides,
)
from node.json_rpc.errors import ParameterError, RpcError

ONE = "0x" + "11" * 20
TWO = "0x" + "22" * 20
TOPIC = "0x" + "ab" * 32
FIELDS = (
    "from", "to", "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "value", "data",
    "input", "accessList", "chainId", "authorizationList", "blobVersionedHashes", "address",
    "topics", "fromBlock", "toBlock", "blockHash", "balance", "code", "state", "stateDiff",
)  # fmt: skip


def test_an_empty_call_is_a_call_of_nobody_with_nothing() -> None:
    assert call_request({}) == CallRequest()
    assert call_request({"from": None, "to": None, "value": None, "data": None}) == CallRequest()


def test_every_field_of_a_call_is_read() -> None:
    request = call_request(
        {
            "from": ONE,
            "to": TWO,
            "gas": "0x5208",
            "gasPrice": "0x1",
            "maxFeePerGas": "0x2",
            "maxPriorityFeePerGas": "0x3",
            "value": "0x4",
            "input": "0x05",
            "data": "0x05",
            "chainId": "0x6",
            "nonce": "0x7",
            "type": "0x2",
            "accessList": [{"address": ONE, "storageKeys": [TOPIC]}],
        }
    )
    assert request == CallRequest(
        sender=bytes.fromhex("11" * 20),
        to=bytes.fromhex("22" * 20),
        gas=21_000,
        gas_price=1,
        max_fee_per_gas=2,
        max_priority_fee_per_gas=3,
        value=4,
        data=b"\x05",
        chain_id=6,
        access_list=((bytes.fromhex("11" * 20), (int(TOPIC, 16),)),),
    )


@pytest.mark.parametrize("name", ["data", "input"])
def test_either_name_of_the_input_will_do(name: str) -> None:
    assert call_request({name: "0x0102"}).data == b"\x01\x02"


def test_two_inputs_that_differ_are_refused() -> None:
    with pytest.raises(ParameterError, match='both "data" and "input" are set and not equal'):
        call_request({"data": "0x01", "input": "0x02"})


def test_state_overrides_replace_or_change_storage() -> None:
    overrides = state_overrides(
        {
            ONE: {"balance": "0x1", "nonce": "0x2", "code": "0x60", "state": {TOPIC: "0x3"}},
            TWO: {"stateDiff": {"0x1": TOPIC}},
        }
    )
    assert overrides == {
        bytes.fromhex("11" * 20): AccountOverride(
            balance=1, nonce=2, code=b"\x60", state={int(TOPIC, 16): 3}
        ),
        bytes.fromhex("22" * 20): AccountOverride(state_diff={1: int(TOPIC, 16)}),
    }
    with pytest.raises(ParameterError, match="both 'state' and 'stateDiff'"):
        state_overrides({ONE: {"state": {}, "stateDiff": {}}})


def test_block_overrides_take_both_spellings() -> None:
    assert block_overrides({"time": "0x5", "baseFeePerGas": "0x6", "feeRecipient": ONE}) == (
        BlockOverrides(timestamp=5, base_fee=6, coinbase=bytes.fromhex("11" * 20))
    )
    assert block_overrides({"coinbase": ONE}).coinbase == bytes.fromhex("11" * 20)


def test_a_filter_without_bounds_asks_the_latest_block() -> None:
    wanted = log_filter({})
    assert (wanted.first_block, wanted.last_block) == (CHAIN_HEAD, CHAIN_HEAD)
    wanted = log_filter({"fromBlock": "earliest", "toBlock": "finalized"})
    assert (wanted.first_block, wanted.last_block) == (0, CHAIN_HEAD)


def test_addresses_and_topics_may_be_one_or_many() -> None:
    one = log_filter({"address": ONE, "topics": [TOPIC]})
    many = log_filter({"address": [ONE], "topics": [[TOPIC]]})
    assert one == many
    assert log_filter({"topics": [None, [TOPIC, None], []]}).topics == ((), (), ())


def test_a_block_hash_excludes_a_range() -> None:
    assert log_filter({"blockHash": TOPIC}).block_hash == bytes.fromhex("ab" * 32)
    with pytest.raises(ParameterError, match="cannot specify both BlockHash and FromBlock/ToBlock"):
        log_filter({"blockHash": TOPIC, "fromBlock": "0x1"})


@pytest.mark.parametrize(
    "wanted", [{"topics": [TOPIC] * 5}, {"topics": [[TOPIC] * 1_001]}, {"address": [ONE] * 1_001}]
)
def test_filters_are_bounded(wanted: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="exceed max"):
        log_filter(wanted)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([ONE, TOPIC, "0x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FIELDS, ONE, TOPIC]), inner, max_size=5)
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_value_is_a_request_or_is_refused(value: Any) -> None:
    for parse in (call_request, state_overrides, block_overrides, log_filter):
        refusal = "none"
        try:
            parse(value)
        except (ParameterError, RpcError) as error:
            refusal = str(error)
        assert refusal


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"from": "ab" * 20}, "hex string without 0x prefix into Go struct field TransactionArgs.from "
                              "of type common.Address"),
        ({"gas": 5}, "non-string into Go struct field TransactionArgs.gas of type hexutil.Uint64"),
        (
            {"accessList": [{"address": "zz"}]},
            "hex string without 0x prefix into Go struct field TransactionArgs.accessList.address "
            "of type common.Address",
        ),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_as_go_names_it(fields: Any, text: str) -> None:
    with pytest.raises(ParameterError) as refusal:
        call_request(fields)
    assert str(refusal.value) == f"json: cannot unmarshal {text}"
