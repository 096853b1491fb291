"""The precompile 0x05: base to the exponent modulo a number (EIPs 198, 2565), over GMP.

Python's own `pow` is slow where gas is cheap: 2.4 Mgas/s for a modulus of 8 bytes and a long exponent.
"""

from collections.abc import Callable
from typing import Final

import gmpy2

from chain.py_evm.frame import Frame

GAS_MINIMUM: Final = 200
"""EIP-2565."""


def modexp_of_byzantium(frame: Frame) -> None:
    """At EIP-198's price."""
    _modexp(frame, _gas_of_byzantium)


def modexp_of_berlin(frame: Frame) -> None:
    """At EIP-2565's price."""
    _modexp(frame, _gas_of_berlin)


def _modexp(frame: Frame, gas_of: Callable[[int, int], int]) -> None:
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
    frame.output = _power(base, exponent, modulus).to_bytes(modulus_size, "big")


def _power(base: bytes, exponent: bytes, modulus: int) -> int:
    if modulus == 0:
        return 0
    power = gmpy2.powmod(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), modulus)
    return int(power)


def _iteration_count(data: bytes, base_size: int, exponent_size: int) -> int:
    """EIP-198's adjusted exponent length: bits of the exponent, going by its first word."""
    head = int.from_bytes(_slice(data, 96 + base_size, min(exponent_size, 32)), "big")
    return 8 * max(exponent_size - 32, 0) + max(head.bit_length() - 1, 0)


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


def _slice(data: bytes, start: int, size: int) -> bytes:
    """`size` bytes from `start`, zeros where there are none."""
    return data[start : start + size].ljust(size, b"\0")
