"""What a question about the chain can be answered with instead of an answer: the asker's faults.

The texts are geth's, because clients parse them; which JSON-RPC code goes with which class is the
server's business.
"""

from eth_typing import Hash32

from chain.errors import ChainError


class QueryError(ChainError):
    """The question cannot be answered as it was asked; `str()` is geth's text."""


class HeaderNotFound(QueryError):
    """No block of that number."""

    def __init__(self) -> None:
        super().__init__("header not found")


class HeaderForHashNotFound(QueryError):
    """No block of that hash."""

    def __init__(self, block_hash: Hash32) -> None:
        super().__init__("header for hash not found")
        self.block_hash = block_hash


class StateNotKept(QueryError):
    """The block is there, its state is not any more; the text is geth's for such a state."""

    def __init__(self, state_root: Hash32, why: str) -> None:
        root = state_root.hex()
        super().__init__(f"missing trie node {root} (path ) state 0x{root} is not available: {why}")
        self.state_root = state_root


class InvalidCall(QueryError):
    """The message contradicts itself or the chain (fee styles mixed, another chain id)."""


class CallRefused(QueryError):
    """The message cannot run at all: its sender cannot pay, its gas is below the intrinsic gas."""


class ExecutionFailed(QueryError):
    """The message ran and failed, but not by REVERT (`out of gas`, `invalid opcode: …`)."""


class ExecutionReverted(QueryError):
    """The message ran and reverted; `data` is what it returned."""

    def __init__(self, message: str, data: bytes) -> None:
        super().__init__(message)
        self.data = data


class GasRequiredExceedsAllowance(QueryError):
    """No gas limit that is allowed lets the message succeed."""

    def __init__(self, allowance: int) -> None:
        super().__init__(f"gas required exceeds allowance ({allowance})")
        self.allowance = allowance


class InvalidBlockRange(QueryError):
    """The first block of a range is behind its last."""

    def __init__(self) -> None:
        super().__init__("invalid block range params")


class BlockRangeBeyondHead(QueryError):
    """A range of logs ends where there is no block yet."""

    def __init__(self) -> None:
        super().__init__("block range extends beyond current head block")


class BlockRangeTooLarge(QueryError):
    """A range of logs spans more blocks than one question may ask for."""

    def __init__(self, blocks_max: int) -> None:
        super().__init__(f"block range too large, max is {blocks_max}")
        self.blocks_max = blocks_max


class TooManyLogs(QueryError):
    """More logs match than one answer may hold."""

    def __init__(self, results_max: int) -> None:
        super().__init__(f"query returned more than {results_max} results")
        self.results_max = results_max


class InvalidPercentile(QueryError):
    """A reward percentile is outside 0 … 100, or smaller than the one before it."""


class RequestBeyondHead(QueryError):
    """A fee history ends where there is no block yet."""

    def __init__(self, requested: int, head: int) -> None:
        super().__init__(f"request beyond head block: requested {requested}, head {head}")
        self.requested, self.head = requested, head


class TooManyPercentiles(QueryError):
    """More reward percentiles than one question may ask for."""

    def __init__(self, percentiles_max: int) -> None:
        super().__init__(f"invalid reward percentile: over the query limit {percentiles_max}")
        self.percentiles_max = percentiles_max
