"""A chain file into a store: all of it, again, in parts, and refused with block and reason."""

from typing import Any

import pytest
from eth_typing import Hash32

from chain import block_store
from chain.chain import Chain
from chain.key_value import MemoryStore
from chain.rlp_items import decode_item, encode_item
from genesis.block import genesis_block
from genesis.document import ChainGenesis, load_chain_genesis, parse_json
from node.errors import InvalidFile
from node.imported.importing import import_file


@pytest.fixture
def document(exported: Any) -> ChainGenesis:
    return load_chain_genesis(parse_json(exported.genesis.read_bytes()))


@pytest.fixture
def store(document: ChainGenesis) -> MemoryStore:
    """Block zero is there."""
    made = MemoryStore()
    Chain.initialize(made, *genesis_block(document))
    return made


def head_of(store: MemoryStore) -> Hash32:
    with store.snapshot() as snapshot:
        head = block_store.head(snapshot)
    assert head is not None
    return head.hash


def changed(payload: bytes, field: int, value: bytes) -> bytes:
    """The block with another header field, by its place."""
    items: Any = decode_item(payload)
    items[0][field] = value
    return encode_item(items)


def test_the_head_is_the_files_last_block(exported: Any, document: Any, store: Any) -> None:
    import_file(store, document, exported.chain)
    assert head_of(store) == exported.hashes[3]


def test_what_is_there_already_is_passed_over(exported: Any, document: Any, store: Any) -> None:
    exported.write(*exported.payloads[:2])
    import_file(store, document, exported.chain)
    assert head_of(store) == exported.hashes[2]
    exported.write(*exported.payloads)
    import_file(store, document, exported.chain)
    import_file(store, document, exported.chain)
    assert head_of(store) == exported.hashes[3]


def test_a_wrong_root_is_refused_with_block_and_both_values(
    exported: Any, document: Any, store: Any
) -> None:
    exported.write(exported.payloads[0], changed(exported.payloads[1], 3, b"\x11" * 32))
    with pytest.raises(InvalidFile, match=r"block 2 \(0x\w{64}\) is invalid: state_root: got 0x"):
        import_file(store, document, exported.chain)
    assert head_of(store) == exported.hashes[1]


def test_another_chains_first_block_is_said_to_be_one(
    exported: Any, document: Any, store: Any
) -> None:
    exported.write(changed(exported.payloads[0], 0, b"\x22" * 32))
    expected = f"block 1 is on top of 0x{'22' * 32}; the genesis document's block 0 is 0x"
    with pytest.raises(InvalidFile, match=expected):
        import_file(store, document, exported.chain)


def test_a_block_that_is_missing_is_named_by_its_number(
    exported: Any, document: Any, store: Any
) -> None:
    exported.write(exported.payloads[0], exported.payloads[2])
    with pytest.raises(InvalidFile, match=r"block 3 .* number: got 3, expected 2"):
        import_file(store, document, exported.chain)


def test_another_block_in_place_of_one_that_is_there_is_refused(
    exported: Any, document: Any, store: Any
) -> None:
    import_file(store, document, exported.chain)
    exported.write(changed(exported.payloads[0], 12, b"other"))
    with pytest.raises(InvalidFile, match=r"block 1 is 0x\w{64}, the one in the database is 0x"):
        import_file(store, document, exported.chain)


def test_what_is_a_list_but_no_block_is_refused_with_its_place(
    exported: Any, document: Any, store: Any
) -> None:
    exported.write(exported.payloads[0], encode_item([b"\1"]))
    with pytest.raises(InvalidFile, match="block number 2 from the beginning: block of 1 items"):
        import_file(store, document, exported.chain)
