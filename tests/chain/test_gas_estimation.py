"""The estimator's search, step by step, against messages with known needs."""

from dataclasses import replace

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from chain.engine import CallResult, Message
from chain.errors import FloorDataGasTooLow, InsufficientFunds, IntrinsicGasTooLow
from chain.gas_estimation import ERROR_RATIO, Allowance, estimate_gas
from chain.query_errors import (
    CallRefused,
    ExecutionFailed,
    ExecutionReverted,
    GasRequiredExceedsAllowance,
)

SENDER, TARGET = Address(b"\x01" * 20), Address(b"\x02" * 20)
MESSAGE = Message(sender=SENDER, to=TARGET, gas_limit=0, data=b"\x01")
ALLOWANCE = Allowance(
    block_gas_limit=36_000_000, gas_cap=50_000_000, sender_balance=10**18, target_has_code=True
)


class Program:
    """Uses `used`, peaks at `peak`, and fails below `needed`; counts its runs."""

    def __init__(
        self, used: int, needed: int | None = None, peak: int | None = None, is_zero_g: bool = False
    ) -> None:
        self.used, self.is_zero_g = used, is_zero_g
        self.needed = used if needed is None else needed
        self.peak = used if peak is None else peak
        self.limits: list[int] = []

    def __call__(self, gas_limit: int) -> CallResult:
        self.limits.append(gas_limit)
        if gas_limit < 21_064:
            raise IntrinsicGasTooLow(gas_limit, 21_064)
        if gas_limit < self.needed:
            return CallResult(b"", gas_limit, gas_limit, (), "out of gas")
        used = max(self.used, gas_limit * 8 // 10) if self.is_zero_g else self.used
        return CallResult(b"", used, self.peak, (), None)


def test_the_guess_from_peak_gas_is_tried_after_the_most() -> None:
    program = Program(used=40_000, peak=45_000)
    estimate = estimate_gas(MESSAGE, ALLOWANCE, program)
    assert program.limits[:2] == [36_000_000, (45_000 + 2_300) * 64 // 63]
    assert 40_000 <= estimate <= 48_050


def test_the_search_goes_no_higher_than_twice_what_is_too_low() -> None:
    program = Program(used=30_000, needed=90_000)
    estimate_gas(MESSAGE, ALLOWANCE, program)
    guess = (30_000 + 2_300) * 64 // 63
    high = 4 * guess
    assert program.limits[:6] == [
        36_000_000,
        guess,
        2 * guess,
        high,
        (2 * guess + high) // 2,
        (2 * guess + (2 * guess + high) // 2) // 2,
    ]


def test_with_the_80_percent_rule_a_good_guess_is_the_answer() -> None:
    """Facts [O4]: no search while 0.8 · most is above the guess."""
    program = Program(used=40_000, is_zero_g=True)
    assert estimate_gas(MESSAGE, ALLOWANCE, program) == (40_000 + 2_300) * 64 // 63
    assert len(program.limits) == 2


def test_with_the_80_percent_rule_a_small_gas_argument_still_searches() -> None:
    program = Program(used=40_000, is_zero_g=True)
    message = replace(MESSAGE, gas_limit=45_000)
    estimate = estimate_gas(message, ALLOWANCE, program)
    assert len(program.limits) > 2
    assert 40_000 <= estimate < (40_000 + 2_300) * 64 // 63


def test_a_plain_transfer_is_21000_without_a_search() -> None:
    calls = []

    def run(gas_limit: int) -> CallResult:
        calls.append(gas_limit)
        return CallResult(b"", 21_000, 21_000, (), None)

    message = replace(MESSAGE, data=b"")
    assert estimate_gas(message, replace(ALLOWANCE, target_has_code=False), run) == 21_000
    assert calls == [21_000]


def test_a_target_with_code_is_no_plain_transfer() -> None:
    program = Program(used=50_000)
    assert estimate_gas(replace(MESSAGE, data=b""), ALLOWANCE, program) > 50_000
    assert program.limits[0] == 36_000_000


@pytest.mark.parametrize(
    ("gas", "gas_cap", "most"),
    [(0, 50_000_000, 36_000_000), (20_999, 50_000_000, 36_000_000), (21_000, 50_000_000, 21_000),
     (60_000_000, 50_000_000, 50_000_000), (0, 30_000_000, 30_000_000)],
)  # fmt: skip
def test_the_most_gas_is_the_argument_or_the_blocks_within_the_cap(
    gas: int, gas_cap: int, most: int
) -> None:
    program = Program(used=10**9)
    with pytest.raises(GasRequiredExceedsAllowance) as caught:
        estimate_gas(replace(MESSAGE, gas_limit=gas), replace(ALLOWANCE, gas_cap=gas_cap), program)
    assert str(caught.value) == f"gas required exceeds allowance ({most})"
    assert program.limits == [most]


@pytest.mark.parametrize("gas_limit", [0, 30_000_000])
def test_a_transactions_own_limit_bounds_the_gas(gas_limit: int) -> None:
    """EIP-7825, also where the argument asks for more."""
    allowance = replace(ALLOWANCE, transaction_gas_limit=2**24)
    with pytest.raises(GasRequiredExceedsAllowance, match=str(2**24)):
        estimate_gas(
            replace(MESSAGE, gas_limit=gas_limit), allowance, Program(used=0, needed=2**24 + 1)
        )


def test_a_fee_bounds_the_gas_by_the_balance() -> None:
    program = Program(used=10**9)
    message = replace(MESSAGE, gas_price=10**9, max_fee_per_gas=10**9, value=10**17)
    with pytest.raises(GasRequiredExceedsAllowance, match="900000000"):
        estimate_gas(message, replace(ALLOWANCE, block_gas_limit=10**10, gas_cap=10**10), program)
    with pytest.raises(CallRefused, match=r"^insufficient funds for transfer$"):
        estimate_gas(replace(message, value=10**18), ALLOWANCE, program)


def test_a_revert_is_answered_with_its_data() -> None:
    def run(gas_limit: int) -> CallResult:
        return CallResult(b"\xaa", gas_limit, gas_limit, (), "execution reverted", True)

    with pytest.raises(ExecutionReverted) as caught:
        estimate_gas(MESSAGE, ALLOWANCE, run)
    assert caught.value.data == b"\xaa"


def test_another_failure_is_answered_with_its_name() -> None:
    def run(gas_limit: int) -> CallResult:
        return CallResult(b"", gas_limit, gas_limit, (), "signer not found")

    with pytest.raises(ExecutionFailed, match=r"^signer not found$"):
        estimate_gas(MESSAGE, ALLOWANCE, run)


@pytest.mark.parametrize(
    "refusal", [FloorDataGasTooLow(21_064, 21_160), InsufficientFunds(SENDER, 1, 2)]
)
def test_a_message_that_cannot_run_says_with_how_much_gas(refusal: Exception) -> None:
    def run(gas_limit: int) -> CallResult:
        raise refusal

    with pytest.raises(CallRefused) as caught:
        estimate_gas(MESSAGE, ALLOWANCE, run)
    assert str(caught.value) == f"failed with 36000000 gas: {refusal}"


def test_too_little_for_the_intrinsic_gas_asks_for_more() -> None:
    message = replace(MESSAGE, gas_limit=21_063)
    with pytest.raises(GasRequiredExceedsAllowance, match=r"\(21063\)"):
        estimate_gas(message, ALLOWANCE, Program(used=22_000))


@given(
    used=st.integers(21_064, 20_000_000),
    spare=st.integers(0, 15_000_000),
    is_zero_g=st.booleans(),
)
def test_the_answer_suffices_and_is_not_far_too_high(
    used: int, spare: int, is_zero_g: bool
) -> None:
    program = Program(used=used, needed=used + spare, is_zero_g=is_zero_g)
    estimate = estimate_gas(MESSAGE, ALLOWANCE, program)
    assert program(estimate).error is None
    if not is_zero_g:
        guess = (used + 2_300) * 64 // 63
        assert estimate <= max(guess, program.needed / (1 - ERROR_RATIO) + 2)
