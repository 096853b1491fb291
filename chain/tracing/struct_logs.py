"""The struct logger, go-ethereum's default tracer: one entry an opcode."""

from dataclasses import dataclass
from typing import Any, Final

import orjson
from eth_typing import Address

from chain.engine import CallResult, Environment, Message
from chain.tracer import Step, TracedState
from chain.tracing.budget import TraceBudget
from chain.tracing.hex_forms import data, word
from chain.tracing.noop import NoopTracer
from chain.tracing.opcode_names import OPCODE_NAMES

SLOAD: Final = 0x54
SSTORE: Final = 0x55
WORD_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class StructLogOptions:
    """go-ethereum's logger.Config."""

    has_memory: bool = False
    has_stack: bool = True
    has_storage: bool = True
    has_return_data: bool = False
    limit: int = 0
    """Bytes of entries after which no more are written; 0 is none."""


class StructLogger(NoopTracer):
    """Entries are kept encoded: as objects they would take ten times the memory."""

    wants_steps = True

    def __init__(self, options: StructLogOptions, budget: TraceBudget) -> None:
        self._options, self._budget = options, budget
        self._entries: list[orjson.Fragment] = []
        self._entries_bytes = 0
        self._entry: dict[str, Any] | None = None
        self._storage: dict[Address, dict[str, str]] = {}
        self._state: TracedState | None = None
        self._outcome: CallResult | None = None

    def transaction_started(
        self, state: TracedState, environment: Environment, message: Message
    ) -> None:
        """See `Tracer`."""
        self._state = state

    def transaction_ended(self, result: CallResult) -> None:
        """See `Tracer`."""
        self._outcome = result

    def step_started(self, step: Step) -> None:
        """See `Tracer`."""
        options = self._options
        if options.limit and self._entries_bytes > options.limit:
            self._entry = None
            return
        entry: dict[str, Any] = {
            "pc": step.position,
            "op": OPCODE_NAMES[step.opcode],
            "gas": step.gas,
            "gasCost": 0,
            "depth": step.depth,
        }
        if options.has_stack:
            entry["stack"] = [hex(item) for item in step.stack]
        if options.has_return_data and step.return_data:
            entry["returnData"] = data(step.return_data)
        if options.has_memory and step.memory:
            self._budget.spend(2 * len(step.memory))
            entry["memory"] = _words(bytes(step.memory))
        if options.has_storage and step.opcode in (SLOAD, SSTORE):
            storage = self._touched_storage(step)
            if storage:
                entry["storage"] = storage
        self._entry = entry

    def step_ended(self, cost: int, refund: int, failure: str | None) -> None:
        """See `Tracer`."""
        entry = self._entry
        if entry is None:
            return
        entry["gasCost"] = cost
        if failure is not None:
            entry["error"] = failure
        if refund:
            entry["refund"] = refund
        encoded = orjson.dumps(entry)
        self._budget.spend(len(encoded))
        self._entries_bytes += len(encoded)
        self._entries.append(orjson.Fragment(encoded))

    def result(self) -> Any:
        """See `NoopTracer`."""
        outcome = self._outcome
        assert outcome is not None, "asked for before the transaction ended"
        has_output = outcome.error is None or outcome.is_revert
        return {
            "gas": outcome.gas_used,
            "failed": outcome.error is not None,
            "returnValue": data(outcome.output if has_output else b""),
            "structLogs": self._entries,
        }

    def _touched_storage(self, step: Step) -> dict[str, str]:
        """What the contract has read and written so far, the slot of this opcode included."""
        known = self._storage.setdefault(step.address, {})
        assert self._state is not None
        if step.opcode == SLOAD and step.stack:
            slot = step.stack[-1]
            known[word(slot)] = word(self._state.slot(step.address, slot))
        elif step.opcode == SSTORE and len(step.stack) > 1:
            known[word(step.stack[-1])] = word(step.stack[-2])
        else:
            return {}
        return known


def _words(memory: bytes) -> list[str]:
    """32 bytes each, the last filled up with zeros."""
    return [
        data(memory[at : at + WORD_BYTES].ljust(WORD_BYTES, b"\0"))
        for at in range(0, len(memory), WORD_BYTES)
    ]
