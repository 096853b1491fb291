"""Otterscan's view of a transaction: its calls in a list, and the transfers that no transaction shows."""

from typing import Any, Final

from chain.tracing.call_tree import CallNode, CallTreeTracer, in_order
from chain.tracing.flat_calls import ETHEREUM_PRECOMPILES_END, SELFDESTRUCT
from chain.tracing.hex_forms import data, quantity

TRANSFER: Final = 0
OPERATIONS: Final = {"CALL": TRANSFER, SELFDESTRUCT: 1, "CREATE": 2, "CREATE2": 3}
"""Otterscan's numbers for what it calls internal operations."""
_WITHOUT_VALUE: Final = ("DELEGATECALL", "STATICCALL")


class OtterscanTracer(CallTreeTracer):
    """Two views of one tree."""

    def entries(self) -> list[dict[str, Any]]:
        """`ots_traceTransaction`: every call, parents first; Ethereum's precompiles left out."""
        found = []
        for placed in in_order(self.root, _is_shown):
            start, end = placed.node.start, placed.node.outcome
            has_value = start.value is not None and start.kind not in _WITHOUT_VALUE
            found.append(
                {
                    "type": start.kind,
                    "depth": len(placed.address),
                    "from": data(start.sender),
                    "to": data(start.to),
                    "value": quantity(start.value or 0) if has_value else None,
                    "input": data(start.input),
                    "output": data(end.output),
                }
            )
        return found

    def operations(self) -> list[dict[str, Any]]:
        """`ots_getInternalOperations`: what happened below the outermost call, and was not taken back."""
        found = []
        for placed in in_order(self.root):
            start = placed.node.start
            kind = OPERATIONS.get(start.kind)
            if kind is None or not placed.address or placed.is_undone:
                continue
            if kind == TRANSFER and not start.value:
                continue
            found.append(
                {
                    "type": kind,
                    "from": data(start.sender),
                    "to": data(start.to),
                    "value": quantity(start.value or 0),
                }
            )
        return found


def _is_shown(node: CallNode) -> bool:
    start = node.start
    is_ethereums = int.from_bytes(start.to, "big") < ETHEREUM_PRECOMPILES_END
    return not (start.is_precompile and is_ethereums and not start.value)
