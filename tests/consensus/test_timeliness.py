"""T24, T25: the time of a fresh value, in integers of milliseconds."""

import pytest

from consensus.timeliness import (
    CLOCK_PRECISION_MS,
    MESSAGE_DELAY_MS,
    ROUNDS_OF_GROWTH_MAX,
    is_after_parent,
    is_timely,
)

TIME = 1_700_000_000_000


def test_a_value_may_be_ahead_of_the_clock_by_the_precision_and_no_more() -> None:
    """T24: v.time − PRECISION ≤ now."""
    assert is_timely(TIME, TIME - CLOCK_PRECISION_MS, 0)
    assert not is_timely(TIME, TIME - CLOCK_PRECISION_MS - 1, 0)


def test_a_value_may_be_old_by_the_messages_delay_and_the_precision_and_no_more() -> None:
    """T24: now ≤ v.time + MSGDELAY + PRECISION."""
    latest = TIME + MESSAGE_DELAY_MS + CLOCK_PRECISION_MS
    assert is_timely(TIME, latest, 0)
    assert not is_timely(TIME, latest + 1, 0)


@pytest.mark.parametrize(("round", "delay_ms"), [(1, 66_000), (2, 72_600), (3, 79_860)])
def test_the_delay_grows_by_a_tenth_a_round(round, delay_ms) -> None:
    """T24: MSGDELAY · 1.1^round; the precision does not grow."""
    assert is_timely(TIME, TIME + delay_ms + CLOCK_PRECISION_MS, round)
    assert not is_timely(TIME, TIME + delay_ms + CLOCK_PRECISION_MS + 1, round)
    assert not is_timely(TIME, TIME - CLOCK_PRECISION_MS - 1, round)


def test_any_round_can_be_asked_about() -> None:
    """T24: the growth ends, or a far round would cost all the memory there is."""
    far = TIME + MESSAGE_DELAY_MS * 11**ROUNDS_OF_GROWTH_MAX // 10**ROUNDS_OF_GROWTH_MAX
    assert is_timely(TIME, far, 2**31 - 1)
    assert not is_timely(TIME, far + CLOCK_PRECISION_MS + 1, 2**31 - 1)


def test_time_grows_from_block_to_block() -> None:
    """T24, T25: by a millisecond at least; the EVM's seconds may repeat."""
    assert is_after_parent(TIME + 1, TIME)
    assert not is_after_parent(TIME, TIME)
    assert not is_after_parent(TIME - 1, TIME)
