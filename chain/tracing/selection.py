"""A tracer's name and options, as JSON gives them, become a tracer."""

import re
from collections.abc import Mapping
from typing import Any, Final

from chain.query_errors import QueryError
from chain.tracing.budget import TraceBudget
from chain.tracing.call_frames import CallTracer, CallTracerOptions
from chain.tracing.context import TraceContext
from chain.tracing.flat_calls import FlatCallOptions, FlatCallTracer
from chain.tracing.four_bytes import FourByteTracer
from chain.tracing.mux import MuxTracer
from chain.tracing.noop import NoopTracer
from chain.tracing.prestate import PrestateOptions, PrestateTracer
from chain.tracing.struct_logs import StructLogger, StructLogOptions

TRACERS_MAX: Final = 16
"""In one muxTracer, those inside of others included."""

TRACER_NAMES: Final = (
    "callTracer", "flatCallTracer", "prestateTracer", "4byteTracer", "noopTracer", "muxTracer",
)  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}\Z")

Options = Mapping[str, Any]


class UnknownTracer(QueryError):
    """No tracer of that name: go-ethereum takes it for JavaScript, and says this of what is none."""

    def __init__(self, name: str) -> None:
        super().__init__(f"ReferenceError: {name} is not defined at <eval>:1:2(0)")
        self.name = name


class JavaScriptTracer(QueryError):
    """A program of the caller's: it would have to run here."""

    def __init__(self) -> None:
        names = ", ".join(TRACER_NAMES)
        super().__init__(f"JavaScript tracers are not supported, only {names}")


class InvalidTracerOptions(QueryError):
    """Options that contradict each other, or of another JSON type than they must be."""


def select_tracer(
    name: str | None, options: Options, context: TraceContext, budget: TraceBudget
) -> NoopTracer:
    """The tracer; `name` None is the struct logger.

    Raises `UnknownTracer`, `JavaScriptTracer`, `InvalidTracerOptions`.
    """
    return _Selection(context, budget).tracer(name, options)


class _Selection:
    def __init__(self, context: TraceContext, budget: TraceBudget) -> None:
        self._context, self._budget = context, budget
        self._count = 0

    def tracer(self, name: str | None, options: Options) -> NoopTracer:
        self._count += 1
        if self._count > TRACERS_MAX:
            raise InvalidTracerOptions(f"more than {TRACERS_MAX} tracers at once")
        match name:
            case None:
                return StructLogger(_struct_log_options(options), self._budget)
            case "callTracer":
                chosen = CallTracerOptions(_flag(options, "onlyTopCall"), _flag(options, "withLog"))
                return CallTracer(chosen, self._context, self._budget)
            case "flatCallTracer":
                return FlatCallTracer(_flat_options(options), self._context, self._budget)
            case "prestateTracer":
                return PrestateTracer(_prestate_options(options), self._budget)
            case "4byteTracer":
                return FourByteTracer()
            case "noopTracer":
                return NoopTracer()
            case "muxTracer":
                return MuxTracer(
                    {inner: self.tracer(inner, _inner(given)) for inner, given in options.items()}
                )
        raise UnknownTracer(name) if _NAME.match(name) else JavaScriptTracer


def _struct_log_options(options: Options) -> StructLogOptions:
    limit = options.get("limit") or 0
    if type(limit) is not int or limit < 0:
        raise InvalidTracerOptions("limit is a number of bytes")
    return StructLogOptions(
        has_memory=_flag(options, "enableMemory"),
        has_stack=not _flag(options, "disableStack"),
        has_storage=not _flag(options, "disableStorage"),
        has_return_data=_flag(options, "enableReturnData"),
        limit=limit,
    )


def _flat_options(options: Options) -> FlatCallOptions:
    return FlatCallOptions(
        converts_errors=_flag(options, "convertParityErrors"),
        includes_precompiles=_flag(options, "includePrecompiles"),
    )


def _prestate_options(options: Options) -> PrestateOptions:
    chosen = PrestateOptions(
        is_diff=_flag(options, "diffMode"),
        has_code=not _flag(options, "disableCode"),
        has_storage=not _flag(options, "disableStorage"),
        includes_empty=_flag(options, "includeEmpty"),
    )
    if chosen.is_diff and chosen.includes_empty:
        raise InvalidTracerOptions("cannot use diffMode with includeEmpty")
    return chosen


def _inner(options: Any) -> Options:
    if options is None:
        return {}
    if not isinstance(options, Mapping):
        raise InvalidTracerOptions("a tracer's options are an object")
    return options


def _flag(options: Options, name: str) -> bool:
    value = options.get(name)
    if value is not None and type(value) is not bool:
        raise InvalidTracerOptions(f"{name} is true or false")
    return bool(value)
