"""Jump destinations."""

from hypothesis import given
from hypothesis import strategies as st

from chain.py_evm.code_analysis import CodeAnalysis, find_jump_destinations


def walked(code: bytes) -> frozenset[int]:
    """Yellow Paper 9.4.3, one opcode after the other."""
    found, at = set(), 0
    while at < len(code):
        if code[at] == 0x5B:
            found.add(at)
        at += code[at] - 0x5E if 0x60 <= code[at] <= 0x7F else 1
    return frozenset(found)


@given(st.lists(st.sampled_from([0x00, 0x0A, 0x5B, 0x5F, 0x60, 0x61, 0x7F, 0x80])).map(bytes))
def test_destinations_are_those_that_a_walk_over_the_code_finds(code: bytes) -> None:
    assert find_jump_destinations(code) == walked(code)


def test_an_analysis_is_made_once() -> None:
    analysis = CodeAnalysis()
    code = b"\x5b\x60\x5b"
    assert analysis.jump_destinations(code) is analysis.jump_destinations(bytes(code))
    assert analysis.jump_destinations(code) == {0}
