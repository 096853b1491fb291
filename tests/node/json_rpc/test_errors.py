"""The texts of errors, which clients take apart."""

import pytest

from node.json_rpc.errors import go_duration, reverted, timed_out


def abi_error(text: bytes, selector: str = "08c379a0") -> bytes:
    padded = text + bytes(-len(text) % 32)
    return (
        bytes.fromhex(selector) + (32).to_bytes(32, "big") + len(text).to_bytes(32, "big") + padded
    )


def panic(code: int) -> bytes:
    return bytes.fromhex("4e487b71") + code.to_bytes(32, "big")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (abi_error(b"seven"), "execution reverted: seven"),
        (abi_error(b""), "execution reverted: "),
        (abi_error(b"\xff"), "execution reverted: \N{REPLACEMENT CHARACTER}"),
        (abi_error(b"seven")[:70], "execution reverted"),
        (abi_error(b"seven", "12345678"), "execution reverted"),
        (bytes.fromhex("08c379a0") + b"\xff" * 64, "execution reverted"),
        (panic(0x11), "execution reverted: arithmetic underflow or overflow"),
        (panic(0x01), "execution reverted: assert(false)"),
        (panic(0x77), "execution reverted: unknown panic code: 0x77"),
        (panic(1)[:20], "execution reverted"),
        (b"", "execution reverted"),
        (b"\x01\x02\x03", "execution reverted"),
    ],
)
def test_a_revert_has_code_3_its_data_and_a_standard_reason(output: bytes, message: str) -> None:
    assert reverted(output).encoded() == {
        "code": 3,
        "message": message,
        "data": "0x" + output.hex(),
    }


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (250, "250ms"),
        (1_000, "1s"),
        (1_500, "1.5s"),
        (5_000, "5s"),
        (60_000, "1m0s"),
        (90_500, "1m30.5s"),
        (3_600_000, "1h0m0s"),
    ],
)
def test_durations_read_as_go_prints_them(milliseconds: int, text: str) -> None:
    assert go_duration(milliseconds) == text


def test_a_call_cut_off_says_so_in_geths_words() -> None:
    assert timed_out(5_000).encoded() == {
        "code": -32000,
        "message": "execution aborted (timeout = 5s)",
    }
