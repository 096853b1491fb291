"""Signers as stored: the fast reader agrees with the tolerant one; the recorded chain's bytes."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from precompiles.bn254_unchecked import P
from precompiles.da_signers import records
from precompiles.da_signers.records import G1Key, G2Key, Signer
from precompiles.message_pack import BadMessagePack

NUMBERS = st.one_of(st.integers(0, 2**256 - 1), st.integers(-5, 5), st.integers(2**256, 2**400))
SIGNERS = st.builds(
    Signer,
    st.binary(min_size=20, max_size=20).map(Address),
    st.one_of(st.binary(max_size=40), st.binary(min_size=250, max_size=260)),
    st.builds(G1Key, NUMBERS, NUMBERS),
    st.builds(
        G2Key, st.lists(NUMBERS, min_size=2, max_size=2), st.lists(NUMBERS, min_size=2, max_size=2)
    ),
)


@given(SIGNERS)
def test_a_signer_is_read_as_it_was_written(signer: Signer) -> None:
    assert records.decode_signer(records.encode_signer(signer)) == signer


@given(SIGNERS, st.integers(0, 600), st.binary(max_size=3), st.integers(0, 3))
def test_the_fast_reader_agrees_with_the_tolerant_one(
    signer: Signer, position: int, inserted: bytes, removed: int
) -> None:
    blob = records.encode_signer(signer)
    damaged = blob[:position] + inserted + blob[position + removed :]
    fast = records._decode_canonical_signer(damaged)
    if fast is not None:
        assert records._SignerReader(damaged).read() == fast


def test_a_length_that_is_not_that_of_its_number_is_no_record_of_ours() -> None:
    blob = records.encode_signer(Signer(key_g1=G1Key(11, 12), key_g2=G2Key([1, 2], [3, 4])))
    damaged = blob.replace(b"\xc4\x0211", b"\xc4\x0111")
    with pytest.raises(BadMessagePack):
        records.decode_signer(damaged)


def test_a_number_beyond_a_word_shifts_what_follows_it() -> None:
    """Left-padding to 32 bytes does not cut: only a faulty genesis holds such a record."""
    serialized = (2**256 + 5).to_bytes(33, "big") + (7).to_bytes(32, "big")
    x, y = (int.from_bytes(serialized[start : start + 32], "big") for start in (0, 32))
    assert records.g1_point(G1Key(2**256 + 5, 7)) == (x % P, y % P)
    assert records.g1_point(G1Key(-1, 2)) == (1, 2)


def test_every_key_has_its_tag() -> None:
    """§1a-1, Storage keys."""
    signer, one, two = Address(b"\xaa" * 20), (1).to_bytes(8, "big"), (2).to_bytes(8, "big")
    assert [
        records.signer_key(signer),
        records.quorum_key(1, 2),
        records.registration_key(1, signer),
        records.votes_key(1, signer),
        records.quorum_count_key(1),
        records.epoch_number_key(),
        records.epoch_block_key(1),
        records.registration_count_key(1),
        records.registered_signer_key(1, 2),
    ] == [
        keccak(preimage)
        for preimage in (
            b"\x00" + signer,
            b"\x01" + one + two,
            b"\x02" + one + signer,
            b"\x03" + one + signer,
            b"\x04" + one,
            b"\x05",
            b"\x06" + one,
            b"\x07" + one,
            b"\x08" + one + two,
        )
    ]


def test_the_recorded_chain_is_reproduced_slot_for_slot(registry: Any, shared: Path) -> None:
    """Two signers, one epoch, and the quorum that their three ballots give."""
    vectors = json.loads((shared / "vectors/dasigners-chain1.json").read_text())
    one, chain = vectors["signerOne"], registry.chain
    first = Address(bytes.fromhex(one["address"][2:]))
    second = Address((int.from_bytes(first, "big") + 1).to_bytes(20, "big"))
    assert registry.register(one["sk"], first) == ()
    slots = {int(slot, 16): int(value, 16) for slot, value in one["slots"].items()}
    assert chain.storage.slots == slots
    assert registry.register(11, second) == ()
    assert registry.register_next_epoch(one["sk"], first, 1) == ()
    assert registry.register_next_epoch(11, second, 2) == ()
    load, epoch = chain.storage.load, one["epoch1"]
    assert load(int(epoch["registrationKey"], 16)) == int(epoch["sigKeccak"], 16)
    assert load(int(epoch["votesKey"], 16)) == 1
    before = len(chain.storage.slots)
    assert chain.invoke("makeEpoch") == ()
    _compare_quorum(chain, vectors, [first, second], before)


def _compare_quorum(chain: Any, vectors: Any, signers: list[Address], slots_before: int) -> None:
    expected, load = vectors["epoch1_quorum0"], chain.storage.load
    names = dict(zip(("signerOne", "signerTwo"), signers, strict=True))
    pattern = [names[name] for name in expected["rowPattern"]]
    (rows,) = chain.invoke("getQuorum", 1, 0)
    assert list(rows) == [pattern[row % 3] for row in range(3_072)]
    assert keccak(records.encode_quorum(rows)).hex() == expected["quorumMsgpackKeccak"]
    assert load(int(expected["lengthSlot"], 16)) == expected["quorumMsgpackLen"]
    assert load(int(expected["quorumCountKey"], 16)) == 1
    assert load(int(expected["epochBlockKey"], 16)) == chain.number
    assert load(int(expected["epochRegistrationKey"], 16)) == 2
    assert load(int(vectors["epochNumberKey"], 16)) == 1
    for index, signer in enumerate(signers):
        slot = int(expected[f"epochRegisteredSignerKey{index}"], 16)
        assert load(slot) == int.from_bytes(signer, "big")
    assert len(chain.storage.slots) - slots_before == expected["nSlots"] + 3
