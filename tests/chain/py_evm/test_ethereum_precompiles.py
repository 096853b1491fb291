"""Ethereum's precompiles where ours replace py-evm's."""

from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from chain.forks.fork import Fork
from chain.py_evm.ethereum_precompiles import ethereum_precompiles
from chain.py_evm.fork_classes import FORK_CLASSES


def at(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


def own_gas(result: Any, data: bytes) -> int:
    """Without intrinsic gas; the data floor stays out of the way of these inputs."""
    zeros = data.count(0)
    return int(result.peak_gas_used - 21_000 - 4 * zeros - 16 * (len(data) - zeros))


def modexp_input(base: bytes, exponent: bytes, modulus: bytes) -> bytes:
    return words(len(base), len(exponent), len(modulus)) + base + exponent + modulus


@given(st.binary(max_size=40), st.binary(max_size=40), st.binary(max_size=40))
def test_modexp_is_pow_with_the_moduluss_length(
    base: bytes, exponent: bytes, modulus: bytes
) -> None:
    """EIP-198; py-evm answers 0 for an empty base whatever the exponent."""
    frame = _Frame(modexp_input(base, exponent, modulus))
    ethereum_precompiles(Fork.CANCUN)[at(5)](frame)  # type: ignore[arg-type]
    number = int.from_bytes(modulus, "big")
    power = (
        pow(int.from_bytes(base, "big"), int.from_bytes(exponent, "big"), number) if number else 0
    )
    expected = power.to_bytes(len(modulus), "big") if base or modulus else b""
    assert frame.output == expected


class _Frame:
    """As much of a frame as a precompile touches."""

    def __init__(self, data: bytes) -> None:
        self.msg, self.data, self.output, self.gas = self, data, b"", 0

    def consume_gas(self, amount: int, reason: str = "") -> None:
        self.gas += amount


@pytest.mark.parametrize(
    ("fork", "gas"), [(Fork.BYZANTIUM, 13_056), (Fork.BERLIN, 1_360)], ids=["EIP-198", "EIP-2565"]
)
def test_modexp_costs_what_its_fork_asks(fork: Fork, gas: int) -> None:
    """EIP-198's first example: 3^(p-1) mod p."""
    p = 2**256 - 2**32 - 977
    frame = _Frame(words(1, 32, 32) + b"\x03" + words(p - 1, p))
    ethereum_precompiles(fork)[at(5)](frame)  # type: ignore[arg-type]
    assert int.from_bytes(frame.output, "big") == 1
    assert frame.gas == gas


@pytest.mark.parametrize(
    ("fork", "costs"),
    [
        (Fork.BYZANTIUM, (500, 40_000, 180_000)),
        (Fork.ISTANBUL, (150, 6_000, 79_000)),
        (Fork.CANCUN, (150, 6_000, 79_000)),
    ],
)
def test_the_curve_precompiles_cost_what_their_fork_asks(
    worlds: Any, fork: Fork, costs: tuple[int, int, int]
) -> None:
    """EIPs 196, 197, 1108."""
    world = worlds.ethereum(fork)
    for number, size, expected in zip((6, 7, 8), (128, 96, 192), costs, strict=True):
        result = world.call(at(number), bytes(size))
        assert result.error is None
        zero_byte_gas = 4
        assert result.peak_gas_used - 21_000 - zero_byte_gas * size == expected


def test_a_point_off_the_curve_burns_all_gas(world: Any) -> None:
    result = world.call(at(6), words(1, 1, 0, 0), gas=100_000)
    assert result.error is not None
    assert (result.gas_used, result.output) == (100_000, b"")


def test_ecrecover_gives_the_signer_or_nothing(world: Any) -> None:
    transaction = world.alice.sign(0, at(1))
    data = transaction.signing_hash + words(transaction.y_parity + 27, transaction.r, transaction.s)
    result = world.call(at(1), data)
    assert result.output == bytes(12) + world.alice.address
    assert own_gas(result, data) == 3_000
    for wrong in (words(1, 29, 1, 1), words(1, 27, 0, 1), b""):
        result = world.call(at(1), wrong)
        assert (result.error, result.output) == (None, b"")


def test_blake2f_runs_natively(world: Any) -> None:
    """EIP-152: a million rounds take py-evm's own code more than ten seconds."""
    data = (1_000_000).to_bytes(4, "big") + bytes(208) + b"\x01"
    result = world.call(at(9), data)
    assert result.error is None
    assert len(result.output) == 64
    assert own_gas(result, data) == 1_000_000


def test_every_fork_has_its_precompiles() -> None:
    """None is added or lost where ours take the place of py-evm's, which ends at Prague."""
    for fork, theirs in FORK_CLASSES.items():
        later = {at(0x100)} if fork >= Fork.OSAKA else set()
        assert set(ethereum_precompiles(fork)) == set(theirs.get_precompiles()) | later, fork
