"""Ethereum's precompiles at each fork, all over native code; none is py-evm's.

Here are 0x01 (coincurve) and 0x06 to 0x08 (`precompiles.bn254`); the others have modules of their own.
"""

from collections.abc import Callable, Mapping
from typing import Final

from eth_typing import Address, Hash32

from chain.errors import InvalidSignature
from chain.forks.fork import Fork
from chain.py_evm.bls12_381 import bls_precompiles
from chain.py_evm.evm_state import FramePrecompile
from chain.py_evm.frame import Frame
from chain.py_evm.frame_errors import InvalidPrecompileInput
from chain.py_evm.hash_precompiles import blake2f, hash_precompiles
from chain.py_evm.modexp import modexp_of_berlin, modexp_of_byzantium, modexp_of_osaka
from chain.py_evm.p256_verify import p256_verify
from chain.py_evm.point_evaluation import point_evaluation
from chain.transactions import recover_address
from precompiles import bn254

ECRECOVER_GAS: Final = 3_000


def ethereum_precompiles(fork: Fork) -> dict[Address, FramePrecompile]:
    """The precompiles of a fork, by address."""
    found: dict[Address, FramePrecompile] = {_at(1): _ecrecover} | hash_precompiles()
    if fork >= Fork.BYZANTIUM:
        found[_at(5)] = _modexp(fork)
        found |= _CURVE_OF_ISTANBUL if fork >= Fork.ISTANBUL else _CURVE_OF_BYZANTIUM
    if fork >= Fork.ISTANBUL:
        found[_at(9)] = blake2f
    if fork >= Fork.CANCUN:
        found[_at(10)] = point_evaluation
    if fork >= Fork.PRAGUE:
        found |= bls_precompiles()
    if fork >= Fork.OSAKA:
        found[_at(0x100)] = p256_verify
    return found


def _modexp(fork: Fork) -> FramePrecompile:
    if fork >= Fork.OSAKA:
        return modexp_of_osaka
    return modexp_of_berlin if fork >= Fork.BERLIN else modexp_of_byzantium


def _at(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def _ecrecover(frame: Frame) -> None:
    frame.consume_gas(ECRECOVER_GAS)
    data = frame.msg.data[:128].ljust(128, b"\0")
    v = int.from_bytes(data[32:64], "big")
    r, s = int.from_bytes(data[64:96], "big"), int.from_bytes(data[96:], "big")
    try:
        frame.output = recover_address(Hash32(data[:32]), v - 27, r, s).rjust(32, b"\0")
    except InvalidSignature:
        frame.output = b""


def _curve_precompiles(
    add_gas: int, multiply_gas: int, pairing_gas: int, pair_gas: int
) -> Mapping[Address, FramePrecompile]:
    """0x06 to 0x08 at a fork's prices (EIPs 196, 197, 1108)."""

    def run(frame: Frame, gas: int, function: Callable[[bytes], bytes]) -> None:
        frame.consume_gas(gas)
        try:
            frame.output = function(frame.msg.data)
        except bn254.InvalidPoint as error:
            raise InvalidPrecompileInput(str(error)) from error

    def pairing_check(frame: Frame) -> None:
        gas = pairing_gas + len(frame.msg.data) // 192 * pair_gas
        run(frame, gas, bn254.pairing_check)

    return {
        _at(6): lambda frame: run(frame, add_gas, bn254.add),
        _at(7): lambda frame: run(frame, multiply_gas, bn254.multiply),
        _at(8): pairing_check,
    }


_CURVE_OF_BYZANTIUM: Final = _curve_precompiles(500, 40_000, 100_000, 80_000)
_CURVE_OF_ISTANBUL: Final = _curve_precompiles(150, 6_000, 45_000, 34_000)
