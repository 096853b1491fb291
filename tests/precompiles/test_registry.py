"""The list of precompiles and the interface documents beside it."""

import json
from importlib.resources import files
from typing import Any

import pytest
from eth_hash.auto import keccak

from precompiles.da_signers import functions as da_signers
from precompiles.dispatch import TablePrecompile
from precompiles.registry import zero_g_precompiles
from precompiles.wrapped_a0gi_base import functions as wrapped_a0gi_base

DA_SIGNERS_SELECTORS = {
    "params": "cff0ab96",
    "epochNumber": "f4145a83",
    "quorumCount": "5ecba503",
    "isSigner": "7df73e27",
    "getSigner": "d1f5e5f8",
    "getQuorum": "6ab6f654",
    "getQuorumRow": "fa6fcba6",
    "registerSigner": "7ca4dd5e",
    "updateSocket": "0cf4b767",
    "registeredEpoch": "6c9e560c",
    "registerNextEpoch": "0f62bda5",
    "makeEpoch": "5a889f0c",
    "getAggPkG1": "50b73739",
}
"""Facts §1a-1."""
WRAPPED_A0GI_BASE_SELECTORS = {
    "getWA0GI": "a9283a7a",
    "minterSupply": "95609212",
    "mint": "40c10f19",
    "burn": "9dc29fac",
    "setMinterCap": "dddba6c8",
}
"""Facts §1a-2."""
GAS = {
    **dict.fromkeys(("params", "epochNumber", "quorumCount"), 1_000),
    **dict.fromkeys(("getSigner", "getQuorum", "registerSigner", "registerNextEpoch"), 100_000),
    **dict.fromkeys(("makeEpoch", "mint", "burn", "setMinterCap"), 100_000),
    **dict.fromkeys(("getQuorumRow", "isSigner", "registeredEpoch", "minterSupply"), 10_000),
    "updateSocket": 50_000,
    "getAggPkG1": 1_000_000,
    "getWA0GI": 5_000,
}
"""Facts §1a, Gas."""
FLAGGED_AS_WRITING = {"registerSigner", "registerNextEpoch", "updateSocket", "mint", "burn"}
"""Facts §1a: `makeEpoch` and `setMinterCap` are not."""

TABLES = {
    "da_signers": (da_signers.da_signers(), DA_SIGNERS_SELECTORS),
    "wrapped_a0gi_base": (wrapped_a0gi_base.wrapped_a0gi_base(), WRAPPED_A0GI_BASE_SELECTORS),
}


def _type(entry: dict[str, Any]) -> str:
    if not entry["type"].startswith("tuple"):
        return str(entry["type"])
    inner = ",".join(map(_type, entry["components"]))
    return f"({inner}){entry['type'].removeprefix('tuple')}"


def _list(entries: list[dict[str, Any]]) -> str:
    return f"({','.join(map(_type, entries))})"


def _document(package: str) -> list[dict[str, Any]]:
    text = files("precompiles").joinpath(package, "abi.json").read_text()
    document: list[dict[str, Any]] = json.loads(text)
    return document


def test_both_precompiles_are_at_their_addresses() -> None:
    """§1a, Interface and dispatch."""
    precompiles = zero_g_precompiles()
    assert [int.from_bytes(address, "big") for address in precompiles] == [0x1000, 0x1002]
    assert all(precompile.address == address for address, precompile in precompiles.items())


@pytest.mark.parametrize("package", TABLES)
def test_selectors_gas_and_write_flags_are_those_of_the_facts(package: str) -> None:
    table, selectors = TABLES[package]
    rows = {function.signature.partition("(")[0]: function for function in table.functions}
    assert {name: row.selector.hex() for name, row in rows.items()} == selectors
    assert {name: row.gas for name, row in rows.items()} == {name: GAS[name] for name in selectors}
    assert {name for name, row in rows.items() if row.writes} == FLAGGED_AS_WRITING & {*selectors}


@pytest.mark.parametrize("package", TABLES)
def test_the_interface_document_lists_the_functions_of_the_table(package: str) -> None:
    table: TablePrecompile = TABLES[package][0]
    documented = {
        entry["name"] + _list(entry["inputs"]): _list(entry["outputs"])
        for entry in _document(package)
        if entry["type"] == "function"
    }
    assert documented == {row.signature: row.returns for row in table.functions}


def test_the_interface_document_lists_the_events() -> None:
    """§1a-1, Events."""
    events = {
        entry["name"] + _list(entry["inputs"]): [part["indexed"] for part in entry["inputs"]]
        for entry in _document("da_signers")
        if entry["type"] == "event"
    }
    assert events == {
        da_signers.NEW_SIGNER: [True, False, False],
        da_signers.SOCKET_UPDATED: [True, False],
    }
    assert {keccak(event.encode()).hex() for event in events} == {
        "679917c2006df1daaa987a56bf1d66e99764d5ad317892d9e83a6eb4e3f051e7",
        "09617a966176a40f8f1410768b118506db0096484acd5811064fcc12038798de",
    }
