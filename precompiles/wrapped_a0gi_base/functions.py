"""The table of WrappedA0GIBase's functions, and each of them (facts §1a-2)."""

from eth_typing import Address
from eth_utils.address import to_canonical_address

from precompiles.dispatch import Function, TablePrecompile
from precompiles.errors import CorruptStorage, DomainError
from precompiles.interface import Call
from precompiles.wrapped_a0gi_base import records

ADDRESS = to_canonical_address("0x0000000000000000000000000000000000001002")
WRAPPED_TOKEN = to_canonical_address("0x1cd0690ff9a693f5ef2dd976660a8dafc81a109c")
"""The contract WA0GI (§4): it alone may mint and burn, and it holds what is minted."""
AGENCY = to_canonical_address("0xe1a5162f99e075f8c6681ae28191ab3ac250b468")
"""The contract that alone may set caps."""


def wrapped_a0gi_base() -> TablePrecompile:
    """The precompile."""
    return TablePrecompile(
        ADDRESS,
        (
            Function("getWA0GI()", _get_wa0gi, gas=5_000, returns="(address)"),
            Function(
                "minterSupply(address)",
                _minter_supply,
                gas=10_000,
                returns="((uint256,uint256,uint256))",
            ),
            Function("mint(address,uint256)", _mint, gas=100_000, writes=True),
            Function("burn(address,uint256)", _burn, gas=100_000, writes=True),
            # Writes, but 0g-geth does not flag it: it runs under every kind of call (facts §1a).
            Function("setMinterCap(address,uint256,uint256)", _set_minter_cap, gas=100_000),
        ),
    )


def _get_wa0gi(call: Call) -> tuple[Address]:
    return (WRAPPED_TOKEN,)


def _load(call: Call, minter: Address) -> tuple[int, int, int]:
    """Cap, initial supply and supply; 0g-geth uses all three without looking."""
    record = records.load_supply(call.storage, minter)
    if record.cap is None or record.initial_supply is None or record.supply is None:
        raise CorruptStorage("a supply without one of its integers")
    return record.cap, record.initial_supply, record.supply


def _minter_supply(call: Call, minter: Address) -> tuple[tuple[int, int, int]]:
    return (_load(call, minter),)


def _mint(call: Call, minter: Address, amount: int) -> tuple[()]:
    _require_caller(call, WRAPPED_TOKEN, "sender is not WA0GI")
    cap, initial_supply, supply = _load(call, minter)
    supply += amount
    if supply > cap:
        raise DomainError("insufficient mint cap")
    call.balances.add(WRAPPED_TOKEN, amount)
    records.store_supply(call.storage, minter, records.Supply(cap, initial_supply, supply))
    return ()


def _burn(call: Call, minter: Address, amount: int) -> tuple[()]:
    """The token's balance is not looked at: it wraps below zero (facts §1a-2)."""
    _require_caller(call, WRAPPED_TOKEN, "sender is not WA0GI")
    cap, initial_supply, supply = _load(call, minter)
    supply -= amount
    if supply < 0:
        raise DomainError("insufficient mint supply")
    call.balances.subtract(WRAPPED_TOKEN, amount)
    records.store_supply(call.storage, minter, records.Supply(cap, initial_supply, supply))
    return ()


def _set_minter_cap(call: Call, minter: Address, cap: int, initial_supply: int) -> tuple[()]:
    """The supply moves with the initial supply, not below zero; it may pass the cap (facts [O12])."""
    _require_caller(call, AGENCY, "sender is not agency")
    _, old_initial_supply, supply = _load(call, minter)
    supply = max(0, supply + initial_supply - old_initial_supply)
    records.store_supply(call.storage, minter, records.Supply(cap, initial_supply, supply))
    return ()


def _require_caller(call: Call, caller: Address, reason: str) -> None:
    if call.caller != caller:
        raise DomainError(reason)
