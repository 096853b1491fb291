"""What blocks of DASigners calls cost a node, all in: execution, state root, one synced commit to disk.

Guards: a makeEpoch that writes ten quorums (42,260 slots) at most 5 s to import and commit; getAggPkG1 of a
block that just begins (cold: every slot comes from the database) at most twice as long as again in the same
block. The signers of the full block are registered beforehand, in block zero.

    python benchmarks/da_block.py
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

import rlp
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.blocks import Header
from chain.building import PayloadAttributes
from chain.candidates import Candidates
from chain.chain import Chain, Valid
from chain.engine import Account, AccountChange
from chain.message_calls import environment_of
from chain.pooled_transaction import PooledTransaction
from chain.py_evm.engine import PyEvmEngine
from chain.state import StateAt
from chain.transactions import Transaction, decode_transaction, recover_sender
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import GenesisDocument, load_document
from genesis.networks import DEVNET_CHAIN_ID, devnet_document
from node.database import LmdbStore
from precompiles import abi
from precompiles.bn254 import G1_GENERATOR, sum_points
from precompiles.da_signers import epochs, records
from precompiles.da_signers.functions import ADDRESS, da_signers
from precompiles.da_signers.signatures import public_keys

GWEI = 10**9
RUNS = 5
GAS_LIMIT = 36_000_000
KEYS = public_keys(12_345)
CODE = b"\x01"
"""What the account of a precompile with storage holds."""
FULL_BITMAP = b"\xff" * (epochs.ROWS_PER_QUORUM // 8)
MAKE_EPOCH_GAS = 200_000
AGGREGATE_GAS = 1_060_000
"""The call itself, the transaction and its bitmap."""
MAKE_EPOCH_SECONDS_MAX = 5.0
COLD_BY_WARM_MAX = 2.0
Answer = TypeVar("Answer")


class Slots:
    """The precompile's storage while it is filled."""

    def __init__(self) -> None:
        self.values: dict[int, int] = {}

    def load(self, slot: int) -> int:
        return self.values.get(slot, 0)

    def store(self, slot: int, value: int) -> None:
        self.values[slot] = value


class Node:
    """A chain over a database of its own."""

    def __init__(self, directory: Path, document: GenesisDocument) -> None:
        directory.mkdir()
        self.store = LmdbStore(directory)
        self.config = document.config
        Chain.initialize(self.store, *genesis_block(document))
        self.chain = Chain(self.store, document.config, PyEvmEngine(), gas_limit_target=GAS_LIMIT)


def registered(signers: int, votes: int, is_alike: bool) -> tuple[tuple[int, int], ...]:
    """Slots in which signers are registered for epoch 1; alike: with one signature, so equal ballots."""
    storage, key = Slots(), G1_GENERATOR
    g2 = records.G2Key([*KEYS[1][0]], [*KEYS[1][1]])
    for number in range(signers):
        address, key = Address(keccak(number.to_bytes(8, "big"))[:20]), sum_points((key, KEYS[0]))
        signer = records.Signer(address, b"10.0.0.1:34000", records.G1Key(*key), g2)
        records.store_signer(storage, signer)
        epochs.register(storage, 1, address, bytes(64) if is_alike else address, votes)
    return tuple(sorted((slot, value) for slot, value in storage.values.items() if value))


def with_slots(document: GenesisDocument, slots: tuple[tuple[int, int], ...]) -> GenesisDocument:
    account = Account(0, 0, Hash32(keccak(CODE)))
    own = AccountChange(ADDRESS, account, slots=slots, code=CODE)
    alloc = sorted((*document.alloc, own), key=lambda change: change.address)
    return replace(document, alloc=tuple(alloc))


def call_data(name: str, *arguments: object) -> bytes:
    (function,) = (f for f in da_signers().functions if f.signature.startswith(f"{name}("))
    return function.selector + abi.encode(function.inputs, arguments)


def signed(secret: bytes, nonce: int, gas: int, data: bytes) -> Transaction:
    body: list[object] = [DEVNET_CHAIN_ID, nonce, GWEI, 10 * GWEI, gas, ADDRESS, 0, data, []]
    digest = keccak(b"\x02" + rlp.encode(body))
    signature = PrivateKey(secret).sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return decode_transaction(b"\x02" + rlp.encode([*body, signature[64], r, s]))


class Clock:
    """Times parts and prints them."""

    def __init__(self) -> None:
        self.cpu_seconds: dict[str, float] = {}
        """Of this process, by part."""

    def timed(self, what: str, work: Callable[[], Answer]) -> Answer:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"  {what:44} {wall:7.3f} s by the clock {cpu:7.3f} s of CPU")
        self.cpu_seconds[what] = cpu
        return answer


def attributes(head: Header) -> PayloadAttributes:
    return PayloadAttributes(
        timestamp=head.timestamp + 1,
        prev_randao=head.hash,
        coinbase=Address(b"\xc0" * 20),
        parent_beacon_block_root=Hash32(head.hash),
        gas_limit_target=GAS_LIMIT,
    )


def one_block(
    clock: Clock, builder: Node, importer: Node, transactions: Sequence[Transaction]
) -> None:
    """Build on one node, import and commit on the other; both end on the block."""
    head = builder.chain.head
    sender = recover_sender(transactions[0])
    pooled = [PooledTransaction(item, sender, index) for index, item in enumerate(transactions)]
    candidates = Candidates([pooled], head.base_fee or 0)
    built = clock.timed(
        "build", lambda: builder.chain.build_payload(attributes(head), candidates, lambda: False)
    )
    assert len(built.block.transactions) == len(transactions)
    assert all(receipt.succeeded for receipt in built.result.receipts)
    slots = sum(len(change.slots) for change in built.result.changes)
    verdict = clock.timed("import", lambda: importer.chain.execute_payload(built.payload))
    assert isinstance(verdict, Valid), verdict
    clock.timed("commit", lambda: importer.chain.commit(verdict.executed))
    builder.chain.commit(built)
    clock.cpu_seconds["all in"] = clock.cpu_seconds["import"] + clock.cpu_seconds["commit"]
    print(f"  {slots} slots written, {built.block.header.gas_used / 1e6:.1f} million gas")


def cold_and_warm(node: Node, calls: Sequence[Transaction]) -> tuple[float, float]:
    """Two like calls in a block that just begins: seconds of one core, best of RUNS blocks each."""
    engine, times = PyEvmEngine(), []
    environment = environment_of(node.chain.head, node.config)
    sender = recover_sender(calls[0])
    for _ in range(RUNS):
        with node.store.snapshot() as snapshot:
            transcript = engine.begin_block(environment, StateAt(snapshot))
            both = []
            for call in calls:
                start = time.process_time()
                receipt = transcript.try_transaction(call, sender)
                both.append(time.process_time() - start)
                assert receipt.succeeded, receipt.error
            times.append(both)
    return min(cold for cold, _ in times), min(warm for _, warm in times)


def run(signers: int, votes: int, is_full: bool = False, is_alike: bool = False) -> bool:
    """One makeEpoch block, full of getAggPkG1 where that is wished; whether the guards held."""
    ballots = "equal ballots" if is_alike else "distinct ballots"
    print(f"{signers} signers of {votes} votes, {ballots}{', a full block' if is_full else ''}:")
    (sender,) = dev_accounts(count=1)
    key = PrivateKey(keccak(b"a validator")).public_key.format()
    document = load_document(devnet_document([(key, "validator-0")], accounts=1))
    document = with_slots(document, registered(signers, votes, is_alike))
    make_epoch = signed(sender[1], 0, MAKE_EPOCH_GAS, call_data("makeEpoch"))
    aggregates = [
        signed(
            sender[1],
            nonce,
            AGGREGATE_GAS,
            call_data("getAggPkG1", 1, nonce % epochs.MAX_QUORUMS, FULL_BITMAP),
        )
        for nonce in range(1, 1 + (GAS_LIMIT - MAKE_EPOCH_GAS) // AGGREGATE_GAS)
    ]
    with tempfile.TemporaryDirectory() as directory:
        builder, importer = (Node(Path(directory) / name, document) for name in ("a", "b"))
        clock = Clock()
        one_block(clock, builder, importer, [make_epoch, *aggregates] if is_full else [make_epoch])
        nonce = 1 + len(aggregates) if is_full else 1
        data = call_data("getAggPkG1", 1, 0, FULL_BITMAP)
        calls = [signed(sender[1], nonce + place, AGGREGATE_GAS, data) for place in (0, 1)]
        cold, warm = cold_and_warm(importer, calls)
    seconds = clock.cpu_seconds["all in"]
    print(f"  getAggPkG1: {cold * 1e3:.1f} ms cold, {warm * 1e3:.1f} ms warm")
    is_fast = (is_full or seconds <= MAKE_EPOCH_SECONDS_MAX) and cold <= COLD_BY_WARM_MAX * warm
    print(f"  import and commit {seconds:.2f} s: {'ok' if is_fast else 'TOO SLOW'}")
    return is_fast


def main() -> None:
    verdicts = [
        run(10, 3_072),
        run(10, 102_400),
        run(10, 102_400, is_alike=True),
        run(3_072, 10),
        run(3_072, 10, is_full=True),
    ]
    assert all(verdicts)


if __name__ == "__main__":
    main()
