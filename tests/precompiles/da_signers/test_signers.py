"""Registering and reading signers (facts §1a-1)."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.bn254_unchecked import P
from precompiles.da_signers.functions import REGISTRY
from precompiles.da_signers.records import signer_key
from precompiles.da_signers.signatures import (
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)
from precompiles.interface import CallKind, Failed, Reverted
from precompiles.storage import load_blob, store_blob

ALICE = Address(b"\xa1" * 20)
BOB = Address(b"\xb0" * 20)
NEW_SIGNER = bytes.fromhex("679917c2006df1daaa987a56bf1d66e99764d5ad317892d9e83a6eb4e3f051e7")
SOCKET_UPDATED = bytes.fromhex("09617a966176a40f8f1410768b118506db0096484acd5811064fcc12038798de")


def test_a_registered_signer_is_known_and_announced(registry: Any) -> None:
    """registerSigner emits NewSigner then SocketUpdated."""
    chain = registry.chain
    assert registry.register(5, ALICE, b"sock") == ()
    key_g1, key_g2 = public_keys(5)
    assert chain.invoke("isSigner", ALICE) == (True,)
    assert chain.invoke("getSigner", [ALICE]) == (((ALICE, b"sock", key_g1, key_g2),),)
    topic = bytes(12) + ALICE
    words = b"".join(value.to_bytes(32, "big") for value in (*key_g1, *key_g2[0], *key_g2[1]))
    socket = (32).to_bytes(32, "big") + (4).to_bytes(32, "big") + b"sock".ljust(32, b"\0")
    assert chain.logs == [((NEW_SIGNER, topic), words), ((SOCKET_UPDATED, topic), socket)]


def test_only_the_registry_registers(registry: Any) -> None:
    """Caller must equal the registry; looked at before anything else."""
    arguments = ((ALICE, b"", (0, 0), ((0, 0), (0, 0))), (0, 0))
    outcome = registry.chain.invoke("registerSigner", *arguments, caller=ALICE)
    assert outcome == Failed("sender not registry")
    outcome = registry.chain.invoke("registerNextEpoch", ALICE, (0, 0), 1, caller=ALICE)
    assert outcome == Failed("sender not registry")


def test_a_signer_registers_once(registry: Any) -> None:
    registry.register(5, ALICE)
    assert registry.register(5, ALICE) == Failed("signer exists")
    # That it exists is looked at before the signature.
    arguments = ((ALICE, b"", (1, 2), ((0, 0), (0, 0))), (7, 8))
    outcome = registry.chain.invoke("registerSigner", *arguments, caller=REGISTRY)
    assert outcome == Failed("signer exists")


def test_a_signature_of_another_key_or_chain_is_refused(registry: Any) -> None:
    """The signature is over keccak(address ‖ chain id ‖ tag)."""
    keys = public_keys(5)
    for secret_key, chain_id in ((6, 1), (5, 2)):
        signature = sign(secret_key, hash_to_g1(registration_message_hash(ALICE, chain_id)))
        outcome = registry.chain.invoke(
            "registerSigner", (ALICE, b"", *keys), signature, caller=REGISTRY
        )
        assert outcome == Failed("invalid signature")
    assert registry.chain.invoke("isSigner", ALICE) == (False,)
    assert not registry.chain.logs


def test_coordinates_are_reduced_to_check_and_stored_as_given(registry: Any) -> None:
    """Field elements are reduced mod p on input."""
    (x, y), ((a, b), (c, d)) = public_keys(5)
    point = sign(5, hash_to_g1(registration_message_hash(ALICE, 1)))
    keys = ((x + P, y), ((a, b + P), (c + P, d)))
    outcome = registry.chain.invoke(
        "registerSigner",
        (ALICE, b"", *keys),
        (point[0], point[1] + P),
        caller=REGISTRY,
    )
    assert outcome == ()
    assert registry.chain.invoke("getSigner", [ALICE]) == (((ALICE, b"", *keys),),)


def test_all_zero_keys_with_the_all_zero_signature_pass(registry: Any) -> None:
    assert registry.register(0, ALICE) == ()
    assert registry.register_next_epoch(0, ALICE, 3) == ()


def test_any_address_may_be_a_signer_the_zero_address_too(registry: Any) -> None:
    assert registry.register(3, Address(bytes(20))) == ()
    assert registry.chain.invoke("isSigner", Address(bytes(20))) == (True,)


def test_an_unknown_account_fails_get_signer(registry: Any) -> None:
    """getSigner: error if any account is unknown."""
    registry.register(5, ALICE)
    assert registry.chain.invoke("getSigner", [ALICE, BOB]) == Failed("signer not found")
    assert registry.chain.invoke("getSigner", []) == ((),)


def test_repeated_accounts_are_returned_repeatedly(registry: Any) -> None:
    registry.register(5, ALICE)
    ((first, second),) = registry.chain.invoke("getSigner", [ALICE, ALICE])
    assert first == second


def test_a_signer_is_a_blob_of_messagepack_under_its_key(registry: Any) -> None:
    """Tag 00; struct → fixmap with Go field names, in declaration order."""
    registry.register(1, ALICE, b"s")
    blob = load_blob(registry.chain.storage, signer_key(ALICE))
    assert signer_key(ALICE) == keccak(b"\x00" + ALICE)
    assert blob.startswith(b"\x84\xa6Signer\xc4\x2a0x" + ALICE.hex().encode() + b"\xa6Socket\xa1s")
    assert blob[61:].startswith(
        b"\xa4PkG1\x82\xa1X\xc4\x011\xa1Y\xc4\x012\xa4PkG2\x82\xa1X\x92\xc4"
    )


def test_update_socket_is_for_the_signer_alone_and_directly(registry: Any) -> None:
    """Caller must equal tx origin; signer must exist."""
    chain = registry.chain
    registry.register(5, ALICE, b"a long socket, longer than the next one will be")
    chain.logs.clear()
    assert chain.invoke("updateSocket", b"x", caller=BOB) == Failed("signer not found")
    outcome = chain.invoke("updateSocket", b"x", caller=ALICE, origin=BOB)
    assert outcome == Failed("sender not origin")
    slots_before = set(chain.storage.slots)
    assert chain.invoke("updateSocket", b"\xff\x00", caller=ALICE) == ()
    assert chain.invoke("getSigner", [ALICE])[0][0][1] == b"\xff\x00"
    assert [topics for topics, _ in chain.logs] == [(SOCKET_UPDATED, bytes(12) + ALICE)]
    assert set(chain.storage.slots) == slots_before, "the old tail stays"


@pytest.mark.parametrize("kind", [CallKind.STATICCALL, CallKind.DELEGATECALL, CallKind.CALLCODE])
def test_nothing_is_registered_read_only(registry: Any, kind: CallKind) -> None:
    arguments = ((ALICE, b"", (0, 0), ((0, 0), (0, 0))), (0, 0))
    options = {"caller": REGISTRY, "kind": kind}
    assert registry.chain.invoke("registerSigner", *arguments, **options) == Reverted()
    assert registry.chain.invoke("registerNextEpoch", ALICE, (0, 0), 1, **options) == Reverted()
    assert registry.chain.invoke("updateSocket", b"", caller=ALICE, kind=kind) == Reverted()


@pytest.mark.parametrize("blob", [b"\xc0", b"\x80", b"\x90"])
def test_a_record_of_nothing_is_a_signer_until_its_keys_are_used(
    registry: Any, blob: bytes
) -> None:
    """[O14]: where Go panics, ours is an error and an alarm; isSigner does not look at the keys."""
    chain = registry.chain
    store_blob(chain.storage, signer_key(ALICE), blob)
    assert chain.invoke("isSigner", ALICE) == (True,)
    assert chain.invoke("getSigner", [ALICE]).alarm
    assert registry.register_next_epoch(5, ALICE, 1).alarm
    # Go writes the nil pointers back, into the record of the zero address that it names.
    assert chain.invoke("updateSocket", b"x", caller=ALICE) == ()
    assert b"\xa1X\xc0\xa1Y\xc0" in load_blob(chain.storage, signer_key(Address(bytes(20))))


def test_a_bad_record_is_an_ordinary_error(registry: Any) -> None:
    """[O14]."""
    store_blob(registry.chain.storage, signer_key(ALICE), b"\x84\xa6Signer\x01")
    outcome = registry.chain.invoke("isSigner", ALICE)
    assert isinstance(outcome, Failed)
    assert outcome.alarm is None
