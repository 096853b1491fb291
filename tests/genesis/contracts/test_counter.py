"""The first contract of a user: it counts, logs, and refuses in each of the two ways."""

from typing import Any

import pytest
from eth_abi.abi import decode
from eth_utils import to_hex


def test_it_counts_and_tells_who_counted(world: Any) -> None:
    counter = world.deploy("Counter")
    counter.send("increment")
    receipt = counter.send("add", 41, sender=1)
    caller = to_hex(world.address(1))
    assert counter.events(receipt) == [("Counted", {"caller": caller, "step": 41, "count": 42})]
    assert counter.read("count") == 42
    assert counter.read("lastCaller") == caller


def test_a_step_of_zero_is_refused_with_a_text(world: Any, refused: Any) -> None:
    counter = world.deploy("Counter")
    with pytest.raises(refused) as refusal:
        counter.send("add", 0)
    assert refusal.value.reason == "Counter: step is zero"


def test_a_large_step_is_refused_with_an_error_that_carries_both_numbers(
    world: Any, refused: Any
) -> None:
    counter = world.deploy("Counter")
    with pytest.raises(refused) as refusal:
        counter.send("add", 1_001)
    assert decode(["uint256", "uint256"], refusal.value.data[4:]) == (1_001, 1_000)
    assert counter.read("count") == 0
