"""A quorum's signature of a blob as a contract takes it: bitmap, aggregated key and signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from node.da.blobs import Blob, parse_blob
from node.da.errors import InvalidInput
from node.da.json_forms import parse_data, parse_object, parse_point, point_form
from precompiles.bn254 import FieldPair, G2Point
from precompiles.bn254_unchecked import P, Point

BITMAP_BYTES_MAX = 8_192
"""Room for 65,536 rows; 0G's quorums have 3,072."""


@dataclass(frozen=True, slots=True)
class Submission:
    """`CommitRootSubmission` of DAEntrance and of the Solidity verifier."""

    blob: Blob
    bitmap: bytes
    key_g2: G2Point
    """Real parts first, as DASigners keeps keys."""
    signature: Point

    def as_argument(self) -> tuple[Any, ...]:
        """In the ABI's order; EIP-197 puts the imaginary part of each G2 word pair first (facts §2)."""
        blob = self.blob
        return (
            blob.data_root,
            blob.epoch,
            blob.quorum_id,
            blob.commitment,
            self.bitmap,
            tuple(_swapped(pair) for pair in self.key_g2),
            self.signature,
        )

    def as_json(self) -> dict[str, Any]:
        """The fields as the contract's ABI names them, `aggPkG2` in its order of words too."""
        x, y = self.key_g2
        return {
            **self.blob.as_json(),
            "quorumBitmap": "0x" + self.bitmap.hex(),
            "aggPkG2": [point_form(_swapped(x)), point_form(_swapped(y))],
            "signature": point_form(self.signature),
        }


def parse_submission(value: object) -> Submission:
    """A submission from parsed JSON, as `as_json` gives it; raises `InvalidInput` naming the field."""
    fields: Mapping[str, Any] = parse_object("submission", value)
    return Submission(
        parse_blob(value),
        parse_data("quorumBitmap", fields.get("quorumBitmap"), BITMAP_BYTES_MAX),
        _parse_g2("aggPkG2", fields.get("aggPkG2")),
        parse_point("signature", fields.get("signature")),
    )


def _swapped(pair: FieldPair) -> FieldPair:
    return pair[1], pair[0]


def _parse_g2(name: str, value: object) -> G2Point:
    try:
        assert isinstance(value, list)
        [[x_imaginary, x_real], [y_imaginary, y_real]] = [
            [int(word, 16) for word in pair] for pair in value
        ]
    except (AssertionError, ValueError, TypeError):
        raise InvalidInput(name, "two pairs of words, imaginary part first", value) from None
    words = (x_imaginary, x_real, y_imaginary, y_real)
    if not all(0 <= word < P for word in words):
        raise InvalidInput(name, "words below the field's modulus", value)
    return (x_real, x_imaginary), (y_real, y_imaginary)
