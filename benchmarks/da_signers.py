"""What DASigners costs through the engine, without the state root: state in memory, warm.

Guards: makeEpoch at most 0.3 s a quorum written (3,072 rows, 4,226 slots), getAggPkG1 at most 150 ms for
100 distinct signers in a quorum and 600 ms for 3,072, registerSigner at most 20 ms.

    python benchmarks/da_signers.py
"""

import os
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.config import ChainConfig
from chain.engine import Account, Environment, Message
from chain.forks.fork import Fork
from chain.py_evm.engine import PyEvmEngine
from precompiles import abi
from precompiles.bn254 import G1_GENERATOR, sum_points
from precompiles.da_signers import epochs, records
from precompiles.da_signers.functions import ADDRESS, REGISTRY, da_signers
from precompiles.da_signers.signatures import (
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)

CHAIN_ID = 16_601
RUNS = 5
GAS = 30_000_000
KEYS = public_keys(12_345)
FULL_BITMAP = b"\xff" * (epochs.ROWS_PER_QUORUM // 8)
CODE = b"\x01"
ZERO = Hash32(bytes(32))


@dataclass
class SlotsInMemory:
    """The precompile's account as a `StateReader`, and as the `Storage` that fills it beforehand."""

    slots: dict[int, int] = field(default_factory=dict)

    def load(self, slot: int) -> int:
        return self.slots.get(slot, 0)

    def store(self, slot: int, value: int) -> None:
        self.slots[slot] = value

    def account(self, address: Address) -> Account | None:
        return Account(0, 0, Hash32(keccak(CODE))) if address == ADDRESS else None

    def slot(self, address: Address, slot: int) -> int:
        return self.slots.get(slot, 0)

    def has_storage(self, address: Address) -> bool:
        return True

    def code(self, code_hash: Hash32) -> bytes:
        return CODE

    def block_hash(self, number: int) -> Hash32 | None:
        return None


def environment() -> Environment:
    config = ChainConfig(
        chain_id=CHAIN_ID,
        fork_blocks={fork: 0 for fork in Fork if fork <= Fork.PARIS},
        fork_times={fork: 0 for fork in Fork if Fork.PARIS < fork <= Fork.PRAGUE},
        staking_time=None,
        restaking_time=None,
        has_zero_g_precompiles=True,
    )
    return Environment(
        rules=config.rules(1, 1),
        number=1,
        timestamp=1,
        coinbase=Address(bytes(20)),
        gas_limit=36_000_000,
        base_fee=0,
        prev_randao=ZERO,
        difficulty=0,
        excess_blob_gas=0,
        parent_hash=ZERO,
        parent_beacon_block_root=ZERO,
    )


def registered(signers: int, votes: int) -> SlotsInMemory:
    """A state with signers registered for epoch 1."""
    state, key = SlotsInMemory(), G1_GENERATOR
    g2 = records.G2Key([*KEYS[1][0]], [*KEYS[1][1]])
    for number in range(signers):
        address, key = Address(keccak(number.to_bytes(8, "big"))[:20]), sum_points((key, KEYS[0]))
        signer = records.Signer(address, b"10.0.0.1:34000", records.G1Key(*key), g2)
        records.store_signer(state, signer)
        epochs.register(state, 1, address, address, votes)
    return state


def call_data(name: str, *arguments: object) -> bytes:
    (function,) = (f for f in da_signers().functions if f.signature.startswith(f"{name}("))
    return function.selector + abi.encode(function.inputs, arguments)


def cpu_ms(state: SlotsInMemory, data: bytes) -> list[float]:
    """Of one core, best first."""
    engine, block = PyEvmEngine(), environment()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        result = engine.call(block, Message(REGISTRY, ADDRESS, GAS, data=data), state)
        times.append((time.process_time() - start) * 1_000)
        assert result.error is None, result.error
    return sorted(times)


def show(what: str, times: Iterable[float], limit_ms: float, parts: int = 1) -> None:
    best, *_, worst = (time_ms / parts for time_ms in times)
    verdict = "ok" if best <= limit_ms else "TOO SLOW"
    print(
        f"{what:<58} {best:8.1f} ms (worst of {RUNS}: {worst:.1f}), at most {limit_ms:g}: {verdict}"
    )


def main() -> None:
    address = Address(b"\x77" * 20)
    signature = sign(12_345, hash_to_g1(registration_message_hash(address, CHAIN_ID)))
    data = call_data("registerSigner", (address, b"10.0.0.1:34000", *KEYS), signature)
    show("registerSigner", cpu_ms(SlotsInMemory(), data), 20)
    for signers, votes in ((10, 3_072), (100, 307), (3_072, 1), (10, 102_400)):
        state = registered(signers, votes)
        quorums = min(epochs.MAX_QUORUMS, max(1, signers * votes // epochs.ROWS_PER_QUORUM))
        what = f"makeEpoch, {signers} signers of {votes} votes, a quorum of {quorums}"
        show(what, cpu_ms(state, call_data("makeEpoch")), 300, quorums)
        epochs.begin_epoch(state, 1, 1)
        limit_ms = 150 if signers <= 100 else 600
        data = call_data("getAggPkG1", 1, 0, FULL_BITMAP)
        show(f"getAggPkG1, {signers} distinct signers", cpu_ms(state, data), limit_ms)


if __name__ == "__main__":
    main()
