"""Blocks out of a file, or the place where it is none."""

from pathlib import Path
from typing import Any

import pytest

from chain.rlp_items import encode_item
from node.errors import InvalidFile, MissingFile
from node.imported.chain_file import BLOCK_BYTES_MAX, read_blocks


def test_blocks_come_in_order_and_as_they_stand(exported: Any) -> None:
    assert list(read_blocks(exported.chain)) == exported.payloads


@pytest.mark.parametrize("size", [0, 1, 40, 55, 56, 255, 256, 70_000])
def test_a_list_of_any_length_is_read_whole(tmp_path: Path, size: int) -> None:
    path = tmp_path / "chain.rlp"
    item = encode_item([b"\1"] * size)
    path.write_bytes(item * 2)
    assert list(read_blocks(path)) == [item, item]


def test_an_empty_file_holds_no_blocks(tmp_path: Path) -> None:
    path = tmp_path / "chain.rlp"
    path.touch()
    assert list(read_blocks(path)) == []


def test_what_is_no_list_is_refused_with_its_place(exported: Any) -> None:
    exported.write(exported.payloads[0], b"\x83abc")
    place = len(exported.payloads[0])
    with pytest.raises(InvalidFile, match=f"byte {place}: expected an RLP list"):
        list(read_blocks(exported.chain))


@pytest.mark.parametrize("cut", [1, 3, 100])
def test_a_file_that_ends_too_early_is_refused_with_the_last_blocks_place(
    exported: Any, cut: int
) -> None:
    exported.write(exported.payloads[0], exported.payloads[1][:cut])
    place = len(exported.payloads[0])
    with pytest.raises(InvalidFile, match=f"middle of the block that begins at byte {place}"):
        list(read_blocks(exported.chain))


def test_a_block_that_would_fill_the_memory_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "chain.rlp"
    path.write_bytes(b"\xff" + (2**40).to_bytes(8, "big"))
    with pytest.raises(InvalidFile, match=f"at most {BLOCK_BYTES_MAX}"):
        list(read_blocks(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"nowhere\.rlp"):
        list(read_blocks(tmp_path / "nowhere.rlp"))
