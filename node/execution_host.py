"""Builds, checks and commits blocks for the consensus host, off the event loop.

One worker thread does all that executes, so that votes are answered while a heavy block runs. The
consensus host asks for one height at a time, so a `Chain` is never used by two threads.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import trio
from eth_typing import Address

from chain.building import PayloadAttributes
from chain.chain import Chain, Invalid
from chain.executed_block import ExecutedBlock
from chain.header_rules import next_base_fee
from chain.key_value import KeyValueStore
from chain.state import StateAt
from consensus.block_parts import assemble_block
from consensus.encoding import EVIDENCE_PER_BLOCK_MAX
from consensus.evidence import Evidence, encode_evidence
from consensus.header import ConsensusBlock
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Height, ValidatorAddress
from genesis.document import GenesisDocument
from node.block_rules import (
    InvalidConsensusBlock,
    Parent,
    check_consensus_block,
    expectations,
)
from node.chain_parent import head_as_parent, parent_of_next
from node.consensus_host import wall_clock_ms
from node.consensus_records import read_decision, read_set_of, records_of
from node.staking.evidence_pool import EvidencePool
from node.staking.evidence_rules import EvidenceRefused, EvidenceRules
from node.staking.following_set import FollowingSets
from node.staking.prescribed import Prescribed, prescribe
from node.transaction_intake import TransactionIntake

Answer = TypeVar("Answer")
logger = logging.getLogger("zerog.chain")


@dataclass(frozen=True, slots=True)
class BuildSettings:
    """How this node builds its own blocks."""

    proposer: ValidatorAddress | None
    """None: a full node, which builds none."""
    coinbase: Address
    gas_limit_target: int
    block_time_ms: int
    budget_ms: int
    """After this much execution a block under construction takes no further transaction."""


class ExecutionHost:
    """`Executor` over a `Chain`."""

    def __init__(
        self,
        chain: Chain,
        store: KeyValueStore,
        document: GenesisDocument,
        intake: TransactionIntake,
        settings: BuildSettings,
        on_committed: Callable[[ExecutedBlock], None],
        clock_ms: Callable[[], int] = wall_clock_ms,
    ) -> None:
        """`on_committed` is called on the event loop after each block."""
        self._chain, self._store, self._intake = chain, store, intake
        self._settings, self._on_committed = settings, on_committed
        self._clock_ms = clock_ms
        self._identity = document.identity
        self._staking = document.config.staking
        self._sets = FollowingSets(document)
        self._evidence_rules = EvidenceRules(self._staking, document.identity, self.set_of)
        self.evidence = EvidencePool()
        """What our own blocks are to carry."""
        self._thread = trio.CapacityLimiter(1)
        self._parent = head_as_parent(store, document, self._sets, chain.head.number)
        self._committed_at = time.monotonic()

    @property
    def tip(self) -> int:
        """The last committed height."""
        return self._parent.height

    @property
    def since_commit_s(self) -> float:
        """Seconds since the last block, or since the start."""
        return time.monotonic() - self._committed_at

    @property
    def next_validators(self) -> ValidatorSet:
        """Who decides the next height."""
        return self._parent.validators

    def is_member(self, validator: ValidatorAddress) -> bool:
        """Whether it decides the next height, or the one after."""
        parent = self._parent
        return validator in parent.validators or validator in parent.next_validators

    def set_of(self, height: int) -> ValidatorSet | None:
        """Who decided a committed height, or decides the next; None where neither."""
        if height == self._parent.height + 1:
            return self._parent.validators
        with self._store.snapshot() as snapshot:
            return read_set_of(snapshot, height)

    async def build(
        self, height: int, round: int, last_certificate: Callable[[], Certificate | None]
    ) -> ConsensusBlock:
        """A block of ours, not before the block time is over."""
        parent = self._parent
        assert height == parent.height + 1, "consensus builds on the tip alone"
        wait_ms = parent.time_ms + self._settings.block_time_ms - self._clock_ms()
        await trio.sleep(max(0, wait_ms) / 1_000)
        time_ms = max(self._clock_ms(), parent.time_ms + 1)
        certificate, evidence = last_certificate(), self.evidence.all()
        return await self._left_at_cancel(
            lambda: self._build(parent, time_ms, certificate, evidence)
        )

    async def check(self, block: ConsensusBlock) -> str | None:
        """None where the block is valid on top of the tip."""
        return await self._left_at_cancel(lambda: self._check(block))

    async def commit(self, block: ConsensusBlock, certificate: Certificate) -> ValidatorSet:
        """Make a checked block the tip."""
        executed, parent = await self._in_thread(lambda: self._commit(block, certificate))
        self._parent = parent
        self.evidence.keep(self._is_of_use)
        self._tell(executed, certificate)
        self._on_committed(executed)
        return parent.validators

    def stored(self, height: int) -> tuple[ConsensusBlock, Certificate] | None:
        """A committed block with its certificate."""
        with self._store.snapshot() as snapshot:
            decision = read_decision(snapshot, height)
        return None if decision is None else (decision.block, decision.certificate)

    async def _in_thread(self, work: Callable[[], Answer]) -> Answer:
        return await trio.to_thread.run_sync(work, limiter=self._thread)

    async def _left_at_cancel(self, work: Callable[[], Answer]) -> Answer:
        """For work that changes nothing: a node that is told to stop does not wait for it.

        The thread counts as taken until the work ends, so that nothing runs beside it.
        """
        return await trio.to_thread.run_sync(  # type: ignore[call-arg]  # older stubs (libp2p's)
            work, limiter=self._thread, abandon_on_cancel=True
        )

    def judge_evidence(self, evidence: Evidence) -> None:
        """Whether a block could carry it, now or when its height is decided.

        Raises `EvidenceForged`, or `EvidenceRefused`.
        """
        height = max(self._parent.height, min(evidence.height, self._parent.height + 1))
        with self._store.snapshot() as snapshot:
            self._evidence_rules.check_place(evidence, height, StateAt(snapshot))
        self._evidence_rules.check_proof(evidence)

    def _is_of_use(self, evidence: Evidence) -> bool:
        try:
            self.judge_evidence(evidence)
        except EvidenceRefused as error:
            logger.info("evidence against 0x%s: %s", evidence.validator.hex(), error)
            return False
        return True

    def _fitting(self, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
        """Those that a block on our tip may carry; the others wait."""
        fitting = []
        with self._store.snapshot() as snapshot:
            for piece in evidence:
                try:
                    self._evidence_rules.check_place(piece, self._parent.height, StateAt(snapshot))
                except EvidenceRefused:
                    continue
                fitting.append(piece)
        return tuple(fitting[:EVIDENCE_PER_BLOCK_MAX])

    def _prescribed(
        self, last_certificate: Certificate | None, evidence: Sequence[Evidence]
    ) -> Prescribed:
        parent = self._parent
        offenders = [piece.validator for piece in evidence]
        with self._store.snapshot() as snapshot:
            reader = StateAt(snapshot)
            return prescribe(
                self._staking,
                parent.height + 1,
                reader,
                parent.last_height,
                last_certificate,
                offenders,
            )

    def _build(
        self,
        parent: Parent,
        time_ms: int,
        last_certificate: Certificate | None,
        waiting: Sequence[Evidence],
    ) -> ConsensusBlock:
        settings = self._settings
        assert settings.proposer is not None, "only a validator is asked to build"
        evidence = self._fitting(waiting)
        prescribed = self._prescribed(last_certificate, evidence)
        given = expectations(parent, time_ms, last_certificate, prescribed)
        attributes = PayloadAttributes(
            timestamp=given.timestamp,
            prev_randao=given.prev_randao,
            coinbase=settings.coinbase,
            parent_beacon_block_root=given.parent_beacon_block_root,
            gas_limit_target=settings.gas_limit_target,
            withdrawals=given.withdrawals,
            slashed=given.slashed,
        )
        candidates = self._intake.candidates(next_base_fee(self._chain.head))
        deadline = time.monotonic() + settings.budget_ms / 1_000
        executed = self._chain.build_payload(
            attributes, candidates, lambda: time.monotonic() > deadline
        )
        return assemble_block(
            height=Height(parent.height + 1),
            time_ms=time_ms,
            proposer=settings.proposer,
            parent_hash=parent.hash,
            validators=parent.validators,
            next_validators=parent.next_validators,
            last_certificate=last_certificate,
            evidence=tuple(encode_evidence(piece) for piece in evidence),
            payload=executed.payload,
            execution_hash=executed.hash,
        )

    def _check(self, block: ConsensusBlock) -> str | None:
        try:
            check_consensus_block(block, self._parent, self._identity)
            prescribed = self._prescribed(block.last_certificate, self._evidence_of(block))
        except InvalidConsensusBlock as error:
            return str(error)
        except EvidenceRefused as error:
            return f"its evidence: {error}"
        verdict = self._verdict(block, prescribed)
        return verdict if isinstance(verdict, str) else None

    def _evidence_of(self, block: ConsensusBlock) -> tuple[Evidence, ...]:
        """Raises `EvidenceRefused`."""
        with self._store.snapshot() as snapshot:
            reader = StateAt(snapshot)
            return self._evidence_rules.of_block(block.evidence, self._parent.height, reader)

    def _verdict(self, block: ConsensusBlock, prescribed: Prescribed) -> ExecutedBlock | str:
        given = expectations(self._parent, block.header.time_ms, block.last_certificate, prescribed)
        verdict = self._chain.execute_payload(block.payload, given)
        if isinstance(verdict, Invalid):
            return str(verdict.reason)
        if verdict.executed.hash != block.header.execution_hash:
            return (
                f"execution hash {block.header.execution_hash.hex()}, "
                f"the payload's is {verdict.executed.hash.hex()}"
            )
        return verdict.executed

    def _commit(
        self, block: ConsensusBlock, certificate: Certificate
    ) -> tuple[ExecutedBlock, Parent]:
        prescribed = self._prescribed(block.last_certificate, self._evidence_of(block))
        executed = self._verdict(block, prescribed)
        assert isinstance(executed, ExecutedBlock), f"committing what was refused: {executed}"
        validators, following = self._parent.validators, self._parent.next_validators
        absences = prescribed.absences
        self._chain.commit(
            executed, records_of(block, certificate, validators, following, absences)
        )
        self._intake.on_new_head(executed.block.header, executed.result.changes)
        for alarm in executed.result.alarms:
            logger.critical("block %d: %s", block.header.height, alarm)
        for error in executed.result.system_errors:
            logger.warning("block %d: a call at its end failed: %s", block.header.height, error)
        with self._store.snapshot() as snapshot:
            return executed, parent_of_next(
                snapshot, self._sets, block.header, following, validators, absences
            )

    def _tell(self, executed: ExecutedBlock, certificate: Certificate) -> None:
        now = time.monotonic()
        header = executed.block.header
        logger.info(
            "block %d  %s…  %d tx  %.2f Mgas  round %d  signed %d of %d  %.2f s",
            header.number,
            header.hash.hex()[:10],
            len(executed.block.transactions),
            header.gas_used / 1e6,
            certificate.round,
            len(certificate.signatures),
            len(self._parent.validators),
            now - self._committed_at,
        )
        self._committed_at = now
