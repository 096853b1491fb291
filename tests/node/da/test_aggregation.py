"""Signatures added up are what the contract's pairing accepts, and nothing else is added."""

from dataclasses import replace
from typing import Any

import py_ecc.optimized_bn128 as reference
import pytest
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from hypothesis import given, settings
from hypothesis import strategies as st

from node.da.aggregation import SignerDetail, aggregate
from node.da.blobs import Blob
from node.da.errors import BelowThreshold, InvalidInput, NotRegisteredForEpoch, WrongSignature
from node.da.keys import BlsKey
from node.da.quorums import Quorum
from precompiles.bn254 import G1_GENERATOR
from precompiles.bn254_unchecked import sum_points
from precompiles.da_signers.signatures import hash_to_g1, is_signature_of_blob

KEYS = {Address(bytes([number]) * 20): BlsKey(1_000 + number) for number in range(1, 6)}
DETAILS = {address: SignerDetail(address, "", key.g1, key.g2) for address, key in KEYS.items()}
PEOPLE = list(KEYS)
QUORUM = Quorum(3, 1, tuple(PEOPLE[index % 5] for index in range(3_072)))
BLOB = Blob(Hash32(keccak(b"data")), 3, 1, BlsKey(77).g1)


def signatures(present: Any, blob: Blob = BLOB) -> list[Any]:
    return [KEYS[address].sign_blob(address, blob) for address in present]


@settings(max_examples=15)
@given(st.sets(st.sampled_from(PEOPLE), min_size=1), st.randoms())
def test_an_aggregate_satisfies_the_contracts_equation(present: Any, order: Any) -> None:
    given_ones = signatures(present) + signatures(list(present)[:1])
    order.shuffle(given_ones)
    done = aggregate(BLOB, QUORUM, DETAILS, given_ones)
    submission = done.submission
    counted, rows = QUORUM.counted(submission.bitmap)
    assert set(counted) == present
    assert done.rows_signed == rows
    aggregated_g1 = sum_points(DETAILS[signer].key_g1 for signer in counted)
    assert is_signature_of_blob(
        BLOB.message_point, submission.signature, aggregated_g1, submission.key_g2
    )
    assert done.is_enough == (3 * rows >= 2 * 3_072)


def test_an_aggregate_is_what_another_library_computes() -> None:
    """py_ecc: the signature is H times the sum of the secrets, the key the generator times it."""
    done = aggregate(BLOB, QUORUM, DETAILS, signatures(PEOPLE))
    secret = sum(key.secret for key in KEYS.values())
    x, y = BLOB.message_point
    h = (reference.FQ(x), reference.FQ(y), reference.FQ(1))
    assert reference.normalize(reference.multiply(h, secret)) == tuple(
        map(reference.FQ, done.submission.signature)
    )
    key = reference.normalize(reference.multiply(reference.G2, secret))
    assert key == tuple(map(reference.FQ2, done.submission.key_g2))


def test_below_the_threshold_the_numbers_are_said() -> None:
    done = aggregate(BLOB, QUORUM, DETAILS, signatures(PEOPLE[:3]))
    with pytest.raises(BelowThreshold, match=r"have 1,844 of 3,072, need 2,048;") as caught:
        done.check_threshold()
    assert (caught.value.have, caught.value.total, caught.value.need) == (1_844, 3_072, 2_048)
    aggregate(BLOB, QUORUM, DETAILS, signatures(PEOPLE[:4])).check_threshold()


def test_a_signature_that_is_not_the_signers_is_named() -> None:
    good = signatures(PEOPLE)
    forged = replace(good[2], point=hash_to_g1(keccak(b"no")))
    with pytest.raises(WrongSignature, match="0x03030303"):
        aggregate(BLOB, QUORUM, DETAILS, [*good[:2], forged])
    someone_elses = replace(good[0], point=good[1].point)
    with pytest.raises(WrongSignature):
        aggregate(BLOB, QUORUM, DETAILS, [someone_elses])


def test_a_signature_of_another_blob_or_of_a_stranger_is_refused() -> None:
    other = replace(BLOB, commitment=G1_GENERATOR)
    with pytest.raises(InvalidInput, match="one of the same blob"):
        aggregate(BLOB, QUORUM, DETAILS, signatures(PEOPLE[:1], other))
    stranger = replace(signatures(PEOPLE[:1])[0], signer=Address(b"\x99" * 20))
    with pytest.raises(NotRegisteredForEpoch, match="not registered for epoch 3"):
        aggregate(BLOB, QUORUM, DETAILS, [stranger])
    without_rows = Quorum(3, 1, tuple(PEOPLE[1:]))
    with pytest.raises(NotRegisteredForEpoch):
        aggregate(BLOB, without_rows, DETAILS, signatures(PEOPLE[:1]))


def test_a_submissions_argument_has_each_g2_pair_imaginary_part_first() -> None:
    done = aggregate(BLOB, QUORUM, DETAILS, signatures(PEOPLE[:1])).submission
    (x_real, x_imaginary), (y_real, y_imaginary) = done.key_g2
    assert done.as_argument()[5] == ((x_imaginary, x_real), (y_imaginary, y_real))
