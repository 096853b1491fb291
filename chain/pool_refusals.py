"""Why the transaction pool refuses a transaction: the sender's fault, or the pool is full.

The texts are geth's, because wallets parse them.
"""

from eth_typing import Address

from chain.errors import ChainError
from chain.transactions import BLOB


class PoolRefusal(ChainError):
    """The pool does not take this transaction now."""


class AlreadyKnown(PoolRefusal):
    def __init__(self) -> None:
        super().__init__("already known")


class TypeNotSupported(PoolRefusal):
    """A blob transaction, or a type that this fork does not have."""

    def __init__(self, type_byte: int) -> None:
        where = ": this chain carries no blobs, 0G DA does" if type_byte == BLOB else ""
        super().__init__("transaction type not supported" + where)
        self.type_byte = type_byte


class UnprotectedTransaction(PoolRefusal):
    """Signed without a chain id (before EIP-155): it could be replayed from another chain."""

    def __init__(self) -> None:
        super().__init__("only replay-protected (EIP-155) transactions allowed over RPC")


class OtherChainId(PoolRefusal):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"invalid chain id for signer: have {got} want {expected}")
        self.got, self.expected = got, expected


class OversizedTransaction(PoolRefusal):
    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"oversized data: transaction size {got}, limit {limit}")
        self.got, self.limit = got, limit


class InitCodeOversized(PoolRefusal):
    """EIP-3860."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"max initcode size exceeded: code size {got}, limit {limit}")
        self.got, self.limit = got, limit


class ExceedsBlockGasLimit(PoolRefusal):
    def __init__(self, got: int, limit: int) -> None:
        super().__init__("exceeds block gas limit")
        self.got, self.limit = got, limit


class GasLimitAboveCap(PoolRefusal):
    """EIP-7825."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"transaction gas limit too high (cap: {limit}, tx: {got})")
        self.got, self.limit = got, limit


class TipAboveFeeCap(PoolRefusal):
    def __init__(self) -> None:
        super().__init__("max priority fee per gas higher than max fee per gas")


class NonceExhausted(PoolRefusal):
    """EIP-2681."""

    def __init__(self) -> None:
        super().__init__("nonce has max value")


class IntrinsicGasNotCovered(PoolRefusal):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"intrinsic gas too low: gas {got}, minimum needed {expected}")
        self.got, self.expected = got, expected


class FloorDataGasNotCovered(PoolRefusal):
    """EIP-7623."""

    def __init__(self, got: int, expected: int) -> None:
        super().__init__(
            f"insufficient gas for floor data gas cost: gas {got}, minimum needed {expected}"
        )
        self.got, self.expected = got, expected


class TipBelowMinimum(PoolRefusal):
    """The tip cap, as geth compares it; 0g-geth compares the effective tip at the head's base fee."""

    def __init__(self, tip_cap: int, minimum: int) -> None:
        super().__init__(
            f"transaction gas price below minimum: gas tip cap {tip_cap}, minimum needed {minimum}"
        )
        self.tip_cap, self.minimum = tip_cap, minimum


class AuthorizationListMissing(PoolRefusal):
    """EIP-7702."""

    def __init__(self) -> None:
        super().__init__("set code tx must have at least one authorization tuple")


class NonceAlreadyUsed(PoolRefusal):
    def __init__(self, next_nonce: int, got: int) -> None:
        super().__init__(f"nonce too low: next nonce {next_nonce}, tx nonce {got}")
        self.next_nonce, self.got = next_nonce, got


class CannotPay(PoolRefusal):
    """The balance covers less than this transaction alone."""

    def __init__(self, balance: int, cost: int) -> None:
        super().__init__(
            "insufficient funds for gas * price + value: "
            f"balance {balance}, tx cost {cost}, overshot {cost - balance}"
        )
        self.balance, self.cost = balance, cost


class CannotPayForAll(PoolRefusal):
    """The balance covers less than all the sender's pending transactions and this one."""

    def __init__(self, balance: int, pending_cost: int, cost: int) -> None:
        super().__init__(
            f"insufficient funds for gas * price + value: balance {balance}, queued cost "
            f"{pending_cost}, tx cost {cost}, overshot {pending_cost + cost - balance}"
        )
        self.balance, self.pending_cost, self.cost = balance, pending_cost, cost


class CannotPayForReplacement(PoolRefusal):
    """As `CannotPayForAll`, where the transaction would take the place of a pending one."""

    def __init__(self, balance: int, pending_cost: int, bump: int) -> None:
        super().__init__(
            f"insufficient funds for gas * price + value: balance {balance}, queued cost "
            f"{pending_cost}, tx bumped {bump}, overshot {pending_cost + bump - balance}"
        )
        self.balance, self.pending_cost, self.bump = balance, pending_cost, bump


class ReplacementUnderpriced(PoolRefusal):
    """Both fee caps must rise by the price bump."""

    def __init__(self) -> None:
        super().__init__("replacement transaction underpriced")


class Underpriced(PoolRefusal):
    """The pool is full of transactions that pay as much or more."""

    def __init__(self) -> None:
        super().__init__("transaction underpriced")


class PoolFull(PoolRefusal):
    """No room even after eviction."""

    def __init__(self) -> None:
        super().__init__("txpool is full")


class FutureReplacesPending(PoolRefusal):
    """A transaction behind a nonce gap must not push out one that can run."""

    def __init__(self) -> None:
        super().__init__("future transaction tries to replace pending")


class AccountLimitExceeded(PoolRefusal):
    """The sender has as many queued transactions as one account may have."""

    def __init__(self, pooled: int) -> None:
        super().__init__(f"account limit exceeded: pooled {pooled} txs")
        self.pooled = pooled


class DelegatedAccountInFlight(PoolRefusal):
    """A sender with delegated code (EIP-7702) may have one transaction at a time."""

    def __init__(self) -> None:
        super().__init__("in-flight transaction limit reached for delegated accounts")


class DelegatedAccountGapped(PoolRefusal):
    def __init__(self) -> None:
        super().__init__("gapped-nonce tx from delegated accounts")


class AuthorityReserved(PoolRefusal):
    """An account that this transaction would delegate has pooled transactions of its own."""

    def __init__(self, authority: Address) -> None:
        super().__init__("authority already reserved")
        self.authority = authority
