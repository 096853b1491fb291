"""What a consensus block must say given its parent, and what execution environment follows from it.

Every validator computes these for itself, proposer or not (decisions "Block fields").
"""

from dataclasses import dataclass

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.chain import PayloadAttributes
from consensus.block_parts import certificate_hash, check_parts
from consensus.certificates import check_certificate
from consensus.errors import InvalidBlockParts, InvalidCertificate
from consensus.header import ConsensusBlock, ConsensusHeader
from consensus.signatures import recover
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, ValueId

TIME_AHEAD_MAX_MS = 1_000
"""How far a fresh proposal's time may lie ahead of our clock before we call it untimely."""
_RANDAO_DOMAIN = b"zerog-randao"


class InvalidConsensusBlock(Exception):
    """A proposed block breaks a rule; the text says which, with got and expected."""


@dataclass(frozen=True, slots=True)
class Parent:
    """What a block is built on. Height 0 stands for the genesis: its hash is the chain identity."""

    height: Height
    hash: bytes
    time_ms: int
    execution_timestamp: int
    """Seconds."""
    validators: ValidatorSet
    """Of this block's children."""
    decided_by: ValidatorSet
    """The set that decided this block, whose certificate its child carries."""


def expected_attributes(
    parent: Parent,
    time_ms: int,
    last_certificate: Certificate | None,
    coinbase: Address | None,
    gas_limit_target: int,
) -> PayloadAttributes:
    """The execution block's given fields.

    `coinbase` None leaves it to the proposer. The timestamp is whole seconds and never goes back;
    prevRandao is keccak of the domain, the parent's hash and its certificate's hash, which the
    proposer can predict.
    """
    certificate_digest = certificate_hash(last_certificate)
    return PayloadAttributes(
        timestamp=max(time_ms // 1000, parent.execution_timestamp),
        prev_randao=Hash32(keccak(_RANDAO_DOMAIN + parent.hash + certificate_digest)),
        coinbase=coinbase,
        parent_beacon_block_root=Hash32(parent.hash),
        gas_limit_target=gas_limit_target,
    )


def check_consensus_block(block: ConsensusBlock, parent: Parent, identity: bytes) -> None:
    """All but the payload's execution and the clock. Raises `InvalidConsensusBlock`."""
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
    try:
        check_parts(block)
    except InvalidBlockParts as error:
        raise InvalidConsensusBlock(str(error)) from error
    _check_last_certificate(block, parent, identity)


def is_ahead_of(header: ConsensusHeader, now_ms: int) -> bool:
    """Whether a fresh proposal's time lies too far in the future by our clock."""
    return header.time_ms > now_ms + TIME_AHEAD_MAX_MS


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
