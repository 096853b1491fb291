"""What the database holds of consensus beside the execution blocks, and how it is read again.

| table | key | value |
|---|---|---|
| consensus_headers | height, 8 bytes big-endian | the consensus block with its payload left out |
| certificates | height, 8 bytes big-endian | the commit certificate of that height |
| meta | `validators` | the validator set of the next height, its proposer rotation included |
| meta | `last_validators` | the set that decided the head |

The payload is the execution block, which the chain stores in parts; its encoding is canonical, so
it comes back byte for byte.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chain.block_store import read_block
from chain.blocks import encode_block as encode_payload
from chain.key_value import Snapshot, Table
from consensus.encoding import (
    decode_block,
    decode_certificate,
    decode_validator_set,
    encode_block,
    encode_certificate,
    encode_validator_set,
)
from consensus.header import ConsensusBlock, ConsensusHeader
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height
from node.staking.absences import Absences, decode_absences, encode_absences

NEXT_VALIDATORS_KEY = b"validators"
LAST_VALIDATORS_KEY = b"last_validators"
ABSENCES_KEY = b"absences"
Record = tuple[Table, bytes, bytes]


@dataclass(frozen=True, slots=True)
class Decision:
    """A decided block and the proof of the decision."""

    block: ConsensusBlock
    certificate: Certificate


def records_of(
    block: ConsensusBlock,
    certificate: Certificate,
    validators: ValidatorSet,
    next_validators: ValidatorSet,
    absences: Absences | None = None,
) -> Iterator[Record]:
    """What is written in the same transaction as the execution block.

    `validators` decided it; `absences` are those after it, up to the height before it.
    """
    key = _height_key(block.header.height)
    without_payload = replace(block, payload=b"")
    yield Table.CONSENSUS_HEADERS, key, encode_block(without_payload)
    yield Table.CERTIFICATES, key, encode_certificate(certificate)
    yield Table.META, LAST_VALIDATORS_KEY, encode_validator_set(validators)
    yield Table.META, NEXT_VALIDATORS_KEY, encode_validator_set(next_validators)
    yield Table.META, ABSENCES_KEY, encode_absences(absences or {})
    yield Table.META, _set_key(validators.hash()), encode_validator_set(validators)


def read_consensus_header(snapshot: Snapshot, height: int) -> ConsensusHeader | None:
    """None where no such height was decided yet."""
    stored = snapshot.get(Table.CONSENSUS_HEADERS, _height_key(height))
    return None if stored is None else decode_block(stored).header


def read_certificate(snapshot: Snapshot, height: int) -> Certificate | None:
    """None where no such height was decided yet."""
    stored = snapshot.get(Table.CERTIFICATES, _height_key(height))
    return None if stored is None else decode_certificate(stored)


def read_decision(snapshot: Snapshot, height: int) -> Decision | None:
    """The whole of a height, for a peer that lacks it."""
    stored = snapshot.get(Table.CONSENSUS_HEADERS, _height_key(height))
    certificate = read_certificate(snapshot, height)
    execution_block = read_block(snapshot, height)
    if stored is None or certificate is None or execution_block is None:
        return None
    block = replace(decode_block(stored), payload=encode_payload(execution_block))
    return Decision(block, certificate)


def read_next_validators(snapshot: Snapshot) -> ValidatorSet | None:
    """The set of the height after the head; None before height 1 was decided."""
    return _read_validators(snapshot, NEXT_VALIDATORS_KEY)


def read_last_validators(snapshot: Snapshot) -> ValidatorSet | None:
    """The set that decided the head; None before height 1 was decided."""
    return _read_validators(snapshot, LAST_VALIDATORS_KEY)


def read_set_of(snapshot: Snapshot, height: int) -> ValidatorSet | None:
    """Who decided a height, with some height's rotation; None where no such height was decided yet."""
    header = read_consensus_header(snapshot, height)
    if header is None:
        return None
    stored = snapshot.get(Table.META, _set_key(header.validators_hash))
    return None if stored is None else decode_validator_set(stored)


def read_absences(snapshot: Snapshot) -> Absences:
    """Blocks missed in a row, up to the height before the head."""
    stored = snapshot.get(Table.META, ABSENCES_KEY)
    return {} if stored is None else decode_absences(stored)


def _set_key(validators_hash: bytes) -> bytes:
    return b"validators " + validators_hash


def _read_validators(snapshot: Snapshot, key: bytes) -> ValidatorSet | None:
    stored = snapshot.get(Table.META, key)
    return None if stored is None else decode_validator_set(stored)


def _height_key(height: int) -> bytes:
    return Height(height).to_bytes(8, "big")
