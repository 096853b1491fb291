"""Where py-evm charges, checks or runs a transaction wrongly, ours does not."""

from dataclasses import replace
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from chain.errors import (
    BlobGasLimitReached,
    FloorDataGasTooLow,
    GasLimitReached,
    InsufficientFunds,
    IntrinsicGasTooLow,
    InvalidTransaction,
    InvalidTransactionInBlock,
    NonceTooHigh,
    NonceTooLow,
    SenderHasCode,
    TransactionTypeNotSupported,
    WrongChainId,
)
from chain.forks.fork import Fork
from chain.py_evm.transaction_executor import created_address
from chain.transactions import GAS_PER_BLOB

ETHER, GWEI = 10**18, 10**9
TARGET = Address(b"\x77" * 20)
BLOB_HASH = b"\x01" + bytes(31)


def test_a_transfer_moves_value_and_pays_the_coinbase(world: Any) -> None:
    transaction = world.alice.sign(0, TARGET, value=5, tip=2, max_fee=10)
    result = world.block(transaction, base_fee=7)
    assert result.gas_used == 21_000
    assert world.ledger.account(TARGET).balance == 5
    assert world.ledger.account(world.environment.coinbase).balance == 2 * 21_000
    assert world.ledger.account(world.alice.address).balance == 1_000 * ETHER - 5 - 9 * 21_000


def test_the_data_floor_is_checked_against_the_gas_limit_before_anything_is_charged(
    world: Any,
) -> None:
    """EIP-7623: 100 non-zero bytes have an intrinsic gas of 22,600 and a floor of 25,000."""
    transaction = world.alice.sign(0, TARGET, data=b"\x01" * 100, gas=23_000)
    with pytest.raises(InvalidTransactionInBlock) as caught:
        world.block(transaction)
    assert isinstance(caught.value.reason, FloorDataGasTooLow)
    assert str(caught.value.reason) == (
        "insufficient gas for floor data gas cost: have 23000, want 25000"
    )


def test_the_data_floor_is_what_a_cheap_transaction_pays(world: Any) -> None:
    transaction = world.alice.sign(0, TARGET, data=b"\x01" * 100, gas=50_000)
    assert world.block(transaction).gas_used == 25_000


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"nonce": 1}, NonceTooHigh),
        ({"gas": 20_999}, IntrinsicGasTooLow),
        ({"value": 2_000 * ETHER}, InsufficientFunds),
        ({"chain_id": 1}, WrongChainId),
        ({"gas": 100_000_001}, GasLimitReached),
    ],
)
def test_an_invalid_transaction_leaves_no_trace(
    world: Any, fields: dict[str, Any], error: type[InvalidTransaction]
) -> None:
    good = world.alice.sign(0, TARGET, value=1)
    expected = world.engine.execute_block(
        world.environment, [good], [world.alice.address], [], [], world.ledger
    )
    transcript = world.engine.begin_block(world.environment, world.ledger)
    bad = world.alice.sign(fields.pop("nonce", 0), TARGET, **fields)
    with pytest.raises(error):
        transcript.try_transaction(bad, world.alice.address)
    transcript.try_transaction(good, world.alice.address)
    with pytest.raises(NonceTooLow):
        transcript.try_transaction(good, world.alice.address)
    assert transcript.finish([], []) == expected


def test_a_blob_transaction_must_afford_its_value_too(world: Any) -> None:
    """EIP-4844: py-evm leaves `value` out of the balance check."""
    fee = 21_000 * GWEI + GAS_PER_BLOB * GWEI
    world.ledger.put(world.alice.address, balance=fee + 9)
    with pytest.raises(InvalidTransactionInBlock, match="insufficient funds for gas"):
        world.block(world.alice.sign(0, TARGET, value=10, blobs=[BLOB_HASH]))
    result = world.block(world.alice.sign(0, TARGET, value=9, blobs=[BLOB_HASH]))
    assert result.blob_gas_used == GAS_PER_BLOB


def test_a_block_holds_no_more_blobs_than_its_schedule_allows(world: Any) -> None:
    transcript = world.engine.begin_block(world.environment, world.ledger)
    with pytest.raises(BlobGasLimitReached):
        transcript.try_transaction(
            world.alice.sign(0, TARGET, blobs=[BLOB_HASH] * 10), world.alice.address
        )


def test_a_creation_from_delegated_code_pays_for_its_init_code_once(world: Any) -> None:
    """EIP-7702: py-evm charges 54,927 where 54,415 is right, if sender and account are one."""
    runner = Address(b"\x99" * 20)
    # CREATE with 8,192 bytes of zeros as init code, twice 256 words at 2 gas.
    world.ledger.put(runner, nonce=1, code=bytes.fromhex("61200060006000f000"))
    world.ledger.put(world.alice.address, balance=ETHER, nonce=1, code=b"\xef\x01\x00" + runner)
    world.ledger.put(world.bob.address, balance=ETHER)
    own = world.block(world.alice.sign(1, world.alice.address, gas=200_000))
    other = world.block(world.bob.sign(0, world.alice.address, gas=200_000))
    assert own.gas_used == other.gas_used


def test_an_account_with_code_sends_nothing_unless_the_code_is_a_delegation(world: Any) -> None:
    """EIP-3607 and EIP-7702."""
    world.ledger.put(world.alice.address, balance=ETHER, code=b"\x00")
    with pytest.raises(InvalidTransactionInBlock) as caught:
        world.block(world.alice.sign(0, TARGET))
    assert isinstance(caught.value.reason, SenderHasCode)
    world.ledger.put(world.alice.address, balance=ETHER, code=b"\xef\x01\x00" + TARGET)
    assert world.block(world.alice.sign(0, TARGET)).receipts[0].succeeded


def test_delegation_to_a_precompile_runs_empty_code(world: Any) -> None:
    """EIP-7702: the precompile's address has no code, so the call succeeds and returns nothing."""
    identity = Address(bytes(19) + b"\x04")
    world.ledger.put(TARGET, nonce=1, code=b"\xef\x01\x00" + identity)
    result = world.call(TARGET, b"\x01\x02")
    assert (result.error, result.output) == (None, b"")
    # Calls TARGET with a word of input and returns the size of what came back.
    forwarder = Address(b"\x9a" * 20)
    code = "6000600060206000600073" + TARGET.hex() + "5af1503d60005260206000f3"
    world.ledger.put(forwarder, nonce=1, code=bytes.fromhex(code))
    assert world.call(forwarder).output == bytes(32)
    world.ledger.put(TARGET, nonce=1, code=bytes.fromhex("60206000f3"))
    assert world.call(forwarder).output == (32).to_bytes(32, "big")


def test_an_authorization_sets_code_raises_the_nonce_and_refunds_for_an_existing_account(
    world: Any,
) -> None:
    world.ledger.put(world.bob.address, balance=1)
    authorization = world.bob.authorize(TARGET, 0)
    transaction = world.alice.sign(0, TARGET, gas=100_000, authorizations=[authorization])
    result = world.block(transaction)
    account = world.ledger.account(world.bob.address)
    assert account.nonce == 1
    assert account.code_hash == keccak(b"\xef\x01\x00" + TARGET)
    # A refund of 12,500 is capped at a fifth of the 46,000 used.
    assert result.gas_used == 46_000 - 46_000 // 5


@pytest.mark.parametrize("nonce", [1, 2**64 - 1])
def test_an_authorization_with_another_nonce_is_passed_over(world: Any, nonce: int) -> None:
    authorization = world.bob.authorize(TARGET, nonce)
    world.block(world.alice.sign(0, TARGET, gas=100_000, authorizations=[authorization]))
    assert world.ledger.account(world.bob.address) is None


def test_an_authorization_for_another_chain_is_passed_over(worlds: Any) -> None:
    world = worlds.zero_g()
    world.environment = replace(
        world.environment, rules=replace(world.environment.rules, chain_id=16602)
    )
    authorization = world.bob.authorize(TARGET, 0)
    transaction = world.alice.sign(
        0, TARGET, gas=100_000, authorizations=[authorization], chain_id=16602
    )
    world.block(transaction)
    assert world.ledger.account(world.bob.address) is None


def test_the_eighty_percent_rule_multiplies_in_64_bits(worlds: Any) -> None:
    """Facts [O10]: gas limit · 80 wraps above 230,584,300,921,369,395."""
    world = worlds.zero_g(restaking_active=True)
    limit = 230_584_300_921_369_396
    environment = {"gas_limit": 2**62}
    small = world.block(world.alice.sign(0, TARGET, gas=100_000, max_fee=0), **environment)
    assert small.gas_used == 80_000
    wrapped = world.block(world.alice.sign(1, TARGET, gas=limit, max_fee=0), **environment)
    assert wrapped.gas_used == 21_000
    whole = world.block(world.alice.sign(2, TARGET, gas=limit - 1, max_fee=0), **environment)
    assert whole.gas_used == (limit - 1) * 80 // 100


def test_a_type_is_refused_before_its_fork(worlds: Any) -> None:
    world = worlds.ethereum(Fork.BERLIN)
    with pytest.raises(InvalidTransactionInBlock) as caught:
        world.block(world.alice.sign(0, TARGET))
    assert isinstance(caught.value.reason, TransactionTypeNotSupported)


def test_a_call_charges_its_fee_only_where_it_names_one(world: Any) -> None:
    world.environment = replace(world.environment, base_fee=7)
    # BASEFEE, returned as a word.
    world.ledger.put(TARGET, nonce=1, code=bytes.fromhex("4860005260206000f3"))
    assert world.call(TARGET).output == bytes(32)
    assert world.call(TARGET, gas_price=8).output == (7).to_bytes(32, "big")
    world.ledger.put(world.alice.address, balance=1)
    with pytest.raises(InsufficientFunds):
        world.call(TARGET, gas_price=8)
    with pytest.raises(InvalidTransaction, match="max fee per gas less than block base fee"):
        world.call(TARGET, gas_price=6)


def test_a_contract_created_at_an_address_with_storage_is_a_collision(world: Any) -> None:
    """EIP-7610."""
    address = created_address(world.alice.address, 0)
    world.ledger.put(address, balance=1, slots={1: 1})
    receipt = world.block(world.alice.sign(0, None, gas=100_000)).receipts[0]
    assert (receipt.succeeded, receipt.error) == (False, "contract address collision")
    assert receipt.gas_used == 100_000
