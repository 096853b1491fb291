"""What the consensus host needs of the chain: build, check, commit and serve blocks."""

from collections.abc import Callable
from typing import Protocol

from consensus.header import ConsensusBlock
from consensus.validators import ValidatorSet
from consensus.values import Certificate


class Executor(Protocol):
    """The chain on top of its last committed block. Long work happens off the event loop."""

    @property
    def tip(self) -> int:
        """The last committed height, 0 at genesis."""

    @property
    def next_validators(self) -> ValidatorSet:
        """Who decides height `tip` + 1."""

    async def build(
        self, height: int, round: int, last_certificate: Callable[[], Certificate | None]
    ) -> ConsensusBlock:
        """A valid block of ours for `height`; waits out the block time itself.

        `last_certificate` gives the proof of height − 1, None for height 1. It is asked after the wait:
        by then it has the signatures of more validators.
        """

    async def check(self, block: ConsensusBlock) -> str | None:
        """None if the block is valid on top of the tip, else why it is not.

        Judges everything but the clock and the parts against the header, which the host has
        checked: height, parent, validators, last certificate, time against the parent's, execution.
        """

    async def commit(self, block: ConsensusBlock, certificate: Certificate) -> ValidatorSet:
        """Make a checked block the tip, durably; gives who decides the next height."""

    def stored(self, height: int) -> tuple[ConsensusBlock, Certificate] | None:
        """A committed block and its certificate, for those who catch up."""
