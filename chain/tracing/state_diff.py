"""What a transaction changed, as Parity's `stateDiff` has it: each field as it was and as it is.

It knows the accounts and slots that prestateTracer looks at.
"""

from collections.abc import Callable
from typing import Any, Final

from eth_typing import Address

from chain.tracing.budget import TraceBudget
from chain.tracing.hex_forms import data, quantity, word
from chain.tracing.prestate import (
    NO_ACCOUNT,
    FoundAccount,
    PrestateOptions,
    PrestateTracer,
)

UNCHANGED: Final = "="
CHANGED: Final = "*"
ADDED: Final = "+"
REMOVED: Final = "-"


class StateDiffTracer(PrestateTracer):
    """By account: balance, nonce, code, and the slots that are different."""

    def __init__(self, budget: TraceBudget) -> None:
        super().__init__(PrestateOptions(), budget)

    def result(self) -> Any:
        """See `NoopTracer`."""
        found = {
            data(address): difference
            for address, before in self.found.items()
            if (difference := self._difference_to(address, before)) is not None
        }
        return dict(sorted(found.items()))

    def _difference_to(self, address: Address, before: FoundAccount) -> dict[str, Any] | None:
        account, code = self.state.account(address) or NO_ACCOUNT, self.state.code(address)
        after = FoundAccount(
            account, code, {slot: self.state.slot(address, slot) for slot in before.slots}
        )
        if before == after:
            return None
        old, new = before.account, after.account
        kind = _kind(before, after)
        return {
            "balance": _field(kind, old.balance, new.balance, quantity),
            "code": _field(kind, before.code, after.code, data),
            "nonce": _field(kind, old.nonce, new.nonce, quantity),
            "storage": {
                word(slot): _field(kind, value, after.slots[slot], word)
                for slot, value in before.slots.items()
                if value != after.slots[slot]
            },
        }


def _kind(before: FoundAccount, after: FoundAccount) -> str:
    if before.is_empty:
        return ADDED
    return REMOVED if after.is_empty else CHANGED


def _field(kind: str, old: Any, new: Any, written: Callable[[Any], str]) -> Any:
    if kind == ADDED:
        return {ADDED: written(new)}
    if kind == REMOVED:
        return {REMOVED: written(old)}
    return UNCHANGED if old == new else {CHANGED: {"from": written(old), "to": written(new)}}
