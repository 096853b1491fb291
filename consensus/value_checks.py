"""Which values of a height are known to be valid, and which are being checked.

The paper's valid(v) is a function; ours is a question to the host that may take seconds to answer.
Validity holds for the whole height. Timeliness holds for one round, and is asked only of fresh
proposals: once a quorum stands behind a value, nobody's clock matters any more.
"""

from consensus.messages import ValueChecked
from consensus.values import NO_ROUND, Proposal, Round, ValueId


class ValueChecks:
    """What the host was asked, and what it answered, in one height."""

    def __init__(self) -> None:
        self._is_valid: dict[ValueId, bool] = {}
        self._is_timely: dict[tuple[Round, ValueId], bool] = {}
        self._asked: dict[ValueId, tuple[Round, Round]] = {}
        """Value → (round, valid round) of the question that is out."""

    def is_valid(self, value_id: ValueId) -> bool | None:
        """Apart from its time; None while unknown."""
        return self._is_valid.get(value_id)

    def is_acceptable(self, proposal: Proposal) -> bool | None:
        """Whether to prevote for it: valid and, if fresh, timely. None while unknown."""
        is_valid = self._is_valid.get(proposal.value_id)
        if proposal.valid_round != NO_ROUND or is_valid is False:
            return is_valid
        return self._is_timely.get((proposal.round, proposal.value_id))

    def is_being_checked(self, value_id: ValueId) -> bool:
        return value_id in self._asked

    def asked(self, value_id: ValueId, round: Round, valid_round: Round) -> None:
        self._asked[value_id] = round, valid_round

    def built(self, round: Round, value_id: ValueId) -> None:
        """Ours: building it was checking it."""
        self._is_valid[value_id] = True
        self._is_timely[round, value_id] = True

    def answered(self, answer: ValueChecked) -> bool:
        """Whether the answer tells anything new. A refusal is believed only where we had asked."""
        question = self._asked.pop(answer.value_id, None)
        if question is None:
            is_news = answer.is_valid and answer.value_id not in self._is_valid
            if is_news:
                self._is_valid[answer.value_id] = True
            return is_news
        round, valid_round = question
        if valid_round == NO_ROUND:
            self._is_timely[round, answer.value_id] = answer.is_valid
        # A fresh value that is refused may be merely untimely: that says nothing of its validity.
        if answer.is_valid or valid_round != NO_ROUND:
            self._is_valid[answer.value_id] = answer.is_valid
        return True
