"""What lies at the fixed addresses from block zero."""

import json
import os
from pathlib import Path

import pytest
from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_utils import to_checksum_address

from genesis.contracts import artifact
from genesis.document import load_document
from genesis.networks import devnet_document
from genesis.predeploys import (
    AGENCY_ADDRESS,
    BEACON_ROOTS_ADDRESS,
    BEACON_ROOTS_CODE,
    BLOCK_HASHES_ADDRESS,
    BLOCK_HASHES_CODE,
    CREATE2_DEPLOYER_ADDRESS,
    DA_REGISTRY_ADDRESS,
    MULTICALL3_ADDRESS,
    WRAPPED_A0GI_ADDRESS,
)

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("ZEROG_SHARED", ROOT.parent / "shared"))
FOREIGN_GENESIS = SHARED / "execution-apis" / "tests" / "genesis.json"
VALIDATORS = [(PrivateKey(bytes(31) + b"\1").public_key.format(), "one")]
ALLOC = {change.address: change for change in load_document(devnet_document(VALIDATORS)).alloc}


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (DA_REGISTRY_ADDRESS, "DARegistry"),
        (WRAPPED_A0GI_ADDRESS, "WrappedA0GI"),
        (AGENCY_ADDRESS, "WrappedA0GIBaseAgency"),
        (MULTICALL3_ADDRESS, "Multicall3"),
    ],
)
def test_the_code_is_the_artifacts_and_its_hash_the_accounts(address: bytes, name: str) -> None:
    change = ALLOC[address]
    assert change.code == artifact(name).runtime
    assert change.account is not None
    assert change.account.code_hash == keccak(artifact(name).runtime)
    assert change.account.nonce == 1


def test_the_create2_deployer_is_the_one_that_foundry_knows() -> None:
    """forge refuses a script with `new C{salt: …}` where the code has another hash."""
    known = "2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989"
    account = ALLOC[CREATE2_DEPLOYER_ADDRESS].account
    assert account is not None
    assert account.code_hash.hex() == known


@pytest.mark.parametrize("address", [DA_REGISTRY_ADDRESS, AGENCY_ADDRESS])
def test_owner_and_initialized_flag_lie_in_slot_zero(address: bytes) -> None:
    owner = bytes.fromhex("f39fd6e51aad88f6f4ce6ab8827279cfffb92266")
    assert ALLOC[address].slots == ((0, int.from_bytes(b"\1" + owner, "big")),)


@pytest.mark.parametrize(
    ("address", "checksummed"),
    [
        (BLOCK_HASHES_ADDRESS, "0x0000F90827F1C53a10cb7A02335B175320002935"),
        (BEACON_ROOTS_ADDRESS, "0x000F3df6D732807Ef1319fB7B8bB8522d0Beac02"),
        (CREATE2_DEPLOYER_ADDRESS, "0x4e59b44847b379578588920cA78FbF26c0B4956C"),
        (MULTICALL3_ADDRESS, "0xcA11bde05977b3631167028862bE2a173976CA11"),
    ],
)
def test_an_address_is_the_well_known_one(address: bytes, checksummed: str) -> None:
    assert to_checksum_address(address) == checksummed


@pytest.mark.skipif(not FOREIGN_GENESIS.exists(), reason="no shared execution-apis data")
@pytest.mark.parametrize(
    ("address", "code"),
    [(BLOCK_HASHES_ADDRESS, BLOCK_HASHES_CODE), (BEACON_ROOTS_ADDRESS, BEACON_ROOTS_CODE)],
)
def test_a_system_contracts_code_is_what_other_clients_have(address: bytes, code: bytes) -> None:
    alloc = json.loads(FOREIGN_GENESIS.read_text())["alloc"]
    assert alloc[address.hex()]["code"] == "0x" + code.hex()
    assert ALLOC[address].code == code
    account = ALLOC[address].account
    assert account is not None
    assert account.nonce == 1


def test_geth_can_read_the_storage_which_wants_whole_bytes() -> None:
    alloc = devnet_document(VALIDATORS)["alloc"]
    words = [
        word
        for entry in alloc.values()
        for pair in entry.get("storage", {}).items()
        for word in pair
    ]
    assert words
    assert {len(word) for word in words} == {66}
