"""Genesis documents: what is accepted, and that every error names its field."""

import copy
import json
from typing import Any

import pytest
from coincurve import PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.forks.fork import Fork
from genesis.document import load_chain_genesis, load_document, parse_document
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document

KEYS = [PrivateKey(bytes([number]) * 32).public_key.format() for number in range(1, 5)]
DOCUMENT = devnet_document([(key, f"validator-{place}") for place, key in enumerate(KEYS)])
SOMEBODY = "0x00000000000000000000000000000000000000aa"


def changed(path: str, value: object) -> dict[str, Any]:
    """The devnet's document with one field set."""
    document = copy.deepcopy(DOCUMENT)
    *folders, last = path.split("/")
    place: Any = document
    for folder in folders:
        place = place[int(folder)] if isinstance(place, list) else place[folder]
    if isinstance(place, list):
        place[int(last)] = value
    else:
        place[last] = value
    return document


def test_the_devnet_document_loads() -> None:
    loaded = load_document(DOCUMENT)
    assert loaded.config.chain_id == 16601
    assert loaded.config.fork_at(0, 0) is Fork.PRAGUE
    assert loaded.gas_limit == 36_000_000
    assert loaded.base_fee == 10**9
    assert loaded.is_devnet
    assert sorted(v.public_key for v in loaded.validators.validators) == sorted(KEYS)
    assert {v.name for v in loaded.validators.validators} == {f"validator-{i}" for i in range(4)}


def test_a_document_without_the_devnet_mark_is_no_devnet() -> None:
    assert not load_document(changed("config/zerog", {"precompiles": "0g"})).is_devnet


@pytest.mark.parametrize(
    ("path", "value", "field"),
    [
        ("config", None, "config"),
        ("config/chainId", None, "config.chainId"),
        ("config/chainId", "sixteen", "config.chainId"),
        ("config/pragueTime", None, "config.pragueTime"),
        ("config/osakaTime", 0, "config.osakaTime"),
        ("config/StakingActivationTime", "soon", "config.StakingActivationTime"),
        ("config/zerog", [], "config.zerog"),
        ("config/zerog/devnett", True, "config.zerog.devnett"),
        ("config/zerog/devnet", "yes", "config.zerog.devnet"),
        ("config/zerog/precompiles", "1g", "config.zerog.precompiles"),
        ("config/zerog/owner", "0x12", "config.zerog.owner"),
        ("config/zerog/owner", SOMEBODY, "config.zerog.owner"),
        ("config/zerog/daSigners/epochBlocks", 0, "config.zerog.daSigners.epochBlocks"),
        ("gasLimit", None, "gasLimit"),
        ("gasLimit", "0x", "gasLimit"),
        ("gasLimit", 0, "gasLimit"),
        ("gasLimit", 1.5, "gasLimit"),
        ("gasLimit", True, "gasLimit"),
        ("gasLimit", 2**64, "gasLimit"),
        ("timestamp", -1, "timestamp"),
        ("number", 1, "number"),
        ("gasUsed", 1, "gasUsed"),
        ("difficulty", "0x20000", "difficulty"),
        ("extraData", "0x" + "00" * 33, "extraData"),
        ("extraData", "0x0", "extraData"),
        ("mixHash", "0x00", "mixHash"),
        ("coinbase", 7, "coinbase"),
        ("baseFeePerGas", "1 gwei", "baseFeePerGas"),
        ("alloc", None, "alloc"),
        ("alloc/0x12", {}, "alloc.0x12"),
        (f"alloc/{SOMEBODY}", 5, f"alloc.{SOMEBODY}"),
        (f"alloc/{SOMEBODY}", {"balance": "lots"}, f"alloc.{SOMEBODY}.balance"),
        (f"alloc/{SOMEBODY}", {"balance": 2**256}, f"alloc.{SOMEBODY}.balance"),
        (f"alloc/{SOMEBODY}", {"nonce": 2**64}, f"alloc.{SOMEBODY}.nonce"),
        (f"alloc/{SOMEBODY}", {"code": "0x123"}, f"alloc.{SOMEBODY}.code"),
        (f"alloc/{SOMEBODY}", {"storage": {"0x1": "0x1"}}, f"alloc.{SOMEBODY}"),
        (
            f"alloc/{SOMEBODY}",
            {"balance": 1, "storage": {"0x1": "0xgg"}},
            f"alloc.{SOMEBODY}.storage.0x1",
        ),
        (
            f"alloc/{SOMEBODY}",
            {"balance": 1, "storage": {"0x1": "0x1", "0x01": "0x2"}},
            f"alloc.{SOMEBODY}.storage.0x01",
        ),
        ("validators", None, "validators"),
        ("validators", [], "validators"),
        ("validators/1", "validator-1", "validators[1]"),
        ("validators/1/power", 0, "validators[1].power"),
        ("validators/1/power", None, "validators[1].power"),
        ("validators/1/publicKey", "0x02", "validators[1].publicKey"),
        ("validators/1/publicKey", "0x" + "00" * 33, "validators[1].publicKey"),
        ("validators/1/pubkey", "0x02", "validators[1].pubkey"),
        ("validators/1/name", 5, "validators[1].name"),
        ("validators/1/name", "n" * 65, "validators[1].name"),
        ("validators/1/publicKey", "0x" + KEYS[0].hex(), "validators"),
    ],
)
def test_an_error_names_field_and_expectation(path: str, value: object, field: str) -> None:
    with pytest.raises(InvalidGenesis) as error:
        load_document(changed(path, value))
    assert error.value.field == field
    assert str(error.value).startswith(f"{field}: expected ")
    assert "\n" not in str(error.value)


def test_the_error_of_an_unknown_key_lists_the_known_ones() -> None:
    with pytest.raises(
        InvalidGenesis, match=r"validators\[0\]\.stake: .*name, owner, power, publicKey"
    ):
        load_document(changed("validators/0/stake", 1))


@pytest.mark.parametrize("path", ["comment", "config/comment", f"alloc/{SOMEBODY}"])
def test_unknown_keys_are_ignored_outside_our_sections(path: str) -> None:
    value = {"balance": 1, "secretKey": "0x01"} if path.startswith("alloc") else "hello"
    assert load_document(changed(path, value)).config == load_document(DOCUMENT).config


@pytest.mark.parametrize("value", [36_000_000, "36000000", "0x2255100", "0X2255100"])
def test_a_number_may_be_plain_decimal_or_hex(value: object) -> None:
    assert load_document(changed("gasLimit", value)).gas_limit == 36_000_000


def test_addresses_and_data_may_lack_their_0x_and_mix_cases() -> None:
    account = {"balance": "0x1", "code": "60aB", "storage": {"01": "ff", "0x2": "0x0"}}
    loaded = load_document(changed("alloc/00000000000000000000000000000000000000Aa", account))
    change = next(c for c in loaded.alloc if c.address.hex() == SOMEBODY[2:])
    assert change.code == b"\x60\xab"
    assert change.slots == ((1, 255),)


def test_an_address_written_in_two_ways_is_one_account_and_an_error() -> None:
    document = changed(f"alloc/{SOMEBODY}", {"balance": 1})
    document["alloc"][SOMEBODY[2:].upper()] = {"balance": 2}
    with pytest.raises(InvalidGenesis, match="a second time"):
        load_document(document)


def test_the_accounts_are_ascending() -> None:
    addresses = [change.address for change in load_document(DOCUMENT).alloc]
    assert addresses == sorted(addresses)


def test_a_foreign_chain_needs_neither_validators_nor_prague() -> None:
    document: dict[str, Any] = {
        "config": {"chainId": 1, "homesteadBlock": 5},
        "gasLimit": 5000,
        "difficulty": "0x400000000",
        "extraData": "0x" + "11" * 64,
        "alloc": {},
    }
    loaded = load_chain_genesis(document)
    assert loaded.config.fork_at(0, 0) is Fork.FRONTIER
    assert loaded.difficulty == 0x400000000
    assert loaded.base_fee is None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "JSON"),
        ("{", "JSON"),
        (b"\xff\xfe{", "JSON"),
        ("[1]", "a JSON object"),
        ('{"gasLimit": 1, "gasLimit": 2}', "each key once"),
        ('{"gasLimit": NaN}', "JSON numbers"),
        ("[" * 100_000, "JSON of at most 64 levels"),
        ('["[[[[\\"[[[[', "JSON"),
    ],
)
def test_a_text_that_is_no_document_is_refused(text: str | bytes, complaint: str) -> None:
    with pytest.raises(InvalidGenesis, match=complaint):
        parse_document(text)


def test_a_document_survives_its_own_text() -> None:
    assert parse_document(json.dumps(DOCUMENT, indent=2)) == load_document(DOCUMENT)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = st.sampled_from(
    [
        "config",
        "config/chainId",
        "config/zerog",
        "config/blobSchedule",
        "config/londonBlock",
        "alloc",
        f"alloc/{SOMEBODY}",
        "validators",
        "validators/0",
        "gasLimit",
        "nonce",
        "config/terminalTotalDifficulty",
        "extraData",
        "mixHash",
    ]
)


@settings(deadline=None)
@given(path=FIELDS, value=JSON_VALUES)
def test_any_json_in_any_field_gives_a_document_or_the_one_error(path: str, value: object) -> None:
    try:
        loaded = load_document(changed(path, value))
    except InvalidGenesis:
        return
    assert len(loaded.identity) == 32
