"""What a plain transfer costs on its way into the chain, part by part, without network or consensus.

Decode and recover, admission to the pool, building a block, importing it on another chain, commit.
Guards: at most 2 ms to build and 2 ms to import a transfer, senders known. 0G's rules are on.

    python benchmarks/plain_transfers.py [--transactions 200] [--blocks 10] [--memory]
"""

import argparse
import gc
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.building import PayloadAttributes
from chain.chain import Chain, Valid
from chain.engine import Account
from chain.executed_block import ExecutedBlock
from chain.key_value import KeyValueStore, MemoryStore
from chain.py_evm.engine import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from chain.transactions import Transaction, decode_transaction, recover_sender
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import GenesisDocument, load_document
from genesis.networks import DEVNET_CHAIN_ID, devnet_document
from node.database import LmdbStore

GWEI = 10**9
SENDERS = 100
GAS_LIMIT = 36_000_000
Answer = TypeVar("Answer")


class Times:
    """Seconds of each part, over all blocks: of the clock, and of this process alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, tuple[float, float]] = {}

    def measure(self, part: str, work: Callable[[], Answer]) -> Answer:
        """Run and count."""
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        wall_sum, cpu_sum = self.seconds.get(part, (0.0, 0.0))
        self.seconds[part] = (
            wall_sum + time.perf_counter() - wall,
            cpu_sum + time.process_time() - cpu,
        )
        return answer


class Node:
    """A chain, its pool and its store, as one validator has them."""

    def __init__(self, store: KeyValueStore, document: GenesisDocument) -> None:
        Chain.initialize(store, *genesis_block(document))
        self._store = store
        self.chain = Chain(
            store,
            document.config,
            PyEvmEngine(),
            senders_of=self._senders_of,
            known_transaction=self._known,
        )
        self.pool = TransactionPool(document.config, self.chain.head, self._account_of)

    def commit(self, executed: ExecutedBlock) -> None:
        """To the database alone."""
        self.chain.commit(executed)

    def follow(self, executed: ExecutedBlock) -> None:
        """The pool after the commit."""
        self.pool.on_new_head(executed.block.header, executed.result.changes, 0)

    def _account_of(self, address: Address) -> Account | None:
        with self._store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)

    def _known(self, transaction_hash: Hash32) -> Transaction | None:
        pooled = self.pool.get(transaction_hash)
        return None if pooled is None else pooled.transaction

    def _senders_of(self, transactions: Sequence[Transaction]) -> list[Address]:
        found = [self.pool.get(transaction.hash) for transaction in transactions]
        return [pooled.sender for pooled in found if pooled is not None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transactions", type=int, default=200)
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--memory", action="store_true", help="no disk")
    options = parser.parse_args()
    # As the node does when it starts.
    gc.collect()
    gc.freeze()
    accounts = dev_accounts(count=SENDERS)
    key = PrivateKey(keccak(b"a validator")).public_key.format()
    document = load_document(devnet_document([(key, "validator-0")], accounts=SENDERS))
    with tempfile.TemporaryDirectory() as directory:
        builder, importer = (
            Node(MemoryStore() if options.memory else _lmdb(directory, name), document)
            for name in ("builder", "importer")
        )
        times = Times()
        for number in range(options.blocks):
            encoded = _transfers([secret for _, secret in accounts], number, options.transactions)
            _one_block(builder, importer, encoded, times)
    _report(times, options.blocks * options.transactions)


def _lmdb(directory: str, name: str) -> LmdbStore:
    path = Path(directory) / name
    path.mkdir()
    return LmdbStore(path)


def _one_block(builder: Node, importer: Node, encoded: Sequence[bytes], times: Times) -> None:
    transactions = times.measure("decode", lambda: [decode_transaction(item) for item in encoded])
    senders = times.measure("recover", lambda: [recover_sender(item) for item in transactions])
    pairs = list(zip(transactions, senders, strict=True))
    times.measure("pool", lambda: [builder.pool.add(*pair, 0) for pair in pairs])
    for pair in pairs:
        importer.pool.add(*pair, 0)
    head = builder.chain.head
    attributes = PayloadAttributes(
        timestamp=head.timestamp + 1,
        prev_randao=head.hash,
        coinbase=Address(b"\xc0" * 20),
        parent_beacon_block_root=Hash32(head.hash),
        gas_limit_target=GAS_LIMIT,
    )
    candidates = times.measure("candidates", lambda: builder.pool.candidates(head.base_fee or 0))
    built = times.measure(
        "build", lambda: builder.chain.build_payload(attributes, candidates, lambda: False)
    )
    assert len(built.block.transactions) == len(encoded)
    verdict = times.measure("import", lambda: importer.chain.execute_payload(built.payload))
    assert isinstance(verdict, Valid), verdict
    times.measure("commit", lambda: importer.commit(verdict.executed))
    builder.commit(built)
    times.measure("pool on new head", lambda: importer.follow(verdict.executed))
    builder.follow(built)


def _transfers(secrets: Sequence[bytes], block: int, count: int) -> list[bytes]:
    """Every sender in turn, each time to somebody new."""
    per_sender = -(-count // len(secrets))
    return [
        _transfer(
            secrets[place % len(secrets)],
            block * per_sender + place // len(secrets),
            keccak(block.to_bytes(8, "big") + place.to_bytes(8, "big"))[:20],
        )
        for place in range(count)
    ]


def _transfer(secret: bytes, nonce: int, to: bytes) -> bytes:
    body: list[object] = [DEVNET_CHAIN_ID, nonce, GWEI, 10 * GWEI, 21_000, to, 1, b"", []]
    digest = keccak(b"\x02" + rlp.encode(body))
    signature = PrivateKey(secret).sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    encoded: bytes = rlp.encode([*body, signature[64], r, s])
    return b"\x02" + encoded


def _report(times: Times, transfers: int) -> None:
    print(f"{'µs a transfer':18} {'clock':>8} {'CPU':>8}")
    for part, (wall, cpu) in times.seconds.items():
        print(f"{part:18} {wall / transfers * 1e6:8.1f} {cpu / transfers * 1e6:8.1f}")


if __name__ == "__main__":
    main()
