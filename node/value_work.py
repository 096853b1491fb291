"""Building, checking and committing blocks beside the consensus task, each at most once a height.

A block built or checked for one round serves every later round of its height: whoever takes long
need not begin again.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from consensus.header import ConsensusBlock
from consensus.messages import BuildValue, CheckValue, ValueBuilt, ValueChecked
from consensus.timeliness import is_timely
from consensus.values import NO_ROUND, Certificate, Height, Proposal
from node.consensus_items import Built, Checked, Committed, Item
from node.executor import Executor
from node.height_state import HeightState

_log = logging.getLogger("zerog.consensus")


class InvalidDecision(Exception):
    """More than two thirds decided a block that is invalid here: our state, or theirs, is wrong."""

    def __init__(self, height: int, why: str) -> None:
        super().__init__(f"the block decided at height {height} is invalid here: {why}")
        self.height, self.why = height, why


class StartTask(Protocol):
    """Starts a task that is cancelled when the height ends."""

    def __call__(self, task: Callable[[], Awaitable[None]], /) -> None: ...


class ValueWork:
    """Carries out `BuildValue`, `CheckValue` and `Decide`; answers come back as items."""

    def __init__(
        self,
        state: HeightState,
        executor: Executor,
        start: StartTask,
        post: Callable[[Item], Awaitable[None]],
        clock_ms: Callable[[], int],
    ) -> None:
        self._state = state
        self._executor = executor
        self._start = start
        self._post = post
        self._clock_ms = clock_ms

    def build(self, asked: BuildValue) -> None:
        """Answer with what we built before, or begin to build, or let the running build serve."""
        values = self._state.values
        if values.own is not None and values.get(values.own) is not None:
            self._state.feedback.append(ValueBuilt(asked.height, asked.round, values.own))
            return
        is_running = values.build_round is not None
        values.build_round = asked.round
        if is_running:
            return
        state = self._state

        async def work() -> None:
            block = await self._executor.build(
                asked.height, asked.round, lambda: state.last_certificate
            )
            await self._post(Built(asked.height, block))

        self._start(work)

    def take_built(self, built: Built) -> None:
        """A build has ended; the newest round that asked gets it."""
        values = self._state.values
        round = values.build_round
        if built.height != self._state.height or round is None:
            return
        values.build_round = None
        values.add_own(built.block)
        self._state.journal.remember_block(built.block)
        answer = ValueBuilt(Height(built.height), round, built.block.header.hash)
        self._state.feedback.append(answer)

    def check(self, question: CheckValue) -> None:
        """Answer what is known, or ask the executor, once for each block."""
        values, value_id = self._state.values, question.value_id
        if value_id in values.verdicts:
            self._answer(question, values.verdicts[value_id])
        elif value_id in values.checking:
            values.checking[value_id].append(question)
        else:
            value = values.get(value_id)
            assert value is not None, "the core asks about what it was given"
            values.checking[value_id] = [question]
            self._start_check(value.block)

    def take_verdict(self, checked: Checked) -> None:
        """The executor has answered. Raises `InvalidDecision`."""
        values, value_id = self._state.values, checked.block.header.hash
        if value_id not in values.checking:
            return
        values.verdicts[value_id] = checked.verdict
        if checked.verdict is not None:
            height = checked.block.header.height
            _log.warning("block %s of height %d: %s", value_id.hex(), height, checked.verdict)
        for question in values.checking.pop(value_id):
            self._answer(question, checked.verdict)
        decision = self._state.decision
        if decision is not None and decision.value_id == value_id:
            self._commit_if_valid(checked.block, decision)

    def decide(self, certificate: Certificate) -> None:
        """Commit, after the check if there was none yet. Raises `InvalidDecision`."""
        self._state.decision = certificate
        values, value_id = self._state.values, certificate.value_id
        value = values.get(value_id)
        assert value is not None, "only a value at hand is decided"
        if value_id in values.verdicts:
            self._commit_if_valid(value.block, certificate)
        elif value_id not in values.checking:
            values.checking[value_id] = []
            self._start_check(value.block)

    def note_arrival(self, proposal: Proposal) -> None:
        """A proposal came in now."""
        arrived = self._state.values_of(proposal.height).arrived_ms
        arrived.setdefault((proposal.round, proposal.value_id), self._clock_ms())

    def _start_check(self, block: ConsensusBlock) -> None:
        async def work() -> None:
            await self._post(Checked(block, await self._executor.check(block)))

        self._start(work)

    def _commit_if_valid(self, block: ConsensusBlock, certificate: Certificate) -> None:
        verdict = self._state.values.verdicts[block.header.hash]
        if verdict is not None:
            raise InvalidDecision(block.header.height, verdict)

        async def work() -> None:
            validators = await self._executor.commit(block, certificate)
            await self._post(Committed(certificate, validators))

        self._start(work)

    def _answer(self, question: CheckValue, verdict: str | None) -> None:
        is_valid = verdict is None
        if is_valid and question.valid_round == NO_ROUND:
            is_valid = self._is_by_its_proposer(question) and self._is_timely(question)
        answer = ValueChecked(question.height, question.round, question.value_id, is_valid)
        self._state.feedback.append(answer)

    def _is_by_its_proposer(self, question: CheckValue) -> bool:
        """A fresh block names whose turn it is, so a decided one names who had the turn when it was
        fresh: a quorum has checked it then. Rewards and the turn that was taken follow from it."""
        value, validators = self._state.values.get(question.value_id), self._state.validators
        if value is None or validators is None:
            return False
        expected = validators.proposer(question.round)
        named = value.block.header.proposer
        if named != expected:
            _log.warning(
                "block of height %d round %d names 0x%s as its proposer, expected 0x%s: voting nil",
                question.height,
                question.round,
                named.hex(),
                expected.hex(),
            )
        return named == expected

    def _is_timely(self, question: CheckValue) -> bool:
        """Proposer-based timestamps: not from the future, nor too old, when the proposal came."""
        values = self._state.values
        value = values.get(question.value_id)
        arrived = values.arrived_ms.get((question.round, question.value_id))
        if question.value_id == values.own:
            return True
        if value is None or arrived is None:
            return False
        time_ms = value.block.header.time_ms
        if not is_timely(time_ms, arrived, question.round):
            _log.warning(
                "block of height %d round %d is %d ms off our clock: voting nil",
                question.height,
                question.round,
                time_ms - arrived,
            )
            return False
        return True
