"""What WrappedA0GIBase keeps: the cap and supply of each minter (facts §1a-2)."""

from dataclasses import dataclass
from functools import partial

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles import message_pack
from precompiles.interface import Storage
from precompiles.message_pack import Reader
from precompiles.storage import load_blob, store_blob

_HEADER = message_pack.encode_map_header(3)
_CAP, _INITIAL_SUPPLY, _SUPPLY = (
    message_pack.encode_string(name) for name in (b"Cap", b"InitialSupply", b"Supply")
)


@dataclass(slots=True)
class Supply:
    """What a minter may have minted and has, in wei, of any size; None only in a faulty genesis' record."""

    cap: int | None = None
    initial_supply: int | None = None
    supply: int | None = None


def supply_key(minter: Address) -> Hash32:
    """The blob of a minter's supply: tag 00."""
    return Hash32(keccak(b"\x00" + minter))


def encode_supply(supply: Supply) -> bytes:
    """The record, field by field in the order of Go's struct."""
    pack = message_pack.encode_integer
    return b"".join(
        (
            *(_HEADER, _CAP, pack(supply.cap)),
            *(_INITIAL_SUPPLY, pack(supply.initial_supply)),
            *(_SUPPLY, pack(supply.supply)),
        )
    )


def decode_supply(blob: bytes) -> Supply:
    """Raises `BadMessagePack`."""
    supply, reader = Supply(), Reader(blob)

    def read(name: str) -> None:
        setattr(supply, name, reader.read_integer(getattr(supply, name)))

    fields = {
        b"Cap": partial(read, "cap"),
        b"InitialSupply": partial(read, "initial_supply"),
        b"Supply": partial(read, "supply"),
    }
    return Supply() if reader.read_struct(fields) else supply


def load_supply(storage: Storage, minter: Address) -> Supply:
    """All zeros for a minter without a record. Raises `BadMessagePack`."""
    blob = load_blob(storage, supply_key(minter))
    return decode_supply(blob) if blob else Supply(0, 0, 0)


def store_supply(storage: Storage, minter: Address, supply: Supply) -> None:
    """Write a minter's record."""
    store_blob(storage, supply_key(minter), encode_supply(supply))
