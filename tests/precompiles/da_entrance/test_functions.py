"""The entrance's table: selectors, interface document, and an answer to whatever comes."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.contract import ContractFunction
from precompiles.da_entrance import (
    commitments,
    layout,
    payments,
    sampling,
    sync,
    uploads,
)
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.functions import da_entrance
from precompiles.interface import CallKind, Failed, Returned, Reverted
from precompiles.solidity import roles

SELECTORS = {
    "initialize": "8129fc1c", "sync": "fff6cae9", "syncFixedTimes": "e051d1ea",
    "donate": "ed88c68e", "sampleTask": "988ea94e", "sampleRange": "6efc2555",
    "submitSamplingResponse": "f6902775", "payments": "e2982c21", "withdrawPayments": "31b3eb94",
    "submitOriginalData": "d4ae59c9", "submitVerifiedCommitRoots": "eafed6ce",
    "verifiedErasureCommitment": "9da3a69b", "commitmentExists": "6a53525d",
    "currentEpoch": "76671808", "currentSampleSeed": "9fae1fa4", "sampleRound": "168a062c",
    "nextSampleHeight": "7397eb33", "podasTarget": "c8d3b359", "roundSubmissions": "ff187748",
    "targetRoundSubmissions": "2fc0534b", "targetRoundSubmissionsNext": "257a3aa3",
    "currentEpochReward": "e68e035b", "activedReward": "12577052", "totalBaseReward": "7f1b5e43",
    "serviceFee": "8abdf5aa", "epochWindowSize": "3e898337", "rewardRatio": "646033bc",
    "baseReward": "76ad03bc", "blobPrice": "3d00448a", "samplePeriod": "98920f57",
    "serviceFeeRateBps": "c0575111", "treasury": "61d027b3", "DA_SIGNERS": "807f063a",
    "PARAMS_ADMIN_ROLE": "b15d20da", "SLICE_NUMERATOR": "5626a47b",
    "SLICE_DENOMINATOR": "602b245a", "MAX_PODAS_TARGET": "8bdcc712",
    "setRoundSubmissions": "88521ec7", "setEpochWindowSize": "b1be17ab",
    "setRewardRatio": "3bab2a70", "setBaseReward": "0373a23a", "setSamplePeriod": "1192de9a",
    "setBlobPrice": "23dd60a6", "setServiceFeeRate": "9b1d3091", "setTreasury": "f0f44260",
    "hasRole": "91d14854", "getRoleAdmin": "248a9ca3", "grantRole": "2f2ff15d",
    "revokeRole": "d547741f", "renounceRole": "36568abe", "getRoleMember": "9010d07c",
    "getRoleMemberCount": "ca15c873", "supportsInterface": "01ffc9a7",
    "DEFAULT_ADMIN_ROLE": "a217fddf",
}  # fmt: skip
"""Facts §2, and OpenZeppelin's."""
OURS = {"verify", "verifyChunk", "latestCommitment", "getRoleMembers"}
TOPICS = {
    uploads.DATA_UPLOAD: "57b8b1a6583dc6ce934dfba3d66f2a8e1591b6e171bb2e0921cc64640277087b",
    commitments.ERASURE_COMMITMENT_VERIFIED:
        "0f1b20d87bebd11dddaaab51f01cf2726880cb3f8073b636dbafa2aa8cacd256",
}  # fmt: skip
TABLE = da_entrance()
ROWS = {function.signature.partition("(")[0]: function for function in TABLE.functions}
DOCUMENT: list[dict[str, Any]] = json.loads(
    files("precompiles").joinpath("da_entrance", "abi.json").read_text()
)
ADMIN = b"\xad" * 20


def typed(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(map(typed, entry['components']))}){kind.removeprefix('tuple')}"


def listed(entries: list[dict[str, Any]]) -> str:
    return f"({','.join(map(typed, entries))})"


def test_the_whole_interface_of_the_deployed_contract_is_there() -> None:
    """Facts §2, "DAEntrance's whole interface"."""
    assert {name: row.selector.hex() for name, row in ROWS.items() if name not in OURS} == SELECTORS
    assert ROWS.keys() > OURS


def test_the_interface_document_is_the_table() -> None:
    documented = {
        entry["name"] + listed(entry["inputs"]): (
            listed(entry["outputs"]),
            entry["stateMutability"],
        )
        for entry in DOCUMENT
        if entry["type"] == "function"
    }
    assert documented == {row.signature: (row.returns, row.mutability) for row in TABLE.functions}


def test_the_interface_document_has_every_event_that_is_emitted() -> None:
    emitted = {
        uploads.DATA_UPLOAD, commitments.ERASURE_COMMITMENT_VERIFIED, sync.NEW_SAMPLE_ROUND,
        sampling.DA_REWARD, payments.DEPOSITED, payments.WITHDRAWN, roles.ROLE_GRANTED,
        roles.ROLE_REVOKED,
    }  # fmt: skip
    documented = {
        keccak((entry["name"] + listed(entry["inputs"])).encode())
        for entry in DOCUMENT
        if entry["type"] == "event"
    }
    assert emitted < documented
    assert {topic: topic.hex() for topic in TOPICS} == TOPICS


def test_the_storage_is_the_deployed_contracts() -> None:
    """Facts §2, "Storage"."""
    entrance = 0x1F01119F54CADDD4B5BCCE29799619F00BB427288E5C1C0713537061BD123800
    assert entrance == layout.ENTRANCE
    assert entrance + 21 == layout.TREASURY
    assert f"{layout.PAYMENTS:064x}".startswith("18886ccf")
    assert f"{layout.PAYMENTS:064x}".endswith("c100")


def test_it_begins_with_what_initialize_sets() -> None:
    """Facts §2, "initialize sets"."""
    storage = initial_storage(ADMIN, epoch=3, block_number=59)
    assert storage[layout.CURRENT_EPOCH] == 3
    assert storage[layout.NEXT_SAMPLE_HEIGHT] == 60
    assert storage[layout.PODAS_TARGET] == (2**256 - 1) // 128
    assert layout.TARGET_ROUND_SUBMISSIONS not in storage
    assert len(storage) == 8 + 2 * 4


@given(
    function=st.sampled_from(TABLE.functions),
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
)
def test_whatever_comes_is_answered_and_nothing_is_written_in_a_read_only_call(
    chain_of: Callable[..., Any],
    function: ContractFunction,
    selector_bytes: int,
    tail: bytes,
    kind: CallKind,
    is_static: bool,
    value: int,
) -> None:
    chain = chain_of(TABLE, number=100)
    chain.storage.slots = dict(initial_storage(ADMIN, 0, 0))
    before = dict(chain.storage.slots)
    outcome = chain.call(
        function.selector[:selector_bytes] + tail,
        caller=ADMIN, kind=kind, is_static=is_static, value=value, gas=200_000,
    )  # fmt: skip
    assert outcome is None or isinstance(outcome, Returned | Reverted | Failed)
    if is_static or kind is not CallKind.CALL or not isinstance(outcome, Returned):
        assert chain.storage.slots == before
        assert not chain.logs
        assert not chain.balances.wei


def test_a_read_only_call_that_would_write_burns_its_gas(chain_of: Callable[..., Any]) -> None:
    chain = chain_of(TABLE)
    chain.storage.slots = dict(initial_storage(ADMIN, 0, 0))
    data = ROWS["renounceRole"].selector + bytes(44) + ADMIN
    for options in ({"is_static": True}, {"kind": CallKind.DELEGATECALL}):
        assert chain.call(data, caller=ADMIN, **options) == Failed("write protection")
        assert chain.gas_left == 0


@pytest.mark.parametrize("gas", [0, 179, 300, 20_000])
def test_too_little_gas_is_out_of_gas(chain_of: Callable[..., Any], gas: int) -> None:
    chain = chain_of(TABLE)
    chain.storage.slots = dict(initial_storage(ADMIN, 0, 0))
    data = ROWS["grantRole"].selector + bytes(44) + b"\x01" * 20
    assert chain.call(data, caller=ADMIN, gas=gas) is None
    assert chain.gas_left == 0
    assert chain.storage.slots == initial_storage(ADMIN, 0, 0)
