"""Hashes, keys, signatures and the two checks (facts §1a-1, §2, [O2])."""

import json
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st
from py_ecc import bn128

from precompiles.bn254 import is_on_curve
from precompiles.bn254_unchecked import P, R
from precompiles.da_signers.signatures import (
    aggregate_g2_keys,
    aggregate_signatures,
    blob_message_hash,
    epoch_registration_hash,
    hash_to_g1,
    is_signature_of_blob,
    is_signature_of_signer,
    public_keys,
    registration_message_hash,
    sign,
)

ALICE = Address(b"\xa1" * 20)
TAG = b"0G_BN254_Pubkey_Registration"


def test_message_hashes_pack_their_fields_as_the_chain_does() -> None:
    word = (16_601).to_bytes(32, "big")
    assert registration_message_hash(ALICE, 16_601) == keccak(ALICE + word + TAG)
    epoch = (7).to_bytes(8, "big")
    assert epoch_registration_hash(ALICE, 7, 16_601) == keccak(ALICE + epoch + word)
    root = Hash32(b"\x0f" * 32)
    words = b"".join(value.to_bytes(32, "big") for value in (7, 1, 3, 4))
    assert blob_message_hash(root, 7, 1, (3, 4)) == keccak(root + words)


@given(st.binary(min_size=32, max_size=32))
def test_a_digest_maps_to_the_first_point_at_or_after_it(digest: bytes) -> None:
    x, y = hash_to_g1(digest)
    assert is_on_curve((x, y))
    start = int.from_bytes(digest, "big") % P
    for skipped in range((x - start) % P):
        candidate = (start + skipped) % P
        assert pow(candidate**3 + 3, (P - 1) // 2, P) == P - 1
    assert y == pow(x**3 + 3, (P + 1) // 4, P)


def test_digests_of_p_and_more_are_reduced_and_p_minus_1_is_on_the_curve() -> None:
    assert hash_to_g1((P - 1).to_bytes(32, "big"))[0] == P - 1
    assert hash_to_g1((P + 1).to_bytes(32, "big")) == hash_to_g1((1).to_bytes(32, "big"))


def test_the_recorded_keys_and_signatures_are_reproduced(shared: Path) -> None:
    one = json.loads((shared / "vectors/dasigners-chain1.json").read_text())["signerOne"]
    address = Address(bytes.fromhex(one["address"][2:]))
    point = hash_to_g1(registration_message_hash(address, one["chainId"]))
    assert list(map(str, point)) == one["registrationHashG1"]
    assert list(map(str, sign(one["sk"], point))) == one["registrationSig"]
    key_g1, key_g2 = public_keys(one["sk"])
    assert list(map(str, key_g1)) == one["pkG1"]
    assert [list(map(str, coordinate)) for coordinate in key_g2] == one["pkG2"]
    for epoch in (1, 2):
        expected = one[f"epoch{epoch}"]
        point = hash_to_g1(epoch_registration_hash(address, epoch, one["chainId"]))
        assert list(map(str, point)) == expected["hashG1"]
        assert list(map(str, sign(one["sk"], point))) == expected["sig"]


@given(st.integers(1, R - 1), st.binary(min_size=32, max_size=32))
@settings(max_examples=10)
def test_a_signature_holds_for_its_key_and_message_alone(key: int, digest: bytes) -> None:
    point = hash_to_g1(digest)
    signature, keys = sign(key, point), public_keys(key)
    for check in (is_signature_of_signer, is_signature_of_blob):
        assert check(point, signature, *keys)
        assert not check(point, sign(key + 1, point), *keys)
        assert not check(hash_to_g1(keccak(digest)), signature, *keys)
        assert not check(point, signature, public_keys(key + 1)[0], keys[1])


def test_an_aggregate_of_signatures_holds_for_the_aggregate_of_keys() -> None:
    secret_keys = [3, 5, 2**200 + 1]
    point = hash_to_g1(b"\x11" * 32)
    signature = aggregate_signatures(sign(key, point) for key in secret_keys)
    key_g1 = aggregate_signatures(public_keys(key)[0] for key in secret_keys)
    key_g2 = aggregate_g2_keys(public_keys(key)[1] for key in secret_keys)
    assert (key_g1, key_g2) == public_keys(sum(secret_keys))
    assert is_signature_of_blob(point, signature, key_g1, key_g2)


def test_signing_agrees_with_py_ecc() -> None:
    point = hash_to_g1(b"\x22" * 32)
    expected = bn128.multiply((bn128.FQ(point[0]), bn128.FQ(point[1])), 12_345)
    assert sign(12_345, point) == (int(expected[0]), int(expected[1]))


def test_every_recorded_check_is_gnarks(recorded: dict[str, Any]) -> None:
    """[O2]: points at infinity, off the curve and degenerate, and malformed G2 keys."""
    accepted = 0
    for *words, holds in recorded["signature"]:
        h_x, h_y, s_x, s_y, k_x, k_y, a, b, c, d = (int(word, 16) for word in words)
        result = is_signature_of_signer((h_x, h_y), (s_x, s_y), (k_x, k_y), ((a, b), (c, d)))
        assert result is holds, words
        accepted += holds
    assert accepted > 10


@pytest.mark.parametrize("key", [(5, 0), (0, 5), (0, 0)])
def test_keys_with_a_zero_coordinate_pass_with_nothing_else(key: tuple[int, int]) -> None:
    """[O2]: with PK2 = 0 and signature (0, 0)."""
    zero = ((0, 0), (0, 0))
    point = hash_to_g1(b"\x33" * 32)
    assert is_signature_of_signer(point, (0, 0), key, zero)
    assert not is_signature_of_signer(point, (0, 0), key, public_keys(5)[1])
    assert not is_signature_of_signer(point, (1, 2), key, zero)
