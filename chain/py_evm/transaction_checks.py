"""What a transaction must fulfil before anything is charged, in go-ethereum's order.

go-ethereum's `preCheck`, `buyGas` and the first half of `execute` (core/state_transition.go); each check
raises the `InvalidTransaction` that carries its text.
"""

from typing import Final

from eth_typing import Address

from chain.engine import Message
from chain.errors import (
    AuthorizationListEmpty,
    BlobCreatesContract,
    BlobFeeTooLow,
    BlobHashesMissing,
    BlobHashVersionUnknown,
    DelegationCreatesContract,
    FloorDataGasTooLow,
    GasLimitTooHigh,
    InitCodeTooLarge,
    InsufficientFunds,
    InsufficientFundsForTransfer,
    IntrinsicGasTooLow,
    InvalidSignature,
    MaxFeeBelowBaseFee,
    NonceAtMaximum,
    NonceTooHigh,
    NonceTooLow,
    SenderHasCode,
    TipAboveMaxFee,
    TooManyBlobs,
    TransactionTypeNotSupported,
    WrongChainId,
)
from chain.forks.fork import Fork
from chain.py_evm.evm_state import EvmState
from chain.py_evm.frame import INIT_CODE_SIZE_LIMIT
from chain.py_evm.set_code import is_delegation
from chain.transactions import (
    BLOB,
    GAS_PER_BLOB,
    SECP256K1_ORDER,
    SET_CODE,
    Transaction,
    data_floor_gas,
    intrinsic_gas,
)

NONCE_LIMIT: Final = (1 << 64) - 1
"""EIP-2681."""
BLOB_HASH_VERSION: Final = 1
"""EIP-4844: the hash of a KZG commitment."""


def check_identity(state: EvmState, transaction: Transaction, sender: Address) -> None:
    """Type, chain id, signature and gas limit of the fork, nonce, and that the sender is no contract."""
    rules = state.rules
    if transaction.type > rules.row.transaction_types:
        raise TransactionTypeNotSupported
    if transaction.chain_id is not None and transaction.chain_id != rules.chain_id:
        raise WrongChainId(transaction.chain_id, rules.chain_id)
    is_protected = transaction.type == 0 and transaction.chain_id is not None
    if is_protected and rules.fork < Fork.SPURIOUS_DRAGON:
        raise InvalidSignature
    if transaction.s > SECP256K1_ORDER // 2 and rules.fork >= Fork.HOMESTEAD:
        raise InvalidSignature
    check_nonce(state, transaction, sender)
    most = rules.row.transaction_gas_limit
    if most is not None and transaction.gas_limit > most:
        raise GasLimitTooHigh(transaction.gas_limit, most)
    code = state.get_code(sender)
    if code and not (rules.fork >= Fork.PRAGUE and is_delegation(code)):
        raise SenderHasCode(sender, len(code))


def check_nonce(state: EvmState, transaction: Transaction, sender: Address) -> None:
    """It is the sender's next one."""
    nonce = state.get_nonce(sender)
    if transaction.nonce < nonce:
        raise NonceTooLow(sender, transaction.nonce, nonce)
    if transaction.nonce > nonce:
        raise NonceTooHigh(sender, transaction.nonce, nonce)
    if nonce == NONCE_LIMIT:
        raise NonceAtMaximum(sender, nonce)


def check_fees(state: EvmState, message: Message, has_fee: bool) -> None:
    """EIP-1559 and EIP-4844 against the block's fees; a call without any fee passes."""
    if state.fork >= Fork.LONDON and has_fee:
        if message.max_priority_fee_per_gas > message.max_fee_per_gas:
            raise TipAboveMaxFee(
                message.sender, message.max_priority_fee_per_gas, message.max_fee_per_gas
            )
        if message.max_fee_per_gas < state.base_fee:
            raise MaxFeeBelowBaseFee(message.sender, message.max_fee_per_gas, state.base_fee)


def check_kind(
    state: EvmState, transaction: Transaction, sender: Address, blob_base_fee: int
) -> None:
    """What types 3 and 4 ask for."""
    if transaction.type == BLOB:
        if transaction.to is None:
            raise BlobCreatesContract
        if not transaction.blob_versioned_hashes:
            raise BlobHashesMissing
        most = state.rules.row.transaction_blobs_limit
        if most is not None and len(transaction.blob_versioned_hashes) > most:
            raise TooManyBlobs(len(transaction.blob_versioned_hashes), most)
        for index, versioned_hash in enumerate(transaction.blob_versioned_hashes):
            if versioned_hash[0] != BLOB_HASH_VERSION:
                raise BlobHashVersionUnknown(index)
        if transaction.max_fee_per_blob_gas < blob_base_fee:
            raise BlobFeeTooLow(sender, transaction.max_fee_per_blob_gas, blob_base_fee)
    if transaction.type == SET_CODE:
        if transaction.to is None:
            raise DelegationCreatesContract(sender)
        if not transaction.authorization_list:
            raise AuthorizationListEmpty(sender)


def check_blob_fee(state: EvmState, message: Message) -> None:
    """What a call says that it would pay for its blobs, where it says anything."""
    cap = message.max_fee_per_blob_gas
    if message.blob_versioned_hashes and 0 < cap < state.blob_base_fee:
        raise BlobFeeTooLow(message.sender, cap, state.blob_base_fee)


def check_funds(
    state: EvmState, message: Message, price_limit: int, max_fee_per_blob_gas: int
) -> None:
    """The balance covers gas at the highest price, blobs at theirs, and the value."""
    expected = message.gas_limit * price_limit + message.value
    expected += len(message.blob_versioned_hashes) * GAS_PER_BLOB * max_fee_per_blob_gas
    balance = state.get_balance(message.sender)
    if balance < expected:
        raise InsufficientFunds(message.sender, balance, expected)


def check_gas_and_size(state: EvmState, message: Message) -> int:
    """Intrinsic gas, EIP-7623's floor, EIP-3860's limit; returns the intrinsic gas."""
    is_creation = message.to is None
    needed = intrinsic_gas(
        state.fork,
        message.data,
        is_creation,
        message.access_list,
        len(message.authorization_list),
    )
    if message.gas_limit < needed:
        raise IntrinsicGasTooLow(message.gas_limit, needed)
    if state.fork >= Fork.PRAGUE:
        floor = data_floor_gas(message.data)
        if message.gas_limit < floor:
            raise FloorDataGasTooLow(message.gas_limit, floor)
    if message.value > state.get_balance(message.sender):
        raise InsufficientFundsForTransfer(message.sender)
    is_limited = is_creation and state.fork >= Fork.SHANGHAI
    if is_limited and len(message.data) > INIT_CODE_SIZE_LIMIT:
        raise InitCodeTooLarge(len(message.data), INIT_CODE_SIZE_LIMIT)
    return needed
