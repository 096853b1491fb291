"""Plug-ins in a genesis document."""

from typing import Any

import pytest
from coincurve import PrivateKey

from genesis.block import genesis_block
from genesis.document import load_document
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document
from genesis.plugin_alloc import with_plugins

KEY = PrivateKey(b"\x01" * 32).public_key.format()
BEGINS = 1_000
ADDRESS = f"0x{0x7701:040x}"
ENTRY = {"package": "counter", "version": "1.0", "address": ADDRESS, "activationTime": BEGINS}


def document(*entries: dict[str, Any]) -> dict[str, Any]:
    plain = devnet_document([(KEY, "validator-0")], timestamp=BEGINS)
    return with_plugins(plain, entries)


def code_at_zero(made: dict[str, Any]) -> bytes | None:
    _, changes = genesis_block(load_document(made))
    found = [change.code for change in changes if change.address == bytes.fromhex(ADDRESS[2:])]
    return found[0] if found else None


def test_one_that_is_active_from_the_genesis_on_has_its_code_in_block_zero() -> None:
    made = document(ENTRY)
    assert load_document(made).config.plugins[0].package == "counter"
    assert code_at_zero(made) == b"\x01"


def test_one_that_begins_later_has_none_yet() -> None:
    made = document(ENTRY | {"activationTime": BEGINS + 1})
    assert code_at_zero(made) is None
    assert load_document(made).config.rules(0, BEGINS).plugins == ()


def test_the_document_given_is_left_as_it_was() -> None:
    plain = devnet_document([(KEY, "validator-0")], timestamp=BEGINS)
    with_plugins(plain, [ENTRY])
    assert "plugins" not in plain["config"]["zerog"]
    assert ADDRESS not in plain["alloc"]


def test_plugins_are_part_of_the_chains_identity() -> None:
    """So that nodes with other versions or parameters do not even shake hands."""
    others = [ENTRY, ENTRY | {"version": "1.1"}, ENTRY | {"parameters": {"step": 2}}]
    assert len({load_document(document(entry)).identity for entry in others}) == 3


def test_an_account_of_the_genesis_can_become_one() -> None:
    made = document(ENTRY)
    made["alloc"][ADDRESS] = {"balance": "0x5"}
    assert load_document(made).config.plugins


@pytest.mark.parametrize("activation_time", [BEGINS, BEGINS + 1])
def test_another_contract_at_its_address_is_refused(activation_time: int) -> None:
    made = document(ENTRY | {"activationTime": activation_time})
    made["alloc"][ADDRESS] = {"balance": "0x0", "code": "0x6000"}
    with pytest.raises(InvalidGenesis) as refused:
        load_document(made)
    assert refused.value.field == f"alloc.{ADDRESS}.code"


def test_a_wrong_entry_is_an_error_of_the_document() -> None:
    with pytest.raises(InvalidGenesis) as refused:
        document(ENTRY | {"address": "0x77"})
    assert refused.value.field == "config.zerog.plugins[0].address"
    made = document(ENTRY)
    made["config"]["zerog"]["plugins"][0]["colour"] = "red"
    with pytest.raises(InvalidGenesis) as unknown:
        load_document(made)
    assert unknown.value.field == "config.zerog.plugins[0].colour"
