"""Answers that need one look at the chain and nothing to wait for: given without a task of their own.

Most requests of a busy server are of this kind, and the machinery around them costs more than they do.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from inspect import iscoroutinefunction
from typing import Any

import orjson

from chain.queries import ChainView
from chain.query_errors import QueryError
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs, answer_to
from node.json_rpc.errors import RpcError
from node.json_rpc.parameters import parse_arguments

QUICK_BATCH_CALLS_MAX = 100
"""A larger batch is answered in pieces, so that others get in between."""

LASTING_BYTES_MAX = 16 * 1024 * 1024
"""Of answers that are kept."""
KEY_BYTES = 1_024
"""What a key is counted as: a filter with a few addresses and topics."""


class _HasToWait(Exception):
    """A worker or the node is asked, or the request is none: `Dispatcher` knows what to say."""


class QuickAnswers:
    """Answers bodies synchronously, or says that they have to wait."""

    def __init__(self, services: Services, methods: Mapping[str, Method]) -> None:
        self._services = services
        self._lasting = _LastingAnswers(LASTING_BYTES_MAX)
        self._methods = {name: row for name, row in methods.items() if _never_waits(row)}

    def answer(self, body: bytes) -> bytes | None:
        """The answer's body; None where `Dispatcher.answer` has to give it. Never raises."""
        try:
            request = orjson.loads(body)
            if type(request) is not list:
                return self._single(request)
            if not 0 < len(request) <= QUICK_BATCH_CALLS_MAX:
                return None
            return b"[" + b",".join(map(self._single, request)) + b"]"
        except Exception:
            # The edge of the process: whatever it is, `Dispatcher` meets it again and answers for it.
            return None

    def _single(self, call: Any) -> bytes:
        """The answer to one call; raises `_HasToWait`, or a bug of ours."""
        if type(call) is not dict or call.get("jsonrpc") != "2.0" or "id" not in call:
            raise _HasToWait
        name, identity = call.get("method"), call["id"]
        if type(name) is not str or isinstance(identity, dict | list):
            raise _HasToWait
        method = self._methods.get(name)
        if method is None:
            raise _HasToWait
        try:
            result = self._result(method, call.get("params"))
        except RpcError as error:
            return orjson.dumps({"jsonrpc": "2.0", "id": identity, "error": error.encoded()})
        return orjson.dumps({"jsonrpc": "2.0", "id": identity, "result": result})

    def _result(self, method: Method, params: Any) -> Any:
        arguments = parse_arguments(method.parameters, params)
        if method.runs is Runs.WITH_SERVICES:
            return method.handler(self._services, *arguments)
        try:
            with self._services.queries.view() as view:
                return self._in_view(method, view, arguments)
        except QueryError as error:
            raise answer_to(error) from None

    def _in_view(self, method: Method, view: ChainView, arguments: list[Any]) -> Any:
        key = method.lasting_key(view, *arguments) if method.lasting_key is not None else None
        if key is not None:
            known = self._lasting.get((method.name, key))
            if known is not None:
                return orjson.Fragment(known)
        if method.is_heavy is not None and method.is_heavy(view, *arguments):
            raise _HasToWait
        result = method.handler(view, *arguments)
        if key is None:
            return result
        encoded = orjson.dumps(result)
        self._lasting.keep((method.name, key), encoded)
        return orjson.Fragment(encoded)


class _LastingAnswers:
    """Answers that stay as they are, the most recently asked for, up to a number of bytes."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max, self._bytes = bytes_max, 0
        self._answers: OrderedDict[Hashable, bytes] = OrderedDict()

    def get(self, key: Hashable) -> bytes | None:
        """None where it is not kept."""
        answer = self._answers.get(key)
        if answer is not None:
            self._answers.move_to_end(key)
        return answer

    def keep(self, key: Hashable, answer: bytes) -> None:
        """Those asked for longest ago make room. The key was not kept before."""
        self._answers[key] = answer
        self._bytes += len(answer) + KEY_BYTES
        while self._bytes > self._bytes_max:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= len(oldest) + KEY_BYTES


def _never_waits(method: Method) -> bool:
    if method.runs is Runs.WITH_SERVICES:
        return not iscoroutinefunction(method.handler)
    return method.runs is Runs.IN_VIEW
