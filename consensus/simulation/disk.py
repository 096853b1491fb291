"""A disk that loses what was not synced, as real ones may when the power fails."""

from dataclasses import dataclass
from enum import Enum
from random import Random


class PowerFailure(Exception):
    """The machine stops in front of, inside or behind an operation on its disk."""


class Moment(Enum):
    """When, of an operation, the machine stops."""

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class CrashPoint:
    """At one operation of a machine, counted from 1."""

    operation: int
    moment: Moment
    is_power_cut: bool
    """Else the process alone is killed: nothing that was written is lost."""
    chance: int = 0
    """Seeds how much of an operation is done inside it, and what a power cut takes."""


class Power:
    """Of one machine: it fails after so many disk operations, once it is told to."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        """What was done with the disk so far: `sync journal` and the like."""
        self._operations_left: int | None = None
        self._moment: Moment | None = None
        self._random = Random(0)

    def fail_after(self, operations: int, chance: int) -> None:
        """At the last of so many operations; `chance` seeds where in it, and what is lost."""
        self._operations_left, self._moment = operations, None
        self._random = Random(chance)

    def fail_at(self, point: CrashPoint) -> None:
        """Counted from the machine's first operation."""
        self._operations_left = point.operation - len(self.operations)
        self._moment, self._random = point.moment, Random(point.chance)

    def keep(self) -> None:
        """Do not fail after all."""
        self._operations_left = None

    def before(self, operation: str) -> "Failing | None":
        """How the operation ends, if the power fails inside it or behind it.

        Raises PowerFailure if it fails in front of it.
        """
        self.operations.append(operation)
        if self._operations_left is None:
            return None
        self._operations_left -= 1
        if self._operations_left > 0:
            return None
        moment = self._moment
        if moment is None and self._random.random() < 0.3:
            moment = Moment.BEFORE
        if moment is Moment.BEFORE:
            self.fail()
        return Failing(self._random, is_whole=moment is Moment.AFTER)

    def fail(self) -> None:
        """Raises PowerFailure."""
        self._operations_left = None
        raise PowerFailure


class Failing:
    """An operation in or behind which the power fails."""

    def __init__(self, random: Random, *, is_whole: bool) -> None:
        self._random = random
        self._is_whole = is_whole

    def happens(self) -> bool:
        """Whether the operation took effect, if it can only do so as a whole."""
        return self._is_whole or self._random.random() < 0.5

    def part_of(self, data: bytes) -> bytes:
        """What of it was written."""
        return data if self._is_whole else data[: self._random.randrange(len(data) + 1)]


class _File:
    """What a name stands for. The first `synced` bytes are on disk."""

    __slots__ = ("data", "synced")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.synced = 0


class SimulatedFolder:
    """`FolderOperations`. Names and bytes that were not synced may survive a failure or not."""

    def __init__(self, power: Power) -> None:
        self._power = power
        self._files: dict[str, _File] = {}
        self._changes: list[dict[str, _File]] = []
        """What the folder was before each change of names that is not synced, oldest first."""

    def read(self, name: str) -> bytes | None:
        return self._files[name].data if name in self._files else None

    def append(self, name: str, data: bytes) -> None:
        failing = self._power.before(f"append {name}")
        if name not in self._files:
            self._change_names({**self._files, name: _File(b"")})
        self._files[name].data += _part_of(data, failing)
        self._fail_if(failing)

    def overwrite(self, name: str, data: bytes) -> None:
        failing = self._power.before(f"overwrite {name}")
        self._change_names({**self._files, name: _File(_part_of(data, failing))})
        self._fail_if(failing)

    def sync(self, name: str) -> None:
        failing = self._power.before(f"sync {name}")
        file = self._files[name]
        if failing is None or failing.happens():
            file.synced = len(file.data)
        self._fail_if(failing)

    def rename(self, name: str, new_name: str) -> None:
        failing = self._power.before(f"rename {name}")
        others = {key: file for key, file in self._files.items() if key != name}
        self._change_names({**others, new_name: self._files[name]})
        self._fail_if(failing)

    def sync_folder(self) -> None:
        failing = self._power.before("sync folder")
        if failing is None or failing.happens():
            self._changes.clear()
        self._fail_if(failing)

    def lose(self, random: Random) -> None:
        """The machine is without power: some of what was not synced is gone, in order."""
        lost = random.randrange(len(self._changes) + 1)
        if lost:
            self._files = self._changes[-lost]
        self._changes.clear()
        for file in self._files.values():
            kept = random.randrange(file.synced, len(file.data) + 1)
            tail = file.data[file.synced : kept]
            if random.random() < 0.2:
                tail = bytes(len(tail))
            file.data = file.data[: file.synced] + tail
            file.synced = len(file.data)

    def _change_names(self, files: dict[str, _File]) -> None:
        self._changes.append(self._files)
        self._files = files

    def _fail_if(self, failing: Failing | None) -> None:
        if failing is not None:
            self._power.fail()


def _part_of(data: bytes, failing: Failing | None) -> bytes:
    return data if failing is None else failing.part_of(data)
