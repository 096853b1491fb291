"""Four validators' execution hosts over stores in memory, deciding blocks without a network."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import trio
from eth_account import Account as Signer
from eth_typing import Address
from eth_utils import to_checksum_address

from chain import block_store
from chain.chain import Chain
from chain.key_value import MemoryStore
from chain.py_evm import PyEvmEngine
from chain.staking import STAKING_CONTRACT, WEI_PER_POWER, Staking
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from consensus.certificates import build_certificate
from consensus.encoding import signing_digest
from consensus.evidence import Evidence
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of, sign
from consensus.validators import ValidatorSet, address_of
from consensus.values import Certificate, Height, Round, ValidatorAddress, ValueId, Vote, VoteKind
from genesis.block import genesis_block
from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from genesis.document import load_document
from genesis.networks import DEVNET_CHAIN_ID, devnet_document
from genesis.staking.reading import StakedValidator, staked_validator
from node.client.contract_calls import Contract
from node.execution_host import BuildSettings, ExecutionHost
from node.local_socket import Accepted
from node.staking.possession import possession_of
from node.transaction_intake import TransactionIntake

SECRETS = [bytes([index]) * 32 for index in (1, 2, 3, 4)]
NEWCOMER = bytes([9]) * 32
RULES = Staking(
    max_active=5,
    min_stake=100 * WEI_PER_POWER,
    unbonding_blocks=6,
    reward_per_block=10**18,
    missed_blocks_limit=3,
)
GAS_PRICE = 3 * 10**9
BUDGET_MS = 60_000
"""So long that every transaction gets into the next block, however busy the machine."""


def address(secret: bytes) -> ValidatorAddress:
    return address_of(public_key_of(secret))


class Cluster:
    """Every host executes every block; whoever's turn it is proposes."""

    def __init__(self, rules: Staking | None = RULES) -> None:
        keys = [(public_key_of(secret), f"validator-{n}") for n, secret in enumerate(SECRETS)]
        self.document = load_document(devnet_document(keys, staking=rules))
        self.secrets = {address(secret): secret for secret in [*SECRETS, NEWCOMER]}
        self.stores: dict[ValidatorAddress, MemoryStore] = {}
        self.hosts = {own: self._host(own) for own in self.secrets}
        self.last: Certificate | None = None
        self.blocks: list[ConsensusBlock] = []
        self.sets: list[ValidatorSet] = []
        self._nonces: dict[int, int] = {}
        self.accounts = dev_accounts(count=4)
        self.contract = Contract(
            None,
            to_checksum_address(STAKING_CONTRACT),
            artifact("Staking"),  # type: ignore[arg-type]
        )

    def _host(self, own: ValidatorAddress) -> ExecutionHost:
        store = self.stores[own] = MemoryStore()
        Chain.initialize(store, *genesis_block(self.document))
        return self.open_host(own)

    def open_host(self, own: ValidatorAddress) -> ExecutionHost:
        """A host over that validator's store, as after a restart."""
        store = self.stores[own]
        with store.snapshot() as snapshot:
            head = block_store.head(snapshot)
        assert head is not None

        def account_of(who: Address) -> Any:
            with store.snapshot() as snapshot:
                return StateAt(snapshot).account(who)

        intake = TransactionIntake(TransactionPool(self.document.config, head, account_of))
        settings = BuildSettings(own, Address(own), 36_000_000, 0, BUDGET_MS)
        chain = Chain(store, self.document.config, PyEvmEngine(), senders_of=intake.senders_of)
        host = ExecutionHost(chain, store, self.document, intake, settings, lambda executed: None)
        self.intakes = {**getattr(self, "intakes", {}), own: intake}
        return host

    @property
    def any_host(self) -> ExecutionHost:
        return self.hosts[address(SECRETS[0])]

    @property
    def height(self) -> int:
        return self.any_host.tip

    def staked(self, validator: ValidatorAddress) -> StakedValidator:
        with self.stores[address(SECRETS[0])].snapshot() as snapshot:
            return staked_validator(StateAt(snapshot), validator)

    async def send(self, function: str, *arguments: Any, sender: int = 0, value: int = 0) -> None:
        """A transaction of a development account to the staking contract, at every host."""
        _, key = self.accounts[sender]
        nonce = self._nonces.get(sender, 0)
        self._nonces[sender] = nonce + 1
        transaction = {
            "chainId": DEVNET_CHAIN_ID, "nonce": nonce, "gas": 3_000_000, "gasPrice": GAS_PRICE,
            "value": value, "to": self.contract.address,
            "data": self.contract.data(function, *arguments),
        }  # fmt: skip
        raw = bytes(Signer.sign_transaction(transaction, key).raw_transaction)
        for intake in self.intakes.values():
            [outcome] = await intake.submit([raw])
            assert isinstance(outcome, Accepted), outcome

    async def create(self, secret: bytes, amount: int, sender: int = 1) -> None:
        owner = self.accounts[sender][0]
        proof = possession_of(secret, DEVNET_CHAIN_ID, owner)
        await self.send("createValidator", *proof.arguments, sender=sender, value=amount)

    def certificate(
        self, block: ConsensusBlock, validators: ValidatorSet, absent: Sequence[bytes] = ()
    ) -> Certificate:
        votes = []
        for who in validators.addresses:
            if self.secrets[who] not in absent:
                votes.append(self.vote(who, block.header.height, block.header.hash))
        height, value = block.header.height, block.header.hash
        return build_certificate(VoteKind.PRECOMMIT, height, Round(0), value, votes)

    def vote(self, who: ValidatorAddress, height: int, value: bytes | None, round: int = 0) -> Vote:
        value_id = None if value is None else ValueId(value)
        vote = Vote(VoteKind.PRECOMMIT, Height(height), Round(round), value_id, who)
        digest = signing_digest(self.document.identity, vote)
        return vote.signed(sign(self.secrets[who], digest))

    def evidence(self, who: ValidatorAddress, height: int, round: int = 0) -> Evidence:
        """Two precommits that exclude each other."""
        one = self.vote(who, height, b"\x01" * 32, round)
        return Evidence.of(one, self.vote(who, height, None, round))

    async def propose(self, absent: Sequence[bytes] = ()) -> ConsensusBlock:
        """A block of whoever's turn it is among those that are there."""
        validators = self.any_host.next_validators
        turns = (validators.proposer(Round(number)) for number in range(100))
        proposer = next(who for who in turns if self.secrets[who] not in absent)
        return await self.hosts[proposer].build(self.height + 1, 0, lambda: self.last)

    async def decide(self, absent: Sequence[bytes] = ()) -> ConsensusBlock:
        """Propose, check at every host, commit everywhere."""
        block = await self.propose(absent)
        validators = self.any_host.next_validators
        verdicts = [await host.check(block) for host in self.hosts.values()]
        assert verdicts == [None] * len(self.hosts)
        certificate = self.certificate(block, validators, absent)
        following = [await host.commit(block, certificate) for host in self.hosts.values()]
        assert all(each == following[0] for each in following)
        self.last = certificate
        self.blocks.append(block)
        self.sets.append(validators)
        return block


@pytest.fixture
def cluster() -> Cluster:
    return Cluster()


@pytest.fixture
def make_cluster() -> Callable[..., Cluster]:
    return Cluster


@pytest.fixture
def run() -> Callable[..., Any]:
    """An async test's body, within a minute."""

    def run_limited(main: Callable[[], Any]) -> Any:
        async def limited() -> Any:
            with trio.fail_after(60):
                return await main()

        return trio.run(limited)

    return run_limited
