"""The objects that calls, overrides and log filters are asked with become the chain's requests.

As in geth, fields that nobody knows are ignored.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from eth_typing import Address, Hash32

from chain.answers import BlockTag
from chain.engine import AccountOverride, Authorization, Withdrawal
from chain.log_filter import LogFilter
from chain.message_calls import BlockOverrides, CallRequest
from node.json_rpc.errors import ParameterError, server_error
from node.json_rpc.json_objects import Fields, either, field, fields_of, items_of
from node.json_rpc.parameters import (
    address,
    block_number,
    data,
    hash32,
    storage_key,
    uint64,
    uint256,
)

ADDRESSES_MAX = 1_000
TOPIC_POSITIONS_MAX = 4
TOPICS_PER_POSITION_MAX = 1_000
"""Of one log filter, as geth's."""
CHAIN_HEAD = -1
"""In a `LogFilter`, until the view that it is asked of resolves it: the latest block."""

CALL_TYPE = "ethapi.TransactionArgs"
_Value = TypeVar("_Value")


def call_request(value: Any) -> CallRequest:
    """eth_call's first argument."""
    fields = fields_of(value, CALL_TYPE)
    sender = field(fields, "from", address)
    recipient = field(fields, "to", address)
    versioned_hashes = field(fields, "blobVersionedHashes", _hashes) or ()
    return CallRequest(
        sender=Address(sender or bytes(20)),
        to=None if recipient is None else Address(recipient),
        gas=field(fields, "gas", uint64),
        gas_price=field(fields, "gasPrice", uint256),
        max_fee_per_gas=field(fields, "maxFeePerGas", uint256),
        max_priority_fee_per_gas=field(fields, "maxPriorityFeePerGas", uint256),
        value=field(fields, "value", uint256) or 0,
        data=_call_data(fields),
        chain_id=field(fields, "chainId", uint256),
        access_list=field(fields, "accessList", _access_list) or (),
        authorization_list=field(fields, "authorizationList", _authorizations) or (),
        blob_versioned_hashes=versioned_hashes,
        max_fee_per_blob_gas=field(fields, "maxFeePerBlobGas", uint256),
    )


def call_with_nonce(value: Any) -> tuple[CallRequest, int | None]:
    """A call that stands for a transaction, and its nonce where one is given."""
    request = call_request(value)
    return request, field(fields_of(value, CALL_TYPE), "nonce", uint64)


def _call_data(fields: Fields) -> bytes:
    """`input` is the name of today, `data` the old one; tools send either or both."""
    current, old = field(fields, "input", data), field(fields, "data", data)
    if current is not None and old is not None and current != old:
        raise ParameterError(
            'both "data" and "input" are set and not equal. '
            'Please use "input" to pass transaction call data'
        )
    return (current if current is not None else old) or b""


def state_overrides(value: Any) -> dict[Address, AccountOverride]:
    """geth's third argument: by address, fields to replace."""
    overrides = {}
    for key, fields in fields_of(value, "override.StateOverride").items():
        overrides[Address(address(key))] = _account_override(
            fields_of(fields, "override.OverrideAccount")
        )
    return overrides


def _account_override(fields: Fields) -> AccountOverride:
    state = field(fields, "state", _slots)
    state_diff = field(fields, "stateDiff", _slots)
    if state is not None and state_diff is not None:
        raise ParameterError("account has both 'state' and 'stateDiff'")
    moved_to = field(fields, "movePrecompileToAddress", address)
    return AccountOverride(
        balance=field(fields, "balance", uint256),
        nonce=field(fields, "nonce", uint64),
        code=field(fields, "code", data),
        state=state,
        state_diff=state_diff or {},
        move_precompile_to=None if moved_to is None else Address(moved_to),
    )


def _slots(value: Any) -> dict[int, int]:
    items = fields_of(value, "map[common.Hash]common.Hash").items()
    return {storage_key(slot): storage_key(content) for slot, content in items}


def block_overrides(value: Any) -> BlockOverrides:
    """geth's fourth argument: what eth_simulateV1's has beyond it is refused."""
    overrides = simulated_block_overrides(value)
    for name, given in (
        ("beaconRoot", overrides.beacon_root),
        ("withdrawals", overrides.withdrawals),
    ):
        if given is not None:
            raise server_error(f'block override "{name}" is not supported for this RPC method')
    return overrides


def simulated_block_overrides(value: Any) -> BlockOverrides:
    """Both spellings of the fields that have two."""
    fields = fields_of(value, "override.BlockOverrides")
    coinbase = either(fields, ("feeRecipient", "coinbase"), address)
    randao = either(fields, ("prevRandao", "random"), hash32)
    return BlockOverrides(
        number=field(fields, "number", uint256),
        difficulty=field(fields, "difficulty", uint256),
        timestamp=either(fields, ("time", "timestamp"), uint64),
        gas_limit=field(fields, "gasLimit", uint64),
        coinbase=None if coinbase is None else Address(coinbase),
        prev_randao=None if randao is None else Hash32(randao),
        base_fee=either(fields, ("baseFeePerGas", "baseFee"), uint256),
        blob_base_fee=field(fields, "blobBaseFee", uint256),
        beacon_root=_as_hash(either(fields, ("beaconRoot", "parentBeaconBlockRoot"), hash32)),
        withdrawals=field(fields, "withdrawals", withdrawals),
    )


def _as_hash(value: bytes | None) -> Hash32 | None:
    return None if value is None else Hash32(value)


def withdrawals(value: Any) -> tuple[Withdrawal, ...]:
    """EIP-4895's list."""
    entries = items_of(value, "types.Withdrawals")
    return tuple(_withdrawal(fields_of(item, "types.Withdrawal")) for item in entries)


def _withdrawal(fields: Fields) -> Withdrawal:
    return Withdrawal(
        index=field(fields, "index", uint64) or 0,
        validator_index=field(fields, "validatorIndex", uint64) or 0,
        address=Address(field(fields, "address", address) or bytes(20)),
        amount=field(fields, "amount", uint64) or 0,
    )


def log_filter(value: Any) -> LogFilter:
    """eth_getLogs' argument. Bounds by tag come out as `CHAIN_HEAD`; the first block defaults to it too."""
    fields = fields_of(value, "filters.FilterCriteria")
    block_hash = field(fields, "blockHash", hash32)
    first, last = _bound(fields, "fromBlock"), _bound(fields, "toBlock")
    if block_hash is not None and (first is not None or last is not None):
        raise ParameterError(
            "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
        )
    return LogFilter(
        first_block=CHAIN_HEAD if first is None else first,
        last_block=CHAIN_HEAD if last is None else last,
        block_hash=None if block_hash is None else Hash32(block_hash),
        addresses=field(fields, "address", _addresses) or (),
        topics=field(fields, "topics", _topics) or (),
    )


def _bound(fields: Fields, name: str) -> int | None:
    bound = field(fields, name, block_number)
    if isinstance(bound, BlockTag):
        return 0 if bound is BlockTag.EARLIEST else CHAIN_HEAD
    return bound


def _addresses(value: Any) -> tuple[Address, ...]:
    items = value if isinstance(value, list) else [value]
    if len(items) > ADDRESSES_MAX:
        raise ParameterError("exceed max addresses or topics per search position")
    return tuple(Address(address(item)) for item in items)


def _topics(value: Any) -> tuple[tuple[Hash32, ...], ...]:
    positions = items_of(value, "topics")
    if len(positions) > TOPIC_POSITIONS_MAX:
        raise ParameterError("exceed max topics")
    return tuple(_topic_choices(position) for position in positions)


def _topic_choices(value: Any) -> tuple[Hash32, ...]:
    """Empty matches anything; so does a null among the choices."""
    items = value if isinstance(value, list) else [value]
    if len(items) > TOPICS_PER_POSITION_MAX:
        raise ParameterError("exceed max addresses or topics per search position")
    if any(item is None for item in items):
        return ()
    return tuple(Hash32(hash32(item)) for item in items)


def _access_list(value: Any) -> tuple[tuple[Address, tuple[int, ...]], ...]:
    entries = []
    for item in items_of(value, "types.AccessList"):
        entry = fields_of(item, "types.AccessTuple")
        owner = field(entry, "address", address)
        if owner is None:
            raise ParameterError("missing required field 'address' for AccessTuple")
        slots = field(entry, "storageKeys", _hashes) or ()
        entries.append((Address(owner), tuple(int.from_bytes(slot, "big") for slot in slots)))
    return tuple(entries)


def _authorizations(value: Any) -> tuple[Authorization, ...]:
    return tuple(
        _authorization(fields_of(item, "types.SetCodeAuthorization"))
        for item in items_of(value, "[]types.SetCodeAuthorization")
    )


def _authorization(fields: Fields) -> Authorization:
    def required(name: str, parse: Callable[[Any], _Value]) -> _Value:
        found = field(fields, name, parse)
        if found is None:
            raise ParameterError(f"missing required field '{name}' for SetCodeAuthorization")
        return found

    return Authorization(
        chain_id=required("chainId", uint256),
        address=Address(required("address", address)),
        nonce=required("nonce", uint64),
        y_parity=required("yParity", uint64),
        r=required("r", uint256),
        s=required("s", uint256),
    )


def _hashes(value: Any) -> tuple[Hash32, ...]:
    return tuple(Hash32(hash32(item)) for item in items_of(value, "[]common.Hash"))
