"""Proposer-based timestamps: whether a fresh value's time fits the clock of whoever receives it.

CometBFT's PBTS (v1.x, spec/consensus/proposer-based-timestamp): v.time − PRECISION ≤ now ≤ v.time +
MSGDELAY · 1.1^round + PRECISION. Asked of fresh proposals alone: once a quorum has found a value
timely, nobody's clock matters any more. All in milliseconds, in integers.
"""

from consensus.values import Round

CLOCK_PRECISION_MS = 500
"""Clocks of correct validators differ by at most this."""
MESSAGE_DELAY_MS = 60_000
"""How old a fresh block may be on arrival, growing by a tenth a round. Long, because a block that
took its proposer half a minute to build is proposed all the same; a stale time harms nobody."""
ROUNDS_OF_GROWTH_MAX = 100


def is_timely(time_ms: int, arrived_ms: int, round: Round) -> bool:
    """Whether a proposal of `round` with this time may have been made by a correct clock."""
    rounds = min(round, ROUNDS_OF_GROWTH_MAX)
    delay_ms: int = MESSAGE_DELAY_MS * 11**rounds // 10**rounds
    earliest_ms = time_ms - CLOCK_PRECISION_MS
    latest_ms = time_ms + delay_ms + CLOCK_PRECISION_MS
    return earliest_ms <= arrived_ms <= latest_ms


def is_after_parent(time_ms: int, parent_time_ms: int) -> bool:
    """Time grows with every height; the EVM's whole seconds, made of it, may repeat."""
    return time_ms > parent_time_ms
