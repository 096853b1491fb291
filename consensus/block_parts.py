"""What a consensus header commits to: put a block together, and check that parts are the header's."""

from collections.abc import Iterator

from eth_hash.auto import keccak

from consensus.encoding import encode_certificate
from consensus.errors import InvalidBlockParts
from consensus.header import NO_HASH, ConsensusBlock, ConsensusHeader
from consensus.recursive_length_prefix import encode
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, ValidatorAddress


def assemble_block(
    *,
    height: Height,
    time_ms: int,
    proposer: ValidatorAddress,
    parent_hash: bytes,
    validators: ValidatorSet,
    next_validators: ValidatorSet,
    last_certificate: Certificate | None,
    evidence: tuple[bytes, ...],
    payload: bytes,
    execution_hash: bytes = NO_HASH,
) -> ConsensusBlock:
    """A block whose header commits to its parts."""
    header = ConsensusHeader(
        height=height,
        time_ms=time_ms,
        proposer=proposer,
        parent_hash=parent_hash,
        validators_hash=validators.hash(),
        next_validators_hash=next_validators.hash(),
        last_certificate_hash=certificate_hash(last_certificate),
        evidence_hash=evidence_hash(evidence),
        payload_hash=keccak(payload),
        execution_hash=execution_hash,
    )
    return ConsensusBlock(header, last_certificate, evidence, payload)


def check_parts(block: ConsensusBlock) -> None:
    """Raises InvalidBlockParts: these bytes do not belong to the header's hash.

    A sender's fault that says nothing about the value: another sender may have the right parts.
    """
    for part, got, expected in _commitments(block):
        if got != expected:
            raise InvalidBlockParts(part, got, expected)


def certificate_hash(certificate: Certificate | None) -> bytes:
    """NO_HASH for None: the parent of height 1 has no certificate."""
    return NO_HASH if certificate is None else keccak(encode_certificate(certificate))


def evidence_hash(evidence: tuple[bytes, ...]) -> bytes:
    return keccak(encode(evidence))


def _commitments(block: ConsensusBlock) -> Iterator[tuple[str, bytes, bytes]]:
    """(part's name, its hash, the hash in the header)."""
    header = block.header
    yield (
        "last certificate",
        certificate_hash(block.last_certificate),
        header.last_certificate_hash,
    )
    yield "evidence", evidence_hash(block.evidence), header.evidence_hash
    yield "payload", keccak(block.payload), header.payload_hash
