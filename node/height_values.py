"""The values of one height: blocks at hand, and what the executor said or is still asked of them."""

from dataclasses import dataclass, field

from consensus.encoding import encode_block
from consensus.header import ConsensusBlock
from consensus.messages import CheckValue
from consensus.values import Round, ValidatorAddress, ValueId

BLOCKS_PER_SENDER_MAX = 4
"""A correct proposer makes one block a height, and one more after each restart."""
EARLY_BLOCKS_PER_SENDER_MAX = 1
"""For a height ahead, where nobody can tell whose turn it is: any validator may send one."""


@dataclass(slots=True)
class Value:
    """A block and its bytes as they travel."""

    block: ConsensusBlock
    encoded: bytes


@dataclass(slots=True)
class HeightValues:
    """Forgotten when the height is over."""

    own: ValueId | None = None
    """What we built, proposed again at each turn of ours."""
    build_round: Round | None = None
    """The newest round that a running build is for."""
    verdicts: dict[ValueId, str | None] = field(default_factory=dict)
    """Answers of the executor: None is valid, else why not."""
    checking: dict[ValueId, list[CheckValue]] = field(default_factory=dict)
    """Questions waiting for the running check of a value."""
    arrived_ms: dict[tuple[Round, ValueId], int] = field(default_factory=dict)
    """Wall clock when the round's proposal of a value first came."""
    _values: dict[ValueId, Value] = field(default_factory=dict)
    _senders: dict[ValidatorAddress, int] = field(default_factory=dict)

    def get(self, value_id: ValueId) -> Value | None:
        return self._values.get(value_id)

    def blocks(self) -> tuple[ConsensusBlock, ...]:
        return tuple(value.block for value in self._values.values())

    def has_room_for(self, sender: ValidatorAddress, blocks_max: int) -> bool:
        return self._senders.get(sender, 0) < blocks_max

    def add(
        self, block: ConsensusBlock, sender: ValidatorAddress, encoded: bytes | None = None
    ) -> bool:
        """Whether it is new. `sender` signed the proposal that brought it."""
        value_id = block.header.hash
        if value_id in self._values:
            return False
        self._values[value_id] = Value(block, encoded or encode_block(block))
        self._senders[sender] = self._senders.get(sender, 0) + 1
        return True

    def add_own(self, block: ConsensusBlock) -> None:
        """A block that we built: building it was checking it."""
        self.add(block, block.header.proposer)
        self.own = block.header.hash
        self.verdicts[block.header.hash] = None
