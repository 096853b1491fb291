"""Ethereum's precompiles: py-evm's, save those that it does slowly or wrongly.

Replaced: 0x01 (coincurve), 0x05 (a base of length zero; gas), 0x06 to 0x08 (`precompiles.bn254`), 0x0a (the
trusted setup is read once, not at every call) and 0x0b to 0x11 (`bls12_381`).
"""

from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import ckzg
import eth
from eth.exceptions import VMError
from eth_typing import Address, Hash32

from chain.errors import InvalidSignature
from chain.forks.fork import Fork
from chain.py_evm.bls12_381 import bls_precompiles
from chain.py_evm.evm_state import FramePrecompile
from chain.py_evm.fork_classes import FORK_CLASSES
from chain.py_evm.frame import Frame
from chain.transactions import recover_address
from precompiles import bn254

ECRECOVER_GAS: Final = 3_000
POINT_EVALUATION_GAS: Final = 50_000
POINT_EVALUATION_INPUT_SIZE: Final = 192
VERSIONED_HASH_VERSION: Final = b"\x01"
MODEXP_GAS_MINIMUM: Final = 200
"""EIP-2565."""
TRUSTED_SETUP_FILE: Final = "kzg_trusted_setup.txt"
FIELD_ELEMENTS_AND_MODULUS: Final = (4096).to_bytes(32, "big") + bytes.fromhex(
    "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"
)
"""EIP-4844's answer."""


class InvalidPrecompileInput(VMError):
    """Burns all gas."""


def ethereum_precompiles(
    fork: Fork, trusted_setup: "TrustedSetup"
) -> dict[Address, FramePrecompile]:
    """The precompiles of a fork, by address."""
    found: dict[Address, FramePrecompile] = dict(FORK_CLASSES[fork].get_precompiles())
    found[_at(1)] = _ecrecover
    if fork >= Fork.BYZANTIUM:
        found[_at(5)] = _modexp_of_berlin if fork >= Fork.BERLIN else _modexp_of_byzantium
        found |= _CURVE_OF_ISTANBUL if fork >= Fork.ISTANBUL else _CURVE_OF_BYZANTIUM
    if fork >= Fork.CANCUN:
        found[_at(10)] = trusted_setup.point_evaluation
    if fork >= Fork.PRAGUE:
        found |= bls_precompiles()
    return found


class TrustedSetup:
    """EIP-4844's trusted setup, read from py-evm's copy when first needed."""

    def __init__(self) -> None:
        self._loaded: Any = None

    def point_evaluation(self, frame: Frame) -> None:
        """Precompile 0x0a."""
        frame.consume_gas(POINT_EVALUATION_GAS)
        data = frame.msg.data
        if len(data) != POINT_EVALUATION_INPUT_SIZE:
            raise InvalidPrecompileInput("invalid input length")
        commitment, proof = data[96:144], data[144:192]
        if VERSIONED_HASH_VERSION + sha256(commitment).digest()[1:] != data[:32]:
            raise InvalidPrecompileInput("mismatched versioned hash")
        if not self._verifies(commitment, data[32:64], data[64:96], proof):
            raise InvalidPrecompileInput("error verifying kzg proof")
        frame.output = FIELD_ELEMENTS_AND_MODULUS

    def _verifies(self, commitment: bytes, z: bytes, y: bytes, proof: bytes) -> bool:
        if self._loaded is None:
            path = Path(eth.__file__).parent / "_utils" / TRUSTED_SETUP_FILE
            self._loaded = ckzg.load_trusted_setup(str(path), 0)
        try:
            return bool(ckzg.verify_kzg_proof(commitment, z, y, proof, self._loaded))
        except RuntimeError:  # A field element or point out of range.
            return False


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


def _modexp_of_byzantium(frame: Frame) -> None:
    _modexp(frame, _modexp_gas_of_byzantium)


def _modexp_of_berlin(frame: Frame) -> None:
    _modexp(frame, _modexp_gas_of_berlin)


def _modexp(frame: Frame, gas_of: Callable[[int, int], int]) -> None:
    """EIP-198."""
    data = frame.msg.data
    base_size, exponent_size, modulus_size = (
        int.from_bytes(_slice(data, start, 32), "big") for start in (0, 32, 64)
    )
    frame.consume_gas(
        gas_of(
            max(base_size, modulus_size),
            max(_iteration_count(data, base_size, exponent_size), 1),
        )
    )
    if not base_size and not modulus_size:
        return
    base = _slice(data, 96, base_size)
    exponent = _slice(data, 96 + base_size, exponent_size)
    modulus = int.from_bytes(_slice(data, 96 + base_size + exponent_size, modulus_size), "big")
    power = 0
    if modulus:
        power = pow(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), modulus)
    frame.output = power.to_bytes(modulus_size, "big")


def _iteration_count(data: bytes, base_size: int, exponent_size: int) -> int:
    """EIP-198's adjusted exponent length: bits of the exponent, going by its first word."""
    head = int.from_bytes(_slice(data, 96 + base_size, min(exponent_size, 32)), "big")
    return 8 * max(exponent_size - 32, 0) + max(head.bit_length() - 1, 0)


def _modexp_gas_of_byzantium(size: int, iterations: int) -> int:
    if size <= 64:
        complexity = size * size
    elif size <= 1024:
        complexity = size * size // 4 + 96 * size - 3_072
    else:
        complexity = size * size // 16 + 480 * size - 199_680
    return complexity * iterations // 20


def _modexp_gas_of_berlin(size: int, iterations: int) -> int:
    """EIP-2565."""
    words = (size + 7) // 8
    return max(words * words * iterations // 3, MODEXP_GAS_MINIMUM)


def _slice(data: bytes, start: int, size: int) -> bytes:
    """`size` bytes from `start`, zeros where there are none."""
    return data[start : start + size].ljust(size, b"\0")


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
