"""Transactions of every type against eth-account, and against bytes that are none."""

from typing import Any

import pytest
import rlp
from eth_account import Account as Wallet
from eth_typing import Address
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidSignature, UndecodableTransaction
from chain.forks.fork import Fork
from chain.transactions import (
    SECP256K1_ORDER,
    data_floor_gas,
    decode_transaction,
    intrinsic_gas,
    recover_frontier_sender,
    recover_sender,
    recover_senders,
)

KEY = Wallet.from_key(b"\x2a" * 32)
TO = to_checksum_address(b"\xab" * 20)
BASE = {"nonce": 7, "gas": 60_000, "to": TO, "value": 9, "data": "0x0102", "chainId": 16601}
FEES = {"maxFeePerGas": 30, "maxPriorityFeePerGas": 4}
SLOT = "0x" + "00" * 31 + "05"
ACCESS_LIST = [{"address": TO, "storageKeys": [SLOT]}]
BLOB_HASH = "0x01" + "00" * 31
TYPES: dict[int, dict[str, Any]] = {
    0: BASE | {"gasPrice": 30},
    1: BASE | {"gasPrice": 30, "type": 1, "accessList": ACCESS_LIST},
    2: BASE | FEES | {"type": 2, "accessList": ACCESS_LIST},
    3: BASE | FEES | {"type": 3, "maxFeePerBlobGas": 2, "blobVersionedHashes": [BLOB_HASH]},
    4: BASE
    | FEES
    | {
        "type": 4,
        "authorizationList": [
            KEY.sign_authorization({"chainId": 16601, "address": TO, "nonce": 3})
        ],
    },
}
LEGACY = rlp.encode([7, 30, 60_000, b"\xab" * 20, 9, b"", 28, 1, 1])


def signed(kind: int) -> bytes:
    return bytes(KEY.sign_transaction(TYPES[kind]).raw_transaction)


@pytest.mark.parametrize("kind", TYPES)
def test_each_type_is_read_as_its_sender_wrote_it(kind: int) -> None:
    raw = signed(kind)
    transaction = decode_transaction(raw)
    assert transaction.type == kind
    assert transaction.hash == KEY.sign_transaction(TYPES[kind]).hash
    assert transaction.encoded == raw
    assert (transaction.nonce, transaction.gas_limit, transaction.value) == (7, 60_000, 9)
    assert (transaction.to, transaction.data) == (b"\xab" * 20, b"\x01\x02")
    assert transaction.chain_id == 16601
    assert transaction.max_fee_per_gas == 30
    assert transaction.v == KEY.sign_transaction(TYPES[kind]).v
    assert recover_sender(transaction) == bytes.fromhex(KEY.address[2:])


def test_what_only_some_types_have() -> None:
    assert decode_transaction(signed(1)).access_list == ((Address(b"\xab" * 20), (5,)),)
    blob = decode_transaction(signed(3))
    assert blob.blob_versioned_hashes == (bytes.fromhex(BLOB_HASH[2:]),)
    assert (blob.max_fee_per_blob_gas, blob.blob_gas) == (2, 131_072)
    [authorization] = decode_transaction(signed(4)).authorization_list
    assert (authorization.address, authorization.nonce) == (b"\xab" * 20, 3)


def test_an_unprotected_transaction_has_no_chain_id() -> None:
    fields = {name: value for name, value in TYPES[0].items() if name != "chainId"}
    transaction = decode_transaction(bytes(KEY.sign_transaction(fields).raw_transaction))
    assert transaction.chain_id is None
    assert transaction.v in (27, 28)
    assert recover_senders([transaction]) == [bytes.fromhex(KEY.address[2:])]


def test_the_effective_price_is_the_base_fee_and_the_tip_up_to_the_cap() -> None:
    transaction = decode_transaction(signed(2))
    assert transaction.effective_gas_price(10) == 14
    assert transaction.effective_gas_price(28) == 30
    assert decode_transaction(signed(0)).effective_gas_price(10) == 30


def test_a_high_s_is_a_signature_before_homestead_only() -> None:
    """EIP-2."""
    transaction = decode_transaction(signed(0))
    fields = rlp.decode(signed(0))
    fields[8] = (SECP256K1_ORDER - transaction.s).to_bytes(32, "big")
    fields[6] = (35 + 2 * 16601 + 1 - transaction.y_parity).to_bytes(2, "big")
    flipped = decode_transaction(rlp.encode(fields))
    assert recover_frontier_sender(flipped) == recover_sender(transaction)
    with pytest.raises(InvalidSignature):
        recover_sender(flipped)


@pytest.mark.parametrize(("r", "s"), [(0, 1), (1, 0), (SECP256K1_ORDER, 1), (2**256 - 1, 1)])
def test_a_signature_out_of_range_has_no_sender(r: int, s: int) -> None:
    fields = rlp.decode(LEGACY)
    fields[7:9] = [r, s]
    with pytest.raises(InvalidSignature, match="invalid transaction v, r, s values"):
        recover_sender(decode_transaction(rlp.encode(fields)))


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "too short"),
        (b"\x05\xc0", "type not supported"),
        (b"\x7f\x01", "type not supported"),
        (b"\x02", "typed transaction too short"),
        (b"\x02\xc0", "rlp: too few elements for types.DynamicFeeTx$"),
        (LEGACY + b"\0", "rlp: input contains more than one value"),
        (
            rlp.encode([b"\0", 30, 60_000, b"", 9, b"", 28, 1, 1]),
            r"leading zero bytes\) for uint64, decoding into \(types.LegacyTx\).Nonce",
        ),
        (
            rlp.encode([2**64, 30, 60_000, b"", 9, b"", 28, 1, 1]),
            r"too long for uint64, decoding into \(types.LegacyTx\).Nonce$",
        ),
        (rlp.encode([7, 30, 60_000, b"", 2**256, b"", 28, 1, 1]), "value is above 256 bits"),
        (
            rlp.encode([7, 30, 60_000, b"\xab" * 19, 9, b"", 28, 1, 1]),
            r"too short for common.Address, decoding into \(types.LegacyTx\).To$",
        ),
        (rlp.encode([7, 30, 60_000, b"", 9, b"", 29, 1, 1]), "invalid transaction v, r, s"),
        (
            rlp.encode([7, 30, 60_000, b"", 9, [], 28, 1, 1]),
            r"expected input string or byte for \[\]uint8, decoding into \(types.LegacyTx\).Data$",
        ),
        (b"\xf9\xff\xff", "rlp: value size exceeds available input length$"),
        (b"\xc1" * 5_000, "rlp: expected input string or byte for uint64"),
        (b"\x80", "rlp: expected input list for types.LegacyTx$"),
        (b"\xc2\x81\x01", "rlp: non-canonical size information for uint64"),
        (b"\xc2\x83\x01", "rlp: element is larger than containing list$"),
        (
            rlp.encode([7, 30, 60_000, [], 9, b"", 28, 1, 1]),
            r"wrong kind of empty value \(got List, want String\)",
        ),
        (
            b"\x02"
            + rlp.encode([1, 2, 3, 4, 5, b"", 6, b"", [[b"\xab" * 20, [b"\xab" * 31]]], 0, 1, 1]),
            r"too short for common.Hash, decoding into "
            r"\(types.DynamicFeeTx\).AccessList\[0\].StorageKeys\[0\]",
        ),
        (
            b"\x02" + rlp.encode([1, 2, 3, 4, 5, b"", 6, b"", 7, 0, 1, 1]),
            "rlp: expected input list for types.AccessList",
        ),
    ],
)
def test_bytes_that_are_no_transaction_are_refused_by_name(raw: bytes, why: str) -> None:
    with pytest.raises(UndecodableTransaction, match=why):
        decode_transaction(raw)


@pytest.mark.parametrize("kind", [3, 4])
def test_blob_and_set_code_transactions_create_nothing(kind: int) -> None:
    fields = rlp.decode(signed(kind)[1:])
    fields[5] = b""
    with pytest.raises(UndecodableTransaction, match=r"too short for common\.Address"):
        decode_transaction(bytes((kind,)) + rlp.encode(fields))


NESTED = st.recursive(
    st.binary(max_size=40), lambda inner: st.lists(inner, max_size=14), max_leaves=40
)


@given(
    st.one_of(
        st.binary(max_size=300),
        NESTED.map(rlp.encode),
        st.tuples(st.integers(0, 5), NESTED).map(
            lambda pair: bytes(pair[:1]) + rlp.encode(pair[1])
        ),
    )
)
def test_any_bytes_are_a_transaction_or_one_named_error(raw: bytes) -> None:
    try:
        transaction = decode_transaction(raw)
    except UndecodableTransaction:
        return
    assert transaction.encoded == raw


@given(st.sampled_from(sorted(TYPES)), st.data())
def test_a_damaged_transaction_is_read_or_refused_by_name(kind: int, data: st.DataObject) -> None:
    raw = bytearray(signed(kind))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    try:
        sender = recover_sender(decode_transaction(bytes(raw)))
    except (UndecodableTransaction, InvalidSignature):
        return
    assert len(sender) == 20


@pytest.mark.parametrize(
    ("fork", "expected"),
    [
        (Fork.FRONTIER, 21_000 + 4 + 68),
        (Fork.HOMESTEAD, 53_000 + 4 + 68),
        (Fork.ISTANBUL, 53_000 + 4 + 16),
        (Fork.SHANGHAI, 53_000 + 4 + 16 + 2),
    ],
)
def test_intrinsic_gas_of_a_creation_by_fork(fork: Fork, expected: int) -> None:
    """EIPs 2, 2028, 3860."""
    assert intrinsic_gas(fork, b"\x00\x01", is_creation=True) == expected


def test_intrinsic_gas_counts_lists() -> None:
    """EIPs 2930, 7702."""
    access_list = ((Address(bytes(20)), (1, 2)), (Address(bytes(20)), ()))
    gas = intrinsic_gas(Fork.PRAGUE, b"", False, access_list, authorization_count=2)
    assert gas == 21_000 + 2 * 2_400 + 2 * 1_900 + 2 * 25_000


def test_the_data_floor_counts_a_nonzero_byte_as_four_tokens() -> None:
    """EIP-7623."""
    assert data_floor_gas(b"\x00" * 3 + b"\x01" * 5) == 21_000 + 10 * (3 + 4 * 5)
