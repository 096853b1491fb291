"""From the body of a request to the body of its answer: JSON-RPC 2.0 as geth speaks it.

A method is one row of a table: its name, its parameters, its handler and where that runs.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import orjson

from chain.errors import InvalidOverride
from chain.queries import Queries
from chain.query_errors import (
    BlockRangeBeyondHead,
    BlockRangeTooLarge,
    ExecutionReverted,
    InvalidBlockRange,
    QueryError,
    TooManyLogs,
)
from node.json_rpc.context import Services
from node.json_rpc.errors import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RESPONSE_TOO_LARGE,
    RpcError,
    method_not_found,
    reverted,
    server_error,
)
from node.json_rpc.parameters import Parameter, parse_arguments
from node.json_rpc.settings import (
    BATCH_CALLS_MAX,
    BATCH_CONCURRENCY_MAX,
    BATCH_RESPONSE_BYTES_MAX,
    TRACE_TIMEOUT_MS_MAX,
)
from node.json_rpc.subscriptions import Subscriber
from node.json_rpc.worker_pool import Limit, WorkerPool, job_of
from node.local_socket import LocalSocketError

_logger = logging.getLogger("zerog.rpc")


class Runs(Enum):
    """Where a method's handler runs and what comes before its arguments."""

    IN_VIEW = auto()
    """In the event loop, with a `ChainView`."""
    WITH_SERVICES = auto()
    """In the event loop, with the `Services`; may be a coroutine."""
    IN_CALL_WORKER = auto()
    """In a worker that runs contracts, with a `ChainView`."""
    IN_SCAN_WORKER = auto()
    """In a worker that reads many blocks, with a `ChainView`."""
    IN_TRACE_WORKER = auto()
    """In a worker that executes blocks again, with a `ChainView`."""
    FOR_SUBSCRIBER = auto()
    """In the event loop, with the `Services` and the `Subscriber` that asks; WebSocket only."""


@dataclass(frozen=True, slots=True)
class Method:
    """One row of the method table. The handler's result is what orjson can write."""

    name: str
    handler: Callable[..., Any]
    parameters: Sequence[Parameter] = ()
    runs: Runs = Runs.IN_VIEW
    is_heavy: Callable[..., bool] | None = None
    """Of an IN_VIEW method: whether these arguments belong in a scan worker instead."""
    time_ms: Callable[..., int | None] | None = None
    """Of a traced method: the milliseconds that these arguments ask for; None is the usual limit."""
    lasting_key: Callable[..., Hashable | None] | None = None
    """Of an IN_VIEW method: what its answer depends on, where that can never change; None where it can."""
    is_per_head: bool = False
    """Of a method without arguments: one answer serves everybody until the next block."""


def method_table(methods: Iterable[Method]) -> dict[str, Method]:
    """By name; a name that stands twice is a mistake of ours."""
    table: dict[str, Method] = {}
    for method in methods:
        assert method.name not in table, method.name
        table[method.name] = method
    return table


def run_in_view(queries: Queries, method: Method, params: Any) -> Any:
    """Parse, ask one snapshot, answer; raises `RpcError` only."""
    arguments = parse_arguments(method.parameters, params)
    try:
        with queries.view() as view:
            return method.handler(view, *arguments)
    except QueryError as error:
        raise answer_to(error) from None
    except InvalidOverride as error:
        raise server_error(str(error)) from None


def answer_to(error: QueryError) -> RpcError:
    """geth's code for what the chain said; the text is the chain's."""
    match error:
        case ExecutionReverted(data=data):
            return reverted(data)
        case InvalidBlockRange() | BlockRangeBeyondHead():
            return RpcError(INVALID_PARAMS, str(error))
        case BlockRangeTooLarge() | TooManyLogs():
            return RpcError(LIMIT_EXCEEDED, str(error))
    return server_error(str(error))


class Dispatcher:
    """Answers bodies. Everything it needs is given; it owns no socket."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        services: Services,
        call_workers: WorkerPool,
        scan_workers: WorkerPool,
        trace_workers: WorkerPool,
    ) -> None:
        self._methods, self._services = methods, services
        self._workers = {
            Runs.IN_CALL_WORKER: call_workers,
            Runs.IN_SCAN_WORKER: scan_workers,
            Runs.IN_TRACE_WORKER: trace_workers,
        }
        self._at_head: dict[str, tuple[int, asyncio.Future[bytes]]] = {}

    async def answer(self, body: bytes, subscriber: Subscriber | None = None) -> bytes:
        """The answer's body; empty where the request held notifications alone. Never raises.

        `subscriber`: the connection that notifications can go to, where it is one.
        """
        try:
            request = orjson.loads(body)
        except orjson.JSONDecodeError:
            return _failure(None, RpcError(PARSE_ERROR, "parse error"))
        if isinstance(request, list):
            return await self._batch(request, subscriber)
        return await self._single(request, subscriber) or b""

    async def _single(self, call: Any, subscriber: Subscriber | None) -> bytes | None:
        """The answer to one call; None to a notification."""
        if type(call) is not dict or call.get("jsonrpc") != "2.0":
            return _invalid_request(call)
        name = call.get("method")
        identity = call.get("id")
        if not isinstance(name, str) or not name or isinstance(identity, dict | list):
            return _invalid_request(call)
        try:
            result = await self._result(name, call.get("params"), subscriber)
            answer = orjson.dumps({"jsonrpc": "2.0", "id": identity, "result": result})
        except RpcError as error:
            answer = _failure(identity, error)
        except QueryError as error:
            answer = _failure(identity, answer_to(error))
        except LocalSocketError as error:
            answer = _failure(identity, server_error(str(error)))
        except Exception:
            # The edge of the process: a bug met by one call must not end it, nor show its insides.
            _logger.exception("%s failed", name[:64])
            answer = _failure(identity, RpcError(INTERNAL_ERROR, "method handler crashed"))
        return answer if "id" in call else None

    async def _result(self, name: str, params: Any, subscriber: Subscriber | None) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise method_not_found(name)
        runs = method.runs
        if runs is Runs.IN_VIEW:
            if method.is_heavy is None or not self._is_heavy(method, params):
                return run_in_view(self._services.queries, method, params)
            runs = Runs.IN_SCAN_WORKER
        if runs is Runs.WITH_SERVICES:
            result = method.handler(self._services, *parse_arguments(method.parameters, params))
            return await result if isinstance(result, Coroutine) else result
        if runs is Runs.FOR_SUBSCRIBER:
            if subscriber is None:
                raise RpcError(METHOD_NOT_FOUND, "notifications not supported")
            arguments = parse_arguments(method.parameters, params)
            return method.handler(self._services, subscriber, *arguments)
        if method.is_per_head:
            parse_arguments(method.parameters, params)
            return orjson.Fragment(await self._shared_answer(name, runs))
        limit = self._trace_limit(method, params) if runs is Runs.IN_TRACE_WORKER else None
        return orjson.Fragment(await self._workers[runs].run(job_of(name, params), limit))

    def _trace_limit(self, method: Method, params: Any) -> Limit:
        limit_ms = self._services.settings.evm_timeout_ms
        if method.time_ms is not None:
            arguments = parse_arguments(method.parameters, params)
            asked_ms = method.time_ms(*arguments)
            limit_ms = limit_ms if asked_ms is None else min(asked_ms, TRACE_TIMEOUT_MS_MAX)
        return Limit(limit_ms, server_error("execution timeout"))

    async def _shared_answer(self, name: str, runs: Runs) -> bytes:
        with self._services.queries.view() as view:
            head = view.head_number
        kept = self._at_head.get(name)
        if kept is None or kept[0] != head:
            work = asyncio.ensure_future(self._workers[runs].run(job_of(name, None)))
            self._at_head[name] = kept = (head, work)
        try:
            # One client's leaving must not end what others wait for.
            return await asyncio.shield(kept[1])
        except RpcError:
            self._at_head.pop(name, None)
            raise

    def _is_heavy(self, method: Method, params: Any) -> bool:
        assert method.is_heavy is not None
        arguments = parse_arguments(method.parameters, params)
        with self._services.queries.view() as view:
            return method.is_heavy(view, *arguments)

    async def _batch(self, calls: list[Any], subscriber: Subscriber | None) -> bytes:
        if not calls:
            return _failure(None, RpcError(INVALID_REQUEST, "empty batch"))
        if len(calls) > BATCH_CALLS_MAX:
            return _batch_too_large(calls)
        run = _BatchRun(lambda call: self._single(call, subscriber))
        answers = await run.answers(calls)
        return b"[" + b",".join(answers) + b"]" if answers else b""


class _BatchRun:
    """The calls of one batch: begun in order, a bounded number at a time, answered in order."""

    def __init__(self, single: Callable[[Any], Coroutine[Any, Any, bytes | None]]) -> None:
        self._single = single
        self._bytes_left = BATCH_RESPONSE_BYTES_MAX
        self._running: set[asyncio.Task[bytes | None]] = set()

    async def answers(self, calls: list[Any]) -> list[bytes]:
        """Without those to notifications. Cancelling ends what is under way."""
        begun: list[asyncio.Task[bytes | None]] = []
        try:
            for call in calls:
                if self._bytes_left < 0:
                    break
                begun.append(self._begin(call))
                await self._let_others_in()
            finished = await asyncio.gather(*begun)
        finally:
            for task in self._running:
                task.cancel()
        skipped = [_too_large(call) for call in calls[len(begun) :]]
        return [answer for answer in (*finished, *skipped) if answer is not None]

    def _begin(self, call: Any) -> asyncio.Task[bytes | None]:
        task = asyncio.get_running_loop().create_task(self._single(call))
        self._running.add(task)
        task.add_done_callback(self._on_done)
        return task

    def _on_done(self, task: asyncio.Task[bytes | None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            self._bytes_left -= len(task.result() or b"")

    async def _let_others_in(self) -> None:
        while len(self._running) >= BATCH_CONCURRENCY_MAX:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)


def _failure(identity: Any, error: RpcError) -> bytes:
    return orjson.dumps({"jsonrpc": "2.0", "id": identity, "error": error.encoded()})


def _invalid_request(call: Any) -> bytes:
    return _failure(_echoed_id(call), RpcError(INVALID_REQUEST, "invalid request"))


def _echoed_id(call: Any) -> Any:
    identity = call.get("id") if isinstance(call, dict) else None
    return None if isinstance(identity, dict | list) else identity


def _too_large(call: Any) -> bytes | None:
    if isinstance(call, dict) and "id" not in call:
        return None
    return _failure(_echoed_id(call), RpcError(RESPONSE_TOO_LARGE, "response too large"))


def _batch_too_large(calls: list[Any]) -> bytes:
    """One answer in a list, under the id of the first call that has one, as geth's."""
    identity = next(
        (_echoed_id(call) for call in calls if isinstance(call, dict) and "id" in call), None
    )
    return b"[" + _failure(identity, RpcError(INVALID_REQUEST, "batch too large")) + b"]"
