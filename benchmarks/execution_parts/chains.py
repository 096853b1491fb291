"""Chains for the execution benchmark: one genesis with so many accounts, and our nodes on it."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.block_store import write_block
from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS_HASH,
    EMPTY_TRIE_ROOT,
    NO_NONCE,
    ZERO_HASH,
    Block,
    Header,
)
from chain.building import PayloadAttributes
from chain.chain import Chain, Valid
from chain.config import ChainConfig
from chain.engine import Account, AccountChange
from chain.executed_block import ExecutedBlock
from chain.py_evm.engine import PyEvmEngine
from chain.state import StateAt, prepare_update, write_update
from chain.state_update import state_root
from chain.transaction_pool import TransactionPool
from chain.transactions import Transaction, decode_transaction, recover_sender
from node.database import LmdbStore

CHAIN_ID = 16601
GWEI, ETHER = 10**9, 10**18
GAS_LIMIT = 36_000_000
SENDERS = 100
FILL_CHUNK = 50_000
NO_CODE = Hash32(keccak(b""))
COINBASE = Address(b"\xc0" * 20)
CONFIG = ChainConfig.from_genesis(
    {"chainId": CHAIN_ID, "terminalTotalDifficulty": 0, "shanghaiTime": 0, "cancunTime": 0}
    | dict.fromkeys(
        ("homesteadBlock", "eip150Block", "eip158Block", "byzantiumBlock", "constantinopleBlock",
         "istanbulBlock", "berlinBlock", "londonBlock"),
        0,
    )
)  # fmt: skip
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Timed:
    """Seconds that a piece of work took: by the clock, and of this process alone."""

    wall: float
    cpu: float

    def __add__(self, other: "Timed") -> "Timed":
        return Timed(self.wall + other.wall, self.cpu + other.cpu)


def timed(work: Callable[[], Answer]) -> tuple[Answer, Timed]:
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, Timed(time.perf_counter() - wall, time.process_time() - cpu)


class Sender:
    """A funded account that signs."""

    def __init__(self, number: int) -> None:
        self._key = PrivateKey(keccak(b"benchmark sender" + number.to_bytes(4, "big")))
        public = self._key.public_key.format(compressed=False)[1:]
        self.address = Address(keccak(public)[-20:])
        self.nonce = 0

    def sign(
        self, to: Address | None, *, value: int = 0, data: bytes = b"", gas: int = 21_000
    ) -> Transaction:
        """The sender's next transaction, of the fee market."""
        body: list[object] = [
            CHAIN_ID, self.nonce, GWEI, 100 * GWEI, gas, to or b"", value, data, [],
        ]  # fmt: skip
        self.nonce += 1
        digest = keccak(b"\x02" + rlp.encode(body))
        signature = self._key.sign_recoverable(digest, hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        return decode_transaction(b"\x02" + rlp.encode([*body, signature[64], r, s]))


def filler(number: int) -> Address:
    """One of the accounts that make the state large."""
    return Address(keccak(b"filler" + number.to_bytes(8, "big"))[:20])


def allocation(senders: Sequence[Sender], fillers: range) -> dict[Address, int]:
    """Balance by address."""
    found = {filler(number): ETHER for number in fillers}
    return found | {sender.address: 1_000 * ETHER for sender in senders}


def fill(path: Path, senders: Sequence[Sender], accounts: int) -> None:
    """Write block zero, in a child: building it takes memory that running it does not."""
    pid = os.fork()
    if pid == 0:
        try:
            _fill(path, senders, accounts)
            os._exit(0)
        finally:
            os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def _fill(path: Path, senders: Sequence[Sender], accounts: int) -> None:
    with LmdbStore(path) as store:
        for start in range(0, accounts, FILL_CHUNK):
            part = allocation(
                () if start else senders, range(start, min(accounts, start + FILL_CHUNK))
            )
            changes = [AccountChange(a, Account(0, part[a], NO_CODE)) for a in sorted(part)]
            with store.write() as batch:
                write_update(batch, 0, prepare_update(batch, changes))
        with store.write() as batch:
            block = Block(genesis_header(state_root(batch)), withdrawals=())
            write_block(batch, block, ())


def genesis_header(root: Hash32) -> Header:
    return Header(
        parent_hash=ZERO_HASH,
        ommers_hash=EMPTY_OMMERS_HASH,
        coinbase=Address(bytes(20)),
        state_root=root,
        transactions_root=EMPTY_TRIE_ROOT,
        receipts_root=EMPTY_TRIE_ROOT,
        bloom=EMPTY_BLOOM,
        difficulty=0,
        number=0,
        gas_limit=GAS_LIMIT,
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
    )


class Node:
    """A chain over LMDB with its pool, as a validator has them."""

    def __init__(self, path: Path, has_short_transfers: bool = True) -> None:
        self.store = LmdbStore(path)
        self._known: dict[Hash32, tuple[Transaction, Address]] = {}
        self.chain = Chain(
            self.store,
            CONFIG,
            PyEvmEngine(has_short_transfers=has_short_transfers),
            senders_of=lambda many: [self._known[one.hash][1] for one in many],
            known_transaction=lambda key: self._known[key][0],
        )

    def build(self, transactions: Sequence[Transaction]) -> tuple[ExecutedBlock, Timed]:
        """A block of all of them, from a pool that knows them."""
        head = self.chain.head
        pool = TransactionPool(CONFIG, head, self._account)
        for transaction in transactions:
            pool.add(transaction, recover_sender(transaction), 0)
        attributes = PayloadAttributes(
            timestamp=head.timestamp + 1,
            prev_randao=head.hash,
            coinbase=COINBASE,
            parent_beacon_block_root=Hash32(head.hash),
            gas_limit_target=GAS_LIMIT,
        )
        built, spent = timed(
            lambda: self.chain.build_payload(
                attributes, pool.candidates(head.base_fee or 0), lambda: False
            )
        )
        assert len(built.block.transactions) == len(transactions), "the block holds them all"
        assert all(receipt.succeeded for receipt in built.result.receipts), "and they succeed"
        return built, spent

    def remember(self, transactions: Sequence[Transaction]) -> None:
        """As the pool does before the block comes: decoded, sender recovered."""
        self._known = {item.hash: (item, recover_sender(item)) for item in transactions}

    def execute(self, payload: bytes) -> tuple[ExecutedBlock, Timed]:
        verdict, spent = timed(lambda: self.chain.execute_payload(payload))
        assert isinstance(verdict, Valid), verdict
        return verdict.executed, spent

    def update_again(self, executed: ExecutedBlock) -> Timed:
        """Working out tries and rows alone, which `execute` holds too."""
        with self.store.snapshot() as snapshot:
            _, spent = timed(lambda: prepare_update(snapshot, executed.result.changes))
        return spent

    def commit(self, executed: ExecutedBlock) -> tuple[Timed, int]:
        """And how many bytes were handed to the disk."""
        before = _written_bytes()
        _, spent = timed(lambda: self.chain.commit(executed))
        return spent, _written_bytes() - before

    def _account(self, address: Address) -> Account | None:
        with self.store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)


def _written_bytes() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        name, value = line.split(":")
        if name == "wchar":
            return int(value)
    return 0
