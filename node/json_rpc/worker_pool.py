"""Method calls in processes that can be killed: a queue before a few workers, and a time limit.

A job that runs longer than its limit ends with its worker, which is replaced; so does one whose
client has gone. The queue is bounded, and nobody waits in it for ever.
"""

import asyncio
import logging
import os
import signal
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from node.json_rpc.errors import (
    INTERNAL_ERROR,
    LIMIT_EXCEEDED,
    TIMED_OUT,
    RpcError,
    timed_out,
)
from node.json_rpc.worker_process import ANSWER_OK, LENGTH_BYTES, Zygote

QUEUE_MAX = 512
"""Jobs waiting for a worker; more are refused."""
QUEUE_SECONDS_MAX = 30.0
"""A job that no worker took by then is answered as geth answers a timed-out request."""
ANSWER_BYTES_MAX = 64 * 1024 * 1024
DEATH_SECONDS_MAX = 5.0
"""From SIGKILL to the end of a process."""
RESPAWN_SECONDS = 1.0
"""Before a worker that failed to start is tried again."""

_logger = logging.getLogger("zerog.rpc")


@dataclass(frozen=True, slots=True)
class Limit:
    """How long a job may run, and what its client is told where that was too short."""

    ms: int
    refusal: RpcError


@dataclass(slots=True)
class _Job:
    body: bytes
    limit: "Limit"
    answer: "asyncio.Future[bytes]"


class _WorkerEnded(Exception):
    """The worker closed its socket: it was killed, or it crashed."""


class WorkerPool:
    """`size` workers, forked by the zygote. Use from one event loop; `start` first, `stop` last."""

    def __init__(
        self, zygote: Zygote, size: int, limit_ms: int, on_ended: Callable[[], object]
    ) -> None:
        """`on_ended` is called when a worker has died: what it held (a snapshot) is free to clear."""
        self._zygote, self._size = zygote, size
        self._limit = Limit(limit_ms, timed_out(limit_ms))
        self._on_ended = on_ended
        self._queue: deque[_Job] = deque()
        self._wanted: asyncio.Semaphore = asyncio.Semaphore(0)
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start the workers; jobs may be given at once, they wait for them."""
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._keep_worker()) for _ in range(self._size)]

    async def stop(self) -> None:
        """Kill the workers; jobs still waiting are cancelled."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for job in self._queue:
            job.answer.cancel()

    async def run(self, body: bytes, limit: Limit | None = None) -> bytes:
        """The JSON of the result; raises the `RpcError` that the worker answered, or that stands
        for a full queue or a time limit. Cancelling ends the work itself.

        `limit`: another than the pool's.
        """
        limit = limit or self._limit
        if len(self._queue) >= QUEUE_MAX:
            raise RpcError(LIMIT_EXCEEDED, "limit exceeded: too many calls in progress")
        job = _Job(body, limit, asyncio.get_running_loop().create_future())
        self._queue.append(job)
        self._wanted.release()
        try:
            return await asyncio.wait_for(job.answer, QUEUE_SECONDS_MAX + limit.ms / 1_000)
        except TimeoutError:
            raise RpcError(TIMED_OUT, "request timed out") from None

    async def _keep_worker(self) -> None:
        while True:
            try:
                worker = _Worker(self._zygote.spawn())
            except OSError as error:
                _logger.error("cannot start a JSON-RPC worker: %s", error)
                await asyncio.sleep(RESPAWN_SECONDS)
                continue
            try:
                await self._serve_with(worker)
                await worker.end()
                self._on_ended()
            finally:
                worker.close()

    async def _serve_with(self, worker: "_Worker") -> None:
        """Give it jobs until one costs its life."""
        try:
            await worker.open()
            while True:
                await self._serve_next(worker)
        except _WorkerEnded:
            _logger.debug("a JSON-RPC worker ended")
        except OSError as error:
            _logger.error("cannot speak to a JSON-RPC worker: %s", error)
            await asyncio.sleep(RESPAWN_SECONDS)

    async def _serve_next(self, worker: "_Worker") -> None:
        """Carry out one job; raises `_WorkerEnded` where that cost the worker its life."""
        job = await self._next_job(worker)
        if job is None:
            return
        work = asyncio.ensure_future(worker.carry_out(job.body))
        try:
            # Whichever ends first: the work, its time, or the client's interest.
            await asyncio.wait(
                (work, job.answer),
                timeout=job.limit.ms / 1_000,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not work.done():
                _refuse(job, job.limit.refusal)
                raise _WorkerEnded
            _settle(job, work)
        finally:
            work.cancel()

    async def _next_job(self, worker: "_Worker") -> _Job | None:
        await self._wanted.acquire()
        job = self._queue.popleft()
        return None if job.answer.done() else job


def _settle(job: _Job, work: "asyncio.Future[tuple[int, bytes]]") -> None:
    error = work.exception()
    if error is not None:
        _refuse(job, RpcError(INTERNAL_ERROR, "internal error: the worker ended"))
        raise error
    kind, answer = work.result()
    if kind == ANSWER_OK:
        if not job.answer.done():
            job.answer.set_result(answer)
    else:
        _refuse(job, RpcError(**orjson.loads(answer)))


def _refuse(job: _Job, error: RpcError) -> None:
    if not job.answer.done():
        job.answer.set_exception(error)


class _Worker:
    """One process and the socket to it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._handle: int | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        """Wait for the process; raises `_WorkerEnded` or `OSError`."""
        self._reader, self._writer = await asyncio.open_unix_connection(
            sock=self._connection, limit=ANSWER_BYTES_MAX
        )
        pid = int.from_bytes(await self._read(LENGTH_BYTES), "big")
        # A descriptor, not a number: a number may belong to another process tomorrow.
        self._handle = os.pidfd_open(pid)

    async def carry_out(self, body: bytes) -> tuple[int, bytes]:
        """Kind and bytes of the answer; raises `_WorkerEnded`."""
        assert self._writer is not None
        self._writer.write(len(body).to_bytes(LENGTH_BYTES, "big") + body)
        length = int.from_bytes(await self._read(LENGTH_BYTES), "big")
        answer = await self._read(length)
        return answer[0], answer[1:]

    async def end(self) -> None:
        """Kill it, and wait until it is dead; that takes no time worth a limit, but has one."""
        if self._handle is None:
            return
        self._kill()
        loop = asyncio.get_running_loop()
        dead = asyncio.Event()
        loop.add_reader(self._handle, dead.set)
        try:
            await asyncio.wait_for(dead.wait(), DEATH_SECONDS_MAX)
        except TimeoutError:
            _logger.error("a killed JSON-RPC worker does not die")
        finally:
            loop.remove_reader(self._handle)

    def close(self) -> None:
        """Kill it where it still lives, and forget it."""
        if self._handle is not None:
            self._kill()
            os.close(self._handle)
            self._handle = None
        if self._writer is not None:
            self._writer.close()
        else:
            self._connection.close()

    def _kill(self) -> None:
        assert self._handle is not None
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    async def _read(self, length: int) -> bytes:
        assert self._reader is not None
        try:
            return await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _WorkerEnded from None


def parse_job(body: bytes) -> tuple[str, Any]:
    """Method name and params of a job, as `job_of` wrote them."""
    name, params = orjson.loads(body)
    return name, params


def job_of(name: str, params: Any) -> bytes:
    """A method call as a worker reads it."""
    return orjson.dumps([name, params])
