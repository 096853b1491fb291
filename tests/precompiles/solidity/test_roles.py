"""Roles: who gives them, who lists them, what is announced."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.contract import ContractPrecompile
from precompiles.interface import Returned, Reverted
from precompiles.solidity import roles
from precompiles.solidity.rows import role_functions

ADMIN, FRIEND, STRANGER = (Address(bytes([n]) * 20) for n in (1, 2, 3))
ROLE = keccak(b"SOME_ROLE")


@pytest.fixture
def chain(chain_of: Any) -> Any:
    """A contract of roles alone, of which ADMIN is the admin."""
    made = chain_of(ContractPrecompile(Address(b"\x09" * 20), role_functions()))
    made.storage.slots = dict(roles.first_member(roles.DEFAULT_ADMIN_ROLE, ADMIN))
    return made


def call(chain: Any, name: str, *words: bytes, caller: Address = ADMIN) -> Any:
    """Output of a call that returns, else its outcome."""
    rows = chain.precompile.functions
    [row] = [row for row in rows if row.signature.startswith(f"{name}(")]
    data = row.selector + b"".join(word.rjust(32, b"\0") for word in words)
    outcome = chain.call(data, caller=caller)
    return outcome.data if isinstance(outcome, Returned) else outcome


def members(chain: Any) -> list[bytes]:
    output = call(chain, "getRoleMembers", ROLE)
    assert call(chain, "getRoleMemberCount", ROLE) == output[32:64]
    return [output[at + 12 : at + 32] for at in range(64, len(output), 32)]


def test_the_admin_gives_and_takes_a_role_and_the_last_takes_the_place_of_who_leaves(
    chain: Any,
) -> None:
    for account in (ADMIN, FRIEND, STRANGER, FRIEND):
        call(chain, "grantRole", ROLE, account)
    assert members(chain) == [ADMIN, FRIEND, STRANGER]
    call(chain, "revokeRole", ROLE, ADMIN)
    assert members(chain) == [STRANGER, FRIEND]
    assert call(chain, "hasRole", ROLE, FRIEND) == (1).to_bytes(32, "big")
    assert call(chain, "hasRole", ROLE, ADMIN) == bytes(32)
    call(chain, "revokeRole", ROLE, ADMIN)
    granted, revoked = roles.ROLE_GRANTED, roles.ROLE_REVOKED
    assert [topics[0] for topics, _ in chain.logs] == [granted] * 3 + [revoked]
    assert chain.logs[-1][0][1:] == (ROLE, ADMIN.rjust(32, b"\0"), ADMIN.rjust(32, b"\0"))


def test_all_that_was_written_is_cleared_with_the_last_member(chain: Any) -> None:
    before = dict(chain.storage.slots)
    for name in ("grantRole", "revokeRole"):
        for account in (FRIEND, STRANGER):
            call(chain, name, ROLE, account)
    assert chain.storage.slots == before


def test_nobody_else_gives_or_takes(chain: Any) -> None:
    error = keccak(b"AccessControlUnauthorizedAccount(address,bytes32)")[:4]
    data = error + STRANGER.rjust(32, b"\0") + roles.DEFAULT_ADMIN_ROLE
    for name in ("grantRole", "revokeRole"):
        assert call(chain, name, ROLE, STRANGER, caller=STRANGER) == Reverted(data)


def test_a_member_gives_up_its_own_role_by_its_own_name(chain: Any) -> None:
    call(chain, "grantRole", ROLE, FRIEND)
    error = Reverted(keccak(b"AccessControlBadConfirmation()")[:4])
    assert call(chain, "renounceRole", ROLE, FRIEND, caller=STRANGER) == error
    call(chain, "renounceRole", ROLE, FRIEND, caller=FRIEND)
    assert members(chain) == []


def test_a_place_behind_the_last_is_out_of_bounds(chain: Any) -> None:
    panic = keccak(b"Panic(uint256)")[:4] + (0x32).to_bytes(32, "big")
    assert call(chain, "getRoleMember", ROLE, b"") == Reverted(panic)
