"""The storage Flow comes into being before the first transaction of its first block."""

from dataclasses import replace
from typing import Any

from eth_typing import Address
from eth_utils import to_canonical_address

from chain.storage_flow import StorageFlow
from precompiles.storage_flow import layout
from precompiles.storage_flow.activation import initial_storages
from precompiles.storage_flow.addresses import FLOW, MARKET, PRECOMPILES, REWARD

ADMIN = Address(b"\xad" * 20)
PARAMETERS = StorageFlow(0, ADMIN, 7, 100, 1_000)
TREE = bytes.fromhex("fd54b228")
STORAGES = initial_storages(ADMIN, 7, 100, 1_000)
WARM_COST = 100
CALLER = Address(b"\xf0" * 20)


def with_flow(world: Any) -> Any:
    """The same world, from now on with a Flow."""
    rules = replace(world.environment.rules, storage_flow=PARAMETERS)
    world.environment = replace(world.environment, rules=rules)
    return world


def test_before_its_time_the_addresses_are_ordinary(worlds: Any) -> None:
    world = worlds.zero_g()
    world.block()
    for address in PRECOMPILES:
        assert world.ledger.account(address) is None
        assert world.call(address, TREE).output == b""


def test_code_and_storage_are_there_for_the_first_transaction(world: Any) -> None:
    with_flow(world)
    [receipt] = world.block(world.alice.sign(0, FLOW, gas=100_000, data=TREE)).receipts
    assert receipt.output == (1).to_bytes(32, "big") * 2
    for address in PRECOMPILES:
        assert world.ledger.slots.get(address, {}) == STORAGES[address]
        assert world.ledger.code(world.ledger.account(address).code_hash) == b"\x01"


def test_it_happens_once_and_keeps_a_balance_that_was_there(world: Any) -> None:
    with_flow(world)
    world.ledger.put(FLOW, balance=5)
    world.block()
    assert world.ledger.account(FLOW).balance == 5
    world.ledger.slots[MARKET][layout.PRICE_PER_SECTOR] = 9
    assert world.block().changes == ()


def test_what_the_genesis_document_leaves_out_begins_by_itself(world: Any) -> None:
    world.ledger.put(FLOW, code=b"\x01", slots=STORAGES[FLOW])
    with_flow(world).block()
    assert world.ledger.slots[MARKET] == STORAGES[MARKET]
    assert world.ledger.slots[FLOW] == STORAGES[FLOW]


def test_its_address_is_warm_from_the_start_of_a_transaction(world: Any) -> None:
    with_flow(world)
    world.block()
    # Returns the gas that BALANCE(0x…f10a) took, plus 7 of the opcodes around it.
    code = bytes.fromhex("5a61f10a31505a900360005260206000f3")
    world.ledger.put(CALLER, nonce=1, code=code)
    assert int.from_bytes(world.call(CALLER).output, "big") == WARM_COST + 7


def test_wei_sent_by_transfer_reach_the_market_and_not_the_flow(world: Any) -> None:
    """A call with no gas but the 2,300 that come with value."""
    with_flow(world)
    world.block()
    for target, arrives in ((MARKET, 1), (FLOW, 0)):
        code = b"\x5f\x5f\x5f\x5f\x34\x73" + target + bytes.fromhex("5ff15f5260205ff3")
        world.ledger.put(CALLER, nonce=1, code=code)
        assert int.from_bytes(world.call(CALLER, value=1).output, "big") == arrives


def test_the_reward_account_holds_the_fees_and_is_nobodys(world: Any) -> None:
    with_flow(world)
    world.block()
    old_form = bytes.fromhex("ef3e12dc") + b"".join(
        number.to_bytes(32, "big") for number in (32, 256, 96, 128, 0, 1, 77, 0)
    )
    transaction = world.alice.sign(0, FLOW, gas=500_000, data=old_form, value=7)
    [receipt] = world.block(transaction).receipts
    assert receipt.succeeded
    assert world.ledger.account(REWARD).balance == 7
    assert to_canonical_address("0x000000000000000000000000000000000000f10d") == REWARD
