"""node/execution_host.py and node/consensus_records.py: a real chain over LMDB, one validator."""

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio
from eth_account import Account
from eth_typing import Address
from eth_utils import to_checksum_address

from chain import block_store
from chain.blocks import decode_block, encode_block
from chain.chain import Chain
from chain.executed_block import ExecutedBlock
from chain.key_value import KeyValueStore
from chain.pool_admission import PoolSettings
from chain.py_evm import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from consensus.block_parts import assemble_block
from consensus.certificates import build_certificate
from consensus.encoding import signing_digest
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of, sign
from consensus.validators import address_of
from consensus.values import Certificate, Height, Round, Vote, VoteKind
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import GenesisDocument, load_document
from genesis.networks import devnet_document
from node.consensus_records import (
    read_certificate,
    read_consensus_header,
    read_decision,
    read_last_validators,
    read_next_validators,
)
from node.database import LmdbStore
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC
from node.execution_host import BuildSettings, ExecutionHost
from node.transaction_intake import TransactionIntake

SECRET = b"\x01" * 32
OWN = address_of(public_key_of(SECRET))
GWEI = 10**9
BLOCK_TIME_MS = 200
[(SENDER, KEY), (OTHER, _)] = dev_accounts(DEFAULT_MNEMONIC, 2)


class Solo:
    """One validator's execution host, and what it has told."""

    def __init__(self, store: KeyValueStore, document: GenesisDocument, block_time_ms: int) -> None:
        def account_of(address: Address) -> Any:
            with store.snapshot() as snapshot:
                return StateAt(snapshot).account(address)

        with store.snapshot() as snapshot:
            head = block_store.head(snapshot)
        assert head is not None
        pool = TransactionPool(document.config, head, account_of, PoolSettings())
        self.intake = TransactionIntake(pool)
        self.document = document
        self.told: list[ExecutedBlock] = []
        chain = Chain(store, document.config, PyEvmEngine(), senders_of=self.intake.senders_of)
        settings = BuildSettings(OWN, Address(OWN), 36_000_000, block_time_ms, 400)
        self.host = ExecutionHost(chain, store, document, self.intake, settings, self.told.append)

    def certificate(self, block: ConsensusBlock) -> Certificate:
        height, value = block.header.height, block.header.hash
        vote = Vote(VoteKind.PRECOMMIT, height, Round(0), value, OWN)
        signed = vote.signed(sign(SECRET, signing_digest(self.document.identity, vote)))
        return build_certificate(VoteKind.PRECOMMIT, height, Round(0), value, [signed])

    async def decide(self, last: Certificate | None) -> Certificate:
        """Build, check and commit the next block; its certificate."""
        block = await self.host.build(self.host.tip + 1, 0, lambda: last)
        assert await self.host.check(block) is None
        certificate = self.certificate(block)
        await self.host.commit(block, certificate)
        return certificate


@pytest.fixture
def document() -> GenesisDocument:
    validators = [(public_key_of(SECRET), "validator-0")]
    return load_document(devnet_document(validators, DEFAULT_CHAIN_ID))


@pytest.fixture
def store(tmp_path: Path, document: GenesisDocument) -> Iterator[KeyValueStore]:
    with LmdbStore(tmp_path / "db") as opened:
        Chain.initialize(opened, *genesis_block(document))
        yield opened


@pytest.fixture
def solo(store: KeyValueStore, document: GenesisDocument) -> Solo:
    return Solo(store, document, BLOCK_TIME_MS)


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        with trio.fail_after(60):
            return await main()

    return trio.run(limited)


def transfer(nonce: int) -> bytes:
    transaction = {
        "chainId": DEFAULT_CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "gasPrice": 3 * GWEI,
        "value": 5,
        "to": to_checksum_address(OTHER),
    }
    return bytes(Account.from_key(KEY).sign_transaction(transaction).raw_transaction)


def test_pooled_transactions_are_built_checked_and_committed(
    solo: Solo, store: KeyValueStore
) -> None:
    async def main() -> None:
        await solo.intake.submit([transfer(0), transfer(1)])
        last = await solo.decide(None)
        assert solo.intake.counts == (0, 0), "what is in a block leaves the pool"
        assert solo.intake.pending_nonce(SENDER) == 2
        await solo.decide(last)

    before = int(time.time() * 1_000)
    run(main)
    assert solo.host.tip == 2
    assert [len(executed.block.transactions) for executed in solo.told] == [2, 0]
    with store.snapshot() as snapshot:
        account = StateAt(snapshot).account(SENDER)
        headers = [read_consensus_header(snapshot, height) for height in (1, 2)]
    assert account is not None
    assert account.nonce == 2
    first, second = headers
    assert first is not None
    assert second is not None
    assert first.parent_hash == solo.document.identity
    assert second.parent_hash == first.hash
    assert before <= first.time_ms
    assert second.time_ms >= first.time_ms + BLOCK_TIME_MS, "the block time is waited out"
    assert solo.told[0].block.header.parent_beacon_block_root == solo.document.identity


def test_what_is_stored_comes_back_byte_for_byte(solo: Solo, store: KeyValueStore) -> None:
    """T21: the certificate that was seen, beside its block."""

    async def main() -> tuple[ConsensusBlock, Certificate]:
        await solo.intake.submit([transfer(0)])
        block = await solo.host.build(1, 0, lambda: None)
        certificate = solo.certificate(block)
        await solo.host.check(block)
        await solo.host.commit(block, certificate)
        return block, certificate

    block, certificate = run(main)
    assert solo.host.stored(1) == (block, certificate)
    assert solo.host.stored(2) is None
    assert solo.host.stored(0) is None
    with store.snapshot() as snapshot:
        decision = read_decision(snapshot, 1)
        assert decision is not None
        assert decision.block.payload == block.payload
        assert read_consensus_header(snapshot, 1) == block.header
        assert read_certificate(snapshot, 1) == certificate
        assert read_certificate(snapshot, 2) is None
        following, decided_by = read_next_validators(snapshot), read_last_validators(snapshot)
    assert decided_by == solo.document.validators
    assert following == solo.document.validators.advanced()
    assert following == solo.host.next_validators


def test_a_host_over_the_same_database_goes_on_where_the_last_one_was(
    solo: Solo, store: KeyValueStore, document: GenesisDocument
) -> None:
    """T21, T26, T28: block, state, certificate and rotation are one write, or none."""
    last = run(lambda: solo.decide(None))
    again = Solo(store, document, BLOCK_TIME_MS)
    assert again.host.tip == 1
    assert again.host.next_validators == solo.host.next_validators
    run(lambda: again.decide(last))
    assert again.host.tip == 2


def with_payload(block: ConsensusBlock, payload: bytes, execution_hash: bytes) -> ConsensusBlock:
    """The same consensus block around another execution block."""
    header = block.header
    solo_validators = load_document(
        devnet_document([(public_key_of(SECRET), "validator-0")], DEFAULT_CHAIN_ID)
    ).validators
    return assemble_block(
        height=header.height,
        time_ms=header.time_ms,
        proposer=header.proposer,
        parent_hash=header.parent_hash,
        validators=solo_validators,
        next_validators=solo_validators.advanced(),
        last_certificate=block.last_certificate,
        evidence=block.evidence,
        payload=payload,
        execution_hash=execution_hash,  # type: ignore[arg-type]
    )


def test_a_block_that_claims_what_execution_does_not_give_is_refused_with_got_and_expected(
    solo: Solo,
) -> None:
    async def main() -> None:
        await solo.intake.submit([transfer(0)])
        block = await solo.host.build(1, 0, lambda: None)
        execution = decode_block(block.payload)
        for field, value in (
            ("state_root", b"\x01" * 32),
            ("receipts_root", b"\x01" * 32),
            ("gas_used", 21_001),
            ("timestamp", execution.header.timestamp + 1),
            ("mix_hash", b"\x01" * 32),
            ("parent_beacon_block_root", b"\x01" * 32),
            ("base_fee", 7),
        ):
            header = replace(execution.header, **{field: value})
            forged = encode_block(replace(execution, header=header))
            why = await solo.host.check(with_payload(block, forged, header.hash))
            assert why is not None, field
            assert why.startswith(f"{field}: got ")
            assert ", expected " in why
        assert await solo.host.check(with_payload(block, b"garbage", bytes(32))) is not None
        mislabelled = with_payload(block, block.payload, bytes(32))
        why = await solo.host.check(mislabelled)
        assert why is not None
        assert "execution hash" in why
        assert await solo.host.check(block) is None, "the pool and state are as before"

    run(main)


def test_a_block_on_another_parent_is_refused_before_it_is_executed(solo: Solo) -> None:
    async def main() -> str | None:
        last = await solo.decide(None)
        block = await solo.host.build(2, 0, lambda: last)
        stale = replace(block, header=replace(block.header, height=Height(1)))
        return await solo.host.check(stale)

    assert run(main) == "height 1, expected 2"


def test_nothing_is_built_before_the_block_time_is_over(
    store: KeyValueStore, document: GenesisDocument
) -> None:
    slow = Solo(store, document, block_time_ms=3_600_000)

    async def main() -> bool:
        # The genesis lies far back, so the first block is due at once; the second is not.
        last = await slow.decide(None)
        with trio.move_on_after(0.5) as scope:
            await slow.host.build(2, 0, lambda: last)
        return scope.cancelled_caught

    assert run(main)
