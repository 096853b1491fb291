"""Which of a file's segments a node holds: its shard of the flow."""

from dataclasses import dataclass

SHARDS_MAX = 1024
"""The SDKs look for a covering set in a binary tree; 0G's nodes go as far."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One of `count` shards, a power of two."""

    number: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not (0 < self.count <= SHARDS_MAX and self.count & (self.count - 1) == 0):
            raise ValueError(f"expected a power of two up to {SHARDS_MAX} of shards: {self.count}")
        if not 0 <= self.number < self.count:
            raise ValueError(f"expected a shard from 0 to {self.count - 1}, got {self.number}")

    def holds(self, start_segment: int, index: int) -> bool:
        """Whether segment `index` of a file whose first is `start_segment` of the flow is ours."""
        return (start_segment + index) % self.count == self.number

    def first(self, start_segment: int) -> int:
        """The least segment of such a file that is ours; every `count`-th from there is too."""
        return (self.number - start_segment) % self.count

    def expected(self, start_segment: int, segments: int) -> int:
        """How many of its segments are ours."""
        first = self.first(start_segment)
        return 0 if first >= segments else (segments - 1 - first) // self.count + 1

    def as_json(self) -> dict[str, int]:
        """The wire's form."""
        return {"shardId": self.number, "numShard": self.count}


def parse_shard(content: object) -> Shard | None:
    """What a peer says of itself; None where it is none."""
    if not isinstance(content, dict):
        return None
    number, count = content.get("shardId"), content.get("numShard")
    if type(number) is not int or type(count) is not int:
        return None
    try:
        return Shard(number, count)
    except ValueError:
        return None
