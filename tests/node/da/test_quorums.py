"""Rows, bitmaps and the threshold, held against the contract's own words."""

from typing import Any

import pytest
from eth_typing import Address
from hypothesis import given
from hypothesis import strategies as st

from node.da.quorums import Quorum

PEOPLE = [Address(bytes([number]) * 20) for number in range(1, 6)]
ROWS = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=40).map(tuple)


@given(ROWS, st.sets(st.sampled_from(PEOPLE)))
def test_a_bitmap_counts_exactly_the_rows_of_those_present(rows: Any, present: Any) -> None:
    quorum = Quorum(1, 0, rows)
    bitmap = quorum.bitmap(present)
    assert len(bitmap) == (len(rows) + 7) // 8
    for row, owner in enumerate(rows):
        assert bool(bitmap[row // 8] & (1 << row % 8)) == (owner in present)
    signers, hits = quorum.counted(bitmap)
    assert set(signers) == present & set(rows)
    assert hits == sum(len(quorum.rows_of(one)) for one in present)


@given(ROWS)
def test_one_bit_brings_in_all_later_rows_of_its_signer(rows: Any) -> None:
    quorum = Quorum(1, 0, rows)
    bits = bytearray((len(rows) + 7) // 8)
    bits[0] = 1
    signers, hits = quorum.counted(bytes(bits))
    assert signers == (rows[0],)
    assert hits == rows.count(rows[0])


@given(ROWS)
def test_the_rows_needed_are_the_least_that_the_contract_accepts(rows: Any) -> None:
    quorum = Quorum(1, 0, rows)
    need, total = quorum.rows_needed, len(rows)
    assert 2 * total <= 3 * need
    assert not 2 * total <= 3 * (need - 1)


def test_zero_g_quorums_need_2048_of_their_3072_rows() -> None:
    assert Quorum(1, 0, tuple(PEOPLE[:1] * 3_072)).rows_needed == 2_048


def test_a_bitmap_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="2 bytes for 3 rows"):
        Quorum(1, 0, tuple(PEOPLE[:3])).counted(bytes(2))


def test_signers_come_in_the_order_of_their_first_rows() -> None:
    a, b, c = PEOPLE[:3]
    assert Quorum(1, 0, (b, a, b, c, a)).signers == (b, a, c)
