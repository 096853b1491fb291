"""A certificate is checked as one unit, and says why it proves nothing."""

from dataclasses import replace

import pytest

from consensus.certificates import (
    build_certificate,
    check_certificate,
    check_round_certificate,
    votes_of,
)
from consensus.encoding import signing_digest
from consensus.errors import (
    InvalidCertificate,
    SignersOutOfOrder,
    TooLittlePower,
    UnknownSigner,
    ValidRoundsDoNotFit,
    VoteOfAnotherRound,
    WrongCertificateSignature,
)
from consensus.signatures import public_key_of, recover, sign
from consensus.validators import ValidatorSet, address_of
from consensus.values import (
    Height,
    Round,
    RoundCertificate,
    Validator,
    ValueId,
    Vote,
    VoteKind,
)

CHAIN = b"chain".ljust(32)
A = ValueId(b"a" * 32)


@pytest.fixture
def sign_vote(private_keys, key_of):
    def signed(
        validator, kind=VoteKind.PRECOMMIT, round=0, value=A, chain=CHAIN, valid_round=-1
    ) -> Vote:
        vote = Vote(kind, Height(1), Round(round), value, validator, valid_round=valid_round)
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


def test_a_polka_holds_for_the_valid_round_that_each_signer_gave(validators, sign_vote) -> None:
    """T30: an equivocating proposer makes correct validators answer with different ones."""
    kind = VoteKind.PREVOTE
    votes = [
        sign_vote(address, kind, round=2, valid_round=valid_round)
        for address, valid_round in zip(validators.addresses, (-1, 0, 1), strict=False)
    ]
    polka = build_certificate(kind, Height(1), Round(2), A, votes)
    assert polka.valid_rounds == (-1, 0, 1)
    assert votes_of(polka) == tuple(votes)
    check_certificate(polka, validators, CHAIN, recover)
    with pytest.raises(WrongCertificateSignature):
        check_certificate(replace(polka, valid_rounds=(-1, 1, 0)), validators, CHAIN, recover)
    with pytest.raises(WrongCertificateSignature):
        check_certificate(replace(polka, valid_rounds=()), validators, CHAIN, recover)


def test_valid_rounds_are_a_polkas_and_one_for_each_signer(certificate, validators) -> None:
    with pytest.raises(ValidRoundsDoNotFit):
        check_certificate(
            replace(certificate, valid_rounds=(-1, -1, -1)), validators, CHAIN, recover
        )
    polka = replace(certificate, kind=VoteKind.PREVOTE, round=Round(1), valid_rounds=(0,))
    with pytest.raises(ValidRoundsDoNotFit, match="1 valid rounds for 3 signers"):
        check_certificate(polka, validators, CHAIN, recover)


@pytest.fixture
def begun(validators, sign_vote):
    """Two of four have voted in round 5, one of them nil, of different kinds."""
    first, second = validators.addresses[:2]
    votes = (sign_vote(first, VoteKind.PREVOTE, 5, None), sign_vote(second, round=5))
    return RoundCertificate(Height(1), Round(5), votes)


def test_votes_of_more_than_a_third_prove_that_a_round_has_begun(begun, validators) -> None:
    """T5: of any kind, for anything."""
    check_round_certificate(begun, validators, CHAIN, recover)
    assert votes_of(begun) == begun.votes


def test_a_round_certificate_of_a_third_proves_nothing(begun, key_of, sign_vote) -> None:
    """T5, T27: exactly a third may all be faulty; of three, one is a third."""
    three = ValidatorSet.of(
        Validator(public_key_of(secret), 1)
        for address, secret in key_of.items()
        if address in {vote.validator for vote in begun.votes} | {sorted(key_of)[-1]}
    )
    one = replace(begun, votes=begun.votes[:1])
    assert len(three) == 3
    with pytest.raises(TooLittlePower, match="power 1 of 3"):
        check_round_certificate(one, three, CHAIN, recover)
    check_round_certificate(begun, three, CHAIN, recover)


def test_a_round_certificate_is_of_one_height_and_round(begun, validators, sign_vote) -> None:
    third = validators.addresses[2]
    for stray in (sign_vote(third, round=4), replace(sign_vote(third, round=5), height=2)):
        with pytest.raises(VoteOfAnotherRound):
            check_round_certificate(
                replace(begun, votes=(*begun.votes, stray)), validators, CHAIN, recover
            )


def test_a_round_certificates_signers_are_distinct_members_in_order(
    begun, validators, sign_vote
) -> None:
    """T5: one sender's prevote and precommit count once."""
    first, second = begun.votes
    both = (first, sign_vote(first.validator, round=5))
    for votes in ((second, first), both, (first, first)):
        with pytest.raises(SignersOutOfOrder):
            check_round_certificate(replace(begun, votes=votes), validators, CHAIN, recover)
    stranger = replace(first, validator=b"\0" * 20)
    with pytest.raises(UnknownSigner):
        check_round_certificate(
            replace(begun, votes=(stranger, *begun.votes)), validators, CHAIN, recover
        )


def test_every_signature_of_a_round_certificate_must_be_its_signers(begun, validators) -> None:
    first, second = begun.votes
    forged = replace(begun, votes=(first, second.signed(first.signature)))
    with pytest.raises(WrongCertificateSignature):
        check_round_certificate(forged, validators, CHAIN, recover)
    with pytest.raises(WrongCertificateSignature):
        check_round_certificate(begun, validators, b"other".ljust(32), recover)


def test_a_third_is_counted_in_power(begun, validators) -> None:
    heavy = validators.with_validators(
        replace(v, power=9 if address_of(v.public_key) == validators.addresses[3] else 1)
        for v in validators.validators
    )
    with pytest.raises(TooLittlePower, match="power 2 of 12"):
        check_round_certificate(begun, heavy, CHAIN, recover)
