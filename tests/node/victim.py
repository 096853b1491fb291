"""Commits blocks to a database through `Chain` until it is killed: the victim of test_kills.py.

Reads lines `seed path` and forks a child for each, so that imports are paid once. The child says on
stdout what it does: `pid P`, `committing N`, `committed N HASH… .`; `ended` follows its death.
A death may cut the line that is being told: what lacks its end was not told.
"""

import os

os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import sys
import traceback
from itertools import count
from pathlib import Path
from random import Random

import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.building import PayloadAttributes
from chain.candidates import Candidates
from chain.chain import Chain
from chain.key_value import KeyValueStore
from chain.pooled_transaction import PooledTransaction
from chain.py_evm.engine import PyEvmEngine
from chain.state import StateAt
from chain.transactions import Transaction, decode_transaction
from genesis.dev_accounts import dev_accounts
from genesis.document import GenesisDocument, load_document
from genesis.networks import DEVNET_CHAIN_ID, devnet_document
from node.database import LmdbStore

SENDERS = 4
TRANSACTIONS_MAX = 24
HISTORY_KEPT = 6
WRITER = Address(b"\x5e" * 20)
WRITER_CODE = bytes.fromhex("602035600035550000")
"""SSTORE of the second word of its input at the first."""


def document() -> GenesisDocument:
    """A devnet's, with a contract that writes any slot."""
    key = PrivateKey(keccak(b"a validator")).public_key.format()
    written = devnet_document([(key, "validator-0")], accounts=SENDERS, predeploys=False)
    written["alloc"]["0x" + WRITER.hex()] = {"balance": "0x0", "code": "0x" + WRITER_CODE.hex()}
    return load_document(written)


def signed(secret: bytes, nonce: int, to: bytes, value: int, data: bytes) -> Transaction:
    body: list[object] = [DEVNET_CHAIN_ID, nonce, 10**9, 10**10, 60_000, to, value, data, []]
    digest = keccak(b"\x02" + rlp.encode(body))
    signature = PrivateKey(secret).sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return decode_transaction(b"\x02" + rlp.encode([*body, signature[64], r, s]))


def some_transactions(random: Random, store: KeyValueStore) -> list[list[PooledTransaction]]:
    """Payments to old and new accounts, slots written and cleared; a list for each sender."""
    offered, arrivals = [], count()
    with store.snapshot() as snapshot:
        for address, secret in dev_accounts(count=SENDERS):
            account = StateAt(snapshot).account(address)
            assert account is not None
            sender, mine = Address(address), list[PooledTransaction]()
            for nonce in range(account.nonce, account.nonce + random.randrange(TRANSACTIONS_MAX)):
                to, value, data = random.randbytes(20), random.randrange(9), b""
                if random.randrange(2):
                    slot, held = random.randrange(64), random.randrange(3)
                    to, value = WRITER, 0
                    data = slot.to_bytes(32, "big") + held.to_bytes(32, "big")
                transaction = signed(secret, nonce, to, value, data)
                mine.append(PooledTransaction(transaction, sender, next(arrivals)))
            offered.append(mine)
    return offered


def live(random: Random, path: Path) -> None:
    """Blocks on blocks, told about before and after each commit."""
    store = LmdbStore(path)
    chain = Chain(store, document().config, PyEvmEngine(), history_blocks_kept=HISTORY_KEPT)
    while True:
        head = chain.head
        attributes = PayloadAttributes(
            timestamp=head.timestamp + 1,
            prev_randao=head.hash,
            coinbase=Address(b"\xc0" * 20),
            parent_beacon_block_root=Hash32(head.hash),
            gas_limit_target=36_000_000,
        )
        candidates = Candidates(some_transactions(random, store), base_fee=head.base_fee or 0)
        executed = chain.build_payload(attributes, candidates, lambda: False)
        tell(f"committing {head.number + 1}")
        chain.commit(executed)
        hashes = " ".join(transaction.hash.hex() for transaction in executed.block.transactions)
        tell(f"committed {head.number + 1} {hashes} .")


def tell(line: str) -> None:
    os.write(1, line.encode() + b"\n")


def main() -> None:
    for line in sys.stdin:
        seed, path = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                live(Random(seed), Path(path))
            finally:
                traceback.print_exc()
                os._exit(1)
        tell(f"pid {pid}")
        os.waitpid(pid, 0)
        tell("\nended")


if __name__ == "__main__":
    main()
