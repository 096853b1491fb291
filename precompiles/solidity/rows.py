"""Rows of the table of a contract whose functions pay for their work while they do it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eth_typing import Address

from precompiles.contract import ContractFunction, custom_error
from precompiles.interface import Call
from precompiles.solidity import roles
from precompiles.solidity.work import Handler, Work, at_work


def function(
    signature: str,
    handler: Handler,
    returns: str = "()",
    *,
    writes: bool = False,
    is_payable: bool = False,
    is_pure: bool = False,
    kind: Callable[[Call], Work] = Work,
) -> ContractFunction:
    """A row out of `handler(work, *arguments)`: slots, logs and hashes are paid for one by one."""
    return ContractFunction(
        signature,
        at_work(handler, kind),
        gas=0,
        returns=returns,
        writes=writes or is_payable,
        is_payable=is_payable,
        is_pure=is_pure,
    )


def constant(value: object) -> Handler:
    """A getter of what never changes."""

    def get(work: Work) -> tuple[object]:
        return (value,)

    return get


def number_at(slot: int) -> Handler:
    """A getter of the number in a slot."""

    def get(work: Work) -> tuple[int]:
        return (work.load(slot),)

    return get


def address_at(slot: int) -> Handler:
    """A getter of the address in a slot."""

    def get(work: Work) -> tuple[Address]:
        return (Address(work.load(slot).to_bytes(32, "big")[12:]),)

    return get


def role_functions(kind: Callable[[Call], Work] = Work) -> Iterable[ContractFunction]:
    """OpenZeppelin's."""
    views: Sequence[tuple[str, Handler, str]] = (
        ("hasRole(bytes32,address)", roles.has_role, "(bool)"),
        ("getRoleAdmin(bytes32)", roles.get_role_admin, "(bytes32)"),
        ("getRoleMember(bytes32,uint256)", roles.get_role_member, "(address)"),
        ("getRoleMemberCount(bytes32)", roles.get_role_member_count, "(uint256)"),
        ("getRoleMembers(bytes32)", roles.get_role_members, "(address[])"),
        ("DEFAULT_ADMIN_ROLE()", constant(roles.DEFAULT_ADMIN_ROLE), "(bytes32)"),
    )
    writing: Sequence[tuple[str, Handler]] = (
        ("grantRole(bytes32,address)", roles.grant_role),
        ("revokeRole(bytes32,address)", roles.revoke_role),
        ("renounceRole(bytes32,address)", roles.renounce_role),
    )
    for signature, handler, returns in views:
        yield function(signature, handler, returns, kind=kind)
    for signature, handler in writing:
        yield function(signature, handler, writes=True, kind=kind)
    yield function(
        "supportsInterface(bytes4)", roles.supports_interface, "(bool)", is_pure=True, kind=kind
    )


def refuse(signature: str) -> Handler:
    """A function that always reverts with this custom error, which has no arguments."""

    def handle(work: Work, *arguments: Any) -> Sequence[Any]:
        # Made anew: an exception that is raised again keeps the frames of every time before.
        raise custom_error(signature)

    return handle
