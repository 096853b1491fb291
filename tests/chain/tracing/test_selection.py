"""A name and options become a tracer, or a refusal that says why."""

from typing import Any

import pytest

from chain.tracing.budget import TraceBudget, TraceTooLarge
from chain.tracing.context import TraceContext
from chain.tracing.selection import (
    InvalidTracerOptions,
    JavaScriptTracer,
    UnknownTracer,
    select_tracer,
)


def selected(name: str | None, options: Any) -> Any:
    return select_tracer(name, options, TraceContext(), TraceBudget())


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("someTracer", {}, UnknownTracer),
        ("(function() {})", {}, JavaScriptTracer),
        ("", {}, JavaScriptTracer),
        ("prestateTracer", {"diffMode": True, "includeEmpty": True}, InvalidTracerOptions),
        ("callTracer", {"withLog": 1}, InvalidTracerOptions),
        (None, {"limit": -1}, InvalidTracerOptions),
        (None, {"limit": True}, InvalidTracerOptions),
        ("muxTracer", {"callTracer": []}, InvalidTracerOptions),
        ("muxTracer", {"nothing": {}}, UnknownTracer),
        (
            "muxTracer",
            {"muxTracer": {"muxTracer": {"callTracer": {"onlyTopCall": 0}}}},
            InvalidTracerOptions,
        ),
    ],
)
def test_what_is_no_tracer_is_refused(name: str, options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        selected(name, options)


def test_tracers_in_tracers_have_an_end() -> None:
    nested: dict[str, Any] = {}
    for _ in range(20):
        nested = {"muxTracer": nested}
    with pytest.raises(InvalidTracerOptions, match="16"):
        selected("muxTracer", nested)


def test_mux_asks_for_steps_only_where_one_of_its_tracers_does() -> None:
    assert not selected("muxTracer", {"callTracer": {}}).wants_steps
    assert selected("muxTracer", {"callTracer": {}, "prestateTracer": {}}).wants_steps


def test_each_tracer_of_a_mux_answers_as_it_would_alone(stage: Any) -> None:
    stage.put({stage.ONE: stage.calling(0xF1, stage.TWO, 0) + b"\x5f\x54", stage.TWO: b"\x00"})
    names = ("callTracer", "prestateTracer", "flatCallTracer", "4byteTracer", "noopTracer")
    together = stage.trace("muxTracer", {name: {} for name in names}, data=b"\1\2\3\4\5")
    alone = {name: stage.trace(name, data=b"\1\2\3\4\5") for name in names}
    assert together == alone


def test_selectors_are_counted_with_the_size_of_their_arguments(stage: Any) -> None:
    """Those of precompiles and creations are not."""
    code = stage.storing_memory(b"\xde\xad\xbe\xef")
    for to in (stage.TWO, stage.TWO, bytes(19) + b"\x04"):
        code += stage.push(0) * 2 + stage.push(36) + stage.push(0) * 2 + stage.push(to)
        code += b"\x5a\xf1\x50"
    stage.put({stage.ONE: code, stage.TWO: b"\x00"})
    trace = stage.trace("4byteTracer", data=b"\x01\x02\x03\x04")
    assert trace == {"0x01020304-0": 1, "0xdeadbeef-32": 2}


@pytest.mark.parametrize("name", [None, "callTracer", "prestateTracer", "flatCallTracer"])
def test_a_trace_over_its_budget_ends_the_execution(stage: Any, name: str | None) -> None:
    loop = b"\x5b" + stage.calling(0xF1, stage.TWO, 0, gas=0) + bytes.fromhex("5a545f56")
    stage.put({stage.ONE: loop})
    tracer = select_tracer(name, {}, TraceContext(), TraceBudget(20_000))
    with pytest.raises(TraceTooLarge, match="20000 bytes"):
        stage.answer(tracer, gas_limit=10**8)
