"""Two chains in this process: one with the precompiles, one with 0G's contracts, deployed by a user."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import rlp
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from flow_steps import ADMIN, HELPER, STRANGER, Step, call_data, checksum

from chain.config import Rules
from chain.engine import Account, AccountChange, Environment, Receipt
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS
from chain.py_evm.engine import PyEvmEngine
from chain.storage_flow import StorageFlow
from chain.transactions import Transaction, data_floor_gas
from genesis.predeploys import BLOCK_HASHES_ADDRESS, BLOCK_HASHES_CODE
from precompiles.storage_flow import layout
from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD, ROOT_HISTORY

CHAIN_ID = 16_601
GAS = 300_000_000
EPOCH_BLOCKS = 100
FIRST_BLOCK = 10
KEPT_BLOCKS = 8_191
STOP = b"\x00"


class Ledger:
    """A `StateReader` in dictionaries. Blocks may be left out: every hash is that of the number."""

    def __init__(self) -> None:
        self.accounts: dict[Address, Account] = {}
        self.slots: dict[Address, dict[int, int]] = {}
        self.codes: dict[Hash32, bytes] = {Hash32(keccak(b"")): b""}
        self.number = 0

    def put(self, address: Address, balance: int = 0, code: bytes = b"") -> None:
        code_hash = Hash32(keccak(code))
        self.codes[code_hash] = code
        self.accounts[address] = Account(0, balance, code_hash)

    def account(self, address: Address) -> Account | None:
        return self.accounts.get(address)

    def slot(self, address: Address, slot: int) -> int:
        if address == BLOCK_HASHES_ADDRESS:
            newest = self.number - 1
            return int.from_bytes(hash_of(newest - (newest - slot) % KEPT_BLOCKS), "big")
        return self.slots.get(address, {}).get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return any(self.slots.get(address, {}).values())

    def code(self, code_hash: Hash32) -> bytes:
        return self.codes[code_hash]

    def block_hash(self, number: int) -> Hash32 | None:
        return hash_of(number)

    def balance(self, address: Address) -> int:
        account = self.accounts.get(address)
        return account.balance if account else 0

    def apply(self, changes: Sequence[AccountChange]) -> None:
        for change in changes:
            if change.account is None:
                self.accounts.pop(change.address, None)
                continue
            self.accounts[change.address] = change.account
            self.slots.setdefault(change.address, {}).update(change.slots)
            if change.code is not None:
                self.codes[change.account.code_hash] = change.code


def hash_of(number: int) -> Hash32:
    """Of a block; zeros before block 0."""
    return Hash32(keccak(number.to_bytes(8, "big")) if number >= 0 else bytes(32))


@dataclass
class Side:
    """One chain, and what is where on it."""

    flow: Address
    market: Address
    reward: Address
    history: Address
    ledger: Ledger
    rules: Rules
    engine: PyEvmEngine = field(default_factory=PyEvmEngine)

    def transact(
        self, number: int, to: Address | None, data: bytes, sender: Address = ADMIN, value: int = 0
    ) -> Receipt:
        """A block with this transaction alone, which costs no wei."""
        self.ledger.number = number
        account = self.ledger.account(sender)
        transaction = Transaction(
            type=2, chain_id=CHAIN_ID, nonce=account.nonce if account else 0, gas_price=0,
            gas_limit=GAS, to=to, value=value, data=data, y_parity=0, r=1, s=1,
            max_priority_fee_per_gas=0, max_fee_per_gas=0,
        )  # fmt: skip
        environment = Environment(
            rules=self.rules, number=number, timestamp=number, coinbase=Address(b"\x99" * 20),
            gas_limit=GAS, base_fee=0, prev_randao=Hash32(bytes(32)), difficulty=0,
            excess_blob_gas=0, parent_hash=hash_of(number - 1),
            parent_beacon_block_root=Hash32(bytes(32)),
        )  # fmt: skip
        result = self.engine.execute_block(
            environment, [transaction], [sender], [], [], self.ledger
        )
        assert not result.alarms
        self.ledger.apply(result.changes)
        return result.receipts[0]

    def deploy(self, number: int, init_code: bytes) -> Address:
        account = self.ledger.account(ADMIN)
        assert account is not None
        receipt = self.transact(number, None, init_code)
        assert receipt.succeeded
        return Address(keccak(rlp.encode([ADMIN, account.nonce]))[12:])

    def address(self, to: str) -> Address:
        found = {"flow": self.flow, "market": self.market, "history": self.history}
        return found[to]

    def wei(self) -> tuple[int, int, int]:
        return (
            self.ledger.balance(self.flow),
            self.ledger.balance(self.market),
            self.ledger.balance(self.reward),
        )

    def logs(self, receipt: Receipt) -> list[tuple[str, tuple[Hash32, ...], bytes]]:
        names = {self.flow: "flow", self.market: "market"}
        return [(names[log.address], log.topics, log.data) for log in receipt.logs]


def _ledger() -> Ledger:
    ledger = Ledger()
    for account in (ADMIN, STRANGER, HELPER):
        ledger.put(account, balance=10**30)
    ledger.put(BLOCK_HASHES_ADDRESS, code=BLOCK_HASHES_CODE)
    return ledger


def _rules(flow: StorageFlow | None = None) -> Rules:
    blobs = FORK_ROWS[Fork.PRAGUE].blobs
    return Rules(chain_id=CHAIN_ID, fork=Fork.PRAGUE, blobs=blobs, storage_flow=flow)


def native_side(price: int = 1) -> Side:
    """With the precompiles from the first block on."""
    flow = StorageFlow(0, ADMIN, price, EPOCH_BLOCKS, FIRST_BLOCK)
    return Side(FLOW, MARKET, REWARD, ROOT_HISTORY, _ledger(), _rules(flow))


def contract_side(flow: bytes, market: bytes, price: int = 1) -> Side:
    """With contracts of the init codes, deployed in block 1; the reward address has a code that stops."""
    reward = Address(b"\xee" * 20)
    side = Side(reward, reward, reward, reward, _ledger(), _rules())
    side.ledger.put(reward, code=STOP)
    # Deployed in block 1 with this delay, it begins in FIRST_BLOCK.
    side.flow = side.deploy(1, flow + encode(["uint256"], [FIRST_BLOCK - 1]))
    side.market = side.deploy(1, market)
    starts = {
        side.flow: call_data(
            "initialize", ["address", "uint256"], checksum(side.market), EPOCH_BLOCKS
        ),
        side.market: call_data(
            "initialize", ["uint256", "address", "address"],
            price, checksum(side.flow), checksum(reward),
        ),
    }  # fmt: skip
    for address, data in starts.items():
        assert side.transact(1, address, data).succeeded
    side.history = Address(side.transact(1, side.flow, call_data("rootHistory")).output[12:])
    return side


@dataclass
class Pair:
    """Precompile and contract, step by step at the same height."""

    native: Side
    contract: Side
    number: int = 2

    def take(self, step: Step) -> Receipt:
        """The precompile's receipt, after answer, logs and balances are found equal to the contract's."""
        native, contract = self.receipts(step)
        assert (native.succeeded, native.output) == (contract.succeeded, contract.output), step
        assert self.native.logs(native) == self.contract.logs(contract), step
        assert self.native.wei() == self.contract.wei(), step
        if native.succeeded and step.native:
            is_at_floor = native.gas_used == data_floor_gas(step.native)
            assert native.gas_used < contract.gas_used or is_at_floor, step
        return native

    def receipts(self, step: Step) -> tuple[Receipt, Receipt]:
        """The precompile's and the contract's, in the same block."""
        self.number += step.blocks
        native, contract = (
            side.transact(self.number, side.address(step.to), data, step.sender, step.value)
            for side, data in ((self.native, step.native), (self.contract, step.contract))
        )
        return native, contract

    def ask(self, data: bytes, to: str = "flow") -> tuple[bool, bytes]:
        """Whether both succeed, and what both answer."""
        one, other = (
            side.transact(self.number, side.address(to), data)
            for side in (self.native, self.contract)
        )
        assert (one.succeeded, one.output) == (other.succeeded, other.output), data.hex()
        return one.succeeded, one.output


def shared_slots(side: Side) -> dict[int, int]:
    """The Flow's storage, but for the addresses of the others and what they keep here."""
    ring = range(layout.EPOCH_ROOTS, layout.EPOCH_ROOTS + layout.EPOCH_ROOTS_KEPT)
    return {
        slot: value
        for slot, value in side.ledger.slots.get(side.flow, {}).items()
        if value and slot not in ring and slot not in (layout.MARKET_ADDRESS, layout.ROOT_HISTORY)
    }
