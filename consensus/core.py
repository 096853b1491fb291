"""The rules of Tendermint (arXiv 1807.04938, L11–L65): one rule, one method, which cites its lines.

`handle` takes an input in, then lets rules fire until none does. It knows no clock, no chance, no
key: the host waits, signs, checks signatures, builds and checks values, and keeps the journal.
"""

from collections.abc import Callable

from consensus.certificates import build_certificate, votes_of
from consensus.early_messages import EarlyHeights
from consensus.journal_order import UnwrittenInputs
from consensus.message_log import MessageLog
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Effect,
    Input,
    Learned,
    Publish,
    Received,
    ScheduleTimeout,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
    is_for,
)
from consensus.round_state import RoundMarks, RoundState
from consensus.timeouts import Timeouts
from consensus.value_checks import ValueChecks
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    Step,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)
from consensus.view import NOTHING_STARTED, CoreView, view_of

HIDDEN_LOCK_ROUND = 10
"""From this round on every validator publishes the polka of its valid value, its turn or not."""
FIRINGS_MAX = 10_000
"""Of rules for one input; each changes what its guard asks about, so this is never reached."""


class Consensus:
    """One validator, or with `own` None (or not in the set) a follower that never speaks."""

    def __init__(self, own: ValidatorAddress | None, timeouts: Timeouts) -> None:
        self._own = own
        self._timeouts = timeouts
        self._height = Height(0)
        self._early_heights = EarlyHeights()
        self._decision: Certificate | None = None
        self._unwritten = UnwrittenInputs()
        self._effects: list[Effect] = []
        self._rules: tuple[Callable[[], bool], ...] = (
            self._decide,
            self._skip_to_later_round,
            self._prevote_fresh_proposal,
            self._prevote_proposal_with_polka,
            self._prevote_nil_after_deferral,
            self._lock_and_precommit,
            self._take_up_late_polka,
            self._precommit_nil,
            self._leave_round_that_precommitted_nil,
            self._schedule_prevote_timeout,
            self._schedule_precommit_timeout,
            self._check_proposal,
            self._check_value_with_quorum,
        )

    @property
    def height(self) -> Height:
        """0 before the first `Started`."""
        return self._height

    @property
    def round(self) -> Round:
        """Of the current height; NO_ROUND before the first."""
        return self._state.round if self._height else NO_ROUND

    @property
    def position(self) -> tuple[Height, Round, Step]:
        """Height 0 before the first `Started`."""
        return self._height, self.round, self._state.step if self._height else Step.PROPOSE

    @property
    def grounds(self) -> tuple[Round, Round]:
        """Locked round and valid round: what votes rest on, and a crash must not lose."""
        if self._height == 0:
            return NO_ROUND, NO_ROUND
        return self._state.locked_round, self._state.valid_round

    def handle(self, input: Input) -> tuple[Effect, ...]:
        """Everything there is to do now, in order. An input that changes nothing has no effects."""
        self._effects = []
        if self._take(input):
            self._fire_rules()
            self._effects[:0] = self._log.take_reports()
        return self._unwritten.written_before(self._effects)

    def holds(self, message: Proposal | Vote) -> bool:
        """Whether it is here already, this height's or kept for later: no need to check it again.

        What a limit has turned away or pushed out is not held, and may come again.
        """
        if self._height == 0:
            return False
        if message.height == self._height:
            return self._log.holds(message)
        return self._early_heights.holds(message)

    def take_unpersisted(self) -> tuple[Input, ...]:
        """What was handled and has not been in a `Persist` yet; it will be in none any more.

        For an orderly stop, and for what came from the journal in the first place.
        """
        return self._unwritten.take()

    def view(self) -> CoreView:
        """A snapshot of what this core holds. Costs grow with the votes held, not for every input."""
        if self._height == 0:
            return NOTHING_STARTED
        return view_of(
            self._height,
            self._validators,
            self._state,
            self._log,
            is_being_checked=self._is_checking_proposal(),
            decision=self._decision,
        )

    # Inputs. Each says whether it changed anything.

    def _take(self, input: Input) -> bool:
        if isinstance(input, Started):
            return self._start_height(input)
        if self._height == 0:
            return False
        if isinstance(input, Received) and input.message.height > self._height:
            self._early_heights.add(input.message, self._height, self._validators)
            return False
        if self._decision is not None or not is_for(input, self._height, self._state.round):
            return False
        self._unwritten.add(input)
        match input:
            case Received(message):
                is_news = self._log.take(message, self._state.round)
            case Learned(certificate):
                is_news = self._take_certificate(certificate)
            case ValueBuilt(_, round, value_id):
                is_news = self._propose_built_value(round, value_id)
            case ValueChecked():
                is_news = self._checks.answered(input)
            case TimeoutElapsed():
                is_news = self._take_timeout(input)
        if not is_news:
            self._unwritten.take_back()
        self._unwritten.forget(self._log.take_pushed_out())
        return is_news

    def _start_height(self, started: Started) -> bool:
        """L10, and the reset of L53. A height that is not ahead has been started before."""
        if started.height <= self._height:
            return False
        self._height = started.height
        self._validators = started.validators
        self._is_validator = self._own in started.validators
        self._decision = None
        self._state = RoundState()
        self._log = MessageLog(started.validators)
        self._tally = self._log.tally
        self._checks = ValueChecks()
        self._unwritten.begin(started)
        self._start_round(Round(0))
        for message in self._early_heights.release(started.height):
            # Only now do they take effect, so that the journal of a height begins with its start.
            self._take(Received(message))
        return True

    def _take_certificate(self, certificate: Certificate | RoundCertificate) -> bool:
        """A decision is taken as it is; others count as their votes, as one unit."""
        if isinstance(certificate, Certificate) and certificate.kind is VoteKind.PRECOMMIT:
            self._decide_by(certificate)
            return True
        votes = votes_of(certificate)
        kept = [self._log.take(vote, self._state.round, is_certified=True) for vote in votes]
        return any(kept)

    def _propose_built_value(self, round: Round, value_id: ValueId) -> bool:
        """L18–19, when getValue() has answered.

        Not beside a proposal of our own that came from outside: another life of ours made it, whose
        journal is gone.
        """
        if not self._marks.is_value_asked_for or self._log.proposals(round):
            return False
        self._marks.is_value_asked_for = False
        self._checks.built(round, value_id)
        self._propose(value_id, NO_ROUND)
        return True

    def _take_timeout(self, elapsed: TimeoutElapsed) -> bool:
        match elapsed.step:
            case Step.PROPOSE:
                return self._on_propose_timeout()
            case Step.PREVOTE:
                return self._on_prevote_timeout()
            case Step.PRECOMMIT:
                return self._on_precommit_timeout()

    # Rules. Each says whether it fired.

    def _fire_rules(self) -> None:
        for _ in range(FIRINGS_MAX):
            if self._decision is not None or not any(rule() for rule in self._rules):
                return
        raise AssertionError("a rule fires for ever")

    def _start_round(self, round: Round) -> None:
        """L11–L21. The proposer has no timer, as in the paper: building ends or others go on."""
        self._state.round = round
        self._state.step = Step.PROPOSE
        self._marks = RoundMarks()
        self._log.enter(round)
        is_own_turn = self._log.proposer(round) == self._own
        if self._state.valid_value is not None and (is_own_turn or round >= HIDDEN_LOCK_ROUND):
            self._publish_polka(self._state.valid_value, self._state.valid_round)
        if not is_own_turn:
            self._schedule(Step.PROPOSE)
        elif self._state.valid_value is not None:
            self._propose(self._state.valid_value, self._state.valid_round)
        else:
            self._marks.is_value_asked_for = True
            self._effects.append(BuildValue(self._height, round))

    def _prevote_fresh_proposal(self) -> bool:
        """L22–L27. A lock decides without waiting for the check."""
        if self._state.step is not Step.PROPOSE:
            return False
        for proposal in self._log.proposals(self._state.round):
            if proposal.valid_round == NO_ROUND and self._prevote_on(proposal):
                return True
        return False

    def _prevote_proposal_with_polka(self) -> bool:
        """L28–L33. The polka must be held: the proposer's word for it is not enough."""
        if self._state.step is not Step.PROPOSE:
            return False
        for proposal in self._log.proposals(self._state.round):
            if proposal.valid_round == NO_ROUND:
                continue
            if not self._tally.has_quorum_for(
                VoteKind.PREVOTE, proposal.valid_round, proposal.value_id
            ):
                continue
            if self._prevote_on(proposal):
                return True
        return False

    def _prevote_on(self, proposal: Proposal) -> bool:
        """L23–27 and L29–33: the value, or nil; not yet while its check is out."""
        if not self._state.may_prevote(proposal.value_id, proposal.valid_round):
            self._vote(VoteKind.PREVOTE, None)
            return True
        is_acceptable = self._checks.is_acceptable(proposal)
        if is_acceptable is None:
            return False
        if is_acceptable:
            self._vote(VoteKind.PREVOTE, proposal.value_id, proposal.valid_round)
        else:
            self._vote(VoteKind.PREVOTE, None)
        return True

    def _prevote_nil_after_deferral(self) -> bool:
        """The end of a deferred L57: the check that it waited for is answered, and gave no vote."""
        if self._state.step is not Step.PROPOSE or not self._marks.is_propose_timeout_deferred:
            return False
        if self._is_checking_proposal() or self._question_about_proposal() is not None:
            return False
        self._vote(VoteKind.PREVOTE, None)
        return True

    def _schedule_prevote_timeout(self) -> bool:
        """L34–35: once a round, on a quorum of any prevotes."""
        if self._state.step is not Step.PREVOTE or self._marks.is_prevote_timeout_scheduled:
            return False
        if not self._tally.has_quorum_of_any(VoteKind.PREVOTE, self._state.round):
            return False
        self._marks.is_prevote_timeout_scheduled = True
        self._schedule(Step.PREVOTE)
        return True

    def _lock_and_precommit(self) -> bool:
        """L36–43. The valid value is set in any step after the prevote, the lock only in it."""
        state = self._state
        if state.step is Step.PROPOSE:
            return False
        for value_id in self._tally.quorums(VoteKind.PREVOTE, state.round):
            if value_id in self._marks.polkas or not self._is_valid_proposal(state.round, value_id):
                continue
            self._marks.polkas.add(value_id)
            state.valid_value, state.valid_round = value_id, state.round
            if state.step is Step.PREVOTE:
                state.locked_value, state.locked_round = value_id, state.round
                self._vote(VoteKind.PRECOMMIT, value_id)
            return True
        return False

    def _take_up_late_polka(self) -> bool:
        """L42–43 for a round that is past, beyond the paper: who is locked alone is relieved at the
        next turn of anybody who has heard of the polka, not only at its own. A valid value binds no
        vote, and the proposal that it leads to is believed only with its polka (L28)."""
        for round, value_id in self._late_polkas():
            if self._is_valid_proposal(round, value_id):
                self._state.valid_value, self._state.valid_round = value_id, round
                return True
        return False

    def _precommit_nil(self) -> bool:
        """L44–46. A lock of an earlier round stays: a nil polka never drops it."""
        if self._state.step is not Step.PREVOTE:
            return False
        if not self._tally.has_quorum_for(VoteKind.PREVOTE, self._state.round, None):
            return False
        self._vote(VoteKind.PRECOMMIT, None)
        return True

    def _schedule_precommit_timeout(self) -> bool:
        """L47–48: once a round, on a quorum of any precommits, in any step."""
        if self._marks.is_precommit_timeout_scheduled:
            return False
        if not self._tally.has_quorum_of_any(VoteKind.PRECOMMIT, self._state.round):
            return False
        self._marks.is_precommit_timeout_scheduled = True
        self._schedule(Step.PRECOMMIT)
        return True

    def _leave_round_that_precommitted_nil(self) -> bool:
        """L65–67 without the wait: a round with a quorum of nil precommits can decide nothing."""
        if not self._tally.has_quorum_for(VoteKind.PRECOMMIT, self._state.round, None):
            return False
        self._start_round(Round(self._state.round + 1))
        return True

    def _decide(self) -> bool:
        """L49–51, for any round of the height, past ones included. L52–54 are the next `Started`."""
        for round, value_id in self._tally.commit_quorums:
            if self._is_valid_proposal(round, value_id):
                votes = self._tally.votes_for(VoteKind.PRECOMMIT, round, value_id)
                self._decide_by(
                    build_certificate(VoteKind.PRECOMMIT, self._height, round, value_id, votes)
                )
                return True
        return False

    def _skip_to_later_round(self) -> bool:
        """L55–56: a correct validator is there already."""
        round = self._log.round_to_skip_to()
        if round is None:
            return False
        self._start_round(round)
        return True

    def _on_propose_timeout(self) -> bool:
        """L57–60; but while the proposal is being checked, the nil prevote waits, once, to the cap.

        Execution may take longer than any proposal takes to arrive, and a validator that is late
        only because it works is not helped by a round that makes it work again.
        """
        if self._state.step is not Step.PROPOSE:
            return False
        if self._is_checking_proposal() and not self._marks.is_propose_timeout_deferred:
            self._marks.is_propose_timeout_deferred = True
            self._schedule(Step.PROPOSE, self._timeouts.cap_ms)
            return True
        self._vote(VoteKind.PREVOTE, None)
        return True

    def _on_prevote_timeout(self) -> bool:
        """L61–64."""
        if self._state.step is not Step.PREVOTE:
            return False
        self._vote(VoteKind.PRECOMMIT, None)
        return True

    def _on_precommit_timeout(self) -> bool:
        """L65–67."""
        self._start_round(Round(self._state.round + 1))
        return True

    def _check_proposal(self) -> bool:
        """The question behind valid(v) of L23 and L29, asked as soon as the proposal is here."""
        question = self._question_about_proposal()
        if question is None:
            return False
        self._ask(*question)
        return True

    def _check_value_with_quorum(self) -> bool:
        """The question behind valid(v) of L36 and L50, where L23 and L29 have not answered it."""
        round = self._state.round
        polkas = [(round, v) for v in self._tally.quorums(VoteKind.PREVOTE, round)]
        for round, value_id in [*self._tally.commit_quorums, *polkas, *self._late_polkas()]:
            if self._checks.is_valid(value_id) is not None:
                continue
            if self._checks.is_being_checked(value_id):
                continue
            if self._log.has_proposal(round, value_id):
                self._ask(value_id, valid_round=round)
                return True
        return False

    # What the rules use.

    def _question_about_proposal(self) -> tuple[ValueId, Round] | None:
        """The first proposal of the round, unless known. (Of two, the other needs a quorum.)

        After the prevote its time does not matter any more.
        """
        proposals = self._log.proposals(self._state.round)
        if not proposals or self._checks.is_being_checked(proposals[0].value_id):
            return None
        proposal = proposals[0]
        if self._checks.is_acceptable(proposal) is not None:
            return None
        if self._state.step is Step.PROPOSE:
            return proposal.value_id, proposal.valid_round
        if self._checks.is_valid(proposal.value_id) is not None:
            return None
        return proposal.value_id, self._state.round

    def _late_polkas(self) -> list[tuple[Round, ValueId]]:
        """Of past rounds, and later than the valid value's."""
        return self._tally.polkas_between(self._state.valid_round, self._state.round)

    def _ask(self, value_id: ValueId, valid_round: Round) -> None:
        round = self._state.round
        self._checks.asked(value_id, round, valid_round)
        self._effects.append(CheckValue(self._height, round, value_id, valid_round))

    def _is_checking_proposal(self) -> bool:
        return any(
            self._checks.is_being_checked(proposal.value_id)
            for proposal in self._log.proposals(self._state.round)
        )

    def _is_valid_proposal(self, round: Round, value_id: ValueId) -> bool:
        if not self._checks.is_valid(value_id):
            return False
        return self._log.has_proposal(round, value_id)

    def _propose(self, value_id: ValueId, valid_round: Round) -> None:
        """L19."""
        assert self._own is not None, "only a validator has a turn"
        self._broadcast(Proposal(self._height, self._state.round, value_id, valid_round, self._own))

    def _publish_polka(self, value_id: ValueId, round: Round) -> None:
        """For whoever did not see it: alone with a hidden lock, nobody gets anything decided."""
        votes = self._tally.votes_for(VoteKind.PREVOTE, round, value_id)
        polka = build_certificate(VoteKind.PREVOTE, self._height, round, value_id, votes)
        self._effects.append(Publish(polka))

    def _vote(
        self, kind: VoteKind, value_id: ValueId | None, valid_round: Round = NO_ROUND
    ) -> None:
        """Cast the vote and enter its step. A follower enters the step alone."""
        self._state.step = Step.PREVOTE if kind is VoteKind.PREVOTE else Step.PRECOMMIT
        if self._is_validator and self._own is not None:
            round = self._state.round
            vote = Vote(kind, self._height, round, value_id, self._own, valid_round=valid_round)
            self._broadcast(vote)

    def _broadcast(self, message: Proposal | Vote) -> None:
        self._effects.append(Broadcast(message))

    def _schedule(self, step: Step, duration_ms: int | None = None) -> None:
        round = self._state.round
        if duration_ms is None:
            duration_ms = self._timeouts.duration_ms(step, round)
        self._effects.append(ScheduleTimeout(self._height, round, step, duration_ms))

    def _decide_by(self, certificate: Certificate) -> None:
        self._decision = certificate
        self._effects.append(Decide(certificate))
