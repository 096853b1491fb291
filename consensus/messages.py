"""The whole interface of the consensus core: inputs go in, effects come out.

Effects are carried out in order. A `Persist` is on disk, synced, before any effect behind it is
begun. The host checks signatures before `Received` and makes them for `Broadcast`; the core sees
signed messages only as inputs, its own included: a host that has signed a message feeds it back.
"""

from dataclasses import dataclass

from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    Step,
    ValueId,
    Vote,
)


@dataclass(frozen=True, slots=True)
class Started:
    """Begin a height. Everything of lower heights is forgotten."""

    height: Height
    validators: ValidatorSet


@dataclass(frozen=True, slots=True)
class Received:
    """A message of a validator of this height's set, its signature checked.

    For a proposal the host has the value's bytes at hand, and has them on disk before it returns
    from the next `Persist`: after a restart the core counts on them. Messages of heights and rounds
    ahead are kept within named limits, those of heights behind are ignored.
    """

    message: Proposal | Vote


@dataclass(frozen=True, slots=True)
class Learned:
    """A certificate somebody else gathered; the host has checked it against the validator set.

    A commit certificate decides (the host has the value's bytes); a polka and a round certificate
    count as their votes, all of them, whatever is held of their signers.
    """

    certificate: Certificate | RoundCertificate


@dataclass(frozen=True, slots=True)
class ValueBuilt:
    """The answer to `BuildValue`."""

    height: Height
    round: Round
    value_id: ValueId


@dataclass(frozen=True, slots=True)
class ValueChecked:
    """The answer to `CheckValue`."""

    height: Height
    round: Round
    value_id: ValueId
    is_valid: bool


@dataclass(frozen=True, slots=True)
class TimeoutElapsed:
    height: Height
    round: Round
    step: Step


Input = Started | Received | Learned | ValueBuilt | ValueChecked | TimeoutElapsed


@dataclass(frozen=True, slots=True)
class Persist:
    """Append these inputs to the journal and sync it: all that was handled since the last `Persist`."""

    inputs: tuple[Input, ...]


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Sign this own message, feed it back as `Received`, and send it to every validator."""

    message: Proposal | Vote


@dataclass(frozen=True, slots=True)
class Publish:
    """Send this polka to every validator: who lacks it cannot prevote for its value (L28)."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class BuildValue:
    height: Height
    round: Round


@dataclass(frozen=True, slots=True)
class CheckValue:
    """Is the value valid on top of the parent? Answer with `ValueChecked` of the same round.

    With `valid_round` NO_ROUND the value is fresh and its time is judged too, as of the proposal's
    arrival. Otherwise a quorum stands behind it, or it is too late to prevote: leave time aside.
    """

    height: Height
    round: Round
    value_id: ValueId
    valid_round: Round


@dataclass(frozen=True, slots=True)
class ScheduleTimeout:
    height: Height
    round: Round
    step: Step
    duration_ms: int


@dataclass(frozen=True, slots=True)
class Decide:
    """The height is decided. The host commits the value, then feeds `Started` for the next height."""

    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Report:
    """Two different signed messages of one validator for the same height, round and kind."""

    first: Proposal | Vote
    second: Proposal | Vote


Effect = Persist | Broadcast | Publish | BuildValue | CheckValue | ScheduleTimeout | Decide | Report


def is_for(
    input: Received | Learned | ValueBuilt | ValueChecked | TimeoutElapsed,
    height: Height,
    round: Round,
) -> bool:
    """Whether it can matter there: the one place where what is of another height or round is set
    aside. Messages may be of any round: later ones are kept apart. A check's answer holds for the
    height.
    """
    match input:
        case Received(message):
            return message.height == height
        case Learned(certificate):
            return certificate.height == height
        case ValueChecked():
            return input.height == height
        case ValueBuilt() | TimeoutElapsed():
            return (input.height, input.round) == (height, round)
