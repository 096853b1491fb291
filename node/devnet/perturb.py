"""`zerog perturb`: injects faults into the nodes of a devnet, by signals and by files they look at."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from node.devnet.fault_files import (
    CUT,
    DELAY,
    KINDS,
    RESTART,
    SKEW,
    SLOW_DISK,
    Fault,
    folder_of,
    real_now_ms,
    remove_fault,
    write_fault,
)
from node.errors import OperatorError
from node.initialization import read_genesis
from node.keystore import load_node_key
from node.layout import VALIDATOR_PREFIX, DataDirectory, nodes_below, process_using
from node.network.identity import peer_id_of

EVERY_NODE = "all"


@dataclass(frozen=True, slots=True)
class Request:
    """One command line."""

    name: str
    datadir: Path
    nodes: Sequence[str]
    seconds: float | None
    """How long; None: until it is undone."""
    amount_ms: int = 0

    @property
    def until_ms(self) -> int | None:
        return None if self.seconds is None else real_now_ms() + round(self.seconds * 1_000)


def perturb(request: Request) -> int:
    """The exit code. Raises `OperatorError`: not a devnet, no such node, a node that is not running."""
    every = nodes_below(request.datadir)
    if not every:
        raise OperatorError(
            f"{request.datadir}: no devnet; give the one of `zerog devnet` as --datadir"
        )
    if not request.nodes and request.name == "heal":
        chosen = tuple(every)
    else:
        chosen = tuple(dict.fromkeys(_named(name, every) for name in request.nodes))
        if EVERY_NODE in request.nodes:
            chosen = tuple(every)
    for name in chosen:
        _refuse_other_networks(every[name])
    _ACTIONS[request.name](request, every, chosen)
    return 0


def _named(name: str, every: Mapping[str, DataDirectory]) -> str:
    full = f"{VALIDATOR_PREFIX}{name}" if name.isdecimal() else name
    if full not in every and name != EVERY_NODE:
        raise OperatorError(f"{name}: no such node; expected {', '.join(every)}, or {EVERY_NODE}")
    return full


def _refuse_other_networks(directory: DataDirectory) -> None:
    if not read_genesis(directory.genesis).is_devnet:
        raise OperatorError(
            f"{directory.genesis}: not marked as a devnet's; faults are for devnets alone"
        )


def _kill(request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]) -> None:
    pids = {name: _running(name, every[name]) for name in chosen}
    if request.seconds is not None:
        if process_using(DataDirectory(request.datadir)) is None:
            raise OperatorError(
                f"{request.datadir}: no `zerog devnet` runs there that would start them again; "
                "leave --for out"
            )
        for name in chosen:
            write_fault(folder_of(every[name].root), RESTART, Fault(until_ms=request.until_ms))
    for pid in pids.values():
        os.kill(pid, signal.SIGKILL)
    how = "" if request.seconds is None else f"; back in {request.seconds:g} s"
    print(f"killed {', '.join(chosen)}{how}")


def _pause(request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]) -> None:
    pids = [_running(name, every[name]) for name in chosen]
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        print(f"paused {', '.join(chosen)}", flush=True)
        if request.seconds is not None:
            time.sleep(request.seconds)
    finally:
        if request.seconds is not None:
            for pid in pids:
                _go_on(pid)
    if request.seconds is not None:
        print(f"{', '.join(chosen)} go on")


def _disconnect(
    request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]
) -> None:
    for name in chosen:
        write_fault(folder_of(every[name].root), CUT, Fault(until_ms=request.until_ms))
    print(f"{', '.join(chosen)}: cut off from everybody{_lasting(request)}")


def _partition(request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]) -> None:
    rest = [name for name in every if name not in chosen]
    if not rest:
        raise OperatorError("partition: every node is on one side; name fewer")
    until_ms = request.until_ms
    for side, other in ((chosen, rest), (rest, chosen)):
        peers = tuple(peer_id_of(load_node_key(every[name].node_key)) for name in other)
        for name in side:
            write_fault(folder_of(every[name].root), CUT, Fault(peers=peers, until_ms=until_ms))
    print(f"{', '.join(chosen)} cut off from {', '.join(rest)}{_lasting(request)}")


def _amount(kind: str) -> "Callable[[Request, Mapping[str, DataDirectory], Sequence[str]], None]":
    def act(request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]) -> None:
        fault = Fault(request.amount_ms, until_ms=request.until_ms)
        for name in chosen:
            write_fault(folder_of(every[name].root), kind, fault)
        print(f"{', '.join(chosen)}: {kind} {request.amount_ms} ms{_lasting(request)}")

    return act


def _heal(request: Request, every: Mapping[str, DataDirectory], chosen: Sequence[str]) -> None:
    for name in chosen:
        for kind in KINDS:
            remove_fault(folder_of(every[name].root), kind)
        pid = process_using(every[name])
        if pid is not None:
            _go_on(pid)
    print(f"{', '.join(chosen)}: no faults")


def _running(name: str, directory: DataDirectory) -> int:
    pid = process_using(directory)
    if pid is None:
        raise OperatorError(f"{name}: not running; nothing was done")
    return pid


def _go_on(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return


def _lasting(request: Request) -> str:
    return "" if request.seconds is None else f", for {request.seconds:g} s"


_ACTIONS: Final[
    Mapping[str, Callable[[Request, Mapping[str, DataDirectory], Sequence[str]], None]]
] = {
    "kill": _kill,
    "pause": _pause,
    "disconnect": _disconnect,
    "partition": _partition,
    "delay": _amount(DELAY),
    "skew": _amount(SKEW),
    "slow-disk": _amount(SLOW_DISK),
    "heal": _heal,
}
