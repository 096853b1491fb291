"""Whether a quorum has signed for a commitment, natively, with the contract's refusals (facts §2, "Verify").

Keys are read straight from the storage of DASigners, and only the part of a record that has them: 3,072
signers are checked in the time that the contract's own call of getAggPkG1 takes for 600.
"""

from dataclasses import dataclass
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from precompiles import bn254
from precompiles.bn254 import G1_GENERATOR, G2_GENERATOR, InvalidPoint, negate, words
from precompiles.bn254_unchecked import P, Point, R, sum_points
from precompiles.contract import refusal, require
from precompiles.da_entrance import gas
from precompiles.da_entrance.entrance import Entrance
from precompiles.da_signers import quorums, records
from precompiles.da_signers.signatures import blob_message_hash, square_root
from precompiles.errors import DomainError, Refusal
from precompiles.storage import UINT64_MASK

INVALID_SIGNATURE: Final = "DARegistry: signature is invalid"
NO_PAIRING: Final = "DARegistry: pairing precompile call failed"
INSUFFICIENT: Final = "DARegistry: insufficient signed slices"
SLICE_NUMERATOR: Final = 2
SLICE_DENOMINATOR: Final = 3
_ONE: Final = words(1)

_Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Submission:
    """What is submitted for verification, as it stands in the call data."""

    data_root: Hash32
    epoch: int
    quorum_id: int
    commitment: _Pair
    bitmap: bytes
    key_g2: tuple[_Pair, _Pair]
    """In EIP-197's order: the imaginary part first."""
    signature: _Pair

    @property
    def identifier(self) -> Hash32:
        return identifier_of(self.data_root, self.epoch, self.quorum_id)


def identifier_of(data_root: Hash32, epoch: int, quorum_id: int) -> Hash32:
    """The key under which a commitment is kept."""
    return Hash32(keccak(data_root + words(epoch, quorum_id)))


def verify(entrance: Entrance, submission: Submission) -> None:
    """Raises `Refusal`: the signature is looked at before the number of rows."""
    key_g1, total, hits = _aggregate(entrance, submission)
    _check_signature(entrance, submission, key_g1)
    require(SLICE_NUMERATOR * total <= SLICE_DENOMINATOR * hits, INSUFFICIENT)


def _aggregate(entrance: Entrance, submission: Submission) -> tuple[Point, int, int]:
    """As DASigners' getAggPkG1; what fails there is here a refusal without a reason."""
    storage = entrance.signers
    epoch, quorum_id = submission.epoch & UINT64_MASK, submission.quorum_id & UINT64_MASK
    try:
        entrance.charge(gas.QUORUM)
        entrance.charge(gas.QUORUM_ROW * quorums.count_rows(storage, epoch, quorum_id))
        rows = quorums.load_quorum(storage, epoch, quorum_id)
        signers, hits = quorums.participants(rows, submission.bitmap)
        entrance.charge(gas.SIGNER * len(signers))
        keys = [records.load_key_g1(storage, signer) for signer in signers]
    except DomainError as error:
        raise Refusal from error
    return sum_points(keys), len(rows), hits


def _check_signature(entrance: Entrance, submission: Submission, key_g1: Point) -> None:
    """e(S + γ·PK1, −G2) · e(H + γ·G1, PK2) = 1, with the two groups' keys bound by γ."""
    message = _message_point(entrance, submission)
    key_g2 = words(*submission.key_g2[0], *submission.key_g2[1])
    hashed = words(*submission.signature, *key_g1) + key_g2 + words(*message)
    gamma = int.from_bytes(keccak(hashed), "big") % R
    entrance.charge(2 * (gas.POINT_MULTIPLIED + gas.POINT_ADDED))
    try:
        left = _plus_multiple(submission.signature, key_g1, gamma)
        right = _plus_multiple(message, G1_GENERATOR, gamma)
    except InvalidPoint:
        raise refusal(INVALID_SIGNATURE) from None
    entrance.charge(gas.PAIRING_OF_TWO)
    (x_real, x_imaginary), (y_real, y_imaginary) = G2_GENERATOR
    generator = words(x_imaginary, x_real, y_imaginary, y_real)
    x, y = int.from_bytes(left[:32], "big"), int.from_bytes(left[32:], "big")
    try:
        answer = bn254.pairing_check(words(*negate((x, y))) + generator + right + key_g2)
    except InvalidPoint:
        raise refusal(NO_PAIRING) from None
    require(answer == _ONE, INVALID_SIGNATURE)


def _plus_multiple(point: _Pair, other: Point, scalar: int) -> bytes:
    """point + scalar · other; raises `InvalidPoint` of a point off the curve."""
    return bn254.add(words(*point) + bn254.multiply(words(*other, scalar)))


def _message_point(entrance: Entrance, submission: Submission) -> Point:
    """The point that the signers multiplied with their keys: try and increment, each try paid for."""
    digest = blob_message_hash(
        submission.data_root, submission.epoch, submission.quorum_id, submission.commitment
    )
    x = int.from_bytes(digest, "big") % P
    while True:
        entrance.charge(gas.HASH_TO_CURVE_TRY)
        y = square_root((x * x * x + 3) % P)
        if y is not None:
            return x, y
        x = (x + 1) % P
