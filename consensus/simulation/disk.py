"""A disk that loses what was not synced, as real ones may when the power fails."""

from random import Random


class PowerFailure(Exception):
    """The machine stops in front of, inside or behind an operation on its disk."""


class Power:
    """Of one machine: it fails after so many disk operations, once it is told to."""

    def __init__(self) -> None:
        self._operations_left: int | None = None
        self._random = Random(0)

    def fail_after(self, operations: int, chance: int) -> None:
        """At the last of so many operations; `chance` seeds where in it, and what is lost."""
        self._operations_left = operations
        self._random = Random(chance)

    def keep(self) -> None:
        """Do not fail after all."""
        self._operations_left = None

    def before(self) -> "Random | None":
        """The chance of what is left of this operation, if the power fails in it.

        Raises PowerFailure if it fails in front of it.
        """
        if self._operations_left is None:
            return None
        self._operations_left -= 1
        if self._operations_left > 0:
            return None
        if self._random.random() < 0.3:
            self.fail()
        return self._random

    def fail(self) -> None:
        """Raises PowerFailure."""
        self._operations_left = None
        raise PowerFailure


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
        random = self._power.before()
        if name not in self._files:
            self._change_names({**self._files, name: _File(b"")})
        self._files[name].data += _part_of(data, random)
        self._fail_if(random)

    def overwrite(self, name: str, data: bytes) -> None:
        random = self._power.before()
        self._change_names({**self._files, name: _File(_part_of(data, random))})
        self._fail_if(random)

    def sync(self, name: str) -> None:
        random = self._power.before()
        file = self._files[name]
        if random is None or random.random() < 0.5:
            file.synced = len(file.data)
        self._fail_if(random)

    def rename(self, name: str, new_name: str) -> None:
        random = self._power.before()
        others = {key: file for key, file in self._files.items() if key != name}
        self._change_names({**others, new_name: self._files[name]})
        self._fail_if(random)

    def sync_folder(self) -> None:
        random = self._power.before()
        if random is None or random.random() < 0.5:
            self._changes.clear()
        self._fail_if(random)

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

    def _fail_if(self, random: Random | None) -> None:
        if random is not None:
            self._power.fail()


def _part_of(data: bytes, random: Random | None) -> bytes:
    return data if random is None else data[: random.randrange(len(data) + 1)]
