"""Peer records: signed by the consensus key, bound to the chain, and nothing else decodes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import Undecodable
from consensus.signatures import public_key_of
from consensus.validators import address_of
from node.network.identity import peer_id_of
from node.network.peer_record import (
    RECORD_BYTES_MAX,
    PeerRecord,
    decode_record,
    encode_record,
    signed_record,
    whose,
)

SECRET, CHAIN = b"\x07" * 32, b"\x0c" * 32
PEER = peer_id_of(b"\x08" * 32)
RECORD = signed_record(SECRET, CHAIN, PEER, ("/ip4/10.0.0.2/tcp/30303",), 5)


def test_a_record_names_its_validator_and_can_be_dialled() -> None:
    assert decode_record(encode_record(RECORD)) == RECORD
    assert whose(RECORD, CHAIN) == address_of(public_key_of(SECRET))
    [address] = RECORD.peer_addresses()
    assert address.peer_id.to_base58() == PEER
    assert str(address.address) == "/ip4/10.0.0.2/tcp/30303"


@pytest.mark.parametrize(
    "changes",
    [
        {"peer_id": peer_id_of(b"\x09" * 32)},
        {"addresses": ("/ip4/10.0.0.3/tcp/30303",)},
        {"sequence": 6},
    ],
    ids=["peer", "addresses", "sequence"],
)
def test_a_changed_record_is_not_that_validators(changes: dict[str, object]) -> None:
    changed = replace(RECORD, **changes)  # type: ignore[arg-type]
    assert whose(changed, CHAIN) != address_of(public_key_of(SECRET))


def test_a_record_of_another_chain_is_not_that_validators() -> None:
    assert whose(RECORD, bytes(32)) != address_of(public_key_of(SECRET))


@pytest.mark.parametrize(
    "record",
    [
        replace(RECORD, addresses=()),
        replace(RECORD, addresses=RECORD.addresses * 9),
        replace(RECORD, addresses=("/ip4/10.0.0.2/udp/1",)),
        replace(RECORD, peer_id="nobody"),
        replace(RECORD, signature=b"short"),
        replace(RECORD, addresses=("/dns4/" + "a" * RECORD_BYTES_MAX + "/tcp/1",)),
    ],
    ids=["no address", "too many", "not TCP", "no peer id", "signature", "too long"],
)
def test_what_nobody_can_dial_is_refused(record: PeerRecord) -> None:
    with pytest.raises(Undecodable):
        decode_record(encode_record(record))


@given(st.binary(max_size=300))
def test_bytes_are_a_record_or_undecodable(data: bytes) -> None:
    try:
        record = decode_record(data)
    except Undecodable:
        return
    assert encode_record(record) == data
