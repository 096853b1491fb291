"""Plug-ins in the engine: when they begin, and what their bugs do to a block."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from eth_typing import Address, Hash32

from chain.errors import PluginMissing
from chain.py_evm import PyEvmEngine
from chain.py_evm.evm_state import ALARM_CHARACTERS_MAX, ALARMS_MAX
from precompiles.contract import ContractFunction, require
from precompiles.dispatch import CODE_BYTE
from precompiles.errors import GasExhausted
from precompiles.interface import Call, Failed, Returned
from precompiles.plugin import PluginPrecompile

PLUGIN = Address(bytes(18) + b"\x77\x01")
OTHER = Address(bytes(18) + b"\x77\x02")
LOOP = Address(b"\xf0" * 20)
GAS = 100_000
Handler = Callable[..., Sequence[Any]]


def table(handler: Handler, address: Address = PLUGIN, **more: Any) -> PluginPrecompile:
    return PluginPrecompile(address, [ContractFunction("f()", handler, **{"gas": 0, **more})])


def world_with(worlds: Any, *plugins: PluginPrecompile) -> Any:
    world = worlds.zero_g(plugins=tuple(plugin.address for plugin in plugins))
    world.engine = PyEvmEngine(plugins={plugin.address: plugin for plugin in plugins})
    return world


SELECTOR = table(lambda call: ()).functions[0].selector


def run(world: Any, nonce: int = 0, to: Address = PLUGIN) -> Any:
    return world.block(world.alice.sign(nonce, to, gas=GAS, data=SELECTOR))


def count(call: Call) -> tuple[()]:
    call.storage.store(0, call.storage.load(0) + 1)
    return ()


# Beginning.


def test_before_its_time_the_address_is_an_ordinary_account(worlds: Any) -> None:
    world = worlds.zero_g()
    world.engine = PyEvmEngine(plugins={PLUGIN: table(count)})
    [receipt] = run(world).receipts
    assert receipt.succeeded
    assert world.ledger.account(PLUGIN) is None


def test_it_has_its_code_from_the_first_block_on_before_the_first_transaction(worlds: Any) -> None:
    world = world_with(worlds, table(count))
    # Returns EXTCODESIZE of the plug-in.
    world.ledger.put(LOOP, nonce=1, code=bytes.fromhex("6177013b60005260206000f3"))
    [receipt] = run(world, to=LOOP).receipts
    assert int.from_bytes(receipt.output, "big") == 1
    assert world.ledger.codes[world.ledger.account(PLUGIN).code_hash] == CODE_BYTE
    again = world.block()
    assert all(change.address != PLUGIN for change in again.changes)


def test_code_that_the_genesis_gives_it_stays(worlds: Any) -> None:
    world = world_with(worlds, table(count))
    world.ledger.put(PLUGIN, code=CODE_BYTE, slots={0: 41})
    run(world)
    assert world.ledger.slot(PLUGIN, 0) == 42


def test_a_delegation_that_an_account_had_there_ends(worlds: Any) -> None:
    """EIP-7702: before its time the address may be somebody's own account."""
    world = world_with(worlds, table(count))
    world.ledger.put(PLUGIN, nonce=1, code=b"\xef\x01\x00" + LOOP)
    run(world)
    assert world.ledger.slot(PLUGIN, 0) == 1


def test_it_is_warm_from_the_start_of_a_transaction(worlds: Any) -> None:
    world = world_with(worlds, table(count))
    # Returns the gas that BALANCE(plug-in) took, and 7 of the opcodes around it.
    world.ledger.put(
        LOOP, nonce=1, code=bytes.fromhex("5a617701315 05a900360005260206000f3".replace(" ", ""))
    )
    assert int.from_bytes(world.call(LOOP).output, "big") == 100 + 7


def test_its_storage_survives_the_sweep_of_empty_accounts(worlds: Any) -> None:
    world = world_with(worlds, table(count))
    run(world, 0)
    run(world, 1)
    assert world.ledger.slot(PLUGIN, 0) == 2


def test_an_engine_without_the_plugin_says_so(worlds: Any) -> None:
    world = worlds.zero_g(plugins=(PLUGIN,))
    with pytest.raises(PluginMissing, match=PLUGIN.hex()):
        run(world)


def test_plugins_call_each_other_and_0gs(worlds: Any) -> None:
    def ask(call: Call) -> tuple[int]:
        outcome = call.precompile(OTHER, SELECTOR)
        assert isinstance(outcome, Returned)
        epoch = call.precompile(Address(bytes(18) + b"\x10\x00"), bytes.fromhex("f4145a83"))
        assert epoch == Returned(bytes(32))
        return (1,)

    world = world_with(worlds, table(ask, returns="(uint256)"), table(count, OTHER))
    [receipt] = run(world).receipts
    assert receipt.succeeded, receipt.error
    assert world.ledger.slot(OTHER, 0) == 1


def test_a_revert_keeps_the_gas_and_says_why(worlds: Any) -> None:
    def refuse(call: Call) -> tuple[()]:
        call.emit((), b"log")
        count(call)
        require(False, "closed")
        return ()

    world = world_with(worlds, table(refuse))
    result = run(world)
    [receipt] = result.receipts
    assert (receipt.succeeded, receipt.error) == (False, "execution reverted")
    assert receipt.gas_used < 25_000
    assert b"closed" in receipt.output
    assert (receipt.logs, result.alarms) == ((), ())
    assert world.ledger.slot(PLUGIN, 0) == 0


# Bugs.


class BrokenText(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


def raising(error: BaseException) -> Handler:
    def handler(call: Call) -> Sequence[Any]:
        count(call)
        call.emit((), b"log")
        raise error

    return handler


def recurse(call: Call) -> Sequence[Any]:
    return recurse(call)


def call_itself(call: Call) -> Sequence[Any]:
    outcome = call.precompile(PLUGIN, SELECTOR)
    assert not isinstance(outcome, Failed), outcome.reason
    return ()


def doing(deed: Callable[[Call], object]) -> Handler:
    def handler(call: Call) -> Sequence[Any]:
        count(call)
        deed(call)
        return ()

    return handler


BUGS: dict[str, Handler] = {
    "an exception": raising(ZeroDivisionError("a bug")),
    "an exception without a text": raising(BrokenText()),
    "out of memory": lambda call: [bytes(2**60)],
    "endless recursion": recurse,
    "endless calls of itself": call_itself,
    "no tuple": lambda call: None,  # type: ignore[return-value]
    "too many values": lambda call: (1,),
    "a float in storage": doing(lambda call: call.storage.store(1, 1.5)),  # type: ignore[arg-type]
    "a negative word": doing(lambda call: call.storage.store(1, -1)),
    "a word of 257 bits": doing(lambda call: call.storage.store(1, 2**256)),
    "a slot that is none": doing(lambda call: call.storage.store(-1, 1)),
    "a slot to load that is none": doing(lambda call: call.storage.load(2**256)),
    "a short topic": doing(lambda call: call.emit((Hash32(b"short"),), b"")),
    "five topics": doing(lambda call: call.emit((Hash32(bytes(32)),) * 5, b"")),
    "text in a log": doing(lambda call: call.emit((), "text")),  # type: ignore[arg-type]
    "a float of wei": doing(lambda call: call.balances.add(OTHER, 1.5)),  # type: ignore[arg-type]
    "a short address": doing(lambda call: call.balances.add(Address(b"\x01"), 1)),
    "wei that are not there": doing(lambda call: call.balances.subtract(PLUGIN, 1)),
    "code that is no bytes": doing(lambda call: call.code.set("text")),  # type: ignore[arg-type]
    "negative gas": doing(lambda call: call.charge(-1_000_000)),
    "a float of gas": doing(lambda call: call.charge(0.5)),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_fails_the_transaction_and_raises_an_alarm(worlds: Any, name: str) -> None:
    """On the validator that builds and on those that check alike; nothing of the call is left."""
    results = []
    for _ in range(2):
        world = world_with(worlds, table(BUGS[name]))
        result = run(world)
        [receipt] = result.receipts
        assert (receipt.succeeded, receipt.error) == (False, "precompile failed")
        assert (receipt.gas_used, receipt.logs) == (GAS, ())
        assert world.ledger.slot(PLUGIN, 0) == 0
        assert result.alarms, "nobody was told"
        assert all(PLUGIN.hex() in alarm and "\n" not in alarm for alarm in result.alarms)
        results.append(result)
    assert results[0] == results[1]


@pytest.mark.parametrize(
    "gas",
    [
        lambda call: -1,
        lambda call: -(10**9),
        lambda call: 2.5,
        lambda call: call.gas_left + 1,
        lambda call: 2**70,
        lambda call: 1 // 0,
        10**9,
    ],
    ids=["below zero", "far below zero", "a float", "more than given", "huge", "bug", "flat"],
)
def test_a_price_that_is_none_fails_the_transaction_and_raises_an_alarm(
    worlds: Any, gas: Any
) -> None:
    world = world_with(worlds, table(count, gas=gas))
    result = run(world)
    [receipt] = result.receipts
    assert (receipt.succeeded, receipt.gas_used) == (False, GAS)
    assert len(result.alarms) == 1
    assert world.ledger.slot(PLUGIN, 0) == 0


def test_too_little_gas_is_the_callers_affair_and_no_alarm(worlds: Any) -> None:
    world = world_with(worlds, table(count, gas=GAS))
    result = run(world)
    assert (result.receipts[0].error, result.alarms) == ("out of gas", ())


def test_gas_that_ran_out_cannot_be_ignored(worlds: Any) -> None:
    def go_on(call: Call) -> tuple[()]:
        try:
            call.charge(GAS)
        except GasExhausted:
            count(call)
        return ()

    world = world_with(worlds, table(go_on))
    result = run(world)
    assert (result.receipts[0].succeeded, result.receipts[0].gas_used) == (False, GAS)
    assert "went on after its gas was used up" in result.alarms[0]
    assert world.ledger.slot(PLUGIN, 0) == 0


def test_a_bug_of_a_plugin_that_another_calls_is_told_and_undone(worlds: Any) -> None:
    def ask(call: Call) -> tuple[()]:
        assert call.precompile(OTHER, SELECTOR) == Failed("precompile failed")
        return count(call)

    broken = table(raising(ValueError("inside")), OTHER)
    world = world_with(worlds, table(ask), broken)
    result = run(world)
    assert result.receipts[0].succeeded
    assert OTHER.hex() in result.alarms[0]
    assert "inside" in result.alarms[0]
    assert (world.ledger.slot(OTHER, 0), world.ledger.slot(PLUGIN, 0)) == (0, 1)


def test_calls_of_precompiles_end_however_they_branch(worlds: Any) -> None:
    """They cost no gas: without a limit fifty calls on each of eight levels would never end."""

    def branch(call: Call) -> tuple[()]:
        for _ in range(50):
            call.precompile(PLUGIN, SELECTOR)
        return ()

    result = run(world_with(worlds, table(branch)))
    assert not result.receipts[0].succeeded
    assert "more than 1000 calls" in result.alarms[0]


def test_a_block_reports_no_more_than_so_many_alarms(worlds: Any) -> None:
    world = world_with(worlds, table(raising(ValueError("long " * 1_000))))
    # The selector into memory; then calls with 2,000 gas each until the gas is used up.
    code = f"63{SELECTOR.hex()} 60e0 1b 6000 52 5b 6000 6000 6004 6000 6000 617701 6107d0 f1 50 600b 56"
    world.ledger.put(LOOP, nonce=1, code=bytes.fromhex(code))
    transaction = world.alice.sign(0, LOOP, gas=1_000_000)
    result = world.block(transaction)
    assert len(result.alarms) == ALARMS_MAX
    assert max(map(len, result.alarms)) <= ALARM_CHARACTERS_MAX


def test_a_bug_leaves_the_recursion_limit_alone(worlds: Any) -> None:
    before = sys.getrecursionlimit()
    run(world_with(worlds, table(recurse)))
    assert sys.getrecursionlimit() == before
