"""Running a message on the state as eth_call does: defaults, caps and overrides are geth's."""

from dataclasses import dataclass

from eth_typing import Address, Hash32

from chain.engine import Authorization


@dataclass(frozen=True, slots=True)
class CallRequest:
    """geth's TransactionArgs: what eth_call and eth_estimateGas were asked; None is absent."""

    sender: Address = Address(b"\x00" * 20)
    to: Address | None = None
    gas: int | None = None
    """Gas limit; absent, the cap (eth_call) or the block's gas limit (eth_estimateGas)."""
    gas_price: int | None = None
    """Wei a gas."""
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    value: int = 0
    """Wei."""
    data: bytes = b""
    chain_id: int | None = None
    access_list: tuple[tuple[Address, tuple[int, ...]], ...] = ()
    authorization_list: tuple[Authorization, ...] = ()
    blob_versioned_hashes: tuple[Hash32, ...] = ()


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """geth's block overrides; None leaves the field as the block has it."""

    number: int | None = None
    difficulty: int | None = None
    timestamp: int | None = None
    """Seconds."""
    gas_limit: int | None = None
    coinbase: Address | None = None
    prev_randao: Hash32 | None = None
    base_fee: int | None = None
    """Wei a gas."""
