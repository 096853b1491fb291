"""Contracts that are there from block zero: Ethereum's system contracts, 0G's fixed addresses, and tools'.

Everything is written out in the document's `alloc`, code and storage: block zero follows from the
document alone, also for other Ethereum clients.
"""

from typing import Any, Final

from eth_typing import Address

from chain.engine import AccountChange
from genesis.contracts import artifact
from genesis.errors import InvalidGenesis


def _address(digits: str) -> Address:
    return Address(bytes.fromhex(digits))


BEACON_ROOTS_ADDRESS: Final = _address("000f3df6d732807ef1319fb7b8bb8522d0beac02")
BEACON_ROOTS_CODE: Final = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f3580"
    "1560495762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b6200"
    "1fff42064281555f359062001fff015500"
)
"""EIP-4788, its runtime code."""
BLOCK_HASHES_ADDRESS: Final = _address("0000f90827f1c53a10cb7a02335b175320002935")
BLOCK_HASHES_CODE: Final = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f356001430381"
    "11604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303"
    "065500"
)
"""EIP-2935, its runtime code."""

DA_REGISTRY_ADDRESS: Final = _address("20f30b2584f3096ea0d6c18c3b5cacc0585e12fc")
WRAPPED_A0GI_ADDRESS: Final = _address("1cd0690ff9a693f5ef2dd976660a8dafc81a109c")
AGENCY_ADDRESS: Final = _address("e1a5162f99e075f8c6681ae28191ab3ac250b468")
"""0G's fixed addresses, which the precompiles know (facts §1a)."""
CREATE2_DEPLOYER_ADDRESS: Final = _address("4e59b44847b379578588920ca78fbf26c0b4956c")
CREATE2_DEPLOYER_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe036016000816020"
    "82378035828234f58015156039578182fd5b8082525050506014600cf3"
)
"""What its keyless transaction leaves on every chain; foundry compares its hash."""
MULTICALL3_ADDRESS: Final = _address("ca11bde05977b3631167028862be2a173976ca11")
"""Where tools of every chain look for them."""

OWNER_SLOT: Final = 0
"""Of `Owned.sol`: owner in the low 20 bytes, the initialized flag in the byte above."""
_INITIALIZED: Final = 1 << 160
_ADDRESS_MASK: Final = (1 << 160) - 1
_OWNED: Final = {DA_REGISTRY_ADDRESS: "DARegistry", AGENCY_ADDRESS: "WrappedA0GIBaseAgency"}


def system_alloc() -> dict[str, Any]:
    """EIP-4788 and EIP-2935; the contracts of EIP-6110, 7002 and 7251 are not on our chain."""
    return {
        _key(BEACON_ROOTS_ADDRESS): _entry(BEACON_ROOTS_CODE),
        _key(BLOCK_HASHES_ADDRESS): _entry(BLOCK_HASHES_CODE),
    }


def zero_g_alloc(owner: Address) -> dict[str, Any]:
    """Registry, token and agency, initialized, with their owner.

    They belong to chains with 0G's precompiles alone: without those the token's calls would
    go to an account without code, succeed, and mint for anybody.
    """
    owned = {_word(OWNER_SLOT): _word(_INITIALIZED | int.from_bytes(owner, "big"))}
    return {
        _key(WRAPPED_A0GI_ADDRESS): _entry(artifact("WrappedA0GI").runtime),
        **{_key(where): _entry(artifact(name).runtime, owned) for where, name in _OWNED.items()},
    }


def tools_alloc() -> dict[str, Any]:
    """The CREATE2 deployer and Multicall3, which foundry and viem expect."""
    return {
        _key(CREATE2_DEPLOYER_ADDRESS): _entry(CREATE2_DEPLOYER_CODE),
        _key(MULTICALL3_ADDRESS): _entry(artifact("Multicall3").runtime),
    }


def check_owner(owner: Address | None, alloc: tuple[AccountChange, ...]) -> None:
    """Raises InvalidGenesis where `config.zerog.owner` is not who our contracts in `alloc` obey."""
    for change in alloc:
        name = _OWNED.get(change.address)
        if owner is None or name is None or change.code != artifact(name).runtime:
            continue
        stored = dict(change.slots).get(OWNER_SLOT, 0) & _ADDRESS_MASK
        if stored != int.from_bytes(owner, "big"):
            expected = f"the owner in the storage of {name} in alloc, 0x{stored:040x}"
            raise InvalidGenesis("config.zerog.owner", expected, f"0x{owner.hex()}")


def _entry(code: bytes, storage: dict[str, str] | None = None) -> dict[str, Any]:
    """Nonce 1 is what EIP-161 gives every contract that a transaction creates."""
    entry: dict[str, Any] = {"balance": "0x0", "nonce": "0x1", "code": f"0x{code.hex()}"}
    return {**entry, "storage": storage} if storage else entry


def _word(value: int) -> str:
    """geth's reader of storage wants an even number of digits."""
    return f"0x{value:064x}"


def _key(address: Address) -> str:
    return f"0x{address.hex()}"
