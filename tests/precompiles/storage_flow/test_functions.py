"""The three tables: selectors, interface documents, and an answer to whatever comes."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from precompiles.interface import CallKind, Failed, Returned, Reverted
from precompiles.solidity import roles, slots
from precompiles.storage_flow import contexts, layout, market, pausing, submitting
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import FLOW, MARKET, ROOT_HISTORY
from precompiles.storage_flow.functions import storage_flow

ADMIN = Address(b"\xa1" * 20)
TABLES = {table.address: table for table in storage_flow()}
DOCUMENTS = {FLOW: "flow_abi", MARKET: "market_abi", ROOT_HISTORY: "root_history_abi"}
ROLES = {
    "01ffc9a7", "248a9ca3", "2f2ff15d", "36568abe", "9010d07c", "91d14854", "a217fddf",
    "ca15c873", "d547741f",
}  # fmt: skip
SELECTORS = {
    FLOW: ROLES | {
        "127f0f07", "18a641ef", "1deb0fca", "231b0268", "31bae174", "38d45e10", "3f4ba83a",
        "4282b532", "49aa3395", "5c975abb", "6d7ad0fc", "77e19824", "7d590708", "80f55605",
        "8456cb59", "900cf0cf", "93e405a0", "9bbbfdbb", "b464b53e", "b8a409ac", "bc8c11f8",
        "c7dd5221", "cd6dc687", "e63ab1e9", "ebdec6d3", "f0682054", "fd54b228",
    },
    MARKET: ROLES | {
        "61ec5082",  # pricePerSector (facts §3)
        *(
            keccak(signature.encode())[:4].hex()
            for signature in (
                "setPricePerSector(uint256)", "chargeFee(uint256,uint256,uint256)", "flow()",
                "reward()", "initialize(uint256,address,address)", "PARAMS_ADMIN_ROLE()",
            )
        ),
    },
    ROOT_HISTORY: {
        "8da5cb5b", "2d287e43", "e0886f90", "1d1a696d", "96e494e8", "f2fde38b", "715018a6",
    },
}  # fmt: skip
"""What dispatches in the code of 0G's contracts (facts §3 has some of the names)."""
OURS = {
    FLOW: {"ef3e12dc", "9e62a38e", "a3246ad3"},
    MARKET: {"a3246ad3", keccak(b"withdrawReward(address,uint256)")[:4].hex()},
    ROOT_HISTORY: set[str](),
}
"""The older form, OpenZeppelin's getRoleMembers, and the fees' way out."""


def document(address: Address) -> list[dict[str, Any]]:
    text = files("precompiles").joinpath("storage_flow", f"{DOCUMENTS[address]}.json").read_text()
    parsed: list[dict[str, Any]] = json.loads(text)
    return parsed


def typed(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(typed, entry['components']))}){kind.removeprefix('tuple')}"


def listed(entries: list[dict[str, Any]]) -> str:
    return f"({','.join(map(typed, entries))})"


@pytest.mark.parametrize("address", TABLES, ids=["flow", "market", "history"])
def test_every_function_of_0gs_contract_is_there(address: Address) -> None:
    selectors = {row.selector.hex() for row in TABLES[address].functions}
    assert selectors == SELECTORS[address] | OURS[address]


@pytest.mark.parametrize("address", TABLES, ids=["flow", "market", "history"])
def test_the_interface_document_is_the_table(address: Address) -> None:
    documented = {
        entry["name"] + listed(entry["inputs"]): (
            listed(entry["outputs"]),
            entry["stateMutability"],
        )
        for entry in document(address)
        if entry["type"] == "function"
    }
    rows = TABLES[address].functions
    assert documented == {row.signature: (row.returns, row.mutability) for row in rows}


def test_the_interface_documents_have_every_event_that_is_emitted() -> None:
    emitted = {
        FLOW: {
            submitting.SUBMIT, contexts.NEW_EPOCH, pausing.PAUSED, pausing.UNPAUSED,
            roles.ROLE_GRANTED, roles.ROLE_REVOKED,
        },
        MARKET: {market.REWARD_WITHDRAWN, roles.ROLE_GRANTED, roles.ROLE_REVOKED},
    }  # fmt: skip
    for address, topics in emitted.items():
        documented = {
            keccak((entry["name"] + listed(entry["inputs"])).encode())
            for entry in document(address)
            if entry["type"] == "event"
        }
        assert topics < documented


def test_the_storage_is_the_deployed_contracts() -> None:
    """Facts §3, "ERC-7201 base"; the others as a deployed one has them."""
    flow = 0x2C76CC46AAC583DA4777117FB4419FBB43AF6051F6353FCCBCE7A36D394F5500
    assert flow == layout.FLOW
    assert f"{slots.INITIALIZED:064x}".startswith("f0c57e16")
    assert f"{layout.open_node(0):064x}".startswith("48e08dc4")
    storage = initial_storages(ADMIN, 1, 100, 1)[FLOW]
    assert storage[flow + 18] == 100
    assert storage[flow + 16] == storage[flow + 10] == storage[flow + 1] == 1


@given(
    row=st.sampled_from([(a, row) for a, table in TABLES.items() for row in table.functions]),
    selector_bytes=st.sampled_from([4, 4, 4, 4, 0, 3]),
    tail=st.one_of(
        st.binary(max_size=400),
        st.lists(st.one_of(st.integers(0, 700), st.integers(0, 2**256 - 1)), max_size=20).map(
            lambda words: b"".join(word.to_bytes(32, "big") for word in words)
        ),
    ),
    kind=st.sampled_from(CallKind),
    is_static=st.booleans(),
    value=st.sampled_from([0, 0, 1]),
    number=st.sampled_from([1, 101, 5_000, 30_000]),
)
def test_whatever_comes_is_answered_and_nothing_is_written_in_a_read_only_call(
    flow_of: Callable[..., Any], row: Any, selector_bytes: int, tail: bytes, kind: CallKind,
    is_static: bool, value: int, number: int,
) -> None:  # fmt: skip
    address, function = row
    flow = flow_of(number=number)
    before = {at: dict(one.values) for at, one in flow.storages.items()}
    outcome = flow.run(
        function.selector[:selector_bytes] + tail,
        to=address, kind=kind, is_static=is_static, value=value, gas=500_000,
    )  # fmt: skip
    assert outcome is None or isinstance(outcome, Returned | Reverted | Failed)
    if is_static or kind is not CallKind.CALL or not isinstance(outcome, Returned):
        assert {at: one.values for at, one in flow.storages.items()} == before
        assert not flow.logs


def test_a_read_only_call_that_would_write_burns_its_gas(flow: Any) -> None:
    flow.number = 101
    data = bytes.fromhex("38d45e10")
    for options in ({"is_static": True}, {"kind": CallKind.DELEGATECALL}):
        assert flow.run(data, gas=500_000, **options) == Failed("write protection")
        assert flow.gas_used == 500_000
    flow.call("makeContext()")
    assert flow.run(data, is_static=True) == Returned()


@pytest.mark.parametrize("gas", [0, 179, 1_000, 50_000, 100_000])
def test_too_little_gas_is_out_of_gas_and_leaves_no_trace(flow: Any, gas: int) -> None:
    flow.number = 101
    before = dict(flow.storages[FLOW].values)
    assert flow.run(bytes.fromhex("38d45e10"), gas=gas) is None
    assert flow.storages[FLOW].values == before
    assert not flow.logs
