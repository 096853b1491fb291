"""Options of traces as clients write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.json_rpc.errors import ParameterError, RpcError
from node.json_rpc.trace_parameters import (
    TraceOptions,
    trace_call_options,
    trace_options,
)


def test_the_struct_loggers_options_stand_beside_the_tracers_name() -> None:
    options = {"enableMemory": True, "limit": 5, "tracerConfig": {"withLog": True}}
    assert trace_options(options).tracer_options == options
    chosen = trace_options(options | {"tracer": "callTracer"})
    assert chosen == TraceOptions("callTracer", {"withLog": True})
    assert trace_options({"tracer": None, "tracerConfig": None}).tracer is None


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [("5s", 5_000), ("100ms", 100), ("1m30s", 90_000), ("1.5h", 5_400_000), ("0", 0), ("-1s", 0),
     ("20us", 0), (".5s", 500)],
)  # fmt: skip
def test_durations_are_gos(text: str, milliseconds: int) -> None:
    assert trace_options({"timeout": text}).timeout_ms == milliseconds


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "1x", "five", "5s5", "1" * 200 + "s"])
def test_what_is_no_duration_is_refused_in_gos_words(text: str) -> None:
    with pytest.raises(RpcError, match="time: invalid duration"):
        trace_options({"timeout": text})


@pytest.mark.parametrize(
    "options",
    [
        7,
        [],
        "callTracer",
        {"tracer": 7},
        {"timeout": 5},
        {"disableStack": 1},
        {"limit": "0x5"},
        {"tracer": "callTracer", "tracerConfig": []},
        {"stateOverrides": 1},
        {"txIndex": 1},
    ],
)
def test_other_types_are_refused(options: Any) -> None:
    with pytest.raises(ParameterError):
        trace_call_options(options)


def test_a_traced_call_has_overrides_and_an_index() -> None:
    owner = "0x" + "11" * 20
    options = trace_call_options(
        {
            "stateOverrides": {owner: {"balance": "0x5"}},
            "blockOverrides": {"number": "0x7"},
            "txIndex": "0x2",
            "timeout": "1s",
        }
    )
    assert options.overrides[bytes.fromhex(owner[2:])].balance == 5
    assert options.block_overrides is not None
    assert options.block_overrides.number == 7
    assert (options.transaction_index, options.trace.timeout_ms) == (2, 1_000)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["tracer", "timeout", "tracerConfig", "limit", "txIndex", "x"])
            | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_any_json_is_options_or_a_refusal(value: Any) -> None:
    try:
        options = trace_call_options(value)
    except (ParameterError, RpcError):
        return
    assert isinstance(value, dict)
    assert options.trace.tracer == value.get("tracer")
