"""Documents of networks that can be started: development networks so far.

0G's own networks have no preset. No genesis document of theirs is published in a form that could be
checked (facts §1b), and one that is guessed would make another chain.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from eth_typing import Address

from chain.staking import WEI_PER_POWER, Staking
from chain.storage_flow import StorageFlow
from consensus.validators import address_of
from genesis.da_entrance_alloc import da_entrance_alloc
from genesis.dev_accounts import DEV_MNEMONIC, dev_accounts
from genesis.errors import InvalidGenesis
from genesis.predeploys import system_alloc, tools_alloc, zero_g_alloc
from genesis.staking.alloc import FirstValidator, staking_alloc, staking_section
from genesis.storage_flow_alloc import storage_flow_alloc, storage_flow_section

DEVNET_CHAIN_ID: Final = 16_601
"""0G's devnet id."""
GAS_LIMIT: Final = 36_000_000
BASE_FEE_WEI: Final = 10**9
DEV_BALANCE_WEI: Final = 10_000 * 10**18
DA_EPOCH_BLOCKS: Final = 28_800
"""0G's; a development network's may be shorter."""
PRICE_PER_SECTOR_WEI: Final = 30_733_644_962
BLOCKS_PER_STORAGE_EPOCH: Final = 1_200
"""0G's (facts §3)."""
DEFAULT_STAKING: Final = Staking(
    max_active=100,
    min_stake=100 * WEI_PER_POWER,
    unbonding_blocks=1_000,
    reward_per_block=0,
    missed_blocks_limit=5_000,
)
"""No rewards, so that nobody's balance moves by itself; absences of an hour or so are forgiven."""
FIRST_STAKE: Final = 1_000
"""Whole 0G behind each validator of the document, where there is staking."""
_BLOCK_FORKS: Final = (
    "homestead", "eip150", "eip155", "eip158", "byzantium", "constantinople", "petersburg",
    "istanbul", "muirGlacier", "berlin", "london", "arrowGlacier", "grayGlacier", "mergeNetsplit",
)  # fmt: skip
_FORKS: Final = {
    **{f"{fork}Block": 0 for fork in _BLOCK_FORKS},
    "terminalTotalDifficulty": 0,
    "terminalTotalDifficultyPassed": True,
    "shanghaiTime": 0,
    "cancunTime": 0,
    "pragueTime": 0,
}
_ZERO_G_TIMES: Final = {"StakingActivationTime": 0, "RestakingActivationTime": 0}
_BLOB_SCHEDULE: Final = {
    "cancun": {"target": 3, "max": 6, "baseFeeUpdateFraction": 3_338_477},
    "prague": {"target": 6, "max": 9, "baseFeeUpdateFraction": 5_007_716},
}
_HEADER: Final = {
    "nonce": "0x0",
    "extraData": "0x",
    "difficulty": "0x0",
    "mixHash": f"0x{bytes(32).hex()}",
    "baseFeePerGas": hex(BASE_FEE_WEI),
}


def devnet_document(
    validators: Sequence[tuple[bytes, str]],
    chain_id: int = DEVNET_CHAIN_ID,
    accounts: int = 10,
    balance_wei: int = DEV_BALANCE_WEI,
    mnemonic: str = DEV_MNEMONIC,
    *,
    zero_g_rules: bool = True,
    predeploys: bool = True,
    da_epoch_blocks: int = DA_EPOCH_BLOCKS,
    gas_limit: int = GAS_LIMIT,
    timestamp: int = 0,
    is_devnet: bool = True,
    also_funded: Mapping[Address, int] | None = None,
    staking: Staking | None = DEFAULT_STAKING,
) -> dict[str, Any]:
    """A genesis document, ready for JSON, of a network that begins now.

    `validators` are (33-byte public key, name), each with the same power. With `staking` (which comes
    with 0G's rules and the predeployed contracts alone) each has FIRST_STAKE behind it, and belongs to
    the owner of the predeployed contracts in a devnet, else to its own key. The first accounts of the
    mnemonic are funded, the very first owns the predeployed contracts; their keys are public, so a
    network that is no devnet funds its validators instead, and the first validator is the owner.
    Without `zero_g_rules` the chain is plain Ethereum. Without `predeploys` the system contracts of
    EIP-2935 and EIP-4788 alone are there. `also_funded` are further accounts and their wei. `timestamp`
    is in seconds. Raises InvalidGenesis of a wrong mnemonic or number.
    """
    dev = [address for address, _ in dev_accounts(mnemonic, max(accounts, 1))]
    if not validators:
        raise InvalidGenesis("validators", "at least one", "none")
    ours = [Address(address_of(public_key)) for public_key, _ in validators]
    funded = dev[:accounts] if is_devnet else ours
    owner = dev[0] if is_devnet else ours[0]
    rules = staking if zero_g_rules and predeploys else None
    first = _first_validators(validators, owner if is_devnet else None, has_staking=bool(rules))
    return {
        "config": {
            **_config(chain_id),
            **(_ZERO_G_TIMES if zero_g_rules else {}),
            "zerog": {
                "devnet": is_devnet,
                "owner": f"0x{owner.hex()}",
                **(_zero_g_sections(owner, da_epoch_blocks, predeploys) if zero_g_rules else {}),
                **(staking_section(rules) if rules else {}),
            },
        },
        **_HEADER,
        # As if the first validator had proposed it; clients ask for that account's earlier balance.
        "coinbase": f"0x{ours[0].hex()}",
        "timestamp": hex(timestamp),
        "gasLimit": hex(gas_limit),
        "alloc": {
            **_balances(dict.fromkeys(funded, balance_wei) | dict(also_funded or {})),
            **system_alloc(),
            **(tools_alloc() if predeploys else {}),
            **(_zero_g_accounts(owner) if predeploys and zero_g_rules else {}),
            **(staking_alloc(rules, first) if rules else {}),
        },
        "validators": _validator_entries(first, [n for _, n in validators], bool(rules)),
    }


def _first_validators(
    validators: Sequence[tuple[bytes, str]], owner: Address | None, *, has_staking: bool
) -> list[FirstValidator]:
    """`owner` None: each belongs to its own key."""
    power = FIRST_STAKE if has_staking else 1
    return [FirstValidator(key, power, owner or Address(address_of(key))) for key, _ in validators]


def _balances(balances_wei: Mapping[Address, int]) -> dict[str, Any]:
    return {f"0x{who.hex()}": {"balance": hex(wei)} for who, wei in balances_wei.items()}


def _validator_entries(
    validators: Sequence[FirstValidator], names: Sequence[str], have_owners: bool
) -> list[dict[str, Any]]:
    return [
        {
            "publicKey": f"0x{validator.public_key.hex()}",
            "power": validator.power,
            "name": name,
            **({"owner": f"0x{validator.owner.hex()}"} if have_owners else {}),
        }
        for validator, name in zip(validators, names, strict=True)
    ]


def _config(chain_id: int) -> dict[str, Any]:
    if chain_id < 1:
        raise InvalidGenesis("config.chainId", "1 or more", str(chain_id))
    return {"chainId": chain_id, **_FORKS, "blobSchedule": _BLOB_SCHEDULE}


def _zero_g_sections(owner: Address, da_epoch_blocks: int, predeploys: bool) -> dict[str, Any]:
    """Which of 0G's precompiles there are; DA entrance and storage Flow count as predeployed contracts."""
    sections: dict[str, Any] = {
        "precompiles": "0g",
        "daSigners": {"epochBlocks": da_epoch_blocks},
    }
    if predeploys:
        sections["daEntrance"] = {"time": 0, "admin": f"0x{owner.hex()}"}
        sections["storageFlow"] = storage_flow_section(_storage_flow(owner))
    return sections


def _zero_g_accounts(owner: Address) -> dict[str, Any]:
    flow = storage_flow_alloc(_storage_flow(owner))
    return {**zero_g_alloc(owner), **da_entrance_alloc(owner), **flow}


def _storage_flow(owner: Address) -> StorageFlow:
    return StorageFlow(0, owner, PRICE_PER_SECTOR_WEI, BLOCKS_PER_STORAGE_EPOCH, first_block=0)
