"""A certificate is checked as one unit, and says why it proves nothing."""

from dataclasses import replace

import pytest

from consensus.certificates import build_certificate, check_certificate, votes_of
from consensus.encoding import signing_digest
from consensus.errors import (
    InvalidCertificate,
    SignersOutOfOrder,
    TooLittlePower,
    UnknownSigner,
    WrongCertificateSignature,
)
from consensus.signatures import recover, sign
from consensus.validators import address_of
from consensus.values import Height, Round, ValueId, Vote, VoteKind

CHAIN = b"chain".ljust(32)
A = ValueId(b"a" * 32)


@pytest.fixture
def sign_vote(private_keys, key_of):
    def signed(validator, kind=VoteKind.PRECOMMIT, round=0, value=A, chain=CHAIN) -> Vote:
        vote = Vote(kind, Height(1), Round(round), value, validator)
        return vote.signed(sign(key_of[validator], signing_digest(chain, vote)))

    return signed


@pytest.fixture
def certificate(validators, sign_vote):
    votes = [sign_vote(address) for address in validators.addresses[:3]]
    return build_certificate(VoteKind.PRECOMMIT, Height(1), Round(0), A, reversed(votes))


def test_a_quorum_of_signed_votes_proves_a_decision(certificate, validators) -> None:
    check_certificate(certificate, validators, CHAIN, recover)


def test_a_polka_is_proven_the_same_way(validators, sign_vote) -> None:
    votes = [sign_vote(address, VoteKind.PREVOTE) for address in validators.addresses]
    polka = build_certificate(VoteKind.PREVOTE, Height(1), Round(0), A, votes)
    check_certificate(polka, validators, CHAIN, recover)
    with pytest.raises(WrongCertificateSignature):
        check_certificate(replace(polka, kind=VoteKind.PRECOMMIT), validators, CHAIN, recover)


def test_the_votes_of_a_certificate_are_those_it_was_built_of(validators, sign_vote) -> None:
    votes = tuple(sign_vote(address) for address in validators.addresses)
    built = build_certificate(VoteKind.PRECOMMIT, Height(1), Round(0), A, votes)
    assert votes_of(built) == votes


def test_exactly_two_thirds_prove_nothing(certificate, validators) -> None:
    """T27: and the error says how much there was."""
    two = replace(certificate, signatures=certificate.signatures[:2])
    with pytest.raises(TooLittlePower, match="power 2 of 4"):
        check_certificate(two, validators, CHAIN, recover)


def test_a_signer_counts_once(certificate, validators) -> None:
    first, second, _ = certificate.signatures
    twice = replace(certificate, signatures=(first, first, second))
    with pytest.raises(SignersOutOfOrder):
        check_certificate(twice, validators, CHAIN, recover)


def test_signers_stand_in_order_so_that_a_certificate_has_one_encoding(
    certificate, validators
) -> None:
    turned = replace(certificate, signatures=certificate.signatures[::-1])
    with pytest.raises(SignersOutOfOrder):
        check_certificate(turned, validators, CHAIN, recover)


def test_a_stranger_has_no_vote(certificate, validators) -> None:
    stranger = (b"\0" * 20, b"s" * 65)
    with pytest.raises(UnknownSigner, match="00000000"):
        check_certificate(
            replace(certificate, signatures=(stranger, *certificate.signatures)),
            validators,
            CHAIN,
            recover,
        )


def test_every_signature_must_be_its_signers(certificate, validators, sign_vote) -> None:
    """Also the ones beyond the quorum."""
    fourth = validators.addresses[3]
    for wrong in (certificate.signatures[0][1], b"\0" * 65, b"short"):
        padded = replace(certificate, signatures=(*certificate.signatures, (fourth, wrong)))
        with pytest.raises(WrongCertificateSignature, match=fourth.hex()):
            check_certificate(padded, validators, CHAIN, recover)


@pytest.mark.parametrize(
    "change",
    [{"height": 2}, {"round": 1}, {"value_id": b"b" * 32}, {"kind": VoteKind.PREVOTE}],
    ids=str,
)
def test_signatures_hold_for_one_place_and_value(certificate, validators, change) -> None:
    """T29."""
    with pytest.raises(InvalidCertificate):
        check_certificate(replace(certificate, **change), validators, CHAIN, recover)


def test_signatures_hold_for_one_chain(certificate, validators) -> None:
    """T29, T16."""
    with pytest.raises(WrongCertificateSignature):
        check_certificate(certificate, validators, b"other".ljust(32), recover)


def test_power_is_counted_by_the_set_of_the_height(certificate, validators) -> None:
    heavy = validators.with_validators(
        replace(v, power=100 if address_of(v.public_key) == validators.addresses[3] else 1)
        for v in validators.validators
    )
    with pytest.raises(TooLittlePower, match="power 3 of 103"):
        check_certificate(certificate, heavy, CHAIN, recover)
