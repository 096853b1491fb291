"""The chain identity: what changes it and what does not."""

import json

from eth_hash.auto import keccak

from genesis.identity import canonical_json, chain_identity


def test_the_canonical_form_has_sorted_keys_no_spaces_and_lower_case_hex() -> None:
    document = {
        "b": ["0xAB", "AB", 1, True, None],
        "alloc": {"00000000000000000000000000000000000000AA": {"balance": "0XfF"}},
        "0xCD": "é",
    }
    assert canonical_json(document) == (
        b'{"0xcd":"\\u00e9","alloc":{"00000000000000000000000000000000000000aa":'
        b'{"balance":"0xff"}},"b":["0xab","AB",1,true,null]}'
    )
    assert chain_identity(document) == keccak(canonical_json(document))


def test_order_and_spaces_of_the_text_do_not_matter() -> None:
    one = json.loads('{"config": {"chainId": 1}, "alloc": {}}')
    other = json.loads('{"alloc":{},"config":{"chainId":1}}')
    assert chain_identity(one) == chain_identity(other)


def test_the_config_is_part_of_the_identity() -> None:
    assert chain_identity({"config": {"chainId": 1}}) != chain_identity({"config": {"chainId": 2}})
