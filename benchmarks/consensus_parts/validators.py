"""Whole validators in processes of their own, without JSON-RPC, and when each did what."""

import gc
import logging
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

import node.assembly as assembly
import node.network.host as network_host
from chain.py_evm import PyEvmEngine
from consensus.durable_files import DurableFiles
from node.config import NodeConfig
from node.database import LmdbStore
from node.durable_files import DiskFolder, make_folder
from node.initialization import read_genesis
from node.keystore import load_validator_key
from node.layout import locked
from node.network.transaction_batch import TransactionBatch
from node.seams import Seams

SECONDS_TO_CONNECT = 2.0
"""After the first block, until all are there."""
CONNECT_MAX_S = 120.0
"""Until the first block: sixteen validators connect 120 times, some 3 s of CPU each."""


@dataclass
class Spans:
    """perf_counter readings by height; one clock for all processes of a machine."""

    build: dict[int, tuple[float, float]] = field(default_factory=dict)
    check: dict[int, tuple[float, float]] = field(default_factory=dict)
    commit: dict[int, tuple[float, float]] = field(default_factory=dict)
    rounds: dict[int, int] = field(default_factory=dict)
    cpu_ms: dict[str, float] = field(default_factory=dict)
    """Of the thread that executes, all heights together, by what it did."""
    sync_ms: float = 0.0
    syncs: int = 0
    frames: int = 0
    """Given to outboxes, each peer counted; transactions left out."""
    process_cpu_ms: float = 0.0


class _TimedFolder(DiskFolder):
    def __init__(self, path: Path, spans: Spans) -> None:
        super().__init__(path)
        self._spans = spans

    def sync(self, name: str) -> None:
        begun = time.perf_counter()
        super().sync(name)
        self._count(begun)

    def sync_folder(self) -> None:
        begun = time.perf_counter()
        super().sync_folder()
        self._count(begun)

    def _count(self, begun: float) -> None:
        self._spans.sync_ms += (time.perf_counter() - begun) * 1_000
        self._spans.syncs += 1


def run_validator(config: NodeConfig, seconds: float) -> Spans:
    """Take part for so long, once all are there."""
    spans = Spans()
    logging.getLogger("zerog").setLevel(logging.ERROR)

    def open_files(path: Path) -> DurableFiles:
        make_folder(path)
        return DurableFiles(_TimedFolder(path, spans))

    assembly.seams_of = lambda root: Seams(open_files=open_files)  # type: ignore[attr-defined]
    _count_frames(spans)
    sys.setswitchinterval(assembly.THREAD_SWITCH_S)
    document = read_genesis(config.data.genesis)
    key = load_validator_key(config.data.validator_key, None, is_devnet=True)
    gc.collect()
    gc.freeze()
    with locked(config.data), LmdbStore(config.data.database) as store:

        async def run() -> None:
            async with trio.open_nursery() as nursery:
                node = assembly.Node(config, document, key, store, PyEvmEngine())
                _watch(node.executor, spans)
                await node.start(nursery)
                with trio.move_on_after(CONNECT_MAX_S + seconds):
                    await node.consensus.wait_for_height_after(1)
                    await trio.sleep(SECONDS_TO_CONNECT + seconds)
                nursery.cancel_scope.cancel()

        trio.run(run)
    spans.process_cpu_ms = time.process_time() * 1_000
    return spans


def _watch(executor: Any, spans: Spans) -> None:
    """Take down when it is asked and answers, and how much CPU its thread needs."""
    executor.build = _timed(executor.build, lambda height, *_: height, spans.build)
    executor.check = _timed(executor.check, lambda block: block.header.height, spans.check)

    def height_of(block: Any, certificate: Any) -> int:
        spans.rounds[certificate.height] = certificate.round
        return int(certificate.height)

    executor.commit = _timed(executor.commit, height_of, spans.commit)
    for name in ("_build", "_check", "_commit"):
        setattr(executor, name, _counted(getattr(executor, name), name[1:], spans.cpu_ms))


def _timed(
    call: Callable[..., Awaitable[Any]],
    height_of: Callable[..., int],
    spans: dict[int, tuple[float, float]],
) -> Callable[..., Awaitable[Any]]:
    async def timed(*arguments: Any) -> Any:
        begun = time.perf_counter()
        answer = await call(*arguments)
        spans.setdefault(height_of(*arguments), (begun, time.perf_counter()))
        return answer

    return timed


def _counted(call: Callable[..., Any], name: str, cpu_ms: dict[str, float]) -> Callable[..., Any]:
    def counted(*arguments: Any) -> Any:
        begun = time.thread_time()
        answer = call(*arguments)
        cpu_ms[name] = cpu_ms.get(name, 0.0) + (time.thread_time() - begun) * 1_000
        return answer

    return counted


def _count_frames(spans: Spans) -> None:
    """Of consensus: transactions go the same way."""
    put, is_urgent = network_host._put, network_host._is_urgent
    is_transaction = False

    def noting(message: Any, frames: list[bytes]) -> bool:
        nonlocal is_transaction
        is_transaction = isinstance(message, TransactionBatch)
        return is_urgent(message, frames)

    def counting(peer: Any, frames: list[bytes], *, is_urgent: bool) -> None:
        spans.frames += 0 if is_transaction else 1
        put(peer, frames, is_urgent=is_urgent)

    network_host._is_urgent, network_host._put = noting, counting  # type: ignore[assignment]
