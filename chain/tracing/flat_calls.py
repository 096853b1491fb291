"""Frames in a list, parents first: flatCallTracer, and what `trace_` methods answer, as Parity wrote it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from chain.tracing.budget import TraceBudget
from chain.tracing.call_frames import CREATIONS
from chain.tracing.call_tree import CallNode, CallTreeTracer, PlacedNode, in_order
from chain.tracing.context import TraceContext
from chain.tracing.hex_forms import data, quantity

SELFDESTRUCT: Final = "SELFDESTRUCT"
ETHEREUM_PRECOMPILES_END: Final = 0x200
"""First address behind those of Ethereum; 0G's stateful ones, and ours, are shown as contracts."""
PARITY_ERRORS: Final = {
    "contract creation code storage out of gas": "Out of gas",
    "out of gas": "Out of gas",
    "gas uint64 overflow": "Out of gas",
    "max code size exceeded": "Out of gas",
    "invalid jump destination": "Bad jump destination",
    "execution reverted": "Reverted",
    "return data out of bounds": "Out of bounds",
    "stack limit reached 1024 (1023)": "Out of stack",
    "write protection": "Mutable Call In Static Context",
    "precompile failed": "Built-in failed",
    "invalid input length": "Built-in failed",
}
PARITY_ERROR_BEGINNINGS: Final = {
    "invalid opcode:": "Bad instruction",
    "stack underflow": "Stack underflow",
    "out of gas:": "Out of gas",
}


@dataclass(frozen=True, slots=True)
class FlatCallOptions:
    """go-ethereum's flatCallTracerConfig."""

    converts_errors: bool = False
    """To Parity's words."""
    includes_precompiles: bool = False


class FlatCallTracer(CallTreeTracer):
    """go-ethereum's: the outermost frame has the transaction's gas."""

    def __init__(
        self, options: FlatCallOptions, context: TraceContext, budget: TraceBudget
    ) -> None:
        super().__init__(budget)
        self._options, self._context = options, context

    def result(self) -> Any:
        """See `NoopTracer`."""
        frames = [
            _flat_json(placed, self._is_shown, self._options.converts_errors) | self._place()
            for placed in in_order(self.root, self._is_shown)
        ]
        frames[0]["action"]["gas"] = quantity(self.message.gas_limit)
        if "result" in frames[0]:
            frames[0]["result"]["gasUsed"] = quantity(self.outcome.gas_used)
        return frames

    def _is_shown(self, node: CallNode) -> bool:
        is_hidden = node.start.is_precompile and node.start.kind in ("CALL", "STATICCALL")
        return self._options.includes_precompiles or not is_hidden

    def _place(self) -> dict[str, Any]:
        return place_json(self._context)


class ParityTracer(CallTreeTracer):
    """`trace_block`, `trace_transaction`: gas without what the transaction pays before its first opcode."""

    def __init__(self, context: TraceContext | None, budget: TraceBudget) -> None:
        """`context` None leaves the place in the chain out, as in replays."""
        super().__init__(budget)
        self._context = context

    def result(self) -> Any:
        """See `NoopTracer`."""
        place = {} if self._context is None else place_json(self._context)
        frames = []
        for placed in in_order(self.root, _is_shown_by_parity):
            frame = _flat_json(placed, _is_shown_by_parity, converts_errors=True)
            kind = placed.node.start.kind
            if kind in CREATIONS:
                frame["action"]["creationMethod"] = kind.lower()
            elif kind == SELFDESTRUCT:
                frame["result"] = None
            frames.append(frame | place)
        return frames


def place_json(context: TraceContext) -> dict[str, Any]:
    """Which transaction of which block."""
    block_hash, transaction_hash = context.block_hash, context.transaction_hash
    return {
        "blockHash": None if block_hash is None else data(block_hash),
        "blockNumber": context.block_number,
        "transactionHash": None if transaction_hash is None else data(transaction_hash),
        "transactionPosition": context.transaction_index,
    }


def parity_error(error: str) -> str:
    """Parity's words for go-ethereum's."""
    found = PARITY_ERRORS.get(error)
    if found is not None:
        return found
    for beginning, text in PARITY_ERROR_BEGINNINGS.items():
        if error.startswith(beginning):
            return text
    return error


def _is_shown_by_parity(node: CallNode) -> bool:
    start = node.start
    address = int.from_bytes(start.to, "big")
    is_ethereums = start.is_precompile and address < ETHEREUM_PRECOMPILES_END
    return not is_ethereums or bool(start.value and start.kind == "CALL")


def _flat_json(
    placed: PlacedNode, is_shown: Callable[[CallNode], bool], converts_errors: bool
) -> dict[str, Any]:
    node = placed.node
    error = node.outcome.error
    if node.start.kind in CREATIONS:
        flat = _creation(node)
    elif node.start.kind == SELFDESTRUCT:
        flat = _self_destruct(node)
    else:
        flat = _call(node)
    if error is not None:
        flat["error"] = parity_error(error) if converts_errors else error
        if not node.outcome.is_revert:
            flat.pop("result", None)
    flat["subtraces"] = sum(map(is_shown, node.calls))
    flat["traceAddress"] = list(placed.address)
    return flat


def _call(node: CallNode) -> dict[str, Any]:
    start, end = node.start, node.outcome
    has_output = end.error is None or end.is_revert
    return {
        "type": "call",
        "action": {
            "from": data(start.sender),
            "callType": start.kind.lower(),
            "gas": quantity(start.gas),
            "input": data(start.input),
            "to": data(start.to),
            "value": quantity(start.value or 0),
        },
        "result": {
            "gasUsed": quantity(end.gas_used),
            "output": data(end.output if has_output else b""),
        },
    }


def _creation(node: CallNode) -> dict[str, Any]:
    start, end = node.start, node.outcome
    result: dict[str, Any] = {"gasUsed": quantity(end.gas_used), "code": data(end.output)}
    if end.error is None:
        result["address"] = data(start.to)
    return {
        "type": "create",
        "action": {
            "from": data(start.sender),
            "gas": quantity(start.gas),
            "init": data(start.input),
            "value": quantity(start.value or 0),
        },
        "result": result,
    }


def _self_destruct(node: CallNode) -> dict[str, Any]:
    start = node.start
    return {
        "type": "suicide",
        "action": {
            "address": data(start.sender),
            "balance": quantity(start.value or 0),
            "refundAddress": data(start.to),
        },
    }
