"""What DA signers sign: a blob's data root, epoch, quorum and erasure commitment (facts §2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eth_typing import Address, Hash32

from node.da.json_forms import (
    address_text,
    parse_address,
    parse_hash,
    parse_number,
    parse_object,
    parse_point,
    point_form,
)
from precompiles.bn254_unchecked import Point
from precompiles.da_signers.signatures import blob_message_hash, hash_to_g1

BlobName = tuple[Hash32, int, int]
"""Data root, epoch and quorum: under what a contract keeps the commitment."""


@dataclass(frozen=True, slots=True)
class Blob:
    """Root and commitment of a file's encoding come from whoever encoded it; they are not computed here."""

    data_root: Hash32
    epoch: int
    quorum_id: int
    commitment: Point
    """The KZG commitment of the encoded data, in G1."""

    @property
    def name(self) -> BlobName:
        return self.data_root, self.epoch, self.quorum_id

    @property
    def message_point(self) -> Point:
        """The curve point that each signer multiplies with its key."""
        digest = blob_message_hash(self.data_root, self.epoch, self.quorum_id, self.commitment)
        return hash_to_g1(digest)

    def as_json(self) -> dict[str, Any]:
        return {
            "dataRoot": "0x" + self.data_root.hex(),
            "epoch": self.epoch,
            "quorumId": self.quorum_id,
            "erasureCommitment": point_form(self.commitment),
        }


@dataclass(frozen=True, slots=True)
class BlobSignature:
    """One signer's signature of a blob."""

    signer: Address
    blob: Blob
    point: Point

    def as_json(self) -> dict[str, Any]:
        return {
            "signer": address_text(self.signer),
            **self.blob.as_json(),
            "signature": point_form(self.point),
        }


def parse_blob(value: object) -> Blob:
    """A blob from parsed JSON; raises `InvalidInput` naming the field."""
    fields = parse_object("blob", value)
    return Blob(
        parse_hash("dataRoot", fields.get("dataRoot")),
        parse_number("epoch", fields.get("epoch")),
        parse_number("quorumId", fields.get("quorumId")),
        parse_point("erasureCommitment", fields.get("erasureCommitment")),
    )


def parse_signature(value: object) -> BlobSignature:
    """A signature from parsed JSON; raises `InvalidInput` naming the field."""
    fields: Mapping[str, Any] = parse_object("signature", value)
    return BlobSignature(
        parse_address("signer", fields.get("signer")),
        parse_blob(value),
        parse_point("signature", fields.get("signature")),
    )
