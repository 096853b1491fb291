"""Who may do what: OpenZeppelin 5's AccessControlEnumerable, storage and answers."""

from collections.abc import Mapping
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.contract import INDEX_OUT_OF_BOUNDS, custom_error, panic
from precompiles.solidity import slots
from precompiles.solidity.work import Work, topic, word

DEFAULT_ADMIN_ROLE: Final = Hash32(bytes(32))
PARAMS_ADMIN_ROLE: Final = Hash32(keccak(b"PARAMS_ADMIN_ROLE"))
INTERFACES: Final = tuple(map(bytes.fromhex, ("01ffc9a7", "7965db0b", "5a05180f")))
"""ERC-165, IAccessControl, IAccessControlEnumerable."""
ROLE_GRANTED: Final = topic("RoleGranted(bytes32,address,address)")
ROLE_REVOKED: Final = topic("RoleRevoked(bytes32,address,address)")


def first_member(role: Hash32, account: Address) -> Mapping[int, int]:
    """The slots of a role that one account alone has."""
    members = _members(role)
    return {
        _membership(role, account): 1,
        members: 1,
        slots.element(members, 0): int.from_bytes(account, "big"),
        _place(members, account): 1,
    }


def has_role(work: Work, role: Hash32, account: Address) -> tuple[bool]:
    return (work.load(_membership(role, account)) != 0,)


def get_role_admin(work: Work, role: Hash32) -> tuple[Hash32]:
    return (word(work.load(slots.item(slots.ROLES, role) + 1)),)


def get_role_member_count(work: Work, role: Hash32) -> tuple[int]:
    return (work.load(_members(role)),)


def get_role_member(work: Work, role: Hash32, index: int) -> tuple[Address]:
    """Raises `Refusal`: Solidity's panic of an index out of bounds."""
    members = _members(role)
    if index >= work.load(members):
        raise panic(INDEX_OUT_OF_BOUNDS)
    return (_member(work, members, index),)


def get_role_members(work: Work, role: Hash32) -> tuple[list[Address]]:
    members = _members(role)
    return ([_member(work, members, index) for index in range(work.load(members))],)


def supports_interface(work: Work, interface: bytes) -> tuple[bool]:
    return (interface in INTERFACES,)


def require_role(work: Work, role: Hash32) -> None:
    """Raises `Refusal` unless the caller has the role."""
    account = work.call.caller
    (is_member,) = has_role(work, role, account)
    if not is_member:
        raise custom_error("AccessControlUnauthorizedAccount(address,bytes32)", account, role)


def grant_role(work: Work, role: Hash32, account: Address) -> tuple[()]:
    require_role(work, get_role_admin(work, role)[0])
    grant(work, role, account)
    return ()


def revoke_role(work: Work, role: Hash32, account: Address) -> tuple[()]:
    require_role(work, get_role_admin(work, role)[0])
    _revoke(work, role, account)
    return ()


def renounce_role(work: Work, role: Hash32, confirmation: Address) -> tuple[()]:
    if confirmation != work.call.caller:
        raise custom_error("AccessControlBadConfirmation()")
    _revoke(work, role, confirmation)
    return ()


def grant(work: Work, role: Hash32, account: Address) -> None:
    """Who has the role already keeps it, without a log."""
    membership = _membership(role, account)
    if work.load(membership):
        return
    work.store(membership, 1)
    _announce(work, ROLE_GRANTED, role, account)
    members = _members(role)
    count = work.load(members)
    work.store(members, count + 1)
    work.store(slots.element(members, count), int.from_bytes(account, "big"))
    work.store(_place(members, account), count + 1)


def _revoke(work: Work, role: Hash32, account: Address) -> None:
    """The last of the list takes the place of the one that leaves."""
    membership = _membership(role, account)
    if not work.load(membership):
        return
    work.store(membership, 0)
    _announce(work, ROLE_REVOKED, role, account)
    members = _members(role)
    last = work.load(members) - 1
    place = work.load(_place(members, account)) - 1
    if place != last:
        moved = _member(work, members, last)
        work.store(slots.element(members, place), int.from_bytes(moved, "big"))
        work.store(_place(members, moved), place + 1)
    work.store(slots.element(members, last), 0)
    work.store(members, last)
    work.store(_place(members, account), 0)


def _announce(work: Work, event: Hash32, role: Hash32, account: Address) -> None:
    work.emit((event, role, word(account), word(work.call.caller)), b"")


def _membership(role: Hash32, account: Address) -> int:
    return slots.item(slots.item(slots.ROLES, role), account)


def _members(role: Hash32) -> int:
    return slots.item(slots.ROLE_MEMBERS, role)


def _place(members: int, account: Address) -> int:
    return slots.item(members + 1, account)


def _member(work: Work, members: int, index: int) -> Address:
    return Address(work.load(slots.element(members, index)).to_bytes(32, "big")[12:])
