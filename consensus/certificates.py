"""What others can check: the proof of a decision, of a polka, or that a round has begun."""

from collections.abc import Callable, Iterable, Sequence

from eth_hash.auto import keccak

from consensus.encoding import vote_sign_bytes
from consensus.errors import (
    InvalidSignature,
    SignersOutOfOrder,
    TooLittlePower,
    UnknownSigner,
    ValidRoundsDoNotFit,
    VoteOfAnotherRound,
    WrongCertificateSignature,
)
from consensus.validators import ValidatorSet
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Round,
    RoundCertificate,
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
    """From votes that are all for this, one of each validator; the caller has seen a quorum."""
    ordered = sorted(votes, key=lambda vote: vote.validator)
    signatures = tuple((vote.validator, vote.signature) for vote in ordered)
    valid_rounds = tuple(vote.valid_round for vote in ordered)
    if all(valid_round == NO_ROUND for valid_round in valid_rounds):
        valid_rounds = ()
    return Certificate(kind, height, round, value_id, signatures, valid_rounds)


def check_certificate(
    certificate: Certificate, validators: ValidatorSet, chain_identity: bytes, recover: Recover
) -> None:
    """Whether it proves what it says, as one unit. Raises InvalidCertificate naming why.

    `validators` is the set of the certificate's height. One unit: votes that were seen before, for
    the same or another value, play no part (else an equivocator could make a decision uncountable).
    """
    _check_valid_rounds(certificate)
    power = _power_of([validator for validator, _ in certificate.signatures], validators)
    if not validators.has_quorum(power):
        raise TooLittlePower(power, validators.total_power)
    _check_signatures(votes_of(certificate), chain_identity, recover)


def check_round_certificate(
    certificate: RoundCertificate,
    validators: ValidatorSet,
    chain_identity: bytes,
    recover: Recover,
) -> None:
    """Whether more than a third voted in its round, as one unit. Raises InvalidCertificate."""
    for vote in certificate.votes:
        if (vote.height, vote.round) != (certificate.height, certificate.round):
            raise VoteOfAnotherRound(vote.height, vote.round)
    power = _power_of([vote.validator for vote in certificate.votes], validators)
    if not validators.exceeds_third(power):
        raise TooLittlePower(power, validators.total_power)
    _check_signatures(certificate.votes, chain_identity, recover)


def votes_of(certificate: Certificate | RoundCertificate) -> tuple[Vote, ...]:
    """The signed votes that make up the certificate."""
    if isinstance(certificate, RoundCertificate):
        return certificate.votes
    valid_rounds = certificate.valid_rounds or (NO_ROUND,) * len(certificate.signatures)
    return tuple(
        Vote(
            certificate.kind,
            certificate.height,
            certificate.round,
            certificate.value_id,
            validator,
            signature,
            valid_round,
        )
        for (validator, signature), valid_round in zip(
            certificate.signatures, valid_rounds, strict=True
        )
    )


def _check_valid_rounds(certificate: Certificate) -> None:
    valid_rounds = certificate.valid_rounds
    if not valid_rounds:
        return
    is_precommit = certificate.kind is not VoteKind.PREVOTE
    if is_precommit or len(valid_rounds) != len(certificate.signatures):
        raise ValidRoundsDoNotFit(len(valid_rounds), len(certificate.signatures))


def _power_of(signers: Sequence[ValidatorAddress], validators: ValidatorSet) -> int:
    """Of distinct members in ascending order. Raises InvalidCertificate."""
    power = 0
    previous = b""
    for signer in signers:
        if signer <= previous:
            raise SignersOutOfOrder(signer)
        if signer not in validators:
            raise UnknownSigner(signer)
        previous = signer
        power += validators.power_of(signer)
    return power


def _check_signatures(votes: Iterable[Vote], chain_identity: bytes, recover: Recover) -> None:
    """Every one of them, the ones beyond a quorum too: a certificate is kept and passed on whole."""
    digests: dict[tuple[VoteKind, ValueId | None, Round], bytes] = {}
    for vote in votes:
        # Who votes the same signs the same bytes: they do not name the voter.
        content = vote.kind, vote.value_id, vote.valid_round
        if content not in digests:
            digests[content] = keccak(vote_sign_bytes(chain_identity, vote))
        try:
            signer = recover(digests[content], vote.signature)
        except InvalidSignature as error:
            raise WrongCertificateSignature(None, vote.validator) from error
        if signer != vote.validator:
            raise WrongCertificateSignature(signer, vote.validator)
