"""Bytes in, a value or one named error out; and T29, what a signature covers."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from consensus import encoding, evidence, journal_encoding, repair
from consensus.errors import Undecodable
from consensus.header import ConsensusBlock, ConsensusHeader
from consensus.messages import (
    Learned,
    Received,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.recursive_length_prefix import DEPTH_MAX, decode, encode
from consensus.signatures import public_key_of
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Proposal,
    RoundCertificate,
    Step,
    Validator,
    Vote,
    VoteKind,
)

heights = st.integers(0, encoding.HEIGHT_MAX)
rounds = st.integers(0, encoding.ROUND_MAX)
hashes = st.binary(min_size=32, max_size=32)
addresses = st.binary(min_size=20, max_size=20)
full_signatures = st.binary(min_size=65, max_size=65)
signatures = full_signatures | st.just(b"")
kinds = st.sampled_from(VoteKind)
valid_rounds = st.integers(-1, 5)


def vote_of(kind, height, round, value, validator, signature, valid_round) -> Vote:
    """A valid round only where a vote has one."""
    if kind is VoteKind.PRECOMMIT or value is None or valid_round >= round:
        valid_round = -1
    return Vote(kind, height, round, value, validator, signature, valid_round)


votes = st.builds(
    vote_of, kinds, heights, rounds, hashes | st.none(), addresses, signatures, valid_rounds
)
proposals = rounds.flatmap(
    lambda round: st.builds(
        Proposal, heights, st.just(round), hashes, st.integers(-1, round - 1), addresses, signatures
    )
)
messages = votes | proposals


def certificate_of(kind, height, round, value, signers) -> Certificate:
    pairs = tuple((validator, signature) for validator, signature, _ in signers)
    given = tuple(valid if valid < round else -1 for _, _, valid in signers)
    if kind is VoteKind.PRECOMMIT or all(valid == -1 for valid in given):
        given = ()
    return Certificate(kind, height, round, value, pairs, given)


certificates = st.builds(
    certificate_of,
    kinds,
    heights,
    rounds,
    hashes,
    st.lists(st.tuples(addresses, full_signatures, valid_rounds), max_size=5),
)
round_certificates = st.builds(
    RoundCertificate, heights, rounds, st.lists(votes, max_size=4).map(tuple)
)
headers = st.builds(ConsensusHeader, heights, st.integers(0, 2**63), addresses, *[hashes] * 7)
blocks = st.builds(
    ConsensusBlock,
    headers,
    st.none() | certificates,
    st.lists(st.binary(max_size=100), max_size=3).map(tuple),
    st.binary(max_size=300),
)
validator_sets = st.builds(
    lambda powers, priorities: ValidatorSet(
        ValidatorSet.of(
            Validator(public_key_of(bytes([index + 1]) * 32), power, "näme")
            for index, power in enumerate(powers)
        ).validators,
        tuple(priorities[: len(powers)]),
    ),
    st.lists(st.integers(1, 2**50), min_size=1, max_size=4),
    st.lists(st.integers(-(2**63), 2**63), min_size=4, max_size=4),
)
inputs = (
    st.builds(Started, heights, validator_sets)
    | st.builds(Received, messages)
    | st.builds(Learned, certificates | round_certificates)
    | st.builds(ValueBuilt, heights, rounds, hashes)
    | st.builds(ValueChecked, heights, rounds, hashes, st.booleans())
    | st.builds(TimeoutElapsed, heights, rounds, st.sampled_from(Step))
)
summaries = st.builds(
    repair.Summary,
    heights,
    rounds,
    st.lists(
        st.builds(
            repair.RoundSummary,
            rounds,
            st.lists(hashes, max_size=3).map(tuple),
            st.integers(0, 2**100),
            st.integers(0, 2**100),
            hashes | st.none(),
            hashes | st.none(),
        ),
        max_size=4,
    ).map(tuple),
)

PAIRS = {
    "vote": (votes, encoding.encode_vote, encoding.decode_vote),
    "proposal": (proposals, encoding.encode_proposal, encoding.decode_proposal),
    "message": (messages, encoding.encode_message, encoding.decode_message),
    "certificate": (certificates, encoding.encode_certificate, encoding.decode_certificate),
    "round certificate": (
        round_certificates,
        encoding.encode_round_certificate,
        encoding.decode_round_certificate,
    ),
    "header": (headers, encoding.encode_header, encoding.decode_header),
    "block": (blocks, encoding.encode_block, encoding.decode_block),
    "validator set": (
        validator_sets,
        encoding.encode_validator_set,
        encoding.decode_validator_set,
    ),
    "input": (inputs, journal_encoding.encode_input, journal_encoding.decode_input),
    "summary": (summaries, repair.encode_summary, repair.decode_summary),
    "evidence": (
        st.builds(evidence.Evidence, messages, messages),
        evidence.encode_evidence,
        evidence.decode_evidence,
    ),
    "item": (
        st.recursive(st.binary(max_size=80), lambda item: st.lists(item, max_size=4), max_leaves=9),
        encode,
        decode,
    ),
}


@pytest.mark.parametrize("name", PAIRS)
@given(data=st.data())
@settings(max_examples=60)
def test_what_is_encoded_is_decoded_to_the_same(name, data) -> None:
    values, encoder, decoder = PAIRS[name]
    value = data.draw(values)
    assert decoder(encoder(value)) == value


@pytest.mark.parametrize("name", PAIRS)
@given(data=st.data())
@settings(max_examples=150)
def test_any_bytes_give_a_value_or_the_named_error(name, data) -> None:
    """And a value's encoding is the only bytes that give it."""
    values, encoder, decoder = PAIRS[name]
    raw = bytearray(encoder(data.draw(values)))
    for place, byte in data.draw(
        st.lists(st.tuples(st.integers(0, max(len(raw) - 1, 0)), st.integers(0, 255)), max_size=4)
    ):
        raw[place] = byte
    cut = data.draw(st.integers(0, 3))
    candidate = bytes(raw[: len(raw) - cut]) + data.draw(st.binary(max_size=2))
    try:
        value = decoder(candidate)
    except Undecodable:
        return
    assert encoder(value) == candidate


@pytest.mark.parametrize("name", PAIRS)
@given(candidate=st.binary(max_size=200))
@example(candidate=b"")
@example(candidate=b"\xc0")
@example(candidate=b"\xc1" * 100_000 + b"\xc0")
@example(candidate=b"\xff" + b"\xff" * 8)
@example(candidate=b"\xfb\xff\xff\xff\xff" * 20)
@settings(max_examples=100)
def test_noise_gives_a_value_or_the_named_error(name, candidate) -> None:
    _, encoder, decoder = PAIRS[name]
    try:
        value = decoder(candidate)
    except Undecodable:
        return
    assert encoder(value) == candidate


def test_nesting_is_bounded() -> None:
    """The rlp package would recurse as deep as the sender likes."""
    nested: list = []
    for _ in range(DEPTH_MAX):
        nested = [nested]
    with pytest.raises(Undecodable, match="nested"):
        decode(encode(nested))


@pytest.mark.parametrize(
    "data",
    [b"\x81\x05", b"\xb8\x01a", b"\xb9\x00\x38" + b"a" * 56, b"\x83ab", b"a" + b"b", b"\xc2\x01"],
    ids=["byte with prefix", "long form", "leading zero", "short", "trailing", "short list"],
)
def test_other_spellings_of_the_same_item_are_refused(data) -> None:
    with pytest.raises(Undecodable):
        decode(data)


@pytest.mark.parametrize(
    ("decoder", "limit"),
    [
        (encoding.decode_vote, encoding.MESSAGE_BYTES_MAX),
        (encoding.decode_proposal, encoding.MESSAGE_BYTES_MAX),
        (encoding.decode_certificate, encoding.CERTIFICATE_BYTES_MAX),
        (encoding.decode_round_certificate, encoding.ROUND_CERTIFICATE_BYTES_MAX),
        (encoding.decode_block, encoding.BLOCK_BYTES_MAX),
        (repair.decode_summary, repair.SUMMARY_BYTES_MAX),
    ],
)
def test_what_is_too_large_is_refused_unread(decoder, limit) -> None:
    with pytest.raises(Undecodable, match="at most"):
        decoder(encode(b"x" * limit))


def test_no_two_different_statements_have_the_same_sign_bytes() -> None:
    """T29: chain, kind, height, round, value and valid round; proposals apart from votes."""
    chains = (b"c" * 32, b"d" * 32)
    seen = {}
    for chain in chains:
        for height in (1, 2, 256):
            for round in (0, 1, 256):
                statements = [
                    Vote(kind, height, round, value, b"v" * 20)
                    for kind in VoteKind
                    for value in (None, b"1" * 32, b"2" * 32)
                ]
                statements += [
                    Vote(VoteKind.PREVOTE, height, round, value, b"v" * 20, valid_round=valid_round)
                    for value in (b"1" * 32, b"2" * 32)
                    for valid_round in (0, 255)
                ]
                statements += [
                    Proposal(height, round, value, valid_round, b"v" * 20)
                    for value in (b"1" * 32, b"2" * 32)
                    for valid_round in (-1, 0, 255)
                ]
                for statement in statements:
                    digest = encoding.signing_digest(chain, statement)
                    assert digest not in seen, (statement, seen[digest])
                    seen[digest] = statement
    assert len(seen) == 2 * 9 * (12 + 4)


def test_the_bytes_to_sign_are_those_of_the_protocol_page() -> None:
    """T29, T30: RLP, written out: a validator of another version must not sign something else."""
    chain, value, who = b"c" * 32, b"1" * 32, b"v" * 20
    prevote = Vote(VoteKind.PREVOTE, 300, 7, value, who, valid_round=4)
    assert decode(encoding.vote_sign_bytes(chain, prevote)) == [
        b"zerog-prevote/2",
        chain,
        b"\x01\x2c",
        b"\x07",
        value,
        b"\x05",
    ]
    nil = Vote(VoteKind.PREVOTE, 1, 0, None, who)
    fields = [b"zerog-prevote/2", chain, b"\x01", b"", b"", b""]
    assert decode(encoding.vote_sign_bytes(chain, nil)) == fields
    precommit = Vote(VoteKind.PRECOMMIT, 1, 2, value, who)
    fields = [b"zerog-precommit/1", chain, b"\x01", b"\x02", value]
    assert decode(encoding.vote_sign_bytes(chain, precommit)) == fields
    proposal = Proposal(1, 2, value, -1, who)
    fields = [b"zerog-proposal/1", chain, b"\x01", b"\x02", value, b""]
    assert decode(encoding.proposal_sign_bytes(chain, proposal)) == fields


@pytest.mark.parametrize(
    "item",
    [
        [b"\x01", b"\x01", b"\x02", b"1" * 32, b"v" * 20, b"", b"\x03"],
        [b"\x01", b"\x01", b"\x02", b"", b"v" * 20, b"", b"\x01"],
        [b"\x01", b"\x01", b"\x02", b"1" * 32, b"v" * 20, b""],
        [b"\x02", b"\x01", b"\x02", b"1" * 32, b"v" * 20, b"", b""],
        [b"\x03", b"\x01", b"\x02", b"1" * 32, b"v" * 20, b""],
    ],
    ids=["not before its round", "nil", "prevote without", "precommit with one", "kind 3"],
)
def test_a_vote_whose_valid_round_cannot_be_is_refused(item) -> None:
    """T30."""
    with pytest.raises(Undecodable):
        encoding.decode_vote(encode(item))


@pytest.mark.parametrize(
    "given",
    [[b"", b""], [b"\x01"], [b"\x01", b"\x01", b"\x01"], [b"\x03", b""]],
    ids=["all none", "too few", "too many", "not before its round"],
)
def test_a_polkas_valid_rounds_have_one_encoding(given) -> None:
    pairs = [[b"v" * 20, b"s" * 65], [b"w" * 20, b"s" * 65]]
    place = [b"\x01", b"\x01", b"\x02", b"1" * 32, pairs]
    assert encoding.decode_certificate(encode([*place, []])).valid_rounds == ()
    assert encoding.decode_certificate(encode([*place, [b"", b"\x02"]])).valid_rounds == (-1, 1)
    with pytest.raises(Undecodable):
        encoding.decode_certificate(encode([*place, given]))


def test_what_is_signed_does_not_depend_on_who_signs_or_on_a_signature() -> None:
    one = Vote(VoteKind.PREVOTE, 1, 0, None, b"1" * 20)
    other = Vote(VoteKind.PREVOTE, 1, 0, None, b"2" * 20, b"s" * 65)
    assert encoding.signing_digest(b"c" * 32, one) == encoding.signing_digest(b"c" * 32, other)
