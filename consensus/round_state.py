"""The paper's variables of one validator at one height, and what happened in the current round."""

from dataclasses import dataclass, field

from consensus.values import NO_ROUND, Round, Step, ValueId


@dataclass(slots=True)
class RoundState:
    """Names as in the paper (L2–L9)."""

    round: Round = NO_ROUND
    step: Step = Step.PROPOSE
    locked_value: ValueId | None = None
    locked_round: Round = NO_ROUND
    valid_value: ValueId | None = None
    valid_round: Round = NO_ROUND

    def may_prevote(self, value_id: ValueId, valid_round: Round) -> bool:
        """The lock's part of L23 (valid_round −1) and of L29."""
        if self.locked_value == value_id or self.locked_round == NO_ROUND:
            return True
        return valid_round != NO_ROUND and self.locked_round <= valid_round


@dataclass(slots=True)
class RoundMarks:
    """What must happen once a round: the paper's "for the first time"."""

    is_value_asked_for: bool = False
    is_prevote_timeout_scheduled: bool = False
    is_precommit_timeout_scheduled: bool = False
    is_propose_timeout_deferred: bool = False
    polkas: set[ValueId] = field(default_factory=set)
    """Values for which L36 has fired."""
