"""Who may do what: OpenZeppelin 5's AccessControlEnumerable, storage and answers."""

from collections.abc import Mapping
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from precompiles.contract import INDEX_OUT_OF_BOUNDS, custom_error, panic
from precompiles.da_entrance import layout
from precompiles.da_entrance.entrance import Entrance, topic, word

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
        layout.element(members, 0): int.from_bytes(account, "big"),
        _place(members, account): 1,
    }


def has_role(entrance: Entrance, role: Hash32, account: Address) -> tuple[bool]:
    return (entrance.load(_membership(role, account)) != 0,)


def get_role_admin(entrance: Entrance, role: Hash32) -> tuple[Hash32]:
    return (word(entrance.load(layout.item(layout.ROLES, role) + 1)),)


def get_role_member_count(entrance: Entrance, role: Hash32) -> tuple[int]:
    return (entrance.load(_members(role)),)


def get_role_member(entrance: Entrance, role: Hash32, index: int) -> tuple[Address]:
    """Raises `Refusal`: Solidity's panic of an index out of bounds."""
    members = _members(role)
    if index >= entrance.load(members):
        raise panic(INDEX_OUT_OF_BOUNDS)
    return (_member(entrance, members, index),)


def get_role_members(entrance: Entrance, role: Hash32) -> tuple[list[Address]]:
    members = _members(role)
    return ([_member(entrance, members, index) for index in range(entrance.load(members))],)


def supports_interface(entrance: Entrance, interface: bytes) -> tuple[bool]:
    return (interface in INTERFACES,)


def require_role(entrance: Entrance, role: Hash32) -> None:
    """Raises `Refusal` unless the caller has the role."""
    account = entrance.call.caller
    (is_member,) = has_role(entrance, role, account)
    if not is_member:
        raise custom_error("AccessControlUnauthorizedAccount(address,bytes32)", account, role)


def grant_role(entrance: Entrance, role: Hash32, account: Address) -> tuple[()]:
    require_role(entrance, get_role_admin(entrance, role)[0])
    grant(entrance, role, account)
    return ()


def revoke_role(entrance: Entrance, role: Hash32, account: Address) -> tuple[()]:
    require_role(entrance, get_role_admin(entrance, role)[0])
    _revoke(entrance, role, account)
    return ()


def renounce_role(entrance: Entrance, role: Hash32, confirmation: Address) -> tuple[()]:
    if confirmation != entrance.call.caller:
        raise custom_error("AccessControlBadConfirmation()")
    _revoke(entrance, role, confirmation)
    return ()


def grant(entrance: Entrance, role: Hash32, account: Address) -> None:
    """Who has the role already keeps it, without a log."""
    membership = _membership(role, account)
    if entrance.load(membership):
        return
    entrance.store(membership, 1)
    _announce(entrance, ROLE_GRANTED, role, account)
    members = _members(role)
    count = entrance.load(members)
    entrance.store(members, count + 1)
    entrance.store(layout.element(members, count), int.from_bytes(account, "big"))
    entrance.store(_place(members, account), count + 1)


def _revoke(entrance: Entrance, role: Hash32, account: Address) -> None:
    """The last of the list takes the place of the one that leaves."""
    membership = _membership(role, account)
    if not entrance.load(membership):
        return
    entrance.store(membership, 0)
    _announce(entrance, ROLE_REVOKED, role, account)
    members = _members(role)
    last = entrance.load(members) - 1
    place = entrance.load(_place(members, account)) - 1
    if place != last:
        moved = _member(entrance, members, last)
        entrance.store(layout.element(members, place), int.from_bytes(moved, "big"))
        entrance.store(_place(members, moved), place + 1)
    entrance.store(layout.element(members, last), 0)
    entrance.store(members, last)
    entrance.store(_place(members, account), 0)


def _announce(entrance: Entrance, event: Hash32, role: Hash32, account: Address) -> None:
    entrance.emit((event, role, word(account), word(entrance.call.caller)), b"")


def _membership(role: Hash32, account: Address) -> int:
    return layout.item(layout.item(layout.ROLES, role), account)


def _members(role: Hash32) -> int:
    return layout.item(layout.ROLE_MEMBERS, role)


def _place(members: int, account: Address) -> int:
    return layout.item(members + 1, account)


def _member(entrance: Entrance, members: int, index: int) -> Address:
    return Address(entrance.load(layout.element(members, index)).to_bytes(32, "big")[12:])
