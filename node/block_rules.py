"""What a consensus block must say given its parent, and what execution environment follows from it.

Every validator computes these for itself, proposer or not (decisions "Block fields").
"""

from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.chain import Expectations
from consensus.block_parts import certificate_hash
from consensus.certificates import check_certificate
from consensus.errors import InvalidCertificate
from consensus.header import ConsensusBlock
from consensus.signatures import recover
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, ValueId

_RANDAO_DOMAIN = b"zerog-randao"


class InvalidConsensusBlock(Exception):
    """A proposed block breaks a rule; the text says which, with got and expected."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What a block is built on. Height 0 stands for the genesis: its hash is the chain identity."""

    height: Height
    hash: bytes
    time_ms: int
    validators: ValidatorSet
    """Of this block's children."""
    decided_by: ValidatorSet
    """The set that decided this block, whose certificate its child carries."""


def expectations(
    parent: Parent, time_ms: int, last_certificate: Certificate | None
) -> Expectations:
    """The execution block's given fields, for a consensus block of that time.

    The timestamp is whole seconds and never goes back; prevRandao is keccak of the domain, the
    parent's hash and its certificate's hash, which the proposer can predict.
    """
    certificate_digest = certificate_hash(last_certificate)
    return Expectations(
        timestamp=time_ms // 1000,
        prev_randao=Hash32(keccak(_RANDAO_DOMAIN + parent.hash + certificate_digest)),
        parent_beacon_block_root=Hash32(parent.hash),
    )


def check_consensus_block(block: ConsensusBlock, parent: Parent, identity: bytes) -> None:
    """All but the payload's execution, the clock and the parts' hashes. Raises `InvalidConsensusBlock`."""
    header = block.header
    _expect("height", header.height, parent.height + 1)
    _expect("parent hash", header.parent_hash.hex(), parent.hash.hex())
    validators_hash = parent.validators.hash().hex()
    _expect("validators hash", header.validators_hash.hex(), validators_hash)
    _expect("next validators hash", header.next_validators_hash.hex(), validators_hash)
    if header.proposer not in parent.validators:
        raise InvalidConsensusBlock(f"proposer 0x{header.proposer.hex()} is no validator")
    if header.time_ms <= parent.time_ms:
        raise InvalidConsensusBlock(
            f"time {header.time_ms} ms is not after the parent's {parent.time_ms}"
        )
    if block.evidence:
        raise InvalidConsensusBlock("it carries evidence, which this chain does not take yet")
    _check_last_certificate(block, parent, identity)


def _check_last_certificate(block: ConsensusBlock, parent: Parent, identity: bytes) -> None:
    certificate = block.last_certificate
    if parent.height == 0:
        if certificate is not None:
            raise InvalidConsensusBlock("height 1 has no parent certificate")
        return
    if certificate is None:
        raise InvalidConsensusBlock("the parent's certificate is missing")
    _expect("certificate's height", certificate.height, parent.height)
    _expect("certificate's value", certificate.value_id.hex(), ValueId(parent.hash).hex())
    try:
        check_certificate(certificate, parent.decided_by, identity, recover)
    except InvalidCertificate as error:
        raise InvalidConsensusBlock(f"the parent's certificate: {error}") from error


def _expect(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise InvalidConsensusBlock(f"{what} {got}, expected {expected}")
