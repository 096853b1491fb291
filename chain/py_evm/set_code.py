"""EIP-7702: accounts that run the code of another."""

from collections.abc import Iterable
from typing import Final

from eth_typing import Address

from chain.py_evm.evm_state import EvmState
from chain.transactions import Authorization, recover_authority

DELEGATION_PREFIX: Final = b"\xef\x01\x00"
DELEGATION_SIZE: Final = 23
EXISTING_ACCOUNT_REFUND: Final = 12_500
NONCE_LIMIT: Final = (1 << 64) - 1
NOBODY: Final = Address(bytes(20))


def is_delegation(code: bytes) -> bool:
    return len(code) == DELEGATION_SIZE and code.startswith(DELEGATION_PREFIX)


def delegate_of(code: bytes) -> Address | None:
    """Whose code an account with this code runs; None where it is no delegation."""
    return Address(code[3:]) if is_delegation(code) else None


def apply_authorizations(state: EvmState, authorizations: Iterable[Authorization]) -> None:
    """Each valid one takes effect; an invalid one is passed over. Existing accounts earn a refund."""
    for authorization in authorizations:
        authority = _authority(state, authorization)
        if authority is not None:
            _delegate(state, authority, authorization.address)


def _authority(state: EvmState, authorization: Authorization) -> Address | None:
    """Who signed, if the authorization may take effect; the account becomes warm even if it may not."""
    if authorization.chain_id not in (0, state.chain_id) or authorization.nonce >= NONCE_LIMIT:
        return None
    authority = recover_authority(authorization)
    if authority is None:
        return None
    state.mark_address_warm(authority)
    code = state.get_code(authority)
    if code and not is_delegation(code):
        return None
    return authority if state.get_nonce(authority) == authorization.nonce else None


def _delegate(state: EvmState, authority: Address, delegate: Address) -> None:
    if state.account_exists(authority):
        state.refund += EXISTING_ACCOUNT_REFUND
    state.increment_nonce(authority)
    state.set_code(authority, b"" if delegate == NOBODY else DELEGATION_PREFIX + delegate)
