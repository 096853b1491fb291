"""Lets a running node of a devnet suffer the faults in its directory, at the seams of `node/seams.py`.

A cut closes connections and refuses new ones, so that nothing passes, gossip and catching up included. A
delay holds back what is sent, in order. A skew moves the clock that blocks are dated and judged by. A slow
disk is slow at each sync of the journal and the last-sign state.
"""

import logging
import time
from pathlib import Path

import trio

from consensus.durable_files import DurableFiles
from node.devnet.fault_files import (
    CUT,
    DELAY,
    SKEW,
    SLOW_DISK,
    SUFFERED,
    BadFaultFile,
    Fault,
    folder_of,
    read_fault,
    real_now_ms,
)
from node.durable_files import DiskFolder, make_folder
from node.network.frames import ByteStream, write
from node.network.host import PeerNetwork
from node.network.interface import PeerName
from node.network.outbox import Outbox
from node.seams import Seams

LOOK_S = 0.05
"""How soon a running node notices a fault, or its end."""
HELD_BACK_MAX = 65_536
"""Writes to one peer that a delay holds back; beyond, its outbox fills."""
_log = logging.getLogger("zerog.devnet")


def seams_of(root: Path) -> Seams:
    """For the node in the data directory `root`, whose genesis has the devnet's marker."""
    faults = NodeFaults(folder_of(root))
    return Seams(faults.clock_ms, faults.open_files, faults, faults.watch)


class NodeFaults:
    """What one node suffers. Implements `PeerFilter`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_at: int | None = None
        self._found: dict[str, Fault] = {}
        self._suffered: dict[str, Fault] = {}
        self.look()

    def look(self) -> bool:
        """Read what has changed; whether other peers are cut off now than before."""
        before = self._suffered
        self._read()
        now_ms = real_now_ms()
        self._suffered = {kind: fault for kind, fault in self._found.items() if fault.lasts(now_ms)}
        for kind in SUFFERED:
            if before.get(kind) != self._suffered.get(kind):
                _log.warning("fault: %s", _described(kind, self._suffered.get(kind)))
        return before.get(CUT) != self._suffered.get(CUT)

    def _read(self) -> None:
        try:
            changed_at = self._folder.stat().st_mtime_ns
        except FileNotFoundError:
            changed_at, self._found = None, {}
        if changed_at == self._read_at:
            return
        self._read_at = changed_at
        try:
            found = {kind: read_fault(self._folder, kind) for kind in SUFFERED}
        except BadFaultFile as error:
            _log.warning("%s; no change", error)
            return
        self._found = {kind: fault for kind, fault in found.items() if fault is not None}

    async def watch(self, network: PeerNetwork) -> None:
        """Look again and again, until cancelled."""
        while True:
            if self.look():
                network.hang_up_on_the_cut()
            await trio.sleep(LOOK_S)

    def amount_ms(self, kind: str) -> int:
        fault = self._suffered.get(kind)
        return 0 if fault is None else fault.amount_ms

    def clock_ms(self) -> int:
        """The wall clock, as wrong as it is to be."""
        return real_now_ms() + self.amount_ms(SKEW)

    def open_files(self, path: Path) -> DurableFiles:
        """A folder on a disk that is as slow as it is to be."""
        make_folder(path)
        return DurableFiles(_SlowFolder(path, self))

    def is_cut(self, peer: PeerName) -> bool:
        """`PeerFilter`."""
        fault = self._suffered.get(CUT)
        return fault is not None and (fault.peers is None or peer in fault.peers)

    async def carry(self, outbox: Outbox, stream: ByteStream) -> None:
        """`PeerFilter`."""
        put, held_back = trio.open_memory_channel[tuple[float, bytes]](HELD_BACK_MAX)
        unwritten = 0

        async def write_when_due() -> None:
            nonlocal unwritten
            async for due, data in held_back:
                await trio.sleep_until(due)
                await write(stream, data)
                unwritten -= 1

        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(write_when_due)
                while True:
                    data, delay_ms = await outbox.take(), self.amount_ms(DELAY)
                    if delay_ms or unwritten:
                        unwritten += 1
                        await put.send((trio.current_time() + delay_ms / 1_000, data))
                    else:
                        await write(stream, data)
        except BaseExceptionGroup as group:
            # What ends the writing ends the session, as it does without a filter.
            raise _single(group) from None


class _SlowFolder(DiskFolder):
    def __init__(self, path: Path, faults: NodeFaults) -> None:
        super().__init__(path)
        self._faults = faults

    def sync(self, name: str) -> None:
        time.sleep(self._faults.amount_ms(SLOW_DISK) / 1_000)
        super().sync(name)


def _single(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _described(kind: str, fault: Fault | None) -> str:
    if fault is None:
        return f"{kind} is over"
    what = {
        CUT: "cut off from " + ("everybody" if fault.peers is None else ", ".join(fault.peers)),
        DELAY: f"what is sent is {fault.amount_ms} ms late",
        SKEW: f"the clock is {fault.amount_ms:+} ms wrong",
        SLOW_DISK: f"each sync takes {fault.amount_ms} ms longer",
    }
    return what[kind]
