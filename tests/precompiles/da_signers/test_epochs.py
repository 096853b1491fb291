"""Epochs: registrations, ballots and the drawing of quorums (facts §1a-1)."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.da_signers import records
from precompiles.da_signers.epochs import REGISTRATIONS_MAX, draw_quorums, register
from precompiles.da_signers.functions import EPOCH_BLOCKS, da_signers
from precompiles.interface import CallKind, Failed
from precompiles.storage import load_blob, slot_of

ALICE = Address(b"\xa1" * 20)
BOB = Address(b"\xb0" * 20)
ROWS = 3_072


def _owners(count: int) -> list[Address]:
    return [Address((index + 1).to_bytes(20, "big")) for index in range(count)]


def _ballots(count: int) -> list[bytes]:
    """Ascending, so that row i is owner i."""
    return [index.to_bytes(32, "big") for index in range(count)]


def test_params_are_constants_but_for_the_epoch_length(chain_of: Any) -> None:
    assert chain_of(da_signers()).invoke("params") == ((30, 102_400, 10, 28_800, 3_072),)
    assert chain_of(da_signers(100)).invoke("params")[0][3] == 100


def test_the_first_make_epoch_moves_on_at_once_the_next_waits(registry: Any) -> None:
    """Epoch 0 has block 0; no-op success until epochBlock(cur) + 28800."""
    chain = registry.chain
    chain.number = 5
    assert chain.invoke("epochNumber") == (0,)
    assert chain.invoke("makeEpoch") == ()
    assert chain.invoke("epochNumber") == (1,)
    for number, epoch in ((5, 1), (5 + EPOCH_BLOCKS - 1, 1), (5 + EPOCH_BLOCKS, 2)):
        chain.number = number
        assert chain.invoke("makeEpoch") == ()
        assert chain.invoke("epochNumber") == (epoch,)
    assert chain.storage.load(slot_of(keccak(b"\x06" + (2).to_bytes(8, "big")))) == chain.number
    assert chain.storage.load(slot_of(keccak(b"\x05"))) == 2


def test_a_shorter_epoch_is_a_parameter(chain_of: Any) -> None:
    chain = chain_of(da_signers(10), number=7)
    chain.invoke("makeEpoch")
    for number, epoch in ((16, 1), (17, 2)):
        chain.number = number
        chain.invoke("makeEpoch")
        assert chain.invoke("epochNumber") == (epoch,)


def test_an_epoch_begun_in_block_zero_is_over_at_once(registry: Any) -> None:
    """[O13]."""
    registry.chain.number = 0
    registry.chain.invoke("makeEpoch")
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("epochNumber") == (2,)


@pytest.mark.parametrize("kind", list(CallKind))
def test_anyone_makes_an_epoch_by_any_kind_of_call(registry: Any, kind: CallKind) -> None:
    assert registry.chain.invoke("makeEpoch", kind=kind) == ()
    assert registry.chain.invoke("epochNumber", kind=CallKind.STATICCALL) == (1,)
    assert (registry.chain.code.code == b"\x01") is (kind is CallKind.CALL)


def test_a_registration_keeps_the_hash_of_its_signature_votes_and_place(registry: Any) -> None:
    """Tags 02, 03, 07, 08."""
    registry.register(5, ALICE)
    registry.register(6, BOB)
    registry.register_next_epoch(6, BOB, 4)
    registry.register_next_epoch(5, ALICE, 2**256 - 1)
    load, epoch = registry.chain.storage.load, (1).to_bytes(8, "big")
    assert load(slot_of(keccak(b"\x03" + epoch + ALICE))) == 2**256 - 1
    assert load(slot_of(keccak(b"\x03" + epoch + BOB))) == 4
    assert load(slot_of(keccak(b"\x07" + epoch))) == 2
    assert load(slot_of(keccak(b"\x08" + epoch + bytes(8)))) == slot_of(BOB)
    assert load(slot_of(keccak(b"\x08" + epoch + (1).to_bytes(8, "big")))) == slot_of(ALICE)
    assert load(slot_of(keccak(b"\x02" + epoch + ALICE)))
    assert registry.chain.invoke("registeredEpoch", ALICE, 1) == (True,)
    assert registry.chain.invoke("registeredEpoch", ALICE, 2) == (False,)
    assert registry.chain.invoke("registeredEpoch", ALICE, 2**64 + 1) == (True,)


def test_registering_again_succeeds_without_change(registry: Any) -> None:
    registry.register(5, ALICE)
    registry.register_next_epoch(5, ALICE, 2)
    before = dict(registry.chain.storage.slots)
    assert registry.register_next_epoch(5, ALICE, 9) == ()
    assert registry.chain.storage.slots == before


def test_registering_for_an_epoch_needs_a_signer_and_its_signature(registry: Any) -> None:
    registry.register(5, ALICE)
    assert registry.register_next_epoch(5, BOB, 1) == Failed("signer not found")
    assert registry.register_next_epoch(6, ALICE, 1) == Failed("invalid signature")


def test_a_registration_counts_for_its_own_epoch_only(registry: Any) -> None:
    registry.register(5, ALICE)
    registry.register_next_epoch(5, ALICE, 1)
    registry.chain.invoke("makeEpoch")
    registry.chain.number += EPOCH_BLOCKS
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("quorumCount", 1) == (1,)
    assert registry.chain.invoke("quorumCount", 2) == (0,)
    assert registry.chain.invoke("quorumCount", 2**64 + 1) == (1,)


def test_ballots_are_a_hash_chain_from_the_hash_of_the_signature(registry: Any) -> None:
    """ballot_0 = keccak(sig), ballot_{j+1} = keccak(ballot_j); sorted; row i = ballot[i mod n]."""
    ballots = []
    for address, signature, votes in ((ALICE, b"a", 3), (BOB, b"b", 2)):
        register(registry.chain.storage, 1, address, signature, votes)
        ballot = signature
        for _ in range(votes):
            ballot = keccak(ballot)
            ballots.append((ballot, address))
    registry.chain.invoke("makeEpoch")
    owners = [address for _, address in sorted(ballots)]
    (rows,) = registry.chain.invoke("getQuorum", 1, 0)
    assert list(rows) == [owners[row % 5] for row in range(ROWS)]
    blob = load_blob(registry.chain.storage, records.quorum_key(1, 0))
    assert blob[:3] == bytes.fromhex("dc0c00")
    assert len(blob) == 135_171


@pytest.mark.parametrize(
    ("votes", "count"),
    [(0, 0), (2**63, 0), (2**64, 0), (2**256 - 1, 0), (2**64 + 1, 1), (2**128 + 2**63, 0)],
)
def test_votes_are_read_as_a_signed_64_bit_number(registry: Any, votes: int, count: int) -> None:
    register(registry.chain.storage, 1, ALICE, b"sig", votes)
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("quorumCount", 1) == (count,)


def test_votes_are_capped(registry: Any) -> None:
    """102,400 ballots at most: ten quorums, which leave no room for the remainder."""
    register(registry.chain.storage, 1, ALICE, b"sig", 2**63 - 1)
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("quorumCount", 1) == (10,)


@pytest.mark.parametrize(
    ("ballots", "first_rows"),
    [
        (ROWS, [0]),
        (ROWS + 1, [0, 1]),
        (2 * ROWS - 1, [0, ROWS - 1]),
        (2 * ROWS, [0, ROWS]),
        (9 * ROWS + 1, [*range(0, 9 * ROWS, ROWS), 8 * ROWS + 1]),
        (10 * ROWS, list(range(0, 10 * ROWS, ROWS))),
        (10 * ROWS + 1, list(range(0, 10 * ROWS, ROWS))),
        (12 * ROWS, list(range(0, 10 * ROWS, ROWS))),
    ],
)
def test_groups_are_cut_from_the_front_and_the_remainder_from_the_end(
    ballots: int, first_rows: list[int]
) -> None:
    owners = _owners(ballots)
    quorums = draw_quorums(_ballots(ballots), owners)
    assert quorums == [owners[start : start + ROWS] for start in first_rows]


@pytest.mark.parametrize("ballots", [1, 2, 5, ROWS - 1])
def test_few_ballots_fill_one_quorum_over_and_over(ballots: int) -> None:
    owners = _owners(ballots)
    quorums = draw_quorums(_ballots(ballots), owners)
    assert quorums == [[owners[row % ballots] for row in range(ROWS)]]


def test_no_ballots_give_no_quorum() -> None:
    assert draw_quorums([], []) == []


def test_epoch_numbers_wrap_at_64_bits(registry: Any) -> None:
    """Epochs in genesis storage: Go's uint64 wraps, its int64 shows and stores magnitudes."""
    chain = registry.chain
    chain.storage.store(slot_of(keccak(b"\x05")), 2**64 - 1)
    assert chain.invoke("epochNumber") == (2**256 - 1,)
    chain.invoke("makeEpoch")
    assert chain.invoke("epochNumber") == (0,)
    chain.storage.store(slot_of(keccak(b"\x05")), 2**63)
    chain.invoke("makeEpoch")
    assert chain.storage.load(slot_of(keccak(b"\x05"))) == 2**63 - 1


def test_an_epoch_block_near_the_end_of_64_bits_wraps(registry: Any) -> None:
    registry.chain.storage.store(slot_of(keccak(b"\x06" + bytes(8))), 2**64 - 1)
    registry.chain.number = EPOCH_BLOCKS - 2
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("epochNumber") == (0,)
    registry.chain.number = EPOCH_BLOCKS - 1
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("epochNumber") == (1,)


def test_a_registration_that_only_genesis_holds_starts_from_nothing(registry: Any) -> None:
    """No signature hash: Go's first ballot is empty, the next the hash of nothing."""
    storage, epoch = registry.chain.storage, (1).to_bytes(8, "big")
    storage.store(slot_of(keccak(b"\x07" + epoch)), 1)
    storage.store(slot_of(keccak(b"\x08" + epoch + bytes(8))), slot_of(b"\xff" * 12 + ALICE))
    storage.store(slot_of(keccak(b"\x03" + epoch + ALICE)), 2)
    registry.chain.invoke("makeEpoch")
    assert registry.chain.invoke("getQuorumRow", 1, 0, 1) == (ALICE,)


def test_more_registrations_than_an_epoch_can_hold_are_corrupt(registry: Any) -> None:
    slot = slot_of(keccak(b"\x07" + (1).to_bytes(8, "big")))
    registry.chain.storage.store(slot, REGISTRATIONS_MAX + 1)
    assert registry.chain.invoke("makeEpoch").alarm
