"""How large the traces of one question may become: a loop of a few bytes writes gigabytes of them."""

from typing import Final

from chain.query_errors import QueryError

TRACE_BYTES_MAX: Final = 60_000_000
"""Of one answer, all transactions of a block together; an answer of a worker holds 64 MiB."""


class TraceTooLarge(QueryError):
    """The answer would not fit; its `limit` option, another tracer or one transaction alone will."""

    def __init__(self, bytes_max: int) -> None:
        super().__init__(f"trace is larger than {bytes_max} bytes")
        self.bytes_max = bytes_max


class TraceBudget:
    """Shared by the tracers of one question."""

    def __init__(self, bytes_max: int = TRACE_BYTES_MAX) -> None:
        self._bytes_max, self._left = bytes_max, bytes_max

    def spend(self, size: int) -> None:
        """`size` bytes more of JSON; raises `TraceTooLarge`, which ends the execution."""
        self._left -= size
        if self._left < 0:
            raise TraceTooLarge(self._bytes_max)
