"""The `alloc` of a genesis document: the accounts of block zero, as changes of an empty state."""

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.engine import Account, AccountChange
from genesis.errors import InvalidGenesis
from genesis.fields import WORD_MAX, Section, data_of, word_of


def read_alloc(document: Section) -> tuple[AccountChange, ...]:
    """Ascending by address. Raises InvalidGenesis naming the account, e.g. `alloc.0x00….balance`."""
    section = document.section("alloc")
    changes: dict[Address, AccountChange] = {}
    for key in section.values:
        field = section.name_of(key)
        address = Address(data_of(field, key, 20))
        if address in changes:
            raise InvalidGenesis(field, "each address once", "it a second time")
        changes[address] = _account(address, section.section(key))
    return tuple(changes[address] for address in sorted(changes))


def _account(address: Address, entry: Section) -> AccountChange:
    nonce = entry.integer("nonce", 0)
    balance = entry.integer("balance", 0, most=WORD_MAX)
    code = entry.data("code", b"")
    slots = _slots(entry)
    if slots and not (nonce or balance or code):
        # 0g-geth cannot commit such a state (facts [O15]); a precompile's storage needs code 0x01.
        raise InvalidGenesis(entry.path, "code, nonce or balance beside storage", "storage alone")
    return AccountChange(
        address=address,
        account=Account(nonce, balance, Hash32(keccak(code))),
        slots=slots,
        code=code or None,
    )


def _slots(entry: Section) -> tuple[tuple[int, int], ...]:
    """Ascending; a slot that is set to zero is none."""
    if not entry.has("storage"):
        return ()
    storage = entry.section("storage")
    slots: dict[int, int] = {}
    for key, value in storage.values.items():
        field = storage.name_of(key)
        slot = word_of(field, key)
        if slot in slots:
            raise InvalidGenesis(field, "each slot once", "it a second time")
        slots[slot] = word_of(field, value)
    return tuple((slot, value) for slot, value in sorted(slots.items()) if value)
