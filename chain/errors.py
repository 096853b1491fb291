"""What can be wrong with a block, a transaction or a chain's configuration.

The texts of `InvalidTransaction` and its kin are go-ethereum's, word for word: wallets look for them.
"""

from eth_typing import Address
from eth_utils import to_checksum_address


class ChainError(Exception):
    """Root of everything this package raises on purpose."""


class InvalidConfig(ChainError):
    """A field of the genesis document's `config` is wrong."""

    def __init__(self, field: str, got: object, expected: str) -> None:
        super().__init__(f"config.{field}: got {got!r}, expected {expected}")
        self.field, self.got, self.expected = field, got, expected


class PluginMissing(ChainError):
    """The rules have a plug-in that the engine was not given: a node checks that before it starts."""

    def __init__(self, address: Address) -> None:
        super().__init__(f"no plug-in for 0x{address.hex()}")
        self.address = address


class InvalidBlock(ChainError):
    """A block that no honest node makes."""


class UndecodableBlock(InvalidBlock):
    """The bytes are not a block."""


class HeaderMismatch(InvalidBlock):
    """A header field is not what the rules or the execution give."""

    def __init__(self, field: str, got: object, expected: object) -> None:
        super().__init__(f"{field}: got {_shown(got)}, expected {_shown(expected)}")
        self.field, self.got, self.expected = field, got, expected


class BlockOversized(InvalidBlock):
    """EIP-7934."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"block RLP-encoded size exceeds maximum: {got} bytes, at most {limit}")
        self.got, self.limit = got, limit


class RequestsInvalid(InvalidBlock):
    """Deposit logs or request contracts that break EIP-6110, EIP-7002 or EIP-7251."""


class InvalidOverride(ChainError):
    """State overrides that contradict themselves; the caller's fault."""


class InvalidTransaction(ChainError):
    """A transaction that cannot be in this block."""


class UndecodableTransaction(InvalidTransaction):
    """The bytes are not a transaction."""


class TransactionTypeNotSupported(InvalidTransaction):
    def __init__(self) -> None:
        super().__init__("transaction type not supported")


class InvalidSignature(InvalidTransaction):
    def __init__(self) -> None:
        super().__init__("invalid transaction v, r, s values")


class WrongChainId(InvalidTransaction):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"invalid chain id for signer: have {got} want {expected}")
        self.got, self.expected = got, expected


class NonceTooLow(InvalidTransaction):
    def __init__(self, sender: Address, got: int, expected: int) -> None:
        super().__init__(f"nonce too low: address {_hex(sender)}, tx: {got} state: {expected}")
        self.sender, self.got, self.expected = sender, got, expected


class NonceTooHigh(InvalidTransaction):
    def __init__(self, sender: Address, got: int, expected: int) -> None:
        super().__init__(f"nonce too high: address {_hex(sender)}, tx: {got} state: {expected}")
        self.sender, self.got, self.expected = sender, got, expected


class NonceAtMaximum(InvalidTransaction):
    """EIP-2681."""

    def __init__(self, sender: Address, nonce: int) -> None:
        super().__init__(f"nonce has max value: address {_hex(sender)}, nonce: {nonce}")


class SenderHasCode(InvalidTransaction):
    """EIP-3607."""

    def __init__(self, sender: Address, code_length: int) -> None:
        super().__init__(f"sender not an eoa: address {_hex(sender)}, len(code): {code_length}")


class InsufficientFunds(InvalidTransaction):
    def __init__(self, sender: Address, got: int, expected: int) -> None:
        super().__init__(
            "insufficient funds for gas * price + value: "
            f"address {_hex(sender)} have {got} want {expected}"
        )
        self.sender, self.got, self.expected = sender, got, expected


class InsufficientFundsForTransfer(InvalidTransaction):
    def __init__(self, sender: Address) -> None:
        super().__init__(f"insufficient funds for transfer: address {_hex(sender)}")


class IntrinsicGasTooLow(InvalidTransaction):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"intrinsic gas too low: have {got}, want {expected}")
        self.got, self.expected = got, expected


class FloorDataGasTooLow(InvalidTransaction):
    """EIP-7623."""

    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"insufficient gas for floor data gas cost: have {got}, want {expected}")
        self.got, self.expected = got, expected


class GasLimitTooHigh(InvalidTransaction):
    """EIP-7825."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"transaction gas limit too high (cap: {limit}, tx: {got})")
        self.got, self.limit = got, limit


class TooManyBlobs(InvalidTransaction):
    """EIP-7594."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"blob transaction has too many blobs (have: {got}, max: {limit})")
        self.got, self.limit = got, limit


class GasLimitReached(InvalidTransaction):
    """The block has no room left for the transaction's gas limit."""

    def __init__(self) -> None:
        super().__init__("gas limit reached")


class BlobGasLimitReached(InvalidTransaction):
    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"blob gas used {got} exceeds maximum allowance {expected}")


class MaxFeeBelowBaseFee(InvalidTransaction):
    def __init__(self, sender: Address, got: int, base_fee: int) -> None:
        super().__init__(
            "max fee per gas less than block base fee: "
            f"address {_hex(sender)}, maxFeePerGas: {got}, baseFee: {base_fee}"
        )


class TipAboveMaxFee(InvalidTransaction):
    def __init__(self, sender: Address, tip: int, max_fee: int) -> None:
        super().__init__(
            "max priority fee per gas higher than max fee per gas: "
            f"address {_hex(sender)}, maxPriorityFeePerGas: {tip}, maxFeePerGas: {max_fee}"
        )


class InitCodeTooLarge(InvalidTransaction):
    """EIP-3860."""

    def __init__(self, got: int, limit: int) -> None:
        super().__init__(f"max initcode size exceeded: code size {got} limit {limit}")


class BlobCreatesContract(InvalidTransaction):
    def __init__(self) -> None:
        super().__init__("blob transaction of type create")


class BlobHashesMissing(InvalidTransaction):
    def __init__(self) -> None:
        super().__init__("blob transaction missing blob hashes")


class BlobHashVersionUnknown(InvalidTransaction):
    def __init__(self, index: int) -> None:
        super().__init__(f"blob {index} has invalid hash version")


class BlobFeeTooLow(InvalidTransaction):
    def __init__(self, sender: Address, got: int, expected: int) -> None:
        super().__init__(
            "max fee per blob gas less than block blob gas fee: "
            f"address {_hex(sender)} blobGasFeeCap: {got}, blobBaseFee: {expected}"
        )


class AuthorizationListEmpty(InvalidTransaction):
    """EIP-7702."""

    def __init__(self, sender: Address) -> None:
        super().__init__(f"EIP-7702 transaction with empty auth list (sender {_hex(sender)})")


class DelegationCreatesContract(InvalidTransaction):
    """EIP-7702."""

    def __init__(self, sender: Address) -> None:
        super().__init__(
            f"EIP-7702 transaction cannot be used to create contract (sender {_hex(sender)})"
        )


class InvalidTransactionInBlock(InvalidBlock, InvalidTransaction):
    """A block holds a transaction that it cannot hold; `index` is its place, from zero."""

    def __init__(self, index: int, reason: InvalidTransaction) -> None:
        super().__init__(f"could not apply tx {index}: {reason}")
        self.index, self.reason = index, reason


def _hex(address: Address) -> str:
    return to_checksum_address(address)


def _shown(value: object) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
