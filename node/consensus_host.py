"""Drives the consensus core: one bounded inbox, one task, effects carried out in order.

Whatever happens becomes an item in the inbox: a peer's message, an answer of the executor, a timer.
The task takes one item at a time, so the core, the journal and the signer see one order of events.
"""

import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import trio
from trio_typing import TaskStatus

from consensus.core import Consensus
from consensus.encoding import signing_digest
from consensus.header import ConsensusBlock
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Effect,
    Input,
    Learned,
    Persist,
    Publish,
    Received,
    Report,
    ScheduleTimeout,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.recovery import height_of, recover
from consensus.sign_state import RefusedToSign
from consensus.timeouts import Timeouts
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, Proposal, Step, Vote, VoteKind
from consensus.view import CoreView
from node.consensus_items import (
    Built,
    Checked,
    Committed,
    Fetched,
    FromPeer,
    Hold,
    Item,
    LookBack,
    PeerJoined,
    PeerLeft,
)
from node.consensus_journal import ConsensusJournal, JournalContent
from node.executor import Executor
from node.height_state import HeightState
from node.late_precommits import OnConflict
from node.network.block_transfer import ProposedBlock
from node.network.interface import ConsensusNetwork, PeerName
from node.network.messages import WireMessage
from node.own_messages import ASK_INTERVAL_S, Recollection
from node.peer_intake import PeerIntake
from node.peer_messages import Misbehaviour, Place, check_decided
from node.signing import Signer
from node.value_work import InvalidDecision, ValueWork

INBOX_ITEMS_MAX = 1_024
ROUNDS_LEFT_MAX = 256
"""Without the others: from there on they tell the round by their messages."""
SLOW_DISK_S = 0.02
"""A disk slower than this is waited for in a thread."""
_log = logging.getLogger("zerog.consensus")


@dataclass(frozen=True, slots=True)
class ConsensusSettings:
    """`chain_identity` is 32 bytes, in every signed message."""

    chain_identity: bytes
    timeouts: Timeouts


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class ConsensusHost:
    """One node's consensus: a validator with a `signer`, a follower without."""

    def __init__(
        self,
        settings: ConsensusSettings,
        executor: Executor,
        journal: ConsensusJournal,
        signer: Signer | None,
        network: ConsensusNetwork,
        clock_ms: Callable[[], int] = wall_clock_ms,
        on_conflict: OnConflict = lambda _first, _second: None,
        recollection: Recollection | None = None,
    ) -> None:
        """`on_conflict` is told of messages of one validator that exclude each other.

        `recollection`: over the same `signer`, for when its sign state is lost.
        """
        self._settings = settings
        self._executor = executor
        self._signer = signer
        self._network = network
        self._send, self._receive = trio.open_memory_channel[Item](INBOX_ITEMS_MAX)
        core = Consensus(signer.address if signer else None, settings.timeouts)
        self._state = HeightState(settings.chain_identity, core, journal)
        self._work = ValueWork(self._state, executor, self._start, self._send.send, clock_ms)
        self._intake = PeerIntake(self._state, self._work, network, on_conflict, recollection)
        self._on_conflict = on_conflict
        self._recollection = recollection
        self._hold_height = 0
        self._held: list[Effect] = []
        self._forgotten_height = 0
        self._nursery: trio.Nursery | None = None
        self._height_tasks: set[trio.CancelScope] = set()
        self._height_begun = trio.Event()
        self._disk_seconds = 0.0
        self.progress = 0
        """Grows with every input that brings the height further: for who watches over standstills."""
        self.halted: str | None = None
        """Why this node stopped taking part, if it did."""

    @property
    def height(self) -> int:
        """The one being decided; 0 before `run`."""
        return self._state.height

    @property
    def is_committing(self) -> bool:
        """The height is decided, its block not yet committed."""
        return self._state.decision is not None

    def place(self) -> Place:
        """What decisions of the current height are checked against; `run` has begun."""
        assert self._state.validators is not None
        return Place(self._settings.chain_identity, self.height, self._state.validators)

    def view(self) -> CoreView:
        """What the core holds now."""
        return self._state.core.view()

    def peer_heights(self) -> dict[PeerName, int]:
        """The highest height each peer claims to have committed."""
        return self._intake.heights()

    async def wait_for_height_after(self, height: int) -> None:
        """Return when a higher height has begun."""
        while self.height <= height:
            await self._height_begun.wait()

    async def learn(self, block: ConsensusBlock, certificate: Certificate) -> None:
        """A decision fetched from a peer; checked again here. Ignored unless of our height."""
        await self._send.send(Fetched(block, certificate))

    async def hold_up_to(self, height: int) -> None:
        """Sign and build nothing up to this height: it is known to be decided. 0: no hold."""
        await self._send.send(Hold(height))

    async def peer_joined(self, peer: PeerName, height: int) -> None:
        """`PeerEvents`."""
        await self._send.send(PeerJoined(peer, height))

    async def peer_left(self, peer: PeerName) -> None:
        """`PeerEvents`."""
        await self._send.send(PeerLeft(peer))

    async def received(self, peer: PeerName, message: WireMessage) -> None:
        """`PeerEvents`."""
        await self._send.send(FromPeer(peer, message))

    def send_summaries(self) -> None:
        """Tell every peer what we hold; they send what we lack."""
        self._intake.send_summary()

    async def run(self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Take part until cancelled. Raises `DamagedJournal`."""
        async with trio.open_nursery() as nursery:
            self._nursery = nursery
            await self._resume()
            await self._feed_back()
            if self._recollection is not None:
                nursery.start_soon(self._remind, self._recollection)
            task_status.started()
            await self._take_items()

    async def _take_items(self) -> None:
        try:
            async for item in self._receive:
                await self._take(item)
                await self._feed_back()
        except InvalidDecision as error:
            await self._halt(str(error))

    async def _halt(self, why: str) -> None:
        """Stand still, and take no part: the rest of the node goes on for whoever looks into it."""
        self.halted = why
        _log.error("%s; this node takes no part any more", why)
        async for _ in self._receive:
            pass

    async def _resume(self) -> None:
        """Go on where the journal ends, or begin the height after the tip."""
        tip = self._executor.tip
        stored = self._executor.stored(tip) if tip else None
        self._state.last_certificate = stored[1] if stored else None
        if self._recollection is not None and stored:
            self._recollection.note_decision(stored[1])
        content = self._state.journal.replay()
        journal_height = height_of(content.inputs)
        if journal_height == tip + 1:
            await self._recover(content)
            return
        if journal_height > tip + 1:
            _log.warning("the journal is at height %d, the chain at %d", journal_height, tip)
        self._note_what_is_forgotten(tip)
        await self._begin_height(tip + 1, self._executor.next_validators)

    def _note_what_is_forgotten(self, tip: int) -> None:
        """A lock is in its height's journal alone: without it a new vote could betray an earlier one."""
        signed = 0 if self._signer is None else self._signer.last_height
        if signed > tip:
            self._forgotten_height = signed
            _log.warning(
                "the journal of height %d is gone, and this validator has signed there: "
                "it signs nothing until the network has passed that height",
                signed,
            )

    async def _recover(self, content: JournalContent) -> None:
        own = self._signer.address if self._signer else None
        recovered = recover(own, self._settings.timeouts, content.inputs)
        self._intake.seen.note_journal(content.inputs)
        state = self._state
        state.core = recovered.consensus
        state.validators = self._executor.next_validators
        for block in content.blocks:
            state.values.add(block, block.header.proposer)
        # Refusals are not kept: they may have been a matter of time.
        for input in content.inputs:
            if isinstance(input, ValueBuilt):
                state.values.own = input.value_id
            if isinstance(input, ValueBuilt) or (
                isinstance(input, ValueChecked) and input.is_valid
            ):
                state.values.verdicts[input.value_id] = None
        view = self.view()
        _log.info("resuming height %d round %d from the journal", view.height, view.round)
        self._tell_of_height()
        await self._carry_out(recovered.effects)

    async def _begin_height(self, height: int, validators: ValidatorSet) -> None:
        self._end_height_tasks()
        self._held.clear()
        self._state.move_to(height, validators)
        self._intake.begin_height()
        await self._on_disk(partial(self._state.journal.begin, height))
        for block in self._state.values.blocks():
            self._state.journal.remember_block(block)
        await self._handle(Started(Height(height), validators))
        self._tell_of_height()

    def _tell_of_height(self) -> None:
        self._height_begun.set()
        self._height_begun = trio.Event()

    async def _take(self, item: Item) -> None:
        match item:
            case FromPeer(peer, message):
                self._intake.take(peer, message)
            case PeerJoined(peer, committed):
                self._intake.join(peer, committed)
            case PeerLeft(peer):
                self._intake.leave(peer)
            case TimeoutElapsed():
                await self._handle(item)
            case Built():
                self._work.take_built(item)
            case Checked():
                self._work.take_verdict(item)
            case Committed(certificate, validators):
                self._state.last_certificate = self._intake.late.completed(certificate)
                if self._recollection is not None:
                    self._recollection.note_decision(certificate)
                await self._begin_height(certificate.height + 1, validators)
            case Fetched(block, certificate):
                self._take_fetched(block, certificate)
            case Hold(height):
                await self._change_hold(height)
            case LookBack():
                await self._look_back()

    def _take_fetched(self, block: ConsensusBlock, certificate: Certificate) -> None:
        if certificate.height != self.height or self.is_committing:
            return
        try:
            check_decided(block, certificate, self.place())
        except Misbehaviour as error:
            _log.warning("a fetched decision is refused: %s", error)
            return
        if self._state.values.add(block, block.header.proposer):
            self._state.journal.remember_block(block)
        self._state.feedback.append(Learned(certificate))

    async def _change_hold(self, height: int) -> None:
        self._hold_height = height
        await self._release_held()

    async def _release_held(self) -> None:
        if self._is_holding():
            return
        held, self._held = self._held, []
        await self._carry_out(tuple(held))

    def _is_holding(self) -> bool:
        """Whether nothing is to be built or signed at this height, or not yet."""
        is_lost = self._recollection is not None and self._recollection.is_open
        return is_lost or self.height <= self._hold_height

    async def _remind(self, recollection: Recollection) -> None:
        while True:
            await trio.sleep(ASK_INTERVAL_S)
            if recollection.is_open:
                await self._send.send(LookBack())

    async def _look_back(self) -> None:
        """Ask who has messages of ours; once that is known, go on in a round above them."""
        recollection, validators = self._recollection, self._state.validators
        if recollection is None or validators is None or not recollection.is_open:
            return
        highest = recollection.highest(validators, self._intake.seen)
        if highest is None:
            recollection.ask(validators)
            return
        height, round = max(highest, (self.height - 1, 0))
        recollection.close(height, round)
        if height == self.height and self._state.core.round <= round:
            self._held.clear()
            for _ in range(self._state.core.round, min(round + 1, ROUNDS_LEFT_MAX)):
                # L65, without waiting: in these rounds we say nothing, and others may wait for us.
                current = self._state.core.round
                await self._handle(TimeoutElapsed(Height(height), current, Step.PRECOMMIT))
        await self._release_held()

    async def _feed_back(self) -> None:
        while self._state.feedback:
            await self._handle(self._state.feedback.popleft())

    async def _handle(self, input: Input) -> None:
        was_held = self._is_held_for_now(input)
        effects = self._state.core.handle(input)
        self.progress += bool(effects) or self._is_held_for_now(input) > was_held
        await self._carry_out(effects)

    def _is_held_for_now(self, input: Input) -> bool:
        """Whether it is a message of the round under way that the core has kept.

        Of later rounds one liar has something new to say for ever, and that must not pass for progress.
        """
        core = self._state.core
        if not isinstance(input, Received) or input.message.height != core.height:
            return False
        return input.message.round == core.round and core.holds(input.message)

    async def _carry_out(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, Broadcast | BuildValue) and self._is_holding():
                self._held.append(effect)
                continue
            match effect:
                case Persist(inputs):
                    await self._on_disk(partial(self._state.journal.persist, inputs))
                case Broadcast(message):
                    await self._broadcast(message)
                case Publish(certificate):
                    self._network.broadcast(certificate)
                case BuildValue():
                    self._work.build(effect)
                case CheckValue():
                    self._work.check(effect)
                case ScheduleTimeout(height, round, step, duration_ms):
                    self._schedule(TimeoutElapsed(height, round, step), duration_ms / 1_000)
                case Decide(certificate):
                    self._work.decide(certificate)
                case Report(first, second):
                    _log.warning("two-faced validator: %s", describe_conflict(first, second))
                    self._on_conflict(first, second)

    async def _broadcast(self, message: Proposal | Vote) -> None:
        if self._signer is None or self.height <= self._forgotten_height:
            return
        try:
            signed = await self._sign(self._signer, message)
        except RefusedToSign as error:
            _log.warning("%s", error)
            return
        if isinstance(signed, Vote):
            self._network.broadcast(signed)
        else:
            value = self._state.values.get(signed.value_id)
            assert value is not None, "the core proposes what it was given"
            self._network.broadcast(ProposedBlock(signed, value.encoded))
        self._state.feedback.append(Received(signed))

    async def _sign(self, signer: Signer, message: Proposal | Vote) -> Proposal | Vote:
        digest = signing_digest(self._settings.chain_identity, message)
        signatures: list[bytes] = []
        height, round, step = message.height, message.round, _step_of(message)
        await self._on_disk(lambda: signatures.append(signer.sign(height, round, step, digest)))
        return message.signed(signatures[0])

    def _schedule(self, elapsed: TimeoutElapsed, delay_s: float) -> None:
        async def wait() -> None:
            await trio.sleep(delay_s)
            await self._send.send(elapsed)

        self._start(wait)

    def _start(self, task: Callable[[], Awaitable[None]]) -> None:
        assert self._nursery is not None
        scope = trio.CancelScope()
        self._height_tasks.add(scope)
        self._nursery.start_soon(self._run_for_height, task, scope)

    async def _run_for_height(
        self, task: Callable[[], Awaitable[None]], scope: trio.CancelScope
    ) -> None:
        with scope:
            await task()
        self._height_tasks.discard(scope)

    def _end_height_tasks(self) -> None:
        """Timers of the old height, and answers that nobody awaits."""
        for scope in self._height_tasks:
            scope.cancel()
        self._height_tasks.clear()

    async def _on_disk(self, work: Callable[[], None]) -> None:
        """Done when this returns; in a thread only if the disk is slow, as a thread costs 0.1 ms."""
        begin = time.perf_counter()
        if self._disk_seconds > SLOW_DISK_S:
            await trio.to_thread.run_sync(work)
        else:
            work()
        self._disk_seconds = 0.9 * self._disk_seconds + 0.1 * (time.perf_counter() - begin)


def describe_conflict(first: Proposal | Vote, second: Proposal | Vote) -> str:
    """Who said what twice, for the log."""
    kind = _step_of(first).name.lower()
    values = " and ".join(
        "nil" if m.value_id is None else m.value_id.hex() for m in (first, second)
    )
    place = f"height {first.height} round {first.round}"
    return f"0x{first.validator.hex()} signed {kind} of {place} for {values}"


def _step_of(message: Proposal | Vote) -> Step:
    if isinstance(message, Proposal):
        return Step.PROPOSE
    return Step.PREVOTE if message.kind is VoteKind.PREVOTE else Step.PRECOMMIT
