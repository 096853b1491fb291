"""The CREATE2 deployer does what tools expect of the one at its address (EIP-1014)."""

from typing import Any

import pytest
from eth_hash.auto import keccak

from genesis.contracts import artifact
from genesis.predeploys import CREATE2_DEPLOYER_ADDRESS

SALT = bytes(31) + b"\7"


def address_of(salt: bytes, init_code: bytes) -> bytes:
    return keccak(b"\xff" + CREATE2_DEPLOYER_ADDRESS + salt + keccak(init_code))[-20:]


def test_it_creates_at_the_address_of_eip_1014_and_answers_its_20_bytes(world: Any) -> None:
    init_code = artifact("Counter").bytecode
    result = world.call(CREATE2_DEPLOYER_ADDRESS, SALT + init_code)
    receipt = world.transact(CREATE2_DEPLOYER_ADDRESS, SALT + init_code)
    created = address_of(SALT, init_code)
    assert result.output == created
    assert receipt.succeeded
    assert world.state.code(world.state.account(created).code_hash) == artifact("Counter").runtime


def test_the_value_goes_to_the_new_contract(world: Any) -> None:
    init_code = bytes.fromhex("00")
    assert world.transact(CREATE2_DEPLOYER_ADDRESS, SALT + init_code, value=5).succeeded
    assert world.balance(address_of(SALT, init_code)) == 5
    assert world.balance(CREATE2_DEPLOYER_ADDRESS) == 0


def test_a_second_creation_at_the_same_address_reverts_without_data(world: Any) -> None:
    data = SALT + artifact("Counter").bytecode
    assert world.transact(CREATE2_DEPLOYER_ADDRESS, data).succeeded
    result = world.call(CREATE2_DEPLOYER_ADDRESS, data)
    assert (result.error, result.output) == ("execution reverted", b"")


def test_init_code_that_reverts_gives_a_revert_without_its_data(world: Any) -> None:
    # PUSH1 1, PUSH1 0, REVERT: one byte of data.
    result = world.call(CREATE2_DEPLOYER_ADDRESS, SALT + bytes.fromhex("60016000fd"))
    assert (result.error, result.output) == ("execution reverted", b"")


def test_a_salt_alone_creates_an_empty_account(world: Any) -> None:
    assert world.call(CREATE2_DEPLOYER_ADDRESS, SALT).output == address_of(SALT, b"")


@pytest.mark.parametrize("data", [b"", bytes(4), bytes(31)])
def test_less_than_a_salt_burns_all_gas(world: Any, data: bytes) -> None:
    result = world.call(CREATE2_DEPLOYER_ADDRESS, data, gas=100_000)
    assert result.error is not None
    assert not result.is_revert
    assert result.gas_used == 100_000
