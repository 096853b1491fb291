"""The OpenRPC document against the method table, and its schemas against real answers."""

import re
from typing import Any

import pytest

from node.json_rpc.argument_schemas import (
    BLOCK_OVERRIDES,
    CALL,
    LOG_FILTER,
    SIMULATION,
    STATE_OVERRIDES,
    TRACE_CALL_OPTIONS,
    TRACE_FILTER,
    TRACE_OPTIONS,
    TRANSACTION,
)
from node.json_rpc.call_parameters import (
    block_overrides,
    call_request,
    call_with_nonce,
    log_filter,
    state_overrides,
)
from node.json_rpc.errors import ParameterError
from node.json_rpc.methods.simulate import simulation
from node.json_rpc.methods.trace import trace_filter
from node.json_rpc.openrpc import RESULTS
from node.json_rpc.table import all_methods
from node.json_rpc.trace_parameters import trace_call_options, trace_options

JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}


@pytest.fixture(scope="module")
def document(result: Any) -> Any:
    return result("rpc.discover")


def check_schema(value: Any, schema: Any, where: str = "result") -> None:
    """The parts of JSON Schema that the document uses."""
    kinds = schema.get("type", list(JSON_TYPES))
    kinds = kinds if isinstance(kinds, list) else [kinds]
    assert any(isinstance(value, JSON_TYPES[kind]) for kind in kinds), (where, value)
    if isinstance(value, str) and "pattern" in schema:
        assert re.match(schema["pattern"], value), (where, value)
    if isinstance(value, list):
        for item in value:
            check_schema(item, schema.get("items", {}), where + "[]")
    if isinstance(value, dict) and "properties" in schema:
        assert set(value) == set(schema["required"]), where
        for name, inner in schema["properties"].items():
            check_schema(value[name], inner, f"{where}.{name}")


def test_the_document_names_every_method_and_no_other(document: Any) -> None:
    assert [method["name"] for method in document["methods"]] == sorted(all_methods())
    assert document["openrpc"].startswith("1.")


def test_every_parameter_is_described(document: Any) -> None:
    for method in document["methods"]:
        names = [parameter["name"] for parameter in method["params"]]
        assert "argument" not in names, method["name"]
        assert len(set(names)) == len(names)
        row = all_methods()[method["name"]]
        assert [not parameter.optional for parameter in row.parameters] == [
            parameter["required"] for parameter in method["params"]
        ]


def test_our_own_methods_are_described_and_exist() -> None:
    ours = {name for name in all_methods() if name.startswith("zerog_")}
    assert set(RESULTS) == ours


@pytest.mark.parametrize("name", sorted(RESULTS))
def test_our_answers_keep_to_their_schemas(
    document: Any, result: Any, node: Any, name: str
) -> None:
    node.mine()
    described = next(method for method in document["methods"] if method["name"] == name)
    assert described["summary"]
    params = ["0x1"] if described["params"] else []
    check_schema(result(name, *params), described["result"]["schema"])


def wrong_for(schema: Any) -> Any:
    return 5 if schema["type"] in ("object", "array") else {"no": "such value"}


@pytest.mark.parametrize(
    ("schema", "read"),
    [
        pytest.param(CALL, call_request, id="call"),
        pytest.param(TRANSACTION, call_with_nonce, id="transaction"),
        pytest.param(BLOCK_OVERRIDES, block_overrides, id="block overrides"),
        pytest.param(LOG_FILTER, log_filter, id="log filter"),
        pytest.param(TRACE_OPTIONS, trace_options, id="trace options"),
        pytest.param(TRACE_CALL_OPTIONS, trace_call_options, id="options of a traced call"),
        pytest.param(TRACE_FILTER, trace_filter, id="trace filter"),
        pytest.param(SIMULATION, simulation, id="simulation"),
        pytest.param(
            SIMULATION["properties"]["blockStateCalls"]["items"],
            lambda block: simulation({"blockStateCalls": [block]}),
            id="simulated block",
        ),
        pytest.param(
            STATE_OVERRIDES["additionalProperties"],
            lambda fields: state_overrides({"0x" + "ab" * 20: fields}),
            id="account override",
        ),
    ],
)
def test_every_field_of_an_object_is_one_that_is_read(schema: Any, read: Any) -> None:
    for name, inner in schema["properties"].items():
        with pytest.raises(ParameterError):
            read({name: wrong_for(inner)})


def test_modules_are_the_namespaces_that_have_methods(result: Any) -> None:
    names = {name.partition("_")[0].partition(".")[0] for name in all_methods()}
    assert set(result("rpc_modules")) == names


def test_blocks_to_order_are_for_imported_chains_alone(document: Any) -> None:
    foreign = all_methods(is_foreign=True)
    assert set(foreign) - set(all_methods()) == {"testing_buildBlockV1"}
    assert "testing_buildBlockV1" not in str(document)
