"""What consensus decides on: a block around the execution payload, known by its header's hash."""

from dataclasses import dataclass
from functools import cached_property

from eth_hash.auto import keccak

from consensus.recursive_length_prefix import Item, encode, encode_integer
from consensus.values import Certificate, Height, ValidatorAddress, ValueId

NO_HASH = bytes(32)


@dataclass(frozen=True)
class ConsensusHeader:
    """Validators sign its hash. All hashes are 32 bytes."""

    height: Height
    time_ms: int
    """Proposer-based time, milliseconds since 1970."""
    proposer: ValidatorAddress
    parent_hash: bytes
    """Hash of the parent's consensus header; of height 1: the chain identity."""
    validators_hash: bytes
    """`ValidatorSet.hash()` of the set that decides this height."""
    next_validators_hash: bytes
    last_certificate_hash: bytes
    """keccak of the encoded commit certificate of the parent; NO_HASH at height 1."""
    evidence_hash: bytes
    """keccak of the RLP list of the evidence."""
    payload_hash: bytes
    """keccak of the payload's bytes, so that one value id stands for one sequence of bytes."""
    execution_hash: bytes = NO_HASH
    """Hash of the execution block within the payload: what Ethereum tools know the block by."""

    @cached_property
    def hash(self) -> ValueId:
        return ValueId(keccak(encode(header_item(self))))


@dataclass(frozen=True)
class ConsensusBlock:
    """The value of a height. `block_parts.check_parts` says whether it is the header's."""

    header: ConsensusHeader
    last_certificate: Certificate | None
    """The parent's commit certificate; None at height 1."""
    evidence: tuple[bytes, ...]
    """Encoded `evidence.Evidence`."""
    payload: bytes
    """The execution block's bytes, opaque to consensus."""


def header_item(header: ConsensusHeader) -> Item:
    """The header's fields in order, integers big-endian: what is hashed and sent."""
    return [
        encode_integer(header.height),
        encode_integer(header.time_ms),
        header.proposer,
        header.parent_hash,
        header.validators_hash,
        header.next_validators_hash,
        header.last_certificate_hash,
        header.evidence_hash,
        header.payload_hash,
        header.execution_hash,
    ]
