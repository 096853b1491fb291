"""The precompile 0x05: base to the exponent modulo a number (EIPs 198, 2565, 7823, 7883), over GMP.

Python's own `pow` is slow where gas is cheap: 2.4 Mgas/s for a modulus of 8 bytes and a long exponent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import gmpy2

from chain.py_evm.frame import Frame
from chain.py_evm.frame_errors import InvalidPrecompileInput

GAS_MINIMUM: Final = 200
"""EIP-2565."""
OSAKA_GAS_MINIMUM: Final = 500
"""EIP-7883."""
OSAKA_BYTES_MAX: Final = 1_024
"""Of base, exponent and modulus each (EIP-7823)."""


@dataclass(frozen=True, slots=True)
class _Version:
    """The precompile as a fork has it."""

    gas_of: Callable[[int, int], int]
    """The longer of base and modulus in bytes, iterations → gas."""
    long_exponent_weight: int = 8
    """Iterations for each byte of the exponent beyond its first word."""
    bytes_max: int | None = None


def modexp_of_byzantium(frame: Frame) -> None:
    """At EIP-198's price."""
    _modexp(frame, _BYZANTIUM)


def modexp_of_berlin(frame: Frame) -> None:
    """At EIP-2565's price."""
    _modexp(frame, _BERLIN)


def modexp_of_osaka(frame: Frame) -> None:
    """At EIP-7883's price, within EIP-7823's bounds."""
    _modexp(frame, _OSAKA)


def _modexp(frame: Frame, version: _Version) -> None:
    data = frame.msg.data
    base_size, exponent_size, modulus_size = (
        int.from_bytes(_slice(data, start, 32), "big") for start in (0, 32, 64)
    )
    most = version.bytes_max
    if most is not None and max(base_size, exponent_size, modulus_size) > most:
        raise InvalidPrecompileInput(f"an operand of more than {most} bytes")
    iterations = _iteration_count(data, base_size, exponent_size, version.long_exponent_weight)
    frame.consume_gas(version.gas_of(max(base_size, modulus_size), max(iterations, 1)))
    if not base_size and not modulus_size:
        return
    base = _slice(data, 96, base_size)
    exponent = _slice(data, 96 + base_size, exponent_size)
    modulus = int.from_bytes(_slice(data, 96 + base_size + exponent_size, modulus_size), "big")
    frame.output = _power(base, exponent, modulus).to_bytes(modulus_size, "big")


def _power(base: bytes, exponent: bytes, modulus: int) -> int:
    if modulus == 0:
        return 0
    power = gmpy2.powmod(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), modulus)
    return int(power)


def _iteration_count(data: bytes, base_size: int, exponent_size: int, weight: int) -> int:
    """EIP-198's adjusted exponent length: bits of the exponent, going by its first word."""
    head = int.from_bytes(_slice(data, 96 + base_size, min(exponent_size, 32)), "big")
    return weight * max(exponent_size - 32, 0) + max(head.bit_length() - 1, 0)


def _gas_of_byzantium(size: int, iterations: int) -> int:
    if size <= 64:
        complexity = size * size
    elif size <= 1024:
        complexity = size * size // 4 + 96 * size - 3_072
    else:
        complexity = size * size // 16 + 480 * size - 199_680
    return complexity * iterations // 20


def _gas_of_berlin(size: int, iterations: int) -> int:
    words = (size + 7) // 8
    return max(words * words * iterations // 3, GAS_MINIMUM)


def _gas_of_osaka(size: int, iterations: int) -> int:
    words = (size + 7) // 8
    complexity = 16 if size <= 32 else 2 * words * words
    return max(complexity * iterations, OSAKA_GAS_MINIMUM)


_BYZANTIUM: Final = _Version(_gas_of_byzantium)
_BERLIN: Final = _Version(_gas_of_berlin)
_OSAKA: Final = _Version(_gas_of_osaka, long_exponent_weight=16, bytes_max=OSAKA_BYTES_MAX)


def _slice(data: bytes, start: int, size: int) -> bytes:
    """`size` bytes from `start`, zeros where there are none."""
    return data[start : start + size].ljust(size, b"\0")
