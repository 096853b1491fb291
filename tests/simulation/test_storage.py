"""What a validator's storage keeps through a failure, wherever the failure is."""

import pytest

from consensus.messages import Started, TimeoutElapsed
from consensus.simulation.cluster import validator_set
from consensus.simulation.disk import PowerFailure
from consensus.simulation.storage import DiskStorage, MemoryStorage
from consensus.values import Certificate, Height, Round, Step, Vote, VoteKind

ADDRESS = b"\x01" * 20
STARTED = Started(Height(1), validator_set((1, 1, 1, 1)))
INPUTS = [TimeoutElapsed(Height(1), Round(round), Step.PREVOTE) for round in range(9)]
DECISION = Certificate(VoteKind.PRECOMMIT, Height(1), Round(0), b"v" * 32, ())


@pytest.mark.parametrize("chance", range(40))
def test_what_was_persisted_survives_any_failure(chance) -> None:
    """T11, T15."""
    storage = DiskStorage(ADDRESS)
    storage.begin(Height(1))
    storage.persist([STARTED, *INPUTS[:2]])
    storage.persist(INPUTS[2:4])
    storage.crash(chance)
    assert storage.replay() == (STARTED, *INPUTS[:4])


@pytest.mark.parametrize("operations", range(1, 5))
@pytest.mark.parametrize("chance", range(25))
def test_a_failure_while_persisting_leaves_what_was_there_and_perhaps_some_more(
    operations, chance
) -> None:
    """T11: in order; and the journal can be read and written on."""
    storage = DiskStorage(ADDRESS)
    storage.begin(Height(1))
    storage.persist([STARTED])
    storage.fail_after(operations, chance)
    try:
        storage.persist(INPUTS[:2])
        storage.persist(INPUTS[2:4])
    except PowerFailure:
        pass
    storage.crash(chance)
    left = storage.replay()
    assert left in [(STARTED, *INPUTS[:count]) for count in (0, 2, 4)]
    storage.persist(INPUTS[5:])
    storage.crash(chance + 1)
    assert storage.replay() == (*left, *INPUTS[5:])


@pytest.mark.parametrize("operations", range(1, 5))
@pytest.mark.parametrize("chance", range(25))
def test_a_failure_while_a_height_begins_leaves_the_old_journal_or_the_new(
    operations, chance
) -> None:
    """T15."""
    storage = DiskStorage(ADDRESS)
    storage.begin(Height(1))
    storage.persist([STARTED])
    storage.fail_after(operations, chance)
    with pytest.raises(PowerFailure):
        storage.begin(Height(2))
    storage.crash(chance)
    assert storage.replay() in ((STARTED,), ())


@pytest.mark.parametrize("chance", range(20))
def test_a_commit_is_done_or_not(chance) -> None:
    """T28."""
    storage = DiskStorage(ADDRESS)
    storage.fail_after(1, chance)
    with pytest.raises(PowerFailure):
        storage.commit(DECISION)
    assert storage.decisions in ([], [DECISION])


def test_memory_keeps_everything_and_refuses_the_same() -> None:
    storage = MemoryStorage(ADDRESS)
    storage.persist([STARTED])
    vote = Vote(VoteKind.PREVOTE, Height(3), Round(0), b"a" * 32, ADDRESS)
    given = storage.signature(vote)
    storage.crash(1)
    assert storage.replay() == (STARTED,)
    assert storage.signature(vote) == given
    other = Vote(VoteKind.PREVOTE, Height(3), Round(0), None, ADDRESS)
    assert storage.signature(other) is None
    assert storage.last_signed_height() == 3
