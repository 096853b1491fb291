"""A small funded chain over memory with the real engine, and keys to sign with."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Header,
)
from chain.building import PayloadAttributes
from chain.candidates import Candidates
from chain.chain import Chain
from chain.config import ChainConfig
from chain.engine import Account, AccountChange
from chain.executed_block import ExecutedBlock
from chain.key_value import MemoryStore
from chain.pooled_transaction import PooledTransaction
from chain.py_evm.engine import PyEvmEngine
from chain.queries import Queries
from chain.receipts import requests_hash
from chain.state import prepare_update
from chain.transactions import Transaction, decode_transaction, recover_sender

GWEI = 10**9
ETHER = 10**18
CHAIN_ID = 16601
PROPOSER = Address(b"\xc0" * 20)
FORKS = {
    "homesteadBlock": 0,
    "eip150Block": 0,
    "eip158Block": 0,
    "byzantiumBlock": 0,
    "constantinopleBlock": 0,
    "istanbulBlock": 0,
    "berlinBlock": 0,
    "londonBlock": 0,
    "terminalTotalDifficulty": 0,
    "shanghaiTime": 0,
    "cancunTime": 0,
    "pragueTime": 0,
}


class Key:
    """Somebody who signs transactions."""

    def __init__(self, number: int) -> None:
        self._key = PrivateKey(number.to_bytes(32, "big"))
        self.address = Address(keccak(self._key.public_key.format(compressed=False)[1:])[-20:])

    def sign(self, nonce: int, **fields: Any) -> Transaction:
        """A fee-market transaction; `to` None creates."""
        gas_limit = fields.get("gas_limit", 21_000)
        tip, cap = fields.get("tip", GWEI), fields.get("cap", 10 * GWEI)
        body = [
            fields.get("chain_id", CHAIN_ID),
            nonce,
            tip,
            cap,
            gas_limit,
            fields.get("to", b"\xaa" * 20) or b"",
            fields.get("value", 0),
            fields.get("data", b""),
            [],
        ]
        return self._signed(b"\x02", body)

    def sign_unprotected(self, nonce: int, to: Address, value: int = 0) -> Transaction:
        """A legacy transaction without a chain id."""
        body: list[Any] = [nonce, 10 * GWEI, 21_000, to, value, b""]
        signature = self._key.sign_recoverable(keccak(rlp.encode(body)), hasher=None)
        r, s, parity = _split(signature)
        return decode_transaction(rlp.encode([*body, 27 + parity, r, s]))

    def _signed(self, kind: bytes, body: list[Any]) -> Transaction:
        signature = self._key.sign_recoverable(keccak(kind + rlp.encode(body)), hasher=None)
        r, s, parity = _split(signature)
        return decode_transaction(kind + rlp.encode([*body, parity, r, s]))


def _split(signature: bytes) -> tuple[int, int, int]:
    return (
        int.from_bytes(signature[:32], "big"),
        int.from_bytes(signature[32:64], "big"),
        signature[64],
    )


@dataclass
class Setting:
    """A chain with its store, and shortcuts for what tests do again and again."""

    config: ChainConfig
    keys: Sequence[Key]
    allows_withdrawals: bool = False
    codes: dict[Address, bytes] = field(default_factory=dict)
    gas_limit: int = 36_000_000

    def __post_init__(self) -> None:
        self.store, self.engine = MemoryStore(), PyEvmEngine()
        changes = [
            AccountChange(key.address, Account(0, 1_000 * ETHER, Hash32(keccak(b""))))
            for key in self.keys
        ] + [
            AccountChange(address, Account(1, 0, Hash32(keccak(code))), code=code)
            for address, code in self.codes.items()
        ]
        changes.sort(key=lambda change: change.address)
        with self.store.snapshot() as snapshot:
            root = prepare_update(snapshot, changes).state_root
        self.genesis = Header(
            parent_hash=ZERO_HASH,
            ommers_hash=EMPTY_OMMERS_HASH,
            coinbase=Address(bytes(20)),
            state_root=root,
            transactions_root=EMPTY_TRIE_ROOT,
            receipts_root=EMPTY_TRIE_ROOT,
            bloom=EMPTY_BLOOM,
            difficulty=0,
            number=0,
            gas_limit=self.gas_limit,
            gas_used=0,
            timestamp=1_000,
            extra_data=b"",
            mix_hash=ZERO_HASH,
            nonce=NO_NONCE,
            base_fee=GWEI,
            withdrawals_root=EMPTY_TRIE_ROOT,
            blob_gas_used=0,
            excess_blob_gas=0,
            parent_beacon_block_root=ZERO_HASH,
            requests_hash=requests_hash(()),
        )
        Chain.initialize(self.store, self.genesis, changes)
        self.chain = self.open()
        self.queries = Queries(self.store, self.config, self.engine)

    def open(self) -> Chain:
        """The chain as another process would find it in the store."""
        return Chain(
            self.store, self.config, self.engine, allows_withdrawals=self.allows_withdrawals
        )

    def attributes(self, timestamp: int | None = None) -> PayloadAttributes:
        head = self.chain.head
        return PayloadAttributes(
            timestamp=head.timestamp + 1 if timestamp is None else timestamp,
            prev_randao=Hash32(b"\x77" * 32),
            coinbase=PROPOSER,
            parent_beacon_block_root=Hash32(head.number.to_bytes(32, "big")),
            gas_limit_target=self.gas_limit,
        )

    def offer(self, *transactions: Transaction) -> Candidates:
        """Transactions as the pool would offer them; senders recovered."""
        by_sender: dict[Address, list[PooledTransaction]] = {}
        for arrival, transaction in enumerate(transactions):
            sender = recover_sender(transaction)
            pooled = PooledTransaction(transaction, sender, arrival)
            by_sender.setdefault(sender, []).append(pooled)
        return Candidates(by_sender.values(), base_fee=0)

    def build(self, *transactions: Transaction) -> ExecutedBlock:
        return self.chain.build_payload(self.attributes(), self.offer(*transactions), never)

    def extend(self, *transactions: Transaction) -> ExecutedBlock:
        """Build and commit."""
        executed = self.build(*transactions)
        self.chain.commit(executed)
        return executed


def never() -> bool:
    return False


@pytest.fixture(scope="session")
def keys() -> list[Key]:
    return [Key(number) for number in range(1, 6)]


@pytest.fixture(scope="session")
def make_config() -> Callable[..., ChainConfig]:
    """A configuration at Prague; arguments are further entries of genesis `config`."""

    def make(**entries: Any) -> ChainConfig:
        return ChainConfig.from_genesis({"chainId": CHAIN_ID, **FORKS, **entries})

    return make


@pytest.fixture
def make_setting(
    keys: list[Key], make_config: Callable[..., ChainConfig]
) -> Callable[..., Setting]:
    """A chain with block zero; arguments as `Setting` has them."""

    def make(config: ChainConfig | None = None, **options: Any) -> Setting:
        return Setting(config or make_config(), keys, **options)

    return make
