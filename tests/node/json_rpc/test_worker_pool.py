"""Workers for real: forked from a zygote, killed at the limit, replaced at once."""

import asyncio
import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import pytest

from node.json_rpc import worker_pool
from node.json_rpc.errors import RpcError
from node.json_rpc.worker_pool import Limit, WorkerPool
from node.json_rpc.worker_process import (
    ANSWER_ERROR,
    ANSWER_OK,
    Handler,
    Zygote,
    start_zygote,
)

LIMIT_MS = 300


def prepare() -> Callable[[], Handler]:
    """A worker that echoes, refuses, dies, loops, or says who it is."""

    def start() -> Handler:
        def carry_out(job: bytes) -> tuple[int, bytes]:
            if job == b"refuse":
                return ANSWER_ERROR, orjson.dumps({"code": 3, "message": "no", "data": "0x01"})
            if job == b"die":
                os._exit(1)
            while job == b"loop":
                pass
            return ANSWER_OK, str(os.getpid()).encode() if job == b"who" else job

        return carry_out

    return start


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    started = start_zygote(prepare)
    yield started
    started.stop()


@pytest.fixture
def run(zygote: Zygote) -> Iterator[tuple[WorkerPool, asyncio.Runner]]:
    with asyncio.Runner() as runner:
        pool = WorkerPool(zygote, 2, LIMIT_MS, lambda: None)

        async def start() -> None:
            pool.start()

        runner.run(start())
        yield pool, runner
        runner.run(pool.stop())


def test_jobs_are_answered_whatever_their_size(run: tuple[WorkerPool, asyncio.Runner]) -> None:
    pool, runner = run
    assert runner.run(pool.run(b"hello")) == b"hello"
    large = b"x" * 3_000_000
    assert runner.run(pool.run(large)) == large


def test_a_refusal_keeps_code_text_and_data(run: tuple[WorkerPool, asyncio.Runner]) -> None:
    pool, runner = run
    with pytest.raises(RpcError) as caught:
        runner.run(pool.run(b"refuse"))
    assert caught.value.encoded() == {"code": 3, "message": "no", "data": "0x01"}


def test_an_endless_job_is_cut_off_and_the_next_ones_are_served(
    run: tuple[WorkerPool, asyncio.Runner],
) -> None:
    pool, runner = run

    async def both() -> tuple[list[bytes | BaseException], float]:
        begun = time.monotonic()
        answers = await asyncio.gather(
            *(pool.run(b"loop") for _ in range(4)), pool.run(b"after"), return_exceptions=True
        )
        return answers, time.monotonic() - begun

    answers, seconds = runner.run(both())
    for answer in answers[:4]:
        assert isinstance(answer, RpcError)
        assert answer.encoded() == {
            "code": -32000,
            "message": "execution aborted (timeout = 300ms)",
        }
    assert answers[4] == b"after"
    assert seconds < 10 * LIMIT_MS / 1_000


def test_a_killed_worker_no_longer_runs(run: tuple[WorkerPool, asyncio.Runner]) -> None:
    pool, runner = run
    before = {runner.run(pool.run(b"who")) for _ in range(20)}
    handles = [os.pidfd_open(int(pid)) for pid in before]

    async def loop_in_both() -> None:
        await asyncio.gather(pool.run(b"loop"), pool.run(b"loop"), return_exceptions=True)

    runner.run(loop_in_both())
    after = {runner.run(pool.run(b"who")) for _ in range(20)}
    assert not before & after
    for handle in handles:
        ended, _, _ = select.select([handle], [], [], 5)
        assert ended
        os.close(handle)


def test_the_work_of_a_client_that_went_away_ends(
    run: tuple[WorkerPool, asyncio.Runner],
) -> None:
    pool, runner = run

    async def go_away() -> float:
        jobs = [asyncio.create_task(pool.run(b"loop")) for _ in range(2)]
        await asyncio.sleep(LIMIT_MS / 3_000)
        begun = time.monotonic()
        for job in jobs:
            job.cancel()
        assert await pool.run(b"next") == b"next"
        return time.monotonic() - begun

    assert runner.run(go_away()) < LIMIT_MS / 2_000 + 1


def test_a_worker_that_dies_is_an_internal_error_and_is_replaced(
    run: tuple[WorkerPool, asyncio.Runner],
) -> None:
    pool, runner = run
    for _ in range(3):
        with pytest.raises(RpcError) as caught:
            runner.run(pool.run(b"die"))
        assert caught.value.code == -32603
    assert runner.run(pool.run(b"hello")) == b"hello"


def test_the_queue_is_bounded(
    run: tuple[WorkerPool, asyncio.Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, runner = run
    monkeypatch.setattr(worker_pool, "QUEUE_MAX", 3)

    async def flood() -> list[bytes | BaseException]:
        return await asyncio.gather(
            *(pool.run(b"%d" % number) for number in range(10)), return_exceptions=True
        )

    answers = runner.run(flood())
    assert [answer for answer in answers if isinstance(answer, bytes)] == [b"0", b"1", b"2"]
    refused = [answer.code for answer in answers if isinstance(answer, RpcError)]
    assert refused == [-32005] * 7


def test_nobody_waits_in_the_queue_for_ever(
    run: tuple[WorkerPool, asyncio.Runner], monkeypatch: pytest.MonkeyPatch
) -> None:
    pool, runner = run
    monkeypatch.setattr(worker_pool, "QUEUE_SECONDS_MAX", -0.2)

    async def behind_others() -> list[bytes | BaseException]:
        return await asyncio.gather(*(pool.run(b"loop") for _ in range(3)), return_exceptions=True)

    answers = runner.run(behind_others())
    assert {str(answer) for answer in answers} == {"request timed out"}


def test_somebody_is_told_when_a_worker_has_died(zygote: Zygote) -> None:
    deaths: list[bool] = []
    handle = -1

    def on_ended() -> None:
        ended, _, _ = select.select([handle], [], [], 0)
        deaths.append(bool(ended))

    with asyncio.Runner() as runner:
        pool = WorkerPool(zygote, 1, LIMIT_MS, on_ended)

        async def loop_once() -> None:
            nonlocal handle
            pool.start()
            handle = os.pidfd_open(int(await pool.run(b"who")))
            with pytest.raises(RpcError):
                await pool.run(b"loop")
            assert await pool.run(b"next") == b"next"
            await pool.stop()

        runner.run(loop_once())
    os.close(handle)
    assert deaths == [True]


def test_workers_end_with_their_server(tmp_path: Path) -> None:
    started = start_zygote(prepare)
    with asyncio.Runner() as runner:
        pool = WorkerPool(started, 1, LIMIT_MS, lambda: None)

        async def who() -> bytes:
            pool.start()
            return await pool.run(b"who")

        pid = int(runner.run(who()))
        handle = os.pidfd_open(pid)
        started.stop()
        with pytest.raises(RpcError):
            runner.run(pool.run(b"loop"))
        runner.run(pool.stop())
    os.close(handle)
    assert not Path(f"/proc/{started.pid}").exists()


def test_a_job_may_have_a_limit_of_its_own(run: tuple[WorkerPool, asyncio.Runner]) -> None:
    pool, runner = run
    refusal = RpcError(-32_000, "execution timeout")
    begun = time.monotonic()
    with pytest.raises(RpcError, match="execution timeout"):
        runner.run(pool.run(b"loop", Limit(20, refusal)))
    assert time.monotonic() - begun < LIMIT_MS / 1_000
