"""The contract that tests of the node use: each failure is the one its name says."""

from typing import Any

import pytest
from eth_hash.auto import keccak

REFUSED = keccak(b"Refused(uint256,string)").hex()[:8]


def test_the_failures_are_of_the_kind_that_they_say(world: Any, refused: Any) -> None:
    probe = world.deploy("TestProbe")
    for function, arguments, reason in (
        ("failWithReason", ["no"], "no"),
        ("failWithPanic", [], "Panic(17)"),
        ("failWithoutData", [], ""),
        ("failWithInvalidOpcode", [], ""),
        ("failWithError", [5, "five"], REFUSED),
    ):
        with pytest.raises(refused) as refusal:
            probe.read(function, *arguments)
        assert refusal.value.reason == reason, function


def test_an_endless_loop_ends_with_its_gas(world: Any) -> None:
    probe = world.deploy("TestProbe")
    result = world.call(probe.address, probe.encode("loopForever"), gas=100_000)
    assert result.error == "out of gas"
    assert result.gas_used == 100_000


def test_it_burns_the_gas_that_it_is_told_to(world: Any) -> None:
    probe = world.deploy("TestProbe")
    result = world.call(probe.address, probe.encode("burnGas", 200_000), gas=1_000_000)
    assert result.error is None
    assert 200_000 <= result.peak_gas_used < 230_000


def test_it_writes_logs_and_slots(world: Any) -> None:
    probe = world.deploy("TestProbe")
    receipt = probe.send("emitMany", 3, b"data")
    assert [args["number"] for _, args in probe.events(receipt)] == [0, 1, 2]
    probe.send("store", 7, 2, 9)
    assert [probe.read("stored", slot) for slot in (6, 7, 8, 9)] == [0, 9, 9, 0]
