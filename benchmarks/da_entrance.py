"""Unit times of the DA entrance's work, beside the gas that is asked for them; docs/da-entrance-gas.md.

Guards: none takes longer than its gas at the worst rate of precompiles 0x06 to 0x08.

    python benchmarks/da_entrance.py
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from da_signers import CODE, KEYS, SlotsInMemory, environment, registered
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Account, Environment, StateReader
from chain.py_evm.engine import PyEvmEngine
from chain.py_evm.frame import execute_call
from chain.py_evm.frame_message import FrameMessage, TransactionContext
from precompiles import abi
from precompiles.bn254 import G2_GENERATOR, R, multiply_point, negate, words
from precompiles.contract import CALL_GAS
from precompiles.da_entrance import gas
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS
from precompiles.da_entrance.functions import da_entrance
from precompiles.da_signers import epochs
from precompiles.da_signers.functions import ADDRESS as DA_SIGNERS
from precompiles.da_signers.signatures import square_root
from precompiles.solidity import prices

RUNS = 9
FRAME_GAS = 10**8
ROUNDS = 1_000
ROWS = epochs.ROWS_PER_QUORUM
ADMIN = Address(b"\xad" * 20)


class TwoAccounts:
    """DASigners with a full quorum of distinct signers, and the entrance, as a `StateReader`."""

    def __init__(self, signers: SlotsInMemory) -> None:
        self._signers = signers
        self._entrance = initial_storage(ADMIN, 1, 0)

    def account(self, address: Address) -> Account | None:
        is_ours = address in (ADDRESS, DA_SIGNERS)
        return Account(0, 0, Hash32(keccak(CODE))) if is_ours else None

    def slot(self, address: Address, slot: int) -> int:
        if address == DA_SIGNERS:
            return self._signers.slot(address, slot)
        return self._entrance.get(slot, 0) if address == ADDRESS else 0

    def has_storage(self, address: Address) -> bool:
        return True

    def code(self, code_hash: Hash32) -> bytes:
        return CODE

    def block_hash(self, number: int) -> Hash32 | None:
        return Hash32(keccak(number.to_bytes(8, "big")))


def cost(reader: StateReader, block: Environment, to: Address, data: bytes) -> tuple[float, int]:
    """Best CPU time in ns, and gas, of one call in a frame."""
    state = PyEvmEngine()._state(block, reader)
    context, best, used = TransactionContext(ADMIN, 0), float("inf"), 0
    for _ in range(RUNS):
        message = FrameMessage(gas=FRAME_GAS, to=to, sender=ADMIN, value=0, data=data, code=b"")
        snapshot, start = state.snapshot(), time.process_time_ns()
        frame = execute_call(state, message, context)
        best = min(best, time.process_time_ns() - start)
        used = FRAME_GAS - frame.gas_left
        state.revert(snapshot)
    return best, used


def best_ns(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(RUNS * 20):
        start = time.process_time_ns()
        work()
        best = min(best, time.process_time_ns() - start)
    return best


def call_data(name: str, *arguments: object) -> bytes:
    (row,) = (f for f in da_entrance().functions if f.signature.startswith(f"{name}("))
    return row.selector + abi.encode(row.inputs, arguments)


def signed_by(count: int) -> bytes:
    """Of a quorum's first rows; the signature is none, which is found out by the pairing."""
    bitmap = bytearray(ROWS // 8)
    for row in range(count):
        bitmap[row // 8] |= 1 << row % 8
    point = multiply_point((1, 2), 7)
    (x, y) = KEYS[1]
    key = (x[::-1], y[::-1])
    return call_data("verify", (b"\1" * 32, 1, 0, point, bytes(bitmap), key, point))


def worst_rate(reader: StateReader, block: Environment) -> float:
    """ns a gas of 0x06 to 0x08."""
    one, other = multiply_point((1, 2), 123_456_789), multiply_point((1, 2), R - 987_654_321)
    (x0, x1), (y0, y1) = G2_GENERATOR
    pair = words(x1, x0, y1, y0)
    inputs = {
        6: words(*one, *other),
        7: words(*one, R - 5),
        8: words(*one) + pair + words(*negate(one)) + pair,
    }
    rates = {}
    for number, data in inputs.items():
        ns, used = cost(reader, block, Address(number.to_bytes(20, "big")), data)
        rates[number] = ns / used
        print(f"0x{number:02x}: {ns / 1_000:8.1f} µs for {used:7} gas, {ns / used:5.1f} ns a gas")
    return max(rates.values())


def main() -> None:
    state = registered(ROWS, 1)
    epochs.begin_epoch(state, 1, 1)
    reader = TwoAccounts(state)
    rules = replace(environment().rules, da_entrance_admin=ADMIN)
    block = replace(environment(), rules=rules)
    rate = worst_rate(reader, block)
    call, _ = cost(reader, block, ADDRESS, call_data("DA_SIGNERS"))
    one_read, _ = cost(reader, block, ADDRESS, call_data("currentEpoch"))
    one, used_one = cost(reader, block, ADDRESS, signed_by(1))
    all_rows, used_all = cost(reader, block, ADDRESS, signed_by(ROWS))
    late = replace(block, number=30 * ROUNDS)
    rounds, used_rounds = cost(reader, late, ADDRESS, call_data("sync"))
    power = best_ns(lambda: square_root(12_345))
    lines = [
        ("a call", call, CALL_GAS),
        ("a slot read", max(one_read - call, 0.0), prices.SLOT_READ),
        ("a try of the message point", power, gas.HASH_TO_CURVE_TRY),
        ("a signer", (all_rows - one) / (ROWS - 1), gas.SIGNER),
        ("a missed round with its log", rounds / ROUNDS, used_rounds // ROUNDS),
        ("verify, 1 row signed", one, used_one),
        ("verify, 3,072 signers", all_rows, used_all),
        ("sync, 1,000 missed rounds", rounds, used_rounds),
    ]
    for what, ns, asked in lines:
        worth = ns / rate
        verdict = "ok" if worth <= asked else "UNDERPRICED"
        print(f"{what:<28} {ns / 1_000:10.1f} µs, worth {worth:9.0f}, asked {asked:9}: {verdict}")


if __name__ == "__main__":
    main()
