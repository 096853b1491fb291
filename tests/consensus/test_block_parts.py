"""One value id stands for one sequence of bytes."""

from dataclasses import replace

import pytest

from consensus.block_parts import assemble_block, check_parts
from consensus.encoding import decode_block, encode_block
from consensus.errors import InvalidBlockParts
from consensus.header import NO_HASH, ConsensusHeader
from consensus.values import Certificate, VoteKind

CERTIFICATE = Certificate(VoteKind.PRECOMMIT, 1, 0, b"v" * 32, ((b"a" * 20, b"s" * 65),))


@pytest.fixture
def block(validators):
    return assemble_block(
        height=2,
        time_ms=1_700_000_000_000,
        proposer=validators.addresses[0],
        parent_hash=b"p" * 32,
        validators=validators,
        next_validators=validators.advanced(),
        last_certificate=CERTIFICATE,
        evidence=(b"e",),
        payload=b"payload",
        execution_hash=b"x" * 32,
    )


def test_an_assembled_block_matches_its_header(block) -> None:
    check_parts(block)
    check_parts(decode_block(encode_block(block)))


def test_height_1_has_no_certificate(block, validators) -> None:
    first = replace(
        block,
        last_certificate=None,
        header=replace(block.header, last_certificate_hash=NO_HASH),
    )
    check_parts(first)
    assert decode_block(encode_block(first)) == first


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("payload", {"payload": b"other"}),
        ("evidence", {"evidence": ()}),
        ("last certificate", {"last_certificate": None}),
        ("last certificate", {"last_certificate": replace(CERTIFICATE, round=1)}),
    ],
)
def test_another_part_under_the_same_header_is_refused_by_name(block, part, change) -> None:
    with pytest.raises(InvalidBlockParts, match=part):
        check_parts(replace(block, **change))


def test_every_field_of_the_header_is_in_its_hash(block) -> None:
    header = block.header
    for name in ConsensusHeader.__dataclass_fields__:
        value = getattr(header, name)
        other = value + 1 if isinstance(value, int) else bytes(len(value) - 1) + b"\x07"
        assert replace(header, **{name: other}).hash != header.hash, name
