"""A simulated disk loses what was not synced, and nothing else; durable files survive it."""

from random import Random

import pytest

from consensus.durable_files import DurableFiles
from consensus.simulation.disk import Power, PowerFailure, SimulatedFolder
from consensus.simulation.storage import DiskStorage
from consensus.values import Height, Vote, VoteKind

ADDRESS = b"\x01" * 20
OLD, NEW = b"old content", b"new and longer content"


@pytest.fixture
def folder() -> SimulatedFolder:
    return SimulatedFolder(Power())


def left_after(folder, name, chances=range(60)) -> set[bytes | None]:
    """What may be left of a file after the power failed, over many chances."""
    found = set()
    for chance in chances:
        copy = SimulatedFolder(Power())
        copy._files = {key: _copied(file) for key, file in folder._files.items()}
        copy._changes = [
            {key: _copied(file) for key, file in change.items()} for change in folder._changes
        ]
        copy.lose(Random(chance))
        found.add(copy.read(name))
    return found


def _copied(file):
    copy = type(file)(file.data)
    copy.synced = file.synced
    return copy


def test_bytes_that_were_not_synced_may_be_gone_torn_or_there(folder) -> None:
    folder.append("a", b"abc")
    folder.sync("a")
    folder.sync_folder()
    assert left_after(folder, "a") == {b"abc"}
    folder.append("a", b"def")
    left = left_after(folder, "a")
    assert {b"abc", b"abcdef"} < left
    assert b"abcd" in left


def test_a_new_name_may_be_gone_until_its_folder_is_synced(folder) -> None:
    """T15."""
    folder.append("a", b"abc")
    folder.sync("a")
    assert left_after(folder, "a") == {None, b"abc"}


def test_a_rename_may_roll_back_until_its_folder_is_synced(folder) -> None:
    """T15 (cometbft#6031)."""
    files = DurableFiles(folder)
    files.replace("a", OLD)
    folder.overwrite("b", NEW)
    folder.sync("b")
    folder.rename("b", "a")
    assert left_after(folder, "a") == {OLD, NEW}
    folder.sync_folder()
    assert left_after(folder, "a") == {NEW}


def test_a_replaced_file_is_durable_and_so_is_a_synced_one(folder) -> None:
    """T15: what `DurableFiles` promises."""
    files = DurableFiles(folder)
    files.replace("a", OLD)
    assert left_after(folder, "a") == {OLD}
    files.append("b", NEW)
    files.sync("b")
    assert left_after(folder, "b") == {NEW}


@pytest.mark.parametrize("operations", range(1, 5))
@pytest.mark.parametrize("chance", range(20))
def test_a_failure_in_the_middle_of_a_replace_leaves_the_old_or_the_new(operations, chance) -> None:
    """T15: never a mix, never nothing."""
    power = Power()
    folder = SimulatedFolder(power)
    files = DurableFiles(folder)
    files.replace("a", OLD)
    power.fail_after(operations, chance)
    with pytest.raises(PowerFailure):
        files.replace("a", NEW)
    folder.lose(Random(chance))
    assert folder.read("a") in (OLD, NEW)


def vote(value) -> Vote:
    return Vote(VoteKind.PREVOTE, Height(1), 0, value, ADDRESS)


@pytest.mark.parametrize("chance", range(40))
def test_a_signature_that_was_given_is_remembered_through_a_failure(chance) -> None:
    """T14–T16: the same again, and never another."""
    storage = DiskStorage(ADDRESS)
    given = storage.signature(vote(b"a" * 32))
    storage.crash(chance)
    storage.replay()
    assert storage.signature(vote(b"b" * 32)) is None
    assert storage.signature(vote(b"a" * 32)) == given


@pytest.mark.parametrize("operations", range(1, 9))
@pytest.mark.parametrize("chance", range(10))
def test_a_failure_while_signing_gives_nothing_out_or_is_remembered(operations, chance) -> None:
    """T15: whoever has no signature may sign another value; whoever has one may not."""
    storage = DiskStorage(ADDRESS)
    storage.fail_after(operations, chance)
    try:
        given = storage.signature(vote(b"a" * 32))
    except PowerFailure:
        given = None
    storage.crash(chance)
    storage.replay()
    again = storage.signature(vote(b"b" * 32))
    assert given is None or again is None
