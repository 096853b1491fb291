"""A node without consensus and its JSON-RPC process, once for each file that asks."""

import http.client
import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

_spec = importlib.util.spec_from_file_location(
    "solo_node", Path(__file__).with_name("solo_node.py")
)
assert _spec is not None
assert _spec.loader is not None
solo_node = importlib.util.module_from_spec(_spec)
sys.modules["solo_node"] = solo_node
_spec.loader.exec_module(solo_node)

Ask = Callable[..., Any]


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Reached over its Unix socket; ten funded accounts; TestProbe at `solo_node.PROBE`."""
    with solo_node.SoloNode(tmp_path_factory.mktemp("node")) as started:
        yield started


@pytest.fixture(scope="module")
def rpc(node: Any) -> Any:
    """The JSON-RPC process, calls limited to a second."""
    return node.rpc(evm_timeout_ms=1_000, allow_unprotected_transactions=True)


@pytest.fixture(scope="module")
def ask(rpc: Any) -> Ask:
    """`ask("eth_chainId")`: the answer's object, result or error."""
    connection = http.client.HTTPConnection("127.0.0.1", rpc.port, timeout=30)

    def ask(method: str, *params: Any) -> Any:
        body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        assert response.status == 200
        return orjson.loads(response.read())

    return ask


@pytest.fixture(scope="module")
def result(ask: Ask) -> Ask:
    """As `ask`, where an error would be a failure."""

    def result(method: str, *params: Any) -> Any:
        answer = ask(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    return result


@pytest.fixture(scope="module")
def error(ask: Ask) -> Ask:
    """As `ask`, where a result would be a failure."""

    def error(method: str, *params: Any) -> Any:
        answer = ask(method, *params)
        assert "result" not in answer, answer
        return answer["error"]

    return error
