"""The access list of a message (EIP-2930): found by running it until the list no longer grows.

go-ethereum's AccessList (internal/ethapi/api.go) and its tracer (eth/tracers/logger).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from typing import Final

from eth_typing import Address

from chain.engine import CallResult, Message
from chain.tracer import Step, Tracer
from chain.tracing.noop import NoopTracer
from chain.transactions import AccessList

ROUNDS_MAX: Final = 64
"""A list that still grows then is answered as it is: each round adds what only a warm slot let run."""
_SLOAD, _SSTORE = 0x54, 0x55
_ACCOUNT_ON_TOP: Final = (0x31, 0x3B, 0x3C, 0x3F, 0xFF)
"""BALANCE, EXTCODESIZE, EXTCODECOPY, EXTCODEHASH, SELFDESTRUCT."""
_ACCOUNT_BELOW_TOP: Final = (0xF1, 0xF2, 0xF4, 0xFA)
"""CALL, CALLCODE, DELEGATECALL, STATICCALL."""
_CALL_ITEMS_MIN: Final = 5
"""Of the stack: a call with fewer fails before it touches anybody."""
_ADDRESS_MASK: Final = (1 << 160) - 1

RunTraced = Callable[[Message, Tracer], CallResult]
"""Runs the message; raises `InvalidTransaction` where it cannot run."""


@dataclass(frozen=True, slots=True)
class FoundAccessList:
    """A list with which the message touches nothing cold but what no list can warm."""

    access_list: AccessList
    result: CallResult
    """Of the run with the list."""


def find_access_list(
    message: Message, excluded: Collection[Address], run: RunTraced
) -> FoundAccessList:
    """Begins with the message's own list; `excluded` are accounts that are warm anyway.

    Their slots are listed all the same.
    """
    found = _Touched(excluded)
    for owner, slots in message.access_list:
        found.add(owner, slots)
    for _ in range(ROUNDS_MAX):
        tried = found.access_list()
        found = _Touched(excluded)
        for owner, slots in tried:
            found.add(owner, slots)
        result = run(replace(message, access_list=tried), found)
        if found.access_list() == tried:
            break
    return FoundAccessList(tried, result)


class _Touched(NoopTracer):
    """Collects what opcodes touch."""

    wants_steps = True

    def __init__(self, excluded: Collection[Address]) -> None:
        self._excluded = excluded
        self._slots: dict[Address, set[int]] = {}

    def add(self, owner: Address, slots: Collection[int]) -> None:
        if slots or owner not in self._excluded:
            self._slots.setdefault(owner, set()).update(slots)

    def access_list(self) -> AccessList:
        """Addresses and slots ascending."""
        return tuple((owner, tuple(sorted(slots))) for owner, slots in sorted(self._slots.items()))

    def step_started(self, step: Step) -> None:
        """See `Tracer`."""
        opcode, stack = step.opcode, step.stack
        if opcode in (_SLOAD, _SSTORE) and stack:
            self.add(step.address, (stack[-1],))
        elif opcode in _ACCOUNT_ON_TOP and stack:
            self.add(_address(stack[-1]), ())
        elif opcode in _ACCOUNT_BELOW_TOP and len(stack) >= _CALL_ITEMS_MIN:
            self.add(_address(stack[-2]), ())


def _address(item: int) -> Address:
    return Address((item & _ADDRESS_MASK).to_bytes(20, "big"))
