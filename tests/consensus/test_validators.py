"""T26, T27: the set, its thresholds and the rotation."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consensus.errors import InvalidValidatorSet
from consensus.signatures import public_key_of, recover, sign
from consensus.validators import TOTAL_POWER_MAX, ValidatorSet, address_of
from consensus.values import Round, Validator

KEYS = [public_key_of(bytes([number]) * 32) for number in range(1, 8)]


def set_of(*powers: int) -> ValidatorSet:
    return ValidatorSet.of(Validator(key, power) for key, power in zip(KEYS, powers, strict=False))


def turns(validators: ValidatorSet, count: int) -> list[bytes]:
    """Proposers of round 0 of successive heights."""
    seen = []
    for _ in range(count):
        seen.append(validators.proposer(Round(0)))
        validators = validators.advanced()
    return seen


def test_an_address_is_that_of_the_ethereum_account_with_the_same_key() -> None:
    key = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    assert address_of(public_key_of(key)).hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
    assert recover(b"d" * 32, sign(key, b"d" * 32)) == address_of(public_key_of(key))


@pytest.mark.parametrize(
    ("validators", "what"),
    [
        ([], "0 validators"),
        ([Validator(b"\x02" + b"\xff" * 32, 1)], "not a secp256k1 public key"),
        ([Validator(KEYS[0], 0)], "power"),
        ([Validator(KEYS[0], -1), Validator(KEYS[1], 5)], "power"),
        ([Validator(KEYS[0], 1), Validator(KEYS[0], 2)], "repeated"),
        ([Validator(KEYS[0], TOTAL_POWER_MAX), Validator(KEYS[1], 1)], "total power"),
        ([Validator(KEYS[0], 1, "n" * 65)], "name"),
    ],
)
def test_validators_that_cannot_form_a_set_are_refused(validators, what) -> None:
    with pytest.raises(InvalidValidatorSet, match=what):
        ValidatorSet.of(validators)


def test_an_uncompressed_key_is_refused() -> None:
    with pytest.raises(InvalidValidatorSet):
        address_of(b"\x04" + b"\x01" * 64)


@given(st.integers(0, 30), st.integers(1, 10))
def test_thresholds_are_strict_and_in_integers(power, size) -> None:
    """T27."""
    validators = set_of(size, size, size)
    total = 3 * size
    assert validators.total_power == total
    assert validators.has_quorum(power) == (power > total * 2 / 3 and power * 3 != total * 2)
    assert validators.exceeds_third(power) == (power > size)


def test_thresholds_are_exact_for_the_largest_powers() -> None:
    """T27: where floating point has no place left for the one that matters."""
    third = TOTAL_POWER_MAX // 3
    validators = set_of(third, third, third)
    assert not validators.has_quorum(2 * third)
    assert validators.has_quorum(2 * third + 1)
    assert not validators.exceeds_third(third)
    assert validators.exceeds_third(third + 1)


def test_equal_validators_take_turns_in_order_of_address() -> None:
    validators = set_of(1, 1, 1, 1)
    assert turns(validators, 8) == [*validators.addresses, *validators.addresses]


def test_round_r_is_proposed_as_height_h_plus_r_would_be_in_round_0() -> None:
    """T26: one rotation, advanced once a height whatever round decides."""
    validators = set_of(3, 1, 4, 1)
    expected = turns(validators, 20)
    assert [validators.proposer(Round(round)) for round in range(20)] == expected
    assert validators.advanced().proposer(Round(4)) == expected[5]


@given(st.lists(st.integers(1, 20), min_size=1, max_size=7))
def test_turns_are_in_proportion_to_power(powers) -> None:
    """T26: over as many heights as the total power, each proposes exactly its power's share."""
    validators = set_of(*powers)
    counted = Counter(turns(validators, validators.total_power))
    assert counted == Counter(validators.powers)


@given(st.lists(st.integers(1, 2**40), min_size=2, max_size=7), st.integers(1, 40))
def test_priorities_stay_centred_and_within_the_window(powers, steps) -> None:
    """T26: sum near zero, spread at most twice the total power after a step's scaling."""
    validators = set_of(*powers)
    for _ in range(steps):
        validators = validators.advanced()
    assert abs(sum(validators.priorities)) < len(validators)
    spread = max(validators.priorities) - min(validators.priorities)
    assert spread <= 3 * validators.total_power


def test_the_first_turns_of_unequal_powers_follow_the_weighted_rotation() -> None:
    """Worked by hand, powers 1 and 3: priorities (1, 3) → second; (2, 2) → first; (-1, 5), (0, 4)."""
    first, second = (Validator(key, 1) for key in KEYS[:2])
    ordered = ValidatorSet.of([first, second]).validators
    validators = ValidatorSet.of([replace(ordered[0], power=1), replace(ordered[1], power=3)])
    one, other = validators.addresses
    assert turns(validators, 5) == [other, one, other, other, other]
    assert validators.advanced().priorities == (1, -1)


def test_a_huge_spread_is_scaled_down_towards_zero() -> None:
    """T26: clipping. Spread 100 against a window of 2 · 2: divided by 25."""
    validators = ValidatorSet(set_of(1, 1).validators, (51, -49))
    # Scaled to (2, -1), average 0, plus power (3, 0); the first proposes and pays the total.
    assert validators.advanced().priorities == (1, 0)


def test_a_newcomer_waits_and_the_others_are_centred_again() -> None:
    """T26: joining again never gains a turn."""
    validators = set_of(1, 1, 1)
    known = {validator.public_key for validator in validators.validators}
    joined = validators.with_validators([*validators.validators, Validator(KEYS[3], 1)])
    newcomer = next(v for v in joined.validators if v.public_key not in known)
    index = joined.validators.index(newcomer)
    assert joined.priorities.count(min(joined.priorities)) == 1
    assert joined.priorities[index] == min(joined.priorities)
    assert abs(sum(joined.priorities)) < len(joined)
    assert address_of(newcomer.public_key) not in turns(joined, 3)
    assert address_of(newcomer.public_key) in turns(joined, 10)


def test_the_hash_binds_keys_and_powers_but_neither_names_nor_turns() -> None:
    validators = set_of(1, 2)
    renamed = ValidatorSet.of(replace(v, name="other") for v in validators.validators)
    assert validators.hash() == renamed.hash() == validators.advanced().hash()
    assert validators.hash() != set_of(1, 3).hash()
    assert validators.hash() != set_of(1, 2, 1).hash()


def test_members_have_power_and_strangers_have_none() -> None:
    validators = set_of(3, 5)
    assert all(address in validators for address in validators.addresses)
    assert b"\0" * 20 not in validators
    assert None not in validators
    assert validators.power_of(b"\0" * 20) == 0
    assert sorted(map(validators.power_of, validators.addresses)) == [3, 5]


def test_one_validator_with_the_longest_name_is_a_set() -> None:
    """T31."""
    lone = ValidatorSet.of([Validator(KEYS[0], 1, "n" * 64)])
    assert len(lone) == 1
    assert lone.proposer(Round(5)) == lone.addresses[0]


def test_a_set_begins_with_equal_priorities_and_has_one_for_each() -> None:
    """T26."""
    validators = set_of(1, 2, 3)
    assert validators.priorities == (0, 0, 0)
    with pytest.raises(InvalidValidatorSet, match="2 priorities for 3 validators"):
        ValidatorSet(validators.validators, (0, 0))


def test_a_newcomer_begins_at_minus_nine_eighths_of_the_total() -> None:
    """T26: CometBFT's computeNewPriorities, then centred: −(80 + 10) and 0 are −45 and 45 about."""
    old = ValidatorSet.of([Validator(KEYS[0], 40)])
    joined = old.with_validators([Validator(KEYS[0], 40), Validator(KEYS[1], 40)])
    by_key = dict(zip((v.public_key for v in joined.validators), joined.priorities, strict=True))
    assert by_key[KEYS[0]] - by_key[KEYS[1]] == 90
    assert sum(joined.priorities) in (0, 1)


def test_negative_priorities_are_scaled_towards_zero_too() -> None:
    """T26: −7 of a spread of 14 against a window of 4 is divided by 4, not rounded down."""
    members = ValidatorSet.of([Validator(KEYS[0], 1), Validator(KEYS[1], 1)]).validators
    advanced = ValidatorSet(members, (7, -7)).advanced()
    # 7 // 4 and −(7 // 4), centred on 0, one more each; the first has the turn and pays 2.
    assert advanced.priorities == (0, 0)
    lower_first = ValidatorSet(members, (-7, 7)).advanced()
    assert lower_first.priorities == (0, 0)
    assert lower_first.addresses[1] == ValidatorSet(members, (-7, 7)).proposer(Round(0))
