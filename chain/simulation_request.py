"""What eth_simulateV1 is asked and what it answers, and why it may refuse.

ethereum/execution-apis `eth_simulateV1`; texts and defaults are go-ethereum's (internal/ethapi/simulate.go).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_typing import Address

from chain.blocks import Block
from chain.engine import AccountOverride, CallResult
from chain.errors import InvalidTransaction
from chain.message_calls import BlockOverrides, CallRequest
from chain.query_errors import QueryError
from chain.transactions import Transaction
from chain.transfer_logs import NumberedLog

SIMULATED_BLOCKS_MAX: Final = 256
"""In one request, those that fill gaps counted."""


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """A call that becomes a transaction of a simulated block; nobody signs it."""

    request: CallRequest
    nonce: int | None = None
    """None: the sender's next."""


@dataclass(frozen=True, slots=True)
class BlockStateCalls:
    """One block that was asked for."""

    calls: Sequence[SimulatedCall] = ()
    block_overrides: BlockOverrides = field(default_factory=BlockOverrides)
    state_overrides: Mapping[Address, AccountOverride] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """Blocks on top of each other."""

    blocks: Sequence[BlockStateCalls]
    traces_transfers: bool = False
    """Whether moved value shows as logs of ERC-20's form (ERC-7528's address)."""
    is_validating: bool = False
    """Whether nonces and fees are checked as in a real block."""


@dataclass(frozen=True, slots=True)
class SimulatedCallResult:
    """One call as a transaction of its block, and what it did."""

    transaction: Transaction
    """Nobody signed it."""
    sender: Address
    result: CallResult
    logs: Sequence[NumberedLog]
    """With those that stand for moved value, where they were asked for."""


@dataclass(frozen=True, slots=True)
class SimulatedBlockResult:
    """One block, with all roots and its hash as if it had been made."""

    block: Block
    calls: Sequence[SimulatedCallResult]


class SimulationError(QueryError):
    """The simulation as a whole is refused."""


class NothingToSimulate(SimulationError):
    """No block was asked for."""

    def __init__(self) -> None:
        super().__init__("empty input")


class BlockNumbersOutOfOrder(SimulationError):
    def __init__(self, number: int, before: int) -> None:
        super().__init__(f"block numbers must be in order: {number} <= {before}")
        self.number, self.before = number, before


class TimestampsOutOfOrder(SimulationError):
    def __init__(self, timestamp: int, before: int) -> None:
        super().__init__(f"block timestamps must be in order: {timestamp} <= {before}")
        self.timestamp, self.before = timestamp, before


class TooManyBlocks(SimulationError):
    def __init__(self) -> None:
        super().__init__("too many blocks")


class BlockGasLimitReached(SimulationError):
    """A call asks for more gas than its block has left."""

    def __init__(self, remaining: int, required: int) -> None:
        super().__init__(f"block gas limit reached: remaining: {remaining}, required: {required}")
        self.remaining, self.required = remaining, required


class SimulatedCallInvalid(SimulationError):
    """A call cannot be a transaction of its block; `reason` says why."""

    def __init__(self, reason: InvalidTransaction, gas_limit: int) -> None:
        super().__init__(f"err: {reason} (supplied gas {gas_limit})")
        self.reason = reason
