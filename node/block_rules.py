"""What a consensus block must say given its parent, and what execution environment follows from it.

Every validator computes these for itself, proposer or not (decisions "Block fields").
"""

from dataclasses import dataclass, field

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.chain import Expectations
from consensus.block_parts import certificate_hash
from consensus.certificates import check_certificate
from consensus.errors import InvalidCertificate
from consensus.header import ConsensusBlock
from consensus.signatures import recover
from consensus.timeliness import is_after_parent
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, ValidatorAddress, ValueId
from node.staking.absences import Absences
from node.staking.prescribed import LastHeight, Prescribed

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
    next_validators: ValidatorSet
    """Of its grandchildren: what the state after this block says."""
    decided_by: ValidatorSet
    """The set that decided this block, whose certificate its child carries."""
    proposer: ValidatorAddress | None = None
    """None: the genesis."""
    absences: Absences = field(default_factory=dict)
    """Up to the height before this block's, which this block's certificate tells of."""

    @property
    def last_height(self) -> LastHeight:
        """What its child is paid and slashed by."""
        return LastHeight(self.decided_by, self.proposer, self.absences)


def expectations(
    parent: Parent,
    time_ms: int,
    last_certificate: Certificate | None,
    prescribed: Prescribed | None = None,
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
        withdrawals=prescribed.withdrawals if prescribed else (),
        slashed=prescribed.slashed if prescribed else (),
    )


def check_consensus_block(block: ConsensusBlock, parent: Parent, identity: bytes) -> None:
    """All but the evidence, the payload's execution, the clock and the parts' hashes.

    Raises `InvalidConsensusBlock`.
    """
    header = block.header
    _expect("height", header.height, parent.height + 1)
    _expect("parent hash", header.parent_hash.hex(), parent.hash.hex())
    for what, got, validators in (
        ("validators hash", header.validators_hash, parent.validators),
        ("next validators hash", header.next_validators_hash, parent.next_validators),
    ):
        _expect(what, got.hex(), validators.hash().hex())
    if header.proposer not in parent.validators:
        raise InvalidConsensusBlock(f"proposer 0x{header.proposer.hex()} is no validator")
    if not is_after_parent(header.time_ms, parent.time_ms):
        raise InvalidConsensusBlock(
            f"time {header.time_ms} ms is not after the parent's {parent.time_ms}"
        )
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
