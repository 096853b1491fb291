"""Failure texts as geth has them, which wallets and test frameworks parse."""

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from chain.engine import CallResult
from chain.query_errors import ExecutionFailed, ExecutionReverted
from chain.reverts import raise_failure, revert_message, revert_reason


def result(output: bytes = b"", error: str | None = None, is_revert: bool = False) -> CallResult:
    return CallResult(output, 21_000, 21_000, (), error, is_revert)


def test_success_is_no_failure() -> None:
    success = result(b"\x01")
    raise_failure(success)
    assert success.error is None


def test_a_reason_string_stands_behind_a_colon() -> None:
    output = bytes.fromhex("08c379a0") + encode(["string"], ["seven"])
    with pytest.raises(ExecutionReverted) as caught:
        raise_failure(result(output, "execution reverted", is_revert=True))
    assert str(caught.value) == "execution reverted: seven"
    assert caught.value.data == output


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0x11, "arithmetic underflow or overflow"),
        (0x01, "assert(false)"),
        (0x99, "unknown panic code: 0x99"),
    ],
)
def test_a_panic_is_named(code: int, reason: str) -> None:
    output = bytes.fromhex("4e487b71") + code.to_bytes(32, "big")
    assert revert_message(output) == f"execution reverted: {reason}"


@pytest.mark.parametrize(
    "output",
    [
        b"",
        b"\x12\x34\x56\x78",
        bytes.fromhex("08c379a0"),
        bytes.fromhex("08c379a0") + (2**255).to_bytes(32, "big") * 2,
        bytes.fromhex("08c379a0") + (32).to_bytes(32, "big") + (33).to_bytes(32, "big") + bytes(32),
        bytes.fromhex("4e487b71"),
    ],
)
def test_anything_else_has_no_reason(output: bytes) -> None:
    assert revert_message(output) == "execution reverted"


def test_other_failures_keep_the_engines_words() -> None:
    with pytest.raises(ExecutionFailed, match=r"^invalid opcode: INVALID$"):
        raise_failure(result(error="invalid opcode: INVALID"))


@given(st.binary(max_size=200))
def test_no_revert_data_breaks_the_reading(data: bytes) -> None:
    for selector in (b"", bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71")):
        assert revert_reason(selector + data) is None or isinstance(
            revert_reason(selector + data), str
        )
