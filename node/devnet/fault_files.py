"""Which faults a node of a devnet is to suffer, as files in its data directory: `zerog perturb` writes them.

One file a kind, so that commands at the same time do not undo each other; a node reads them while it runs
and when it starts, so a fault outlasts a restart.
"""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from node.durable_files import replace_durably

CUT: Final = "cut"
DELAY: Final = "delay"
SKEW: Final = "skew"
SLOW_DISK: Final = "slow-disk"
RESTART: Final = "restart"
"""Not suffered by the node but by the devnet: when to start it again after it was killed."""
SUFFERED: Final = (CUT, DELAY, SKEW, SLOW_DISK)
KINDS: Final = (*SUFFERED, RESTART)


class BadFaultFile(Exception):
    """A file that `zerog perturb` has not written."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`amount_ms` means what the kind says: how late, how wrong, how slow."""

    amount_ms: int = 0
    peers: tuple[str, ...] | None = None
    """Whom a cut cuts off, by peer id; None: everybody."""
    until_ms: int | None = None
    """Milliseconds since 1970; None: until it is undone."""

    def lasts(self, now_ms: int) -> bool:
        return self.until_ms is None or now_ms < self.until_ms


def real_now_ms() -> int:
    """Milliseconds since 1970, without any skew."""
    return time.time_ns() // 1_000_000


def folder_of(root: Path) -> Path:
    """Where the faults of the node in the data directory `root` lie."""
    return root / "faults"


def write_fault(folder: Path, kind: str, fault: Fault) -> None:
    replace_durably(folder / f"{kind}.json", json.dumps(asdict(fault)).encode())


def remove_fault(folder: Path, kind: str) -> None:
    (folder / f"{kind}.json").unlink(missing_ok=True)


def read_fault(folder: Path, kind: str) -> Fault | None:
    """None where there is none. Raises `BadFaultFile`."""
    path = folder / f"{kind}.json"
    try:
        found = json.loads(path.read_text())
        peers = found["peers"]
        return Fault(
            int(found["amount_ms"]),
            None if peers is None else tuple(str(peer) for peer in peers),
            None if found["until_ms"] is None else int(found["until_ms"]),
        )
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise BadFaultFile(f"{path}: not a fault of `zerog perturb`: {error!r}") from None


def restart_due_s(root: Path) -> float | None:
    """Seconds until the node in `root`, killed on purpose, is to be started again; asked once."""
    folder = folder_of(root)
    try:
        fault = read_fault(folder, RESTART)
    except BadFaultFile:
        return None
    remove_fault(folder, RESTART)
    if fault is None or fault.until_ms is None:
        return None
    return max(0.0, (fault.until_ms - real_now_ms()) / 1_000)
