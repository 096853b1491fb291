"""Receipts: the consensus form, the stored form, blooms, requests."""

from dataclasses import replace
from hashlib import sha256

import pytest
import rlp
from eth_bloom import BloomFilter
from eth_typing import Address, Hash32
from hypothesis import given
from hypothesis import strategies as st

from chain.engine import Log, Receipt
from chain.receipts import (
    bloom_of,
    decode_stored_receipts,
    encode_receipt,
    encode_stored_receipts,
    requests_hash,
)

LOG = Log(Address(b"\x11" * 20), (Hash32(b"\x22" * 32), Hash32(b"\x33" * 32)), b"data")
RECEIPT = Receipt(
    type=2,
    succeeded=True,
    gas_used=21_000,
    cumulative_gas_used=63_000,
    logs=(LOG,),
    contract_address=None,
    effective_gas_price=7,
    blob_gas_used=0,
    output=b"",
    error=None,
)


@given(
    st.lists(
        st.tuples(
            st.binary(min_size=20, max_size=20),
            st.lists(st.binary(min_size=32, max_size=32), max_size=4),
        )
    )
)
def test_the_bloom_is_that_of_eth_bloom(entries: list[tuple[bytes, list[bytes]]]) -> None:
    logs = [
        Log(Address(address), tuple(Hash32(topic) for topic in topics), b"")
        for address, topics in entries
    ]
    expected = BloomFilter()
    for address, topics in entries:
        expected.extend([address, *topics])
    assert bloom_of(logs) == int(expected).to_bytes(256, "big")


def test_a_typed_receipt_begins_with_its_type() -> None:
    """EIP-2718."""
    encoded = encode_receipt(RECEIPT)
    assert encoded[0] == 2
    status, gas, bloom, logs = rlp.decode(encoded[1:])
    assert (status, gas, bloom) == (b"\x01", (63_000).to_bytes(2, "big"), bloom_of([LOG]))
    assert logs == [[LOG.address, list(LOG.topics), b"data"]]


def test_a_legacy_receipt_is_a_list_and_holds_the_root_before_byzantium() -> None:
    assert rlp.decode(encode_receipt(replace(RECEIPT, type=0, succeeded=False)))[0] == b""
    root = Hash32(b"\x44" * 32)
    assert rlp.decode(encode_receipt(replace(RECEIPT, type=0, post_state=root)))[0] == root


@pytest.mark.parametrize(
    "receipt",
    [
        RECEIPT,
        replace(RECEIPT, type=0, succeeded=False, logs=(), contract_address=LOG.address),
        replace(RECEIPT, type=3, blob_gas_used=131_072, post_state=Hash32(b"\x44" * 32)),
    ],
)
def test_a_stored_receipt_comes_back(receipt: Receipt) -> None:
    assert decode_stored_receipts(encode_stored_receipts([receipt, receipt])) == (receipt,) * 2


def test_the_requests_hash_leaves_out_empty_requests() -> None:
    """EIP-7685."""
    assert requests_hash([]) == sha256().digest()
    both = requests_hash([b"\x00a", b"\x01", b"\x02b"])
    assert both == sha256(sha256(b"\x00a").digest() + sha256(b"\x02b").digest()).digest()
