"""Watches a consensus host from outside: asks for repair when nothing moves, says who is missing.

No timer stands on the way of a message: these two only look whether anything happened.
"""

import logging
from dataclasses import dataclass

import trio

from consensus.validators import ValidatorSet
from consensus.values import Step, ValidatorAddress
from consensus.view import CoreView
from node.consensus_host import ConsensusHost

REPAIR_FIRST_S = 0.1
"""Without progress for so long, peers hear what we hold; then after twice the time, and so on."""
REPAIR_MAX_S = 1.0
STALL_BLOCK_TIMES = 3
STALL_MIN_S = 3.0
STALL_LOG_INTERVAL_S = 5.0
NAMES_SHOWN_MAX = 10
_log = logging.getLogger("zerog.consensus")


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """`block_time_s` is the time expected between blocks, zero if as fast as they decide."""

    block_time_s: float

    @property
    def stall_s(self) -> float:
        """A height that takes longer is worth a log line."""
        return max(STALL_BLOCK_TIMES * self.block_time_s, STALL_MIN_S)


async def watch(host: ConsensusHost, settings: WatchSettings) -> None:
    """Run beside the host, until cancelled."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_repair, host)
        nursery.start_soon(_log_stalls, host, settings.stall_s)


async def _repair(host: ConsensusHost) -> None:
    delay_s, seen = REPAIR_FIRST_S, host.progress
    while True:
        await trio.sleep(delay_s)
        if host.progress != seen:
            delay_s, seen = REPAIR_FIRST_S, host.progress
            continue
        host.send_summaries()
        delay_s = min(2 * delay_s, REPAIR_MAX_S)


async def _log_stalls(host: ConsensusHost, stall_s: float) -> None:
    height, since, logged_at = 0, trio.current_time(), float("-inf")
    while True:
        with trio.move_on_after(STALL_LOG_INTERVAL_S / 10):
            await host.wait_for_height_after(height)
        now = trio.current_time()
        if host.height != height:
            height, since = host.height, now
        elif now - since >= stall_s and now - logged_at >= STALL_LOG_INTERVAL_S:
            logged_at = now
            _log.warning("no block for %.0f s: %s", now - since, describe_stall(host))


def describe_stall(host: ConsensusHost) -> str:
    """What the host waits for: height, round, step, whose votes are missing and their power."""
    if host.halted is not None:
        return host.halted
    view = host.view()
    place = f"height {view.height} round {view.round} step {view.step.name.lower()}"
    if host.is_committing:
        return f"{place}: decided, its block is being executed"
    parts = [place + ":", *_waiting_for(view)]
    return " ".join(parts)


def _waiting_for(view: CoreView) -> list[str]:
    missing = view.missing_votes()
    if view.validators is None or missing is None:
        return ["not begun"]
    parts = []
    if view.is_being_checked:
        parts.append("the proposed block is being executed;")
    elif view.step is Step.PROPOSE and view.proposer is not None:
        parts.append(f"no proposal of {name_of(view.proposer, view.validators)};")
    kind = missing.kind.name.lower()
    names = sorted(name_of(validator, view.validators) for validator in missing.validators)
    shown = ", ".join(names[:NAMES_SHOWN_MAX]) or "nobody"
    more = f" and {len(names) - NAMES_SHOWN_MAX} more" if len(names) > NAMES_SHOWN_MAX else ""
    parts.append(
        f"missing {kind}s of {shown}{more} (power {missing.power} of {missing.total_power})"
    )
    return parts


def name_of(validator: ValidatorAddress, validators: ValidatorSet) -> str:
    """Its name if it has one, else its address."""
    index = validators.indexes.get(validator)
    name = validators.validators[index].name if index is not None else ""
    return name or "0x" + validator.hex()
