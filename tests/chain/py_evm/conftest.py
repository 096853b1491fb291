"""A state in dictionaries, the engine on it, and keys to sign with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.config import ChainConfig, Rules
from chain.engine import (
    Account,
    AccountChange,
    AccountOverride,
    BlockResult,
    CallResult,
    Environment,
    Message,
    Withdrawal,
)
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS
from chain.py_evm.engine import PyEvmEngine
from chain.transactions import Transaction, decode_transaction, recover_sender
from precompiles.interface import Precompile

ETHER = 10**18
GWEI = 10**9
CHAIN_ID = 16601
COINBASE = Address(b"\xc0" * 20)
EMPTY_CODE_HASH = Hash32(keccak(b""))


class Ledger:
    """A `StateReader` that takes the changes of each block."""

    def __init__(self) -> None:
        self.accounts: dict[Address, Account] = {}
        self.slots: dict[Address, dict[int, int]] = {}
        self.codes: dict[Hash32, bytes] = {EMPTY_CODE_HASH: b""}

    def put(
        self,
        address: Address,
        *,
        balance: int = 0,
        nonce: int = 0,
        code: bytes = b"",
        slots: Mapping[int, int] | None = None,
    ) -> None:
        code_hash = Hash32(keccak(code))
        self.codes[code_hash] = code
        self.accounts[address] = Account(nonce, balance, code_hash)
        self.slots[address] = dict(slots or {})

    def account(self, address: Address) -> Account | None:
        return self.accounts.get(address)

    def slot(self, address: Address, slot: int) -> int:
        return self.slots.get(address, {}).get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return any(self.slots.get(address, {}).values())

    def code(self, code_hash: Hash32) -> bytes:
        return self.codes[code_hash]

    def block_hash(self, number: int) -> Hash32 | None:
        return Hash32(keccak(number.to_bytes(8, "big")))

    def apply(self, changes: Sequence[AccountChange]) -> None:
        for change in changes:
            if change.account is None or change.wipes_storage:
                self.slots.pop(change.address, None)
            if change.account is None:
                self.accounts.pop(change.address, None)
                continue
            self.accounts[change.address] = change.account
            self.slots.setdefault(change.address, {}).update(dict(change.slots))
            if change.code is not None:
                self.codes[change.account.code_hash] = change.code


class Signer:
    def __init__(self, number: int) -> None:
        self._key = PrivateKey(number.to_bytes(32, "big"))
        self.address = Address(keccak(self._key.public_key.format(compressed=False)[1:])[-20:])

    def sign(self, nonce: int, to: Address | None, **more: Any) -> Transaction:
        """Type 2; with `blobs` type 3, with `authorizations` type 4."""
        body: list[Any] = [
            more.get("chain_id", CHAIN_ID),
            nonce,
            more.get("tip", 0),
            more.get("max_fee", GWEI),
            more.get("gas", 21_000),
            to or b"",
            more.get("value", 0),
            more.get("data", b""),
            more.get("access_list", []),
        ]
        kind = 2
        if "blobs" in more:
            kind, body = 3, [*body, more.get("max_blob_fee", GWEI), more["blobs"]]
        if "authorizations" in more:
            kind, body = 4, [*body, more["authorizations"]]
        prefix = bytes((kind,))
        signature = self._key.sign_recoverable(keccak(prefix + rlp.encode(body)), hasher=None)
        return decode_transaction(prefix + rlp.encode(body + _parts(signature)))

    def authorize(self, delegate: Address, nonce: int) -> list[Any]:
        """An EIP-7702 authorization, as it stands in a transaction."""
        body = [CHAIN_ID, delegate, nonce]
        digest = keccak(b"\x05" + rlp.encode(body))
        return body + _parts(self._key.sign_recoverable(digest, hasher=None))


def _parts(signature: bytes) -> list[int]:
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    return [signature[64], r, s]


class World:
    """One ledger, one engine; every call of `block` is a block on top."""

    def __init__(
        self, rules: Rules, precompiles: Mapping[Address, Precompile] | None = None
    ) -> None:
        self.ledger = Ledger()
        self.alice, self.bob = Signer(1), Signer(2)
        self.ledger.put(self.alice.address, balance=1_000 * ETHER)
        found = precompiles
        self.engine = PyEvmEngine() if found is None else PyEvmEngine(lambda _: found)
        self.environment = Environment(
            rules=rules,
            number=1_000,
            timestamp=1_000_000,
            coinbase=COINBASE,
            gas_limit=100_000_000,
            base_fee=0 if rules.fork >= Fork.LONDON else None,
            prev_randao=Hash32(bytes(32)),
            difficulty=0,
            excess_blob_gas=0 if rules.fork >= Fork.CANCUN else None,
            parent_hash=Hash32(b"\x0f" * 32),
            parent_beacon_block_root=Hash32(b"\xbe" * 32) if rules.fork >= Fork.CANCUN else None,
        )

    def block(
        self,
        *transactions: Transaction,
        withdrawals: Sequence[Withdrawal] = (),
        slashed: Sequence[Withdrawal] = (),
        **environment: Any,
    ) -> BlockResult:
        result = self.engine.execute_block(
            replace(self.environment, **environment),
            transactions,
            [recover_sender(transaction) for transaction in transactions],
            withdrawals,
            slashed,
            self.ledger,
        )
        self.ledger.apply(result.changes)
        return result

    def call(
        self,
        to: Address | None,
        data: bytes = b"",
        gas: int = 10_000_000,
        overrides: dict[Address, AccountOverride] | None = None,
        **more: Any,
    ) -> CallResult:
        message = Message(sender=self.alice.address, to=to, gas_limit=gas, data=data, **more)
        return self.engine.call(self.environment, message, self.ledger, overrides)


def rules_of(fork: Fork, **more: Any) -> Rules:
    return Rules(chain_id=CHAIN_ID, fork=fork, blobs=FORK_ROWS[fork].blobs, **more)


class Worlds:
    """What tests ask for: plain Ethereum at a fork, or 0G's rules at Prague."""

    rules_of = staticmethod(rules_of)

    @staticmethod
    def ethereum(fork: Fork = Fork.PRAGUE) -> World:
        return World(rules_of(fork))

    @staticmethod
    def zero_g(precompiles: Mapping[Address, Precompile] | None = None, **more: Any) -> World:
        return World(rules_of(Fork.PRAGUE, has_zero_g_precompiles=True, **more), precompiles)


@pytest.fixture
def worlds() -> Worlds:
    return Worlds()


@pytest.fixture
def world() -> World:
    """Plain Ethereum at Prague."""
    return Worlds.ethereum()


@pytest.fixture
def prague_config() -> ChainConfig:
    section = {"chainId": CHAIN_ID, "terminalTotalDifficulty": 0}
    return ChainConfig.from_genesis(section | {"shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0})
