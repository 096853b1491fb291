"""From the signatures of some of a quorum's signers to what a contract verifies. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_typing import Address

from node.da.blobs import Blob, BlobSignature
from node.da.errors import BelowThreshold, InvalidInput, NotRegisteredForEpoch, WrongSignature
from node.da.json_forms import address_text
from node.da.quorums import Quorum
from node.da.submission import Submission
from precompiles.bn254 import (
    G2_GENERATOR,
    G2Point,
    InvalidPoint,
    negate,
    pairing_product_is_one,
)
from precompiles.bn254_unchecked import Point
from precompiles.da_signers.signatures import aggregate_g2_keys, aggregate_signatures


@dataclass(frozen=True, slots=True)
class SignerDetail:
    """A registered signer, as DASigners' `getSigner` gives it."""

    address: Address
    socket: str
    """Where it answers, as it says itself."""
    key_g1: Point
    key_g2: G2Point
    """Real parts first."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A submission and how far its signers reach."""

    submission: Submission
    signers: tuple[Address, ...]
    rows_signed: int
    rows_total: int
    rows_needed: int

    @property
    def is_enough(self) -> bool:
        return self.rows_signed >= self.rows_needed

    def check_threshold(self) -> None:
        """Raises `BelowThreshold` where the contract would refuse for want of rows."""
        if not self.is_enough:
            raise BelowThreshold(self.rows_signed, self.rows_total, self.rows_needed)


def aggregate(
    blob: Blob,
    quorum: Quorum,
    details: Mapping[Address, SignerDetail],
    signatures: Iterable[BlobSignature],
) -> Aggregate:
    """Signatures of one blob added up, each checked against its signer's key first.

    `details` are those of the quorum's signers. A signature that comes twice counts once; whether
    two thirds of the rows have signed is for the caller to ask. Raises `NotRegisteredForEpoch` of a
    signer without a row, `WrongSignature` of one that does not fit, `InvalidInput` where a
    signature is of another blob.
    """
    by_signer: dict[Address, Point] = {}
    message = blob.message_point
    for signature in signatures:
        _check(blob, quorum, details, signature, message)
        by_signer[signature.signer] = signature.point
    bitmap = quorum.bitmap(by_signer)
    signers, rows_signed = quorum.counted(bitmap)
    submission = Submission(
        blob,
        bitmap,
        aggregate_g2_keys(details[signer].key_g2 for signer in signers),
        aggregate_signatures(by_signer[signer] for signer in signers),
    )
    return Aggregate(submission, signers, rows_signed, len(quorum.rows), quorum.rows_needed)


def is_signed_by(message: Point, signature: Point, key_g2: G2Point) -> bool:
    """e(−S, G2) · e(H, PK2) = 1: one signer's signature on its own."""
    try:
        return pairing_product_is_one([(negate(signature), G2_GENERATOR), (message, key_g2)])
    except InvalidPoint:
        return False


def _check(
    blob: Blob,
    quorum: Quorum,
    details: Mapping[Address, SignerDetail],
    signature: BlobSignature,
    message: Point,
) -> None:
    signer = address_text(signature.signer)
    if signature.blob != blob:
        raise InvalidInput(f"signature of {signer}", "one of the same blob", signature.blob)
    if signature.signer not in details or signature.signer not in quorum.rows:
        raise NotRegisteredForEpoch(signer, quorum.epoch, quorum.quorum_id)
    if not is_signed_by(message, signature.point, details[signature.signer].key_g2):
        raise WrongSignature(signer)
