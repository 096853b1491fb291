"""Random programs at Cancun, run by us and by revm: the same gas, output and logs.

pyrevm counts an account that was inserted as warm, so ours names them in an access list.
"""

from random import Random
from typing import Any

import pytest
from eth_typing import Address
from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env

from chain.engine import CallResult
from chain.forks.fork import Fork

ALICE_CODE, BOB = Address(b"\xaa" * 20), Address(b"\xbb" * 20)
PROGRAMS_PER_SEED = 40
ACCESS_LIST_GAS = 3 * 2_400
NUMBERS = (
    *range(6), 31, 32, 33, 64, 255, 256, 4_096, 2**31, 2**32 - 1, 2**63, 2**64 - 1, 2**64, 2**128,
    2**255, 2**256 - 1, int.from_bytes(ALICE_CODE, "big"), int.from_bytes(BOB, "big"),
)  # fmt: skip
OPCODES = (
    *range(0x0C), *range(0x10, 0x1E), 0x20, *range(0x30, 0x40), *range(0x41, 0x4B),
    *range(0x50, 0x60), *range(0x80, 0xA5), 0xF0, 0xF1, 0xF2, 0xF3, 0xF4, 0xF5, 0xFA, 0xFD, 0xFE,
    0xFF,
)  # fmt: skip
INIT_CODES = tuple(
    bytes.fromhex(code)
    for code in ("60016000f3", "6001600055", "60ef60005360016000f3", "33ff", "60006000fd", "fe", "")
)


class Programs:
    """Opcodes at random, with the operands that make them interesting."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def program(self) -> bytes:
        return b"".join(
            self.random.choice(
                (
                    self._push,
                    self._push,
                    self._call,
                    self._store,
                    self._create,
                    self._jump,
                    self._opcode,
                )
            )()
            for _ in range(self.random.randrange(3, 40))
        )

    def _push(self) -> bytes:
        if self.random.random() < 0.7:
            return push(self.random.choice(NUMBERS))
        return push(self.random.getrandbits(self.random.choice((8, 16, 64, 160, 256))))

    def _small(self) -> bytes:
        return push(self.random.choice((0, 0, 1, 2, 31, 32, 33, 64, self.random.randrange(200))))

    def _call(self) -> bytes:
        opcode = self.random.choice((0xF1, 0xF1, 0xF2, 0xF4, 0xFA))
        precompile = bytes(19) + bytes((self.random.randrange(1, 9),))
        target = self.random.choice((ALICE_CODE, BOB, precompile, self.random.randbytes(20)))
        code = b"".join(self._small() for _ in range(4))
        if opcode in (0xF1, 0xF2):
            code += push(self.random.choice((0, 0, 0, 1, 10)))
        gas = (
            b"\x5a" if self.random.random() < 0.6 else push(self.random.choice((0, 2_300, 50_000)))
        )
        return code + push(int.from_bytes(target, "big")) + gas + bytes((opcode,))

    def _store(self) -> bytes:
        slot = push(self.random.randrange(4))
        if self.random.random() < 0.5:
            return slot + b"\x54" + self._small() + b"\x52"
        return push(self.random.choice(NUMBERS)) + slot + b"\x55"

    def _create(self) -> bytes:
        init_code = self.random.choice((*INIT_CODES, self.random.randbytes(8)))
        code = push(int.from_bytes(init_code.ljust(32, b"\0"), "big")) + push(0) + b"\x52"
        if self.random.random() < 0.5:
            return code + push(32) + push(0) + push(self.random.choice((0, 0, 1))) + b"\xf0"
        return code + push(self.random.randrange(3)) + push(32) + push(0) + push(0) + b"\xf5"

    def _jump(self) -> bytes:
        if self.random.random() < 0.6:
            return b"\x5b"
        return push(self.random.randrange(2)) + push(self.random.randrange(60)) + b"\x57"

    def _opcode(self) -> bytes:
        operands = b"".join(self._small() for _ in range(self.random.choice((0, 3, 3, 3))))
        return operands + bytes((self.random.choice(OPCODES),))


def push(number: int) -> bytes:
    digits = number.to_bytes(max(1, (number.bit_length() + 7) // 8), "big")
    return bytes((0x5F + len(digits),)) + digits


def run_revm(world: Any, codes: tuple[bytes, bytes], data: bytes, gas: int) -> tuple[Any, ...]:
    environment = world.environment
    block = BlockEnv(
        number=environment.number,
        coinbase=_hex(environment.coinbase),
        timestamp=environment.timestamp,
        prevrandao=bytes(32),
        basefee=0,
        gas_limit=environment.gas_limit,
        excess_blob_gas=0,
    )
    evm = EVM(Env(cfg=CfgEnv(chain_id=16601), block=block), spec_id="CANCUN")
    for address, code in zip((ALICE_CODE, BOB), codes, strict=True):
        evm.insert_account_info(_hex(address), AccountInfo(nonce=1, code=code))
        evm.set_balance(_hex(address), 100)
    caller = _hex(world.alice.address)
    evm.set_balance(caller, 10**20)
    try:
        output = evm.message_call(
            caller, _hex(ALICE_CODE), calldata=data, value=5, gas=gas, gas_price=0
        )
    except RuntimeError:
        output = None
    result = evm.result
    logs = [
        (log.address.lower(), [topic.lower() for topic in log.topics], log.data[1])
        for log in result.logs
    ]
    return output, result.gas_used + result.gas_refunded, logs if output is not None else []


def run_ours(world: Any, codes: tuple[bytes, bytes], data: bytes, gas: int) -> CallResult:
    for address, code in zip((ALICE_CODE, BOB), codes, strict=True):
        world.ledger.put(address, nonce=1, balance=100, code=code)
    world.ledger.put(world.alice.address, balance=10**20)
    access_list = tuple((address, ()) for address in (ALICE_CODE, BOB, world.alice.address))
    result: CallResult = world.call(
        ALICE_CODE, data, gas=gas + ACCESS_LIST_GAS, value=5, access_list=access_list
    )
    return result


@pytest.mark.parametrize("seed", range(20))
def test_random_programs_cost_and_answer_what_revm_says(worlds: Any, seed: int) -> None:
    programs = Programs(seed)
    for _ in range(PROGRAMS_PER_SEED):
        codes = programs.program(), programs.program()
        data = programs.random.randbytes(programs.random.choice((0, 4, 36)))
        gas = programs.random.choice((50_000, 100_000, 300_000))
        world = worlds.ethereum(Fork.CANCUN)
        ours = run_ours(world, codes, data, gas)
        output, gas_used, logs = run_revm(world, codes, data, gas)
        what = f"codes {codes[0].hex()} {codes[1].hex()}, data {data.hex()}, gas {gas}"
        assert (ours.output if ours.error is None else None) == output, what
        assert ours.peak_gas_used - ACCESS_LIST_GAS == gas_used, what
        our_logs = [
            (_hex(log.address), [_hex(topic) for topic in log.topics], log.data)
            for log in ours.logs
        ]
        assert (our_logs if ours.error is None else []) == logs, what


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
