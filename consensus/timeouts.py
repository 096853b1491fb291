"""How long to wait in each step and round: linear growth to a cap, never exponential."""

from dataclasses import dataclass

from consensus.values import Round, Step


@dataclass(frozen=True, slots=True)
class Timeouts:
    """All in milliseconds. `propose_ms` must cover the time a proposer waits before it builds."""

    propose_ms: int = 1_000
    propose_growth_ms: int = 500
    prevote_ms: int = 500
    prevote_growth_ms: int = 500
    precommit_ms: int = 500
    precommit_growth_ms: int = 500
    cap_ms: int = 60_000

    def duration_ms(self, step: Step, round: Round) -> int:
        """The paper's timeoutPropose(r), timeoutPrevote(r), timeoutPrecommit(r)."""
        match step:
            case Step.PROPOSE:
                first, growth = self.propose_ms, self.propose_growth_ms
            case Step.PREVOTE:
                first, growth = self.prevote_ms, self.prevote_growth_ms
            case Step.PRECOMMIT:
                first, growth = self.precommit_ms, self.precommit_growth_ms
        return min(first + growth * round, self.cap_ms)
