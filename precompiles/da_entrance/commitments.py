"""Erasure commitments that a quorum has signed: verified, kept, and asked for."""

from typing import Any, Final

from eth_typing import Hash32

from precompiles.bn254 import words
from precompiles.da_entrance import layout
from precompiles.da_entrance.entrance import Entrance
from precompiles.da_entrance.sync import epoch_number
from precompiles.da_entrance.verification import Submission, identifier_of, verify
from precompiles.solidity import prices, slots
from precompiles.solidity.work import topic

ERASURE_COMMITMENT_VERIFIED: Final = topic("ErasureCommitmentVerified(bytes32,uint256,uint256)")
_IS_PRESENT: Final = 1 << 128
_UINT64: Final = 1 << 64


def submit_verified_commit_roots(
    entrance: Entrance, submissions: tuple[tuple[Any, ...], ...]
) -> tuple[()]:
    """Verify each and keep it; what is kept already is passed over. Anyone may submit."""
    for one in map(_submission, submissions):
        if _commitment(entrance, one.identifier) != (0, 0):
            continue
        verify(entrance, one)
        slot = slots.item(layout.COMMITMENTS, one.identifier)
        entrance.store(slot, one.commitment[0])
        entrance.store(slot + 1, one.commitment[1])
        _remember_newest(entrance, one)
        data = one.data_root + words(one.epoch, one.quorum_id)
        entrance.emit((ERASURE_COMMITMENT_VERIFIED,), data)
    return ()


def verify_only(entrance: Entrance, submission: tuple[Any, ...]) -> tuple[()]:
    """Raises `Refusal` where `submit_verified_commit_roots` would; keeps nothing."""
    verify(entrance, _submission(submission))
    return ()


def verified_erasure_commitment(
    entrance: Entrance, data_root: Hash32, epoch: int, quorum_id: int
) -> tuple[tuple[int, int]]:
    return (_commitment(entrance, identifier_of(data_root, epoch, quorum_id)),)


def commitment_exists(
    entrance: Entrance, data_root: Hash32, epoch: int, quorum_id: int
) -> tuple[bool]:
    """A commitment at infinity counts as absent (facts §2)."""
    return (_commitment(entrance, identifier_of(data_root, epoch, quorum_id)) != (0, 0),)


def latest_commitment(entrance: Entrance, data_root: Hash32) -> tuple[bool, int, int, bool]:
    """Whether the data have a commitment; epoch and quorum of the newest; whether that still samples.

    Samples are taken from the epoch after the commitment's on, for `epochWindowSize` epochs.
    """
    packed = entrance.load(slots.item(layout.NEWEST, data_root))
    if not packed:
        return False, 0, 0, False
    epoch, quorum_id = packed % _IS_PRESENT // _UINT64, packed % _UINT64
    window = entrance.load(layout.EPOCH_WINDOW_SIZE)
    entrance.charge(prices.SLOT_READ)
    return True, epoch, quorum_id, epoch < epoch_number(entrance) <= epoch + window


def _submission(values: tuple[Any, ...]) -> Submission:
    return Submission(*values)


def _commitment(entrance: Entrance, identifier: Hash32) -> tuple[int, int]:
    slot = slots.item(layout.COMMITMENTS, identifier)
    return entrance.load(slot), entrance.load(slot + 1)


def _remember_newest(entrance: Entrance, one: Submission) -> None:
    """By its data root. DASigners takes epochs modulo 2^64: what is larger is an alias, and is not kept."""
    if max(one.epoch, one.quorum_id) >= _UINT64 or one.commitment == (0, 0):
        return
    slot = slots.item(layout.NEWEST, one.data_root)
    if entrance.load(slot) % _IS_PRESENT // _UINT64 <= one.epoch:
        entrance.store(slot, _IS_PRESENT + one.epoch * _UINT64 + one.quorum_id)
