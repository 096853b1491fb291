"""A validator crashes before, inside and after each durable operation, and comes back by itself."""

from collections import Counter
from time import process_time

import pytest

from consensus.simulation import crash_points
from consensus.simulation.checks import CheckFailed
from consensus.simulation.crash_points import (
    SITUATIONS,
    Situation,
    Survey,
    crash_at,
    survey,
)
from consensus.simulation.disk import CrashPoint, Moment
from consensus.simulation.storage import DiskStorage
from consensus.values import Round

CHANCES_IN_CI = 2
CHANCES = 12


def crash_everywhere(situation: Situation, chances: int) -> None:
    begun = process_time()
    surveyed = survey(situation)
    points = list(crash_points.crash_points(surveyed, (False, True), chances))
    returned = [crash_at(situation, surveyed, point) for point in points]
    slowest = max(one.signed_after_ms for one in returned)
    print(
        f"{situation}: {len(surveyed.operations)} operations, {len(points)} crashes; signed again "
        f"{slowest} ms after the restart at most; {process_time() - begun:.1f} s of processor time"
    )


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_whatever_the_operation_a_crash_at_it_needs_no_human(situation: Situation) -> None:
    """T11, T12, T14, T15, T28: no signature conflicts, all decide the same, and it signs again soon."""
    crash_everywhere(situation, CHANCES_IN_CI)


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_whatever_is_lost_a_crash_needs_no_human(situation: Situation) -> None:
    """Many ways in which unsynced bytes and names may be gone, at every point."""
    crash_everywhere(situation, CHANCES)


def crash_twice(situation: Situation, seconds: range, chances: int) -> None:
    surveyed = survey(situation)
    points = [
        point
        for point in crash_points.crash_points(surveyed, (True,), chances)
        if point.moment is Moment.INSIDE
    ]
    runs = [(point, again) for point in points for again in seconds]
    returned = [crash_at(situation, surveyed, point, again) for point, again in runs]
    assert all(one.signed_after_ms >= 0 for one in returned)
    print(f"{situation}: {len(runs)} times two crashes")


@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_a_crash_inside_what_a_restart_does_needs_no_human_either(situation: Situation) -> None:
    crash_twice(situation, range(1, 6, 2), 1)


@pytest.mark.slow
@pytest.mark.parametrize("situation", SITUATIONS, ids=str)
def test_a_crash_inside_any_early_operation_of_a_restart_needs_no_human(
    situation: Situation,
) -> None:
    crash_twice(situation, range(1, 13), 4)


def test_the_points_are_all_kinds_of_operations() -> None:
    surveyed = survey(Situation(4, Round(1), is_proposer=True))
    kinds = Counter(surveyed.operations.values())
    print(dict(kinds))
    assert kinds["commit"] == 1
    # Two rounds: propose or prevote, precommit in the first; all three in the second.
    assert kinds["rename sign_state.json.new"] >= 5
    assert kinds["rename journal.new"] == 1
    assert kinds["append journal"] == kinds["sync journal"] >= 6
    assert kinds["sync folder"] >= kinds["rename sign_state.json.new"] + 1


def broken_signature(self: DiskStorage, message: object) -> bytes:
    """Given out before it is remembered, and never looked up."""
    from consensus.simulation.signatures import false_signature

    return false_signature(message)  # type: ignore[arg-type]


def test_a_validator_that_persists_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks can fail: without journal and sign state a crash makes it contradict itself."""
    situation = Situation(4, Round(1), is_proposer=True)
    surveyed = survey(situation)
    monkeypatch.setattr(DiskStorage, "signature", broken_signature)
    monkeypatch.setattr(DiskStorage, "persist", lambda *_: None)
    found = 0
    for number in range(1, 40):
        try:
            crash_at(situation, surveyed, CrashPoint(number, Moment.AFTER, is_power_cut=False))
        except (CheckFailed, KeyError):
            found += 1
        except AssertionError:
            break
    assert found


def test_a_late_return_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    situation = SITUATIONS[0]
    surveyed = survey(situation)
    point = CrashPoint(next(iter(surveyed.operations)), Moment.AFTER, is_power_cut=False)
    monkeypatch.setattr(crash_points, "ALLOWANCE_MS", -10_000)
    with pytest.raises(crash_points.LateReturn, match="1 validators, round 0, proposer: after"):
        crash_at(situation, Survey(surveyed.operations, 0), point)
