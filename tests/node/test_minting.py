"""A proposer that mints: the other validators execute its block before they vote, and refuse it."""

from dataclasses import replace
from typing import Any

import trio
from eth_typing import Address

from chain import block_store
from chain.blocks import Block, decode_block, encode_block
from chain.chain import Chain, Valid
from chain.engine import Withdrawal
from chain.executed_block import withdrawals_root
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from consensus.block_parts import assemble_block
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of
from consensus.validators import address_of
from consensus.values import Height
from genesis.block import genesis_block
from genesis.document import GenesisDocument, load_document
from genesis.networks import devnet_document
from node.execution_host import BuildSettings, ExecutionHost
from node.transaction_intake import TransactionIntake

SECRETS = [bytes([index]) * 32 for index in (1, 2, 3, 4)]
SENTINEL = 2**64 - 1
STOLEN = Withdrawal(0, SENTINEL, Address(b"\x13" * 20), 10**9)


class Thief(Chain):
    """A chain whose proposals credit a billion gwei to somebody, by a sentinel withdrawal."""

    def build_payload(self, *arguments: Any) -> Any:
        honest = super().build_payload(*arguments)
        block = honest.block
        header = replace(block.header, withdrawals_root=withdrawals_root([STOLEN]))
        minting = Block(header, block.transactions, withdrawals=(STOLEN,))
        # Foreign chains may carry withdrawals: so the thief learns the root that its block gives.
        self._allows_withdrawals = True
        reason = self.execute_payload(minting).reason
        minting = replace(minting, header=replace(header, state_root=reason.expected))
        verdict = self.execute_payload(minting)
        assert isinstance(verdict, Valid), "by the rules of 0G alone the block is right"
        return verdict.executed


def host_of(document: GenesisDocument, secret: bytes, chain_class: type[Chain]) -> ExecutionHost:
    store = MemoryStore()
    Chain.initialize(store, *genesis_block(document))
    with store.snapshot() as snapshot:
        head = block_store.head(snapshot)

    def account_of(address: Address) -> Any:
        with store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)

    intake = TransactionIntake(TransactionPool(document.config, head, account_of))
    own = address_of(public_key_of(secret))
    settings = BuildSettings(own, Address(own), 36_000_000, 0, 400)
    chain = chain_class(store, document.config, PyEvmEngine())
    return ExecutionHost(chain, store, document, intake, settings, lambda executed: None)


def with_slashed(block: ConsensusBlock, document: GenesisDocument) -> ConsensusBlock:
    """The same execution block with a slashed entry, which no field of its header binds."""
    payload = decode_block(block.payload)
    slashing = encode_block(replace(payload, slashed=(STOLEN,)))
    validators = document.validators
    return assemble_block(
        height=Height(1),
        time_ms=block.header.time_ms,
        proposer=block.header.proposer,
        parent_hash=document.identity,
        validators=validators,
        next_validators=validators.advanced(),
        last_certificate=None,
        evidence=(),
        payload=slashing,
        execution_hash=block.header.execution_hash,
    )


def test_a_proposal_that_mints_by_a_sentinel_withdrawal_is_refused_by_the_other_validators() -> (
    None
):
    document = load_document(devnet_document([(public_key_of(secret), "") for secret in SECRETS]))

    async def propose() -> None:
        thief = host_of(document, SECRETS[0], Thief)
        others = [host_of(document, secret, Chain) for secret in SECRETS[1:]]
        minting = await thief.build(1, 0, lambda: None)
        verdicts = [await other.check(minting) for other in others]
        assert verdicts == ["withdrawals: got 1 entries, expected none"] * 3
        honest = await others[0].build(1, 0, lambda: None)
        assert [await other.check(honest) for other in others] == [None] * 3
        slashing = with_slashed(honest, document)
        verdicts = [await other.check(slashing) for other in others]
        assert verdicts == ["slashed: got 1 entries, expected none"] * 3

    trio.run(propose)
