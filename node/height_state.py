"""What the parts of the consensus host share: the core, the height's set and values, what to feed back."""

from collections import deque

from consensus.core import Consensus
from consensus.messages import Input
from consensus.validators import ValidatorSet
from consensus.values import Certificate
from node.consensus_journal import ConsensusJournal
from node.height_values import HeightValues


class HeightState:
    """The height being decided. One task changes it."""

    def __init__(self, chain_identity: bytes, core: Consensus, journal: ConsensusJournal) -> None:
        self.chain_identity = chain_identity
        self.core = core
        self.journal = journal
        self.validators: ValidatorSet | None = None
        """None before the first height begins."""
        self.last_validators: ValidatorSet | None = None
        """Of the height before; None where that was before this process began."""
        self.values = HeightValues()
        self.early_values: dict[int, HeightValues] = {}
        """Of heights ahead."""
        self.decision: Certificate | None = None
        """Decided, and not yet committed."""
        self.last_certificate: Certificate | None = None
        """Of the height before."""
        self.feedback: deque[Input] = deque()
        """For the core, before anything else comes in."""

    @property
    def height(self) -> int:
        """0 before the first begins."""
        return self.core.height

    def move_to(self, height: int, validators: ValidatorSet) -> None:
        """Forget the old height; take over blocks that came early."""
        self.last_validators = self.validators
        self.validators = validators
        self.decision = None
        self.values = self.early_values.pop(height, HeightValues())
        self.early_values = {h: v for h, v in self.early_values.items() if h > height}

    def values_of(self, height: int) -> HeightValues:
        """The height's, or those kept for a height ahead."""
        if height == self.height:
            return self.values
        return self.early_values.setdefault(height, HeightValues())
