"""node/block_rules.py: what a consensus block must say, line by line."""

from dataclasses import replace

import pytest
from eth_hash.auto import keccak

from consensus.block_parts import assemble_block, certificate_hash
from consensus.certificates import build_certificate
from consensus.encoding import signing_digest
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of, sign
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, Round, Validator, Vote, VoteKind
from node.block_rules import InvalidConsensusBlock, Parent, check_consensus_block, expectations

CHAIN = b"\x0c" * 32
SECRETS = [bytes([index]) * 32 for index in range(1, 5)]
VALIDATORS = ValidatorSet.of(
    Validator(public_key_of(secret), 1, f"validator-{index}")
    for index, secret in enumerate(SECRETS)
)
GENESIS = Parent(Height(0), CHAIN, 1_000_000, VALIDATORS, VALIDATORS.advanced(), VALIDATORS)
PARENT_HASH = b"\x0d" * 32
NEXT = VALIDATORS.advanced().with_validators(
    [*VALIDATORS.validators, Validator(public_key_of(b"\x09" * 32), 1, "newcomer")]
)
PARENT = Parent(Height(7), PARENT_HASH, 1_000_000, VALIDATORS.advanced(), NEXT, VALIDATORS)


def certificate(
    height: int = 7, value: bytes = PARENT_HASH, signers: int = 3, chain: bytes = CHAIN
) -> Certificate:
    votes = []
    for secret in SECRETS[:signers]:
        address = VALIDATORS.addresses[[v.public_key for v in VALIDATORS.validators].index(
            public_key_of(secret))]  # fmt: skip
        vote = Vote(VoteKind.PRECOMMIT, Height(height), Round(0), value, address)
        votes.append(vote.signed(sign(secret, signing_digest(chain, vote))))
    return build_certificate(VoteKind.PRECOMMIT, Height(height), Round(0), value, votes)


def block_on(parent: Parent, last: Certificate | None) -> ConsensusBlock:
    return assemble_block(
        height=Height(parent.height + 1),
        time_ms=parent.time_ms + 1,
        proposer=VALIDATORS.addresses[0],
        parent_hash=parent.hash,
        validators=parent.validators,
        next_validators=parent.next_validators,
        last_certificate=last,
        evidence=(),
        payload=b"payload",
    )


def refusal(block: ConsensusBlock, parent: Parent) -> str:
    with pytest.raises(InvalidConsensusBlock) as caught:
        check_consensus_block(block, parent, CHAIN)
    return str(caught.value)


def test_what_follows_from_the_parent_is_accepted() -> None:
    check_consensus_block(block_on(GENESIS, None), GENESIS, CHAIN)
    check_consensus_block(block_on(PARENT, certificate()), PARENT, CHAIN)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"height": Height(9)}, "height 9, expected 8"),
        ({"parent_hash": b"\x0e" * 32}, f"parent hash {'0e' * 32}, expected {'0d' * 32}"),
        ({"validators_hash": bytes(32)}, f"validators hash {'00' * 32}, expected "),
        ({"next_validators_hash": bytes(32)}, f"next validators hash {'00' * 32}, expected "),
        ({"proposer": bytes(20)}, f"proposer 0x{'00' * 20} is no validator"),
        ({"time_ms": 1_000_000}, "time 1000000 ms is not after the parent's 1000000"),
    ],
)
def test_a_wrong_field_is_named_with_got_and_expected(changes: dict, why: str) -> None:
    block = block_on(PARENT, certificate())
    assert refusal(replace(block, header=replace(block.header, **changes)), PARENT).startswith(why)


def test_the_first_block_carries_no_certificate_and_every_other_one_does() -> None:
    assert "height 1 has no parent certificate" in refusal(
        block_on(GENESIS, certificate()), GENESIS
    )
    assert "certificate is missing" in refusal(block_on(PARENT, None), PARENT)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (certificate(height=6), "certificate's height 6, expected 7"),
        (certificate(value=b"\x0f" * 32), "certificate's value"),
        (certificate(signers=2), "the parent's certificate: "),
        (certificate(chain=bytes(32)), "the parent's certificate: "),
    ],
    ids=["height", "value", "two of four", "another chain"],
)
def test_a_certificate_that_does_not_prove_the_parent_is_refused(
    wrong: Certificate, why: str
) -> None:
    assert refusal(block_on(PARENT, wrong), PARENT).startswith(why)


def test_a_certificate_is_checked_against_the_set_that_decided_the_parent() -> None:
    stranger = Validator(public_key_of(b"\x09" * 32), 10, "stranger")
    other = ValidatorSet.of([*VALIDATORS.validators, stranger])
    parent = replace(PARENT, validators=other)
    check_consensus_block(block_on(parent, certificate()), parent, CHAIN)
    parent = replace(PARENT, decided_by=other)
    assert "the parent's certificate: " in refusal(block_on(parent, certificate()), parent)


def test_blocks_of_one_second_follow_each_other_by_milliseconds() -> None:
    """T25: the EVM's timestamp is the same, consensus time is not."""
    first = block_on(PARENT, certificate())
    second = replace(first, header=replace(first.header, time_ms=PARENT.time_ms + 999))
    for block in (first, second):
        check_consensus_block(block, PARENT, CHAIN)
        given = expectations(PARENT, block.header.time_ms, block.last_certificate)
        assert given.timestamp == PARENT.time_ms // 1_000


def test_the_execution_blocks_given_fields_follow_from_time_parent_and_certificate() -> None:
    last = certificate()
    given = expectations(PARENT, 1_234_999, last)
    assert given.timestamp == 1_234
    assert given.parent_beacon_block_root == PARENT_HASH
    domain = b"zerog-randao" + PARENT_HASH + certificate_hash(last)
    assert given.prev_randao == keccak(domain)
    assert expectations(PARENT, 1_234_999, None).prev_randao != given.prev_randao
