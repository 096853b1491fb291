"""The flags of `zerog storage`, its progress bars, and one line for what is wrong."""

import argparse
import io
from pathlib import Path

import pytest

from node.cli import main
from node.storage.command_line.arguments import byte_count, shard_pair
from node.storage.command_line.progress import ProgressBar

NOBODY = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("text", "size"), [("1", 1), ("64k", 65_536), ("500M", 524_288_000), ("10GiB", 10 * 2**30)]
)
def test_bytes_may_have_a_unit(text: str, size: int) -> None:
    assert byte_count(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5G", "10X", "G"])
def test_what_is_no_number_of_bytes_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="10G"):
        byte_count(text)


def test_a_shard_is_a_number_and_a_power_of_two() -> None:
    assert shard_pair("1/4") == (1, 4)
    for text in ("4/4", "0/3", "0", "a/b", "0/0", "0/2048"):
        with pytest.raises(argparse.ArgumentTypeError, match="power of two"):
            shard_pair(text)


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_grows_on_a_terminal_and_is_one_line_elsewhere() -> None:
    terminal, pipe = _Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        bar = ProgressBar(stream)
        bar("uploading", 0, 1_000_000)
        bar("uploading", 500_000, 1_000_000)
        bar("uploading", 1_000_000, 1_000_000)
    assert "\r" in terminal.getvalue()
    assert terminal.getvalue().endswith("100 % of 1,000,000 bytes\n")
    assert pipe.getvalue().count("\n") == 1
    assert "[" + "#" * 30 + "]" in pipe.getvalue()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["get", "0x12", "f"], 2, "expected 0x and 64 hex digits"),
        (["get", "0x" + "11" * 32, "f"], 1, "nobody answers"),
        (["status"], 1, "nobody answers"),
        (["put", "missing"], 1, "nobody answers"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["storage", *arguments, "--storage-url", NOBODY]) == code
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_get_does_not_write_over_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "there"
    path.touch()
    assert main(["storage", "get", "0x" + "11" * 32, str(path)]) == 2
    assert "is there already" in capsys.readouterr().err
