"""Builds, checks and commits blocks for the consensus host, off the event loop.

One worker thread does all that executes, so that votes are answered while a heavy block runs. The
consensus host asks for one height at a time, so a `Chain` is never used by two threads.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import trio
from eth_typing import Address

from chain.building import PayloadAttributes
from chain.chain import Chain, Invalid
from chain.executed_block import ExecutedBlock
from chain.header_rules import next_base_fee
from chain.key_value import KeyValueStore
from consensus.block_parts import assemble_block
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
from node.consensus_records import (
    read_consensus_header,
    read_decision,
    read_last_validators,
    read_next_validators,
    records_of,
)
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
    ) -> None:
        """`on_committed` is called on the event loop after each block."""
        self._chain, self._store, self._intake = chain, store, intake
        self._settings, self._on_committed = settings, on_committed
        self._identity = document.identity
        self._thread = trio.CapacityLimiter(1)
        self._parent = _head_as_parent(store, document, chain.head.number)
        self._committed_at = time.monotonic()

    @property
    def tip(self) -> int:
        """The last committed height."""
        return self._parent.height

    @property
    def next_validators(self) -> ValidatorSet:
        """Who decides the next height."""
        return self._parent.validators

    async def build(
        self, height: int, round: int, last_certificate: Certificate | None
    ) -> ConsensusBlock:
        """A block of ours, not before the block time is over."""
        parent = self._parent
        assert height == parent.height + 1, "consensus builds on the tip alone"
        wait_ms = parent.time_ms + self._settings.block_time_ms - _now_ms()
        await trio.sleep(max(0, wait_ms) / 1_000)
        time_ms = max(_now_ms(), parent.time_ms + 1)
        return await self._left_at_cancel(lambda: self._build(parent, time_ms, last_certificate))

    async def check(self, block: ConsensusBlock) -> str | None:
        """None where the block is valid on top of the tip."""
        return await self._left_at_cancel(lambda: self._check(block))

    async def commit(self, block: ConsensusBlock, certificate: Certificate) -> ValidatorSet:
        """Make a checked block the tip."""
        executed, parent = await self._in_thread(lambda: self._commit(block, certificate))
        self._parent = parent
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

    def _build(
        self, parent: Parent, time_ms: int, last_certificate: Certificate | None
    ) -> ConsensusBlock:
        settings = self._settings
        assert settings.proposer is not None, "only a validator is asked to build"
        given = expectations(parent, time_ms, last_certificate)
        attributes = PayloadAttributes(
            timestamp=given.timestamp,
            prev_randao=given.prev_randao,
            coinbase=settings.coinbase,
            parent_beacon_block_root=given.parent_beacon_block_root,
            gas_limit_target=settings.gas_limit_target,
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
            next_validators=parent.validators.advanced(),
            last_certificate=last_certificate,
            evidence=(),
            payload=executed.payload,
            execution_hash=executed.hash,
        )

    def _check(self, block: ConsensusBlock) -> str | None:
        try:
            check_consensus_block(block, self._parent, self._identity)
        except InvalidConsensusBlock as error:
            return str(error)
        verdict = self._verdict(block)
        return verdict if isinstance(verdict, str) else None

    def _verdict(self, block: ConsensusBlock) -> ExecutedBlock | str:
        given = expectations(self._parent, block.header.time_ms, block.last_certificate)
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
        executed = self._verdict(block)
        assert isinstance(executed, ExecutedBlock), f"committing what was refused: {executed}"
        validators = self._parent.validators
        following = validators.advanced()
        self._chain.commit(executed, records_of(block, certificate, validators, following))
        self._intake.on_new_head(executed.block.header, executed.result.changes)
        for alarm in executed.result.alarms:
            logger.critical("block %d: %s", block.header.height, alarm)
        for error in executed.result.system_errors:
            logger.warning("block %d: a call at its end failed: %s", block.header.height, error)
        return executed, _as_parent(block, validators, following)

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


def _head_as_parent(store: KeyValueStore, document: GenesisDocument, height: int) -> Parent:
    """What the next block is built on, read from the database."""
    if height == 0:
        return Parent(
            Height(0),
            document.identity,
            document.timestamp * 1_000,
            document.validators,
            document.validators,
        )
    with store.snapshot() as snapshot:
        header = read_consensus_header(snapshot, height)
        validators = read_next_validators(snapshot)
        decided_by = read_last_validators(snapshot)
    assert header is not None, "written in one transaction with the block"
    assert validators is not None, "written in one transaction with the block"
    assert decided_by is not None, "written in one transaction with the block"
    return Parent(Height(height), header.hash, header.time_ms, validators, decided_by)


def _as_parent(block: ConsensusBlock, decided_by: ValidatorSet, following: ValidatorSet) -> Parent:
    header = block.header
    return Parent(header.height, header.hash, header.time_ms, following, decided_by)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
