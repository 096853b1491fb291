"""A journal's inputs → the core as it was, and what is left to do.

Replay feeds the recorded inputs to a fresh core; the rules are deterministic, so it stands where it
stood. Nothing that it says meanwhile leaves. Afterwards come: own messages of the current round that
never came back (they were decided before the crash; the sign state gives the stored signature, and
a host skips the ones it refuses), questions without an answer, timers whose trigger held and that
have not elapsed, and a decision that was not committed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from consensus.core import Consensus
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Effect,
    Input,
    Persist,
    Received,
    Report,
    ScheduleTimeout,
    Started,
    ValueBuilt,
    ValueChecked,
)
from consensus.timeouts import Timeouts
from consensus.values import Height, Step, ValidatorAddress
from consensus.view import CoreView


@dataclass(frozen=True, slots=True)
class Recovered:
    """The core, and the effects to carry out now; they need no `Persist` before them."""

    consensus: Consensus
    effects: tuple[Effect, ...]


def recover(
    own: ValidatorAddress | None, timeouts: Timeouts, journal: Iterable[Input]
) -> Recovered:
    """Replay the journal's last height.

    An empty journal gives a core that waits for `Started`. If the chain has the journal's height
    already, feed it `Started` for the next and leave the effects alone.
    """
    consensus = Consensus(own, timeouts)
    open_effects = _OpenEffects()
    for input in _last_height(journal):
        open_effects.settle(input)
        for effect in consensus.handle(input):
            open_effects.note(effect)
    # Torn tails leave inputs behind without the `Persist` that they came with: they are on disk.
    consensus.take_unpersisted()
    return Recovered(consensus, open_effects.still_open(consensus.view()))


def height_of(journal: Iterable[Input]) -> Height:
    """The height in which the journal ends; 0 for an empty one."""
    height = Height(0)
    for input in journal:
        if isinstance(input, Started):
            height = input.height
    return height


def _last_height(journal: Iterable[Input]) -> list[Input]:
    """From the last `Started` on: a new height forgets everything before it."""
    inputs: list[Input] = []
    for input in journal:
        if isinstance(input, Started):
            inputs = []
        inputs.append(input)
    return inputs if inputs and isinstance(inputs[0], Started) else []


class _OpenEffects:
    """Effects of a replay that nothing recorded has answered, each by what would answer it.

    A timer that elapsed needs no settling: it left its step or its round, or was scheduled again.
    """

    def __init__(self) -> None:
        self._effects: dict[object, Effect] = {}

    def note(self, effect: Effect) -> None:
        if not isinstance(effect, Persist):
            self._effects[_answer_to(effect)] = effect

    def settle(self, input: Input) -> None:
        match input:
            case Received(message):
                self._effects.pop(replace(message, signature=b""), None)
            case ValueBuilt(_, round, _):
                self._effects.pop(("built", round), None)
            case ValueChecked(_, _, value_id, _):
                self._effects.pop(("checked", value_id), None)

    def still_open(self, view: CoreView) -> tuple[Effect, ...]:
        return tuple(effect for effect in self._effects.values() if _matters(effect, view))


def _answer_to(effect: Effect) -> object:
    match effect:
        case Broadcast(message):
            return message
        case BuildValue(_, round):
            return "built", round
        case CheckValue(_, _, value_id, _):
            return "checked", value_id
        case ScheduleTimeout(_, round, step, _):
            return "elapsed", round, step
        case _:
            return effect


def _matters(effect: Effect, view: CoreView) -> bool:
    """Whether carrying it out can still change anything.

    A check's answer holds for the height; evidence may not have reached a block yet.
    """
    match effect:
        case Decide() | Report():
            return True
        case CheckValue():
            return view.decision is None
        case Broadcast(message):
            return view.decision is None and message.round == view.round
        case BuildValue(_, round):
            return view.decision is None and round == view.round
        case ScheduleTimeout(_, round, step, _):
            is_due = step is Step.PRECOMMIT or step is view.step
            return view.decision is None and round == view.round and is_due
        case _:
            return False
