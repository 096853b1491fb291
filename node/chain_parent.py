"""What the next block is built on: made from a committed block, or read from the database."""

from chain.key_value import KeyValueStore, Snapshot
from chain.state import StateAt
from consensus.header import ConsensusHeader
from consensus.validators import ValidatorSet
from consensus.values import Height
from genesis.document import GenesisDocument
from node.block_rules import Parent
from node.consensus_records import (
    read_absences,
    read_consensus_header,
    read_last_validators,
    read_next_validators,
)
from node.staking.absences import Absences
from node.staking.following_set import FollowingSets


def head_as_parent(
    store: KeyValueStore, document: GenesisDocument, sets: FollowingSets, height: int
) -> Parent:
    """The head of the database, at `height`."""
    with store.snapshot() as snapshot:
        if height == 0:
            return _genesis_as_parent(snapshot, document, sets)
        header = read_consensus_header(snapshot, height)
        validators = read_next_validators(snapshot)
        decided_by = read_last_validators(snapshot)
        assert header is not None, "written in one transaction with the block"
        assert validators is not None, "written in one transaction with the block"
        assert decided_by is not None, "written in one transaction with the block"
        return parent_of_next(
            snapshot, sets, header, validators, decided_by, read_absences(snapshot)
        )


def parent_of_next(
    snapshot: Snapshot,
    sets: FollowingSets,
    header: ConsensusHeader,
    validators: ValidatorSet,
    decided_by: ValidatorSet,
    absences: Absences,
) -> Parent:
    """A committed block, `snapshot` being the state after it."""
    return Parent(
        height=header.height,
        hash=header.hash,
        time_ms=header.time_ms,
        validators=validators,
        next_validators=sets.after(validators, StateAt(snapshot)),
        decided_by=decided_by,
        proposer=header.proposer,
        absences=absences,
    )


def _genesis_as_parent(
    snapshot: Snapshot, document: GenesisDocument, sets: FollowingSets
) -> Parent:
    first = document.validators
    return Parent(
        height=Height(0),
        hash=document.identity,
        time_ms=document.timestamp * 1_000,
        validators=first,
        next_validators=sets.after(first, StateAt(snapshot)),
        decided_by=first,
    )
