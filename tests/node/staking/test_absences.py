"""Blocks missed in a row, and their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import Undecodable
from consensus.signatures import public_key_of
from consensus.validators import ValidatorSet
from consensus.values import Validator, ValidatorAddress
from node.staking.absences import counted, decode_absences, encode_absences

VALIDATORS = ValidatorSet.of(Validator(public_key_of(bytes([n]) * 32), 1) for n in (1, 2, 3))
FIRST, SECOND, THIRD = VALIDATORS.addresses
STRANGER = ValidatorAddress(b"\x11" * 20)


def test_the_absent_count_up_and_the_present_begin_anew() -> None:
    once = counted({}, VALIDATORS, {FIRST})
    assert once == {SECOND: 1, THIRD: 1}
    assert counted(once, VALIDATORS, {FIRST, THIRD}) == {SECOND: 2}


def test_who_has_left_the_set_is_forgotten() -> None:
    assert counted({STRANGER: 7}, VALIDATORS, set(VALIDATORS.addresses)) == {}


@given(st.dictionaries(st.binary(min_size=20, max_size=20), st.integers(1, 2**40), max_size=20))
def test_absences_come_back_from_their_bytes(absences: dict[ValidatorAddress, int]) -> None:
    assert decode_absences(encode_absences(absences)) == absences


@given(st.binary(max_size=200))
def test_bytes_are_absences_or_undecodable(data: bytes) -> None:
    try:
        absences = decode_absences(data)
    except Undecodable:
        return
    assert all(len(who) == 20 for who in absences)


def test_a_single_string_is_no_list_of_absences() -> None:
    with pytest.raises(Undecodable):
        decode_absences(b"\x80")
