"""The devnet's document under each of its switches."""

import pytest
from coincurve import PrivateKey

from chain.staking import STAKING_CONTRACT
from genesis.document import GenesisDocument, load_document
from genesis.errors import InvalidGenesis
from genesis.networks import DEFAULT_STAKING, devnet_document
from genesis.predeploys import (
    AGENCY_ADDRESS,
    BEACON_ROOTS_ADDRESS,
    BLOCK_HASHES_ADDRESS,
    CREATE2_DEPLOYER_ADDRESS,
    DA_REGISTRY_ADDRESS,
    MULTICALL3_ADDRESS,
    WRAPPED_A0GI_ADDRESS,
)
from precompiles.da_entrance.entrance import ADDRESS as DA_ENTRANCE_ADDRESS
from precompiles.storage_flow.addresses import PRECOMPILES as STORAGE_FLOW

VALIDATORS = [(PrivateKey(bytes(31) + b"\1").public_key.format(), "one")]
SYSTEM = {BEACON_ROOTS_ADDRESS, BLOCK_HASHES_ADDRESS}
TOOLS = {CREATE2_DEPLOYER_ADDRESS, MULTICALL3_ADDRESS}
ZERO_G = {
    DA_REGISTRY_ADDRESS, WRAPPED_A0GI_ADDRESS, AGENCY_ADDRESS, DA_ENTRANCE_ADDRESS, *STORAGE_FLOW,
    STAKING_CONTRACT,
}  # fmt: skip


def contracts(document: GenesisDocument) -> set[bytes]:
    return {change.address for change in document.alloc if change.code}


def test_by_default_0gs_rules_hold_from_the_beginning() -> None:
    loaded = load_document(devnet_document(VALIDATORS))
    assert loaded.config.staking_time == 0
    assert loaded.config.restaking_time == 0
    assert loaded.config.has_zero_g_precompiles
    assert loaded.config.da_epoch_blocks == 28_800
    assert loaded.config.da_entrance is not None
    assert loaded.config.da_entrance.admin == loaded.config.owner
    assert loaded.config.storage_flow is not None
    assert loaded.config.storage_flow.admin == loaded.config.owner
    assert loaded.config.staking == DEFAULT_STAKING
    assert contracts(loaded) == SYSTEM | TOOLS | ZERO_G


def test_without_0gs_rules_the_chain_is_plain_ethereum() -> None:
    document = devnet_document(VALIDATORS, zero_g_rules=False)
    loaded = load_document(document)
    assert "precompiles" not in document["config"]["zerog"]
    assert loaded.config.staking_time is None
    assert loaded.config.restaking_time is None
    assert not loaded.config.has_zero_g_precompiles
    assert contracts(loaded) == SYSTEM | TOOLS


def test_without_predeploys_only_ethereums_system_contracts_are_there() -> None:
    loaded = load_document(devnet_document(VALIDATORS, predeploys=False))
    assert loaded.config.has_zero_g_precompiles
    assert loaded.config.da_entrance is None
    assert loaded.config.storage_flow is None
    assert contracts(loaded) == SYSTEM


def test_the_accounts_are_funded_and_the_first_owns_the_contracts() -> None:
    loaded = load_document(devnet_document(VALIDATORS, accounts=3, balance_wei=7))
    funded = {c.address.hex(): c.account.balance for c in loaded.alloc if c.account and not c.code}
    assert list(funded.values()) == [7, 7, 7]
    assert loaded.config.owner is not None
    assert loaded.config.owner.hex() == "f39fd6e51aad88f6f4ce6ab8827279cfffb92266"


def test_a_network_that_is_no_devnet_trusts_its_validators_and_no_public_key() -> None:
    loaded = load_document(devnet_document(VALIDATORS, is_devnet=False))
    [validator] = loaded.validators.addresses
    funded = [change.address for change in loaded.alloc if not change.code]
    assert funded == [validator]
    assert loaded.config.owner == validator


def test_the_parameters_reach_the_document() -> None:
    document = devnet_document(
        VALIDATORS, 77, da_epoch_blocks=5, gas_limit=50_000_000, timestamp=9, is_devnet=False
    )
    loaded = load_document(document)
    assert loaded.config.chain_id == 77
    assert loaded.config.da_epoch_blocks == 5
    assert loaded.gas_limit == 50_000_000
    assert loaded.timestamp == 9
    assert not loaded.is_devnet


def test_two_documents_of_the_same_parameters_are_one_chain() -> None:
    one, other = (load_document(devnet_document(VALIDATORS)) for _ in range(2))
    assert one.identity == other.identity


def test_no_chain_has_the_id_zero() -> None:
    with pytest.raises(InvalidGenesis, match=r"config\.chainId"):
        devnet_document(VALIDATORS, chain_id=0)
