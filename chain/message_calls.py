"""Running a message on the state as eth_call does: defaults, caps and overrides are geth's."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from eth_typing import Address, Hash32

from chain.access_lists import FoundAccessList, find_access_list
from chain.blocks import Header
from chain.config import ChainConfig
from chain.contract_addresses import created_address
from chain.engine import (
    AccountOverride,
    CallResult,
    Engine,
    Environment,
    Message,
    StateReader,
    Withdrawal,
)
from chain.errors import InvalidTransaction
from chain.gas_estimation import Allowance, estimate_gas
from chain.query_errors import CallRefused, InvalidCall
from chain.reverts import raise_failure
from chain.tracer import Tracer
from chain.transactions import GAS_AUTHORIZATION, AccessList, Authorization, authorities

NO_SENDER: Final = Address(bytes(20))
"""Who calls where nobody is named."""


@dataclass(frozen=True, slots=True)
class CallRequest:
    """geth's TransactionArgs: what eth_call and eth_estimateGas were asked; None is absent."""

    sender: Address = NO_SENDER
    to: Address | None = None
    gas: int | None = None
    """Gas limit; absent, the cap (eth_call) or the block's gas limit (eth_estimateGas)."""
    gas_price: int | None = None
    """Wei a gas."""
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    value: int = 0
    """Wei."""
    data: bytes = b""
    chain_id: int | None = None
    access_list: AccessList = ()
    authorization_list: tuple[Authorization, ...] = ()
    blob_versioned_hashes: tuple[Hash32, ...] = ()
    max_fee_per_blob_gas: int | None = None
    """Wei a blob gas."""


@dataclass(frozen=True, slots=True)
class BlockOverrides:
    """geth's block overrides; None leaves the field as the block has it."""

    number: int | None = None
    difficulty: int | None = None
    timestamp: int | None = None
    """Seconds."""
    gas_limit: int | None = None
    coinbase: Address | None = None
    prev_randao: Hash32 | None = None
    base_fee: int | None = None
    """Wei a gas."""
    blob_base_fee: int | None = None
    """Wei a blob gas; of no header, only of what opcodes and fees see."""
    beacon_root: Hash32 | None = None
    """Of eth_simulateV1 alone, as are withdrawals."""
    withdrawals: tuple[Withdrawal, ...] | None = None


class MessageCalls:
    """Calls in the context of one block, on the state after it."""

    def __init__(
        self,
        engine: Engine,
        config: ChainConfig,
        header: Header,
        reader: StateReader,
        overrides: Mapping[Address, AccountOverride] | None = None,
        block_overrides: BlockOverrides | None = None,
    ) -> None:
        self._engine, self._chain_id, self._header = engine, config.chain_id, header
        self._reader, self._overrides = reader, dict(overrides or {})
        self._environment = environment_of(header, config, block_overrides or BlockOverrides())

    def call(self, request: CallRequest, gas_cap: int) -> bytes:
        """What the message returns.

        Raises ExecutionReverted, ExecutionFailed, CallRefused or InvalidCall.
        """
        gas_limit = gas_cap if request.gas is None else min(request.gas, gas_cap)
        message = self._message(request, gas_limit)
        try:
            result = self._run(message)
        except InvalidTransaction as error:
            raise CallRefused(f"err: {error} (supplied gas {gas_limit})") from error
        raise_failure(result)
        return result.output

    def trace(self, request: CallRequest, gas_cap: int, tracer: Tracer) -> None:
        """As `call`, for what the tracer is told; raises InvalidCall, CallRefused."""
        message = self._message(
            request, gas_cap if request.gas is None else min(request.gas, gas_cap)
        )
        try:
            self._run(message, tracer)
        except InvalidTransaction as error:
            raise CallRefused(f"tracing failed: {error}") from error

    def estimate_gas(self, request: CallRequest, gas_cap: int) -> int:
        """A gas limit that suffices; raises as `call`, and GasRequiredExceedsAllowance."""
        message = self._message(request, min(request.gas or 0, gas_cap))
        allowance = Allowance(
            block_gas_limit=self._header.gas_limit,
            gas_cap=gas_cap,
            sender_balance=self._balance(message.sender),
            target_has_code=message.to is not None and self._has_code(message.to),
            transaction_gas_limit=self._environment.rules.row.transaction_gas_limit,
        )
        return estimate_gas(
            message, allowance, lambda gas_limit: self._run(replace(message, gas_limit=gas_limit))
        )

    def access_list(self, request: CallRequest, nonce: int | None, gas_cap: int) -> FoundAccessList:
        """What the message touches (EIP-2930).

        `nonce` says where a creation puts its contract; None is the sender's next. Raises InvalidCall,
        CallRefused.
        """
        gas_limit = gas_cap if request.gas is None else min(request.gas, gas_cap)
        message = self._message(request, gas_limit)
        if nonce is None:
            nonce = self._nonce(message.sender)
        to = created_address(message.sender, nonce) if message.to is None else message.to
        if len(request.authorization_list) > gas_limit // GAS_AUTHORIZATION:
            raise CallRefused("insufficient gas to process all authorizations")
        excluded = {
            message.sender,
            to,
            *self._engine.precompiles(self._environment.rules),
            *authorities(request.authorization_list),
        }
        try:
            return find_access_list(message, excluded, self._run)
        except InvalidTransaction as error:
            raise CallRefused(f"failed to apply transaction: err: {error}") from error

    def _nonce(self, address: Address) -> int:
        override = self._overrides.get(address)
        if override is not None and override.nonce is not None:
            return override.nonce
        account = self._reader.account(address)
        return 0 if account is None else account.nonce

    def _message(self, request: CallRequest, gas_limit: int) -> Message:
        gas_price, tip, max_fee = fees(request, self._header.base_fee, self._chain_id)
        return Message(
            sender=request.sender,
            to=request.to,
            gas_limit=gas_limit,
            value=request.value,
            data=request.data,
            gas_price=gas_price,
            max_fee_per_gas=max_fee,
            max_priority_fee_per_gas=tip,
            access_list=request.access_list,
            authorization_list=request.authorization_list,
            blob_versioned_hashes=request.blob_versioned_hashes,
            max_fee_per_blob_gas=request.max_fee_per_blob_gas or 0,
        )

    def _run(self, message: Message, tracer: Tracer | None = None) -> CallResult:
        environment = self._environment
        if message.gas_price == 0 and environment.base_fee is not None:
            # geth: who pays nothing runs in a block that asks nothing.
            environment = replace(environment, base_fee=0)
        return self._engine.call(environment, message, self._reader, self._overrides, tracer)

    def _balance(self, address: Address) -> int:
        override = self._overrides.get(address)
        if override is not None and override.balance is not None:
            return override.balance
        account = self._reader.account(address)
        return 0 if account is None else account.balance

    def _has_code(self, address: Address) -> bool:
        override = self._overrides.get(address)
        if override is not None and override.code is not None:
            return bool(override.code)
        account = self._reader.account(address)
        return account is not None and bool(self._reader.code(account.code_hash))


def fees(request: CallRequest, base_fee: int | None, chain_id: int) -> tuple[int, int, int]:
    """Price, tip and cap in wei a gas, as geth's CallDefaults and ToMessage have them.

    Raises `InvalidCall` where both styles of fees are named, or another chain.
    """
    tip, cap = request.max_priority_fee_per_gas, request.max_fee_per_gas
    if request.gas_price is not None and not (tip is None and cap is None):
        raise InvalidCall("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    if request.chain_id not in (None, chain_id):
        raise InvalidCall(
            f"chainId does not match node's (have={request.chain_id}, want={chain_id})"
        )
    if request.gas_price is not None or base_fee is None:
        return (request.gas_price or 0,) * 3
    tip, cap = tip or 0, cap or 0
    price = min(tip + base_fee, cap) if tip or cap else 0
    return price, tip, cap


def environment_of(
    header: Header, config: ChainConfig, overrides: BlockOverrides | None = None
) -> Environment:
    """The block as the EVM sees it, fields overridden where given."""
    over = overrides or BlockOverrides()
    number = header.number if over.number is None else over.number
    timestamp = header.timestamp if over.timestamp is None else over.timestamp
    return Environment(
        rules=config.rules(number, timestamp),
        number=number,
        timestamp=timestamp,
        coinbase=header.coinbase if over.coinbase is None else over.coinbase,
        gas_limit=header.gas_limit if over.gas_limit is None else over.gas_limit,
        base_fee=header.base_fee if over.base_fee is None else over.base_fee,
        prev_randao=header.mix_hash if over.prev_randao is None else over.prev_randao,
        difficulty=header.difficulty if over.difficulty is None else over.difficulty,
        excess_blob_gas=header.excess_blob_gas,
        # Who calls in the block after this one finds this one's hash (geth).
        parent_hash=header.hash if number == header.number + 1 else header.parent_hash,
        parent_beacon_block_root=header.parent_beacon_block_root,
        blob_base_fee=over.blob_base_fee,
    )
