"""node/consensus_records.py over a store in memory; with execution blocks: test_execution_host.py."""

import pytest

from chain.key_value import MemoryStore
from consensus.block_parts import assemble_block
from consensus.certificates import build_certificate
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, Round, Validator, Vote, VoteKind
from node.consensus_records import (
    read_certificate,
    read_consensus_header,
    read_decision,
    read_last_validators,
    read_next_validators,
    records_of,
)

VALIDATORS = ValidatorSet.of(
    Validator(public_key_of(bytes([index]) * 32), index, f"validator-{index}")
    for index in range(1, 5)
)


def decided(height: int, last: Certificate | None) -> tuple[ConsensusBlock, Certificate]:
    block = assemble_block(
        height=Height(height),
        time_ms=height * 1_000,
        proposer=VALIDATORS.addresses[0],
        parent_hash=height.to_bytes(32, "big"),
        validators=VALIDATORS,
        next_validators=VALIDATORS.advanced(),
        last_certificate=last,
        evidence=(),
        payload=b"payload",
    )
    value = block.header.hash
    votes = [
        Vote(VoteKind.PRECOMMIT, Height(height), Round(2), value, address, bytes(65))
        for address in VALIDATORS.addresses[:3]
    ]
    return block, build_certificate(VoteKind.PRECOMMIT, Height(height), Round(2), value, votes)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def test_before_the_first_decision_there_is_nothing(store: MemoryStore) -> None:
    with store.snapshot() as snapshot:
        assert read_consensus_header(snapshot, 1) is None
        assert read_certificate(snapshot, 1) is None
        assert read_decision(snapshot, 1) is None
        assert read_next_validators(snapshot) is None
        assert read_last_validators(snapshot) is None


def test_headers_and_certificates_of_all_heights_and_the_last_two_sets_come_back(
    store: MemoryStore,
) -> None:
    first, first_certificate = decided(1, None)
    second, second_certificate = decided(256, first_certificate)
    rotated = VALIDATORS.advanced()
    assert rotated != VALIDATORS, "the rotation is part of a set"
    with store.write() as batch:
        for block, certificate, now, following in (
            (first, first_certificate, VALIDATORS, rotated),
            (second, second_certificate, rotated, rotated.advanced()),
        ):
            for table, key, value in records_of(block, certificate, now, following):
                batch.put(table, key, value)
    with store.snapshot() as snapshot:
        assert read_consensus_header(snapshot, 1) == first.header
        assert read_consensus_header(snapshot, 256) == second.header
        assert read_certificate(snapshot, 1) == first_certificate
        assert read_certificate(snapshot, 256) == second_certificate
        assert read_last_validators(snapshot) == rotated
        assert read_next_validators(snapshot) == rotated.advanced()


def test_the_payload_is_not_stored_twice(store: MemoryStore) -> None:
    block, certificate = decided(1, None)
    records = list(records_of(block, certificate, VALIDATORS, VALIDATORS.advanced()))
    assert not any(b"payload" in value for _, _, value in records)
