"""T18: how long each step waits."""

import pytest

from consensus.timeouts import Timeouts
from consensus.values import Step

TIMEOUTS = Timeouts(
    propose_ms=1_000,
    propose_growth_ms=10,
    prevote_ms=2_000,
    prevote_growth_ms=20,
    precommit_ms=3_000,
    precommit_growth_ms=30,
    cap_ms=5_000,
)


@pytest.mark.parametrize(
    ("step", "first", "growth"),
    [(Step.PROPOSE, 1_000, 10), (Step.PREVOTE, 2_000, 20), (Step.PRECOMMIT, 3_000, 30)],
)
def test_each_step_grows_by_its_own_amount_a_round_to_the_cap(step, first, growth) -> None:
    """T18: linear; besu's doubled to 4,096 s in round 10."""
    for round in (0, 1, 2, 10):
        assert TIMEOUTS.duration_ms(step, round) == first + growth * round
    reached = (5_000 - first) // growth
    assert TIMEOUTS.duration_ms(step, reached) == first + growth * reached
    assert TIMEOUTS.duration_ms(step, reached + 1) == 5_000
    assert TIMEOUTS.duration_ms(step, 2**31 - 1) == 5_000


def test_nothing_waits_longer_than_a_minute() -> None:
    """T18."""
    assert all(Timeouts().duration_ms(step, 10**6) == 60_000 for step in Step)
