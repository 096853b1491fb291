"""The DA entrance comes into being before the first transaction of its first block."""

from dataclasses import replace
from typing import Any

from precompiles.da_entrance import layout
from precompiles.da_entrance.activation import initial_storage
from precompiles.da_entrance.entrance import ADDRESS, DA_SIGNERS
from precompiles.da_signers import records
from precompiles.storage import slot_of

ADMIN = b"\xad" * 20
CURRENT_EPOCH = bytes.fromhex("76671808")
SYNC = bytes.fromhex("fff6cae9")
WARM_COST = 100
CALLER = b"\xf0" * 20


def with_entrance(world: Any) -> Any:
    """The same world, from now on with an entrance."""
    rules = replace(world.environment.rules, da_entrance_admin=ADMIN)
    world.environment = replace(world.environment, rules=rules)
    return world


def test_before_its_time_the_address_is_ordinary(worlds: Any) -> None:
    world = worlds.zero_g()
    world.block()
    assert world.ledger.account(ADDRESS) is None
    assert world.call(ADDRESS, CURRENT_EPOCH).output == b""


def test_code_and_storage_are_there_for_the_first_transaction(worlds: Any) -> None:
    world = with_entrance(worlds.zero_g())
    epoch = {slot_of(records.epoch_number_key()): 7}
    world.ledger.put(DA_SIGNERS, code=b"\x01", slots=epoch)
    [receipt] = world.block(world.alice.sign(0, ADDRESS, gas=100_000, data=CURRENT_EPOCH)).receipts
    assert int.from_bytes(receipt.output, "big") == 7
    assert world.ledger.slots[ADDRESS] == initial_storage(ADMIN, 7, world.environment.number)
    assert world.ledger.code(world.ledger.account(ADDRESS).code_hash) == b"\x01"


def test_it_happens_once_and_keeps_a_balance_that_was_there(worlds: Any) -> None:
    world = with_entrance(worlds.zero_g())
    world.ledger.put(ADDRESS, balance=5)
    world.block()
    assert world.ledger.account(ADDRESS).balance == 5
    world.ledger.slots[ADDRESS][layout.BLOB_PRICE] = 9
    assert world.block().changes == ()


def test_its_address_is_warm_from_the_start_of_a_transaction(worlds: Any) -> None:
    world = with_entrance(worlds.zero_g())
    world.block()
    # Returns the gas that BALANCE(0x…da01) took, plus 7 of the opcodes around it.
    code = bytes.fromhex("5a61da0131505a900360005260206000f3")
    world.ledger.put(CALLER, nonce=1, code=code)
    assert int.from_bytes(world.call(CALLER).output, "big") == WARM_COST + 7


def test_a_call_makes_dasigners_epoch_and_gives_it_its_code(worlds: Any) -> None:
    world = with_entrance(worlds.zero_g(da_epoch_blocks=10))
    [receipt] = world.block(world.alice.sign(0, ADDRESS, gas=500_000, data=SYNC)).receipts
    assert receipt.succeeded
    assert world.ledger.code(world.ledger.account(DA_SIGNERS).code_hash) == b"\x01"
    assert world.ledger.slot(ADDRESS, layout.CURRENT_EPOCH) == 1
