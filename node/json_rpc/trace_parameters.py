"""The options of traces become the chain's; names and texts are geth's (eth/tracers/api.go)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_typing import Address

from chain.engine import AccountOverride
from chain.message_calls import BlockOverrides
from node.json_rpc.call_parameters import block_overrides, state_overrides
from node.json_rpc.errors import ParameterError, server_error
from node.json_rpc.parameters import json_kind, quoted, uint64

FLAGS = ("enableMemory", "disableStack", "disableStorage", "enableReturnData")
DURATION_CHARACTERS_MAX = 64
_MS_PER_UNIT = {
    "ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000,
}  # fmt: skip
_PART = re.compile(r"(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_DURATION = re.compile(rf"[-+]?(0|({_PART.pattern})+)\Z")


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """geth's TraceConfig."""

    tracer: str | None = None
    """None is the struct logger."""
    tracer_options: Mapping[str, Any] = field(default_factory=dict)
    timeout_ms: int | None = None


@dataclass(frozen=True, slots=True)
class TraceCallOptions:
    """geth's TraceCallConfig."""

    trace: TraceOptions = TraceOptions()
    overrides: Mapping[Address, AccountOverride] = field(default_factory=dict)
    block_overrides: BlockOverrides | None = None
    transaction_index: int | None = None


def trace_options(value: Any) -> TraceOptions:
    """The struct logger's options stand beside `tracer`, those of the others in `tracerConfig`."""
    fields = _object(value)
    name = fields.get("tracer")
    if name is not None and not isinstance(name, str):
        raise _wrong_type(name, "tracer", "string")
    options = fields.get("tracerConfig")
    if options is not None and not isinstance(options, dict):
        raise _wrong_type(options, "tracerConfig", "map[string]interface {}")
    if name is None:
        options = fields
        for flag in FLAGS:
            if type(fields.get(flag)) not in (bool, type(None)):
                raise _wrong_type(fields[flag], flag, "bool")
        if type(fields.get("limit")) not in (int, type(None)):
            raise _wrong_type(fields["limit"], "limit", "int")
    return TraceOptions(name, options or {}, _timeout_ms(fields.get("timeout")))


def trace_call_options(value: Any) -> TraceCallOptions:
    """The options of a trace, overrides, and after how many transactions of the block."""
    fields = _object(value)
    overrides, changes = fields.get("stateOverrides"), fields.get("blockOverrides")
    index = fields.get("txIndex")
    return TraceCallOptions(
        trace=trace_options(value),
        overrides={} if overrides is None else state_overrides(overrides),
        block_overrides=None if changes is None else block_overrides(changes),
        transaction_index=None if index is None else uint64(index),
    )


def _timeout_ms(value: Any) -> int | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong_type(value, "timeout", "string")
    if len(value) > DURATION_CHARACTERS_MAX or not _DURATION.match(value):
        raise server_error(f"time: invalid duration {quoted(value)}")
    milliseconds = sum(float(n) * _MS_PER_UNIT[unit] for n, unit in _PART.findall(value))
    return 0 if value.startswith("-") else int(milliseconds)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ParameterError(
            f"json: cannot unmarshal {json_kind(value)} into Go value of type tracers.TraceConfig"
        )
    return value


def _wrong_type(value: Any, name: str, go_type: str) -> ParameterError:
    return ParameterError(
        f"json: cannot unmarshal {json_kind(value)} into Go struct field TraceConfig.{name} "
        f"of type {go_type}"
    )
