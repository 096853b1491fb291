"""JSON-RPC 2.0 as geth speaks it, over a few methods of our own."""

import asyncio
from typing import Any, cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.json_rpc import dispatch
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Dispatcher, Method, Runs, method_table
from node.json_rpc.errors import RpcError
from node.json_rpc.parameters import Parameter, uint64
from node.json_rpc.worker_pool import WorkerPool

NO_SERVICES = cast(Services, object())
NO_WORKERS = cast(WorkerPool, object())


class Recorder:
    """Methods that answer, wait, fail and crash; it notes what was begun."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.most_at_once = 0
        self._now = 0

    def methods(self) -> dict[str, Method]:
        number = (Parameter(uint64),)
        return method_table(
            (
                Method("test_echo", self._echo, number, Runs.WITH_SERVICES),
                Method("test_wait", self._wait, number, Runs.WITH_SERVICES),
                Method("test_refuse", self._refuse, (), Runs.WITH_SERVICES),
                Method("test_crash", self._crash, (), Runs.WITH_SERVICES),
                Method("test_long", self._long, (), Runs.WITH_SERVICES),
            )
        )

    def _echo(self, _: Services, number: int) -> int:
        self.begun.append(number)
        return number

    async def _wait(self, _: Services, number: int) -> int:
        self.begun.append(number)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0)
        self._now -= 1
        return number

    def _refuse(self, _: Services) -> int:
        raise RpcError(3, "execution reverted", "0x01")

    def _crash(self, _: Services) -> int:
        return 1 // 0

    def _long(self, _: Services) -> str:
        return "x" * 1_000


def answer(body: Any, recorder: Recorder | None = None) -> Any:
    methods = (recorder or Recorder()).methods()
    dispatcher = Dispatcher(methods, NO_SERVICES, NO_WORKERS, NO_WORKERS, NO_WORKERS)
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    reply = asyncio.run(dispatcher.answer(raw))
    return orjson.loads(reply) if reply else None


def call(method: str, params: Any = None, identity: Any = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "method": method, "params": params}


def failure(code: int, message: str, identity: Any = None) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": identity, "error": {"code": code, "message": message}}


@pytest.mark.parametrize("identity", [1, 0, "seven", "", None, 1.5, 2**53, True])
def test_the_id_comes_back_as_it_was(identity: Any) -> None:
    assert answer(call("test_echo", ["0x5"], identity)) == {
        "jsonrpc": "2.0",
        "id": identity,
        "result": 5,
    }


@pytest.mark.parametrize("body", [b"", b"{", b"[", b'{"a":1}}', b"\xff", b'"\\ud800"', b"nan"])
def test_what_is_no_json_is_a_parse_error(body: bytes) -> None:
    assert answer(body) == failure(-32700, "parse error")


def test_deeply_nested_json_is_refused_and_nothing_breaks() -> None:
    assert answer(b"[" * 100_000) == failure(-32700, "parse error")


@pytest.mark.parametrize(
    ("body", "identity"),
    [
        (5, None),
        ("text", None),
        (None, None),
        ({}, None),
        ({"jsonrpc": "2.0", "id": 1}, 1),
        ({"jsonrpc": "1.0", "id": 1, "method": "test_echo"}, 1),
        ({"id": 1, "method": "test_echo"}, 1),
        ({"jsonrpc": "2.0", "id": {}, "method": "test_echo"}, None),
        ({"jsonrpc": "2.0", "id": 7, "method": 5}, 7),
        ({"jsonrpc": "2.0", "id": 7, "method": ""}, 7),
    ],
)
def test_what_is_no_call_is_an_invalid_request(body: Any, identity: Any) -> None:
    assert answer(body) == failure(-32600, "invalid request", identity)


@pytest.mark.parametrize("name", ["eth_foo", "foo", "a" * 50])
def test_an_unknown_method_does_not_exist(name: str) -> None:
    text = f"the method {name} does not exist/is not available"
    assert answer(call(name)) == failure(-32601, text, 1)


def test_a_refusal_carries_code_text_and_data() -> None:
    assert answer(call("test_refuse"))["error"] == {
        "code": 3,
        "message": "execution reverted",
        "data": "0x01",
    }


def test_a_crash_shows_nothing_of_its_insides() -> None:
    assert answer(call("test_crash")) == failure(-32603, "method handler crashed", 1)


def test_a_notification_is_carried_out_and_not_answered() -> None:
    recorder = Recorder()
    notification = {"jsonrpc": "2.0", "method": "test_echo", "params": ["0x5"]}
    assert answer(notification, recorder) is None
    assert answer([notification, notification], recorder) is None
    assert recorder.begun == [5, 5, 5]


def test_a_batch_is_answered_in_order_without_its_notifications() -> None:
    batch = [
        call("test_wait", ["0x1"], "a"),
        {"jsonrpc": "2.0", "method": "test_echo", "params": ["0x2"]},
        call("test_echo", ["0x3"], "b"),
        5,
        call("test_foo", [], "c"),
    ]
    replies = answer(batch)
    assert [reply["id"] for reply in replies] == ["a", "b", None, "c"]
    assert [reply.get("result") for reply in replies[:2]] == [1, 3]
    assert [reply["error"]["code"] for reply in replies[2:]] == [-32600, -32601]


def test_an_empty_batch_is_one_invalid_request() -> None:
    assert answer([]) == failure(-32600, "empty batch")


def test_a_thousand_calls_are_a_batch_and_one_more_is_not() -> None:
    assert len(answer([call("test_echo", ["0x1"])] * 1_000)) == 1_000
    too_many = [5, *[call("test_echo", ["0x1"], "first")] * 1_000]
    assert answer(too_many) == [failure(-32600, "batch too large", "first")]


def test_calls_of_a_batch_begin_in_order_and_a_bounded_number_at_a_time() -> None:
    recorder = Recorder()
    answer([call("test_wait", [hex(number)]) for number in range(200)], recorder)
    assert recorder.begun == list(range(200))
    assert recorder.most_at_once <= 32


def test_a_batch_with_too_long_an_answer_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "BATCH_RESPONSE_BYTES_MAX", 20_000)
    replies = answer([call("test_long", [], number) for number in range(500)])
    assert [reply["id"] for reply in replies] == list(range(500))
    assert "result" in replies[0]
    assert replies[-1] == failure(-32003, "response too large", 499)
    assert sum("result" in reply for reply in replies) < 20 + 2 * 32


@given(st.binary(max_size=200))
def test_any_bytes_get_an_answer_that_is_json(body: bytes) -> None:
    reply = answer(body)
    assert reply is None or isinstance(reply, dict | list)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(
    st.dictionaries(
        st.sampled_from(["jsonrpc", "id", "method", "params", "result"]),
        json_values | st.sampled_from(["2.0", "test_echo", "test_wait", "eth_foo", ["0x1"]]),
    )
    | json_values
)
def test_any_json_gets_an_answer_or_is_a_notification(body: Any) -> None:
    try:
        raw = orjson.dumps(body)
    except (TypeError, ValueError):
        raw = b"{}"
    replies = answer(raw)
    for reply in replies if isinstance(replies, list) else [replies]:
        assert reply is None or ("result" in reply) != ("error" in reply)
