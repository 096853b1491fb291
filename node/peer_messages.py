"""Checks what peers say before the consensus core hears it: the sender's fault, or worth hearing."""

from dataclasses import dataclass

from consensus.block_parts import check_parts
from consensus.certificates import check_certificate, check_round_certificate
from consensus.early_messages import HEIGHTS_AHEAD_MAX
from consensus.encoding import decode_block, signing_digest
from consensus.errors import (
    InvalidBlockParts,
    InvalidCertificate,
    InvalidSignature,
    Undecodable,
)
from consensus.header import ConsensusBlock
from consensus.signatures import recover
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Proposal, RoundCertificate, Vote
from node.network.block_transfer import ProposedBlock

ROUNDS_AHEAD_FOR_BLOCKS_MAX = 64
"""A block proposed for a later round than this is not kept: finding whose turn it is costs a step a round."""


class Misbehaviour(Exception):
    """The peer said what no correct node says: it is dropped."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where we are when a message comes in."""

    chain_identity: bytes
    height: int
    validators: ValidatorSet


def is_wanted(message: Vote | Proposal, place: Place) -> bool:
    """Whether the core could use it. Raises `Misbehaviour` for a stranger's message of our height.

    The set of a height ahead is not known yet, so a stranger's message of one is no fault.
    """
    if not place.height <= message.height <= place.height + HEIGHTS_AHEAD_MAX:
        return False
    if message.validator in place.validators:
        return True
    if message.height == place.height:
        raise Misbehaviour(f"message of {message.validator.hex()}, who is no validator")
    return False


def check_signature(message: Vote | Proposal, chain_identity: bytes) -> None:
    """Raises `Misbehaviour`."""
    try:
        signer = recover(signing_digest(chain_identity, message), message.signature)
    except InvalidSignature as error:
        raise Misbehaviour(f"signature of {message.validator.hex()}: {error}") from error
    if signer != message.validator:
        raise Misbehaviour(f"message of {message.validator.hex()} signed by {signer.hex()}")


def is_turn_of_sender(proposal: Proposal, place: Place, round: int) -> bool:
    """Whether the block is worth keeping: its sender's turn, as far as can be told.

    `round` is the one we are in. Raises `Misbehaviour` if it certainly is another's.
    """
    if proposal.height != place.height:
        return True
    if proposal.round > round + ROUNDS_AHEAD_FOR_BLOCKS_MAX:
        return False
    if place.validators.proposer(proposal.round) != proposal.validator:
        raise Misbehaviour(
            f"proposal of {proposal.validator.hex()}, not the proposer of round {proposal.round}"
        )
    return True


def decode_proposed_block(message: ProposedBlock) -> ConsensusBlock:
    """The block, its parts those that the proposed hash commits to. Raises `Misbehaviour`."""
    proposal = message.proposal
    try:
        block = decode_block(message.block)
        check_parts(block)
    except (Undecodable, InvalidBlockParts) as error:
        raise Misbehaviour(f"proposed block: {error}") from error
    if block.header.hash != proposal.value_id or block.header.height != proposal.height:
        raise Misbehaviour("proposed block: not the one that is proposed")
    return block


def check_decided(block: ConsensusBlock, certificate: Certificate, place: Place) -> None:
    """A block and the proof that it was decided at our height. Raises `Misbehaviour`."""
    if block.header.height != place.height or certificate.height != place.height:
        raise Misbehaviour(f"height {block.header.height}, asked for {place.height}")
    if certificate.value_id != block.header.hash:
        raise Misbehaviour("the certificate is another block's")
    try:
        check_parts(block)
    except InvalidBlockParts as error:
        raise Misbehaviour(f"decided block: {error}") from error
    check_peer_certificate(certificate, place)


def check_peer_certificate(certificate: Certificate, place: Place) -> None:
    """Raises `Misbehaviour`."""
    try:
        check_certificate(certificate, place.validators, place.chain_identity, recover)
    except InvalidCertificate as error:
        raise Misbehaviour(f"forged certificate: {error}") from error


def check_peer_round_certificate(certificate: RoundCertificate, place: Place) -> None:
    """Raises `Misbehaviour`."""
    try:
        check_round_certificate(certificate, place.validators, place.chain_identity, recover)
    except InvalidCertificate as error:
        raise Misbehaviour(f"forged round certificate: {error}") from error
