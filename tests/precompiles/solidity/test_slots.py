"""Solidity's places in a storage, by numbers that others have published."""

from eth_hash.auto import keccak

from precompiles.solidity import slots


def test_a_namespaces_struct_is_where_openzeppelin_and_0g_have_it() -> None:
    published = {
        "openzeppelin.storage.Initializable":
            "f0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00",
        "0g.storage.Flow": "2c76cc46aac583da4777117fb4419fbb43af6051f6353fccbce7a36d394f5500",
        "0g.storage.DAEntrance": "1f01119f54caddd4b5bcce29799619f00bb427288e5c1c0713537061bd123800",
    }  # fmt: skip
    assert {name: f"{slots.erc_7201(name):064x}" for name in published} == published


def test_a_mappings_value_is_at_the_hash_of_key_and_slot() -> None:
    key = b"\x11" * 20
    hashed = keccak(bytes(12) + key + (5).to_bytes(32, "big"))
    assert slots.item(5, key) == int.from_bytes(hashed, "big")


def test_a_lists_elements_follow_each_other_from_the_hash_of_its_slot() -> None:
    first = int.from_bytes(keccak((5).to_bytes(32, "big")), "big")
    assert slots.element(5, 0) == first
    assert slots.element(5, 7) == first + 7
    assert slots.element(5, 2**256 - 1) == first - 1
