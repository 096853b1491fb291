"""A quorum that others can check: the proof of a decision, or of a polka."""

from collections.abc import Callable, Iterable

from eth_hash.auto import keccak

from consensus.encoding import vote_sign_bytes
from consensus.errors import (
    InvalidSignature,
    SignersOutOfOrder,
    TooLittlePower,
    UnknownSigner,
    WrongCertificateSignature,
)
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Round,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)

Recover = Callable[[bytes, bytes], ValidatorAddress]
"""(32-byte digest, signature) → signer; raises InvalidSignature. `signatures.recover` in production."""


def build_certificate(
    kind: VoteKind, height: Height, round: Round, value_id: ValueId, votes: Iterable[Vote]
) -> Certificate:
    """From votes that are all for this; the caller has seen that they are a quorum."""
    signatures = sorted((vote.validator, vote.signature) for vote in votes)
    return Certificate(kind, height, round, value_id, tuple(signatures))


def check_certificate(
    certificate: Certificate, validators: ValidatorSet, chain_identity: bytes, recover: Recover
) -> None:
    """Whether it proves what it says, as one unit. Raises InvalidCertificate naming why.

    `validators` is the set of the certificate's height. One unit: votes that were seen before, for
    the same or another value, play no part (else an equivocator could make a decision uncountable).
    """
    power = 0
    previous = b""
    for validator, _ in certificate.signatures:
        if validator <= previous:
            raise SignersOutOfOrder(validator)
        if validator not in validators:
            raise UnknownSigner(validator)
        previous = validator
        power += validators.power_of(validator)
    if not validators.has_quorum(power):
        raise TooLittlePower(power, validators.total_power)
    _check_signatures(certificate, chain_identity, recover)


def votes_of(certificate: Certificate) -> tuple[Vote, ...]:
    """The signed votes that make up the certificate."""
    return tuple(
        Vote(
            certificate.kind,
            certificate.height,
            certificate.round,
            certificate.value_id,
            validator,
            signature,
        )
        for validator, signature in certificate.signatures
    )


def _check_signatures(certificate: Certificate, chain_identity: bytes, recover: Recover) -> None:
    """Every one of them, the ones beyond a quorum too: a certificate is kept and passed on whole."""
    digest = b""
    for vote in votes_of(certificate):
        # All sign the same bytes: they name what is voted for, not who votes.
        digest = digest or keccak(vote_sign_bytes(chain_identity, vote))
        try:
            signer = recover(digest, vote.signature)
        except InvalidSignature as error:
            raise WrongCertificateSignature(None, vote.validator) from error
        if signer != vote.validator:
            raise WrongCertificateSignature(signer, vote.validator)
