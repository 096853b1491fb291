"""The table of DASigners' functions, and each of them (facts §1a-1)."""

from functools import partial
from typing import Any

from eth_hash.auto import keccak
from eth_typing import Address, Hash32
from eth_utils.address import to_canonical_address

from precompiles import abi
from precompiles.bn254 import words
from precompiles.da_signers import epochs, quorums, records
from precompiles.da_signers.signatures import (
    epoch_registration_hash,
    hash_to_g1,
    is_signature_of_signer,
    registration_message_hash,
)
from precompiles.dispatch import Function, TablePrecompile
from precompiles.errors import DomainError
from precompiles.interface import Call
from precompiles.storage import UINT64_MASK, as_int64

ADDRESS = to_canonical_address("0x0000000000000000000000000000000000001000")
REGISTRY = to_canonical_address("0x20f30b2584f3096ea0d6c18c3b5cacc0585e12fc")
"""The contract that checks stakes, and alone may register signers; deployed by 0G's raw transactions (§4)."""
EPOCH_BLOCKS = 28_800
_TOKENS_PER_VOTE = 30

_G1 = "(uint256,uint256)"
_G2 = "(uint256[2],uint256[2])"
_SIGNER = f"(address,string,{_G1},{_G2})"

NEW_SIGNER = f"NewSigner(address,{_G1},{_G2})"
SOCKET_UPDATED = "SocketUpdated(address,string)"
_NEW_SIGNER_TOPIC = Hash32(keccak(NEW_SIGNER.encode()))
_SOCKET_UPDATED_TOPIC = Hash32(keccak(SOCKET_UPDATED.encode()))
_KEYS_TYPES = abi.parse_types(f"({_G1},{_G2})")
_SOCKET_TYPES = abi.parse_types("(string)")

G1Words = tuple[int, int]
G2Words = tuple[tuple[int, int], tuple[int, int]]
SignerValue = tuple[Address, bytes, G1Words, G2Words]
"""A signer as the ABI has it: address, socket, G1 key, G2 key."""


def da_signers(epoch_blocks: int = EPOCH_BLOCKS) -> TablePrecompile:
    """The precompile. `epoch_blocks` is the least number of blocks from one epoch to the next."""
    return TablePrecompile(
        ADDRESS,
        (
            Function(
                "params()",
                partial(_params, epoch_blocks),
                gas=1_000,
                returns="((uint256,uint256,uint256,uint256,uint256))",
            ),
            Function("epochNumber()", _epoch_number, gas=1_000, returns="(uint256)"),
            Function("quorumCount(uint256)", _quorum_count, gas=1_000, returns="(uint256)"),
            Function("isSigner(address)", _is_signer, gas=10_000, returns="(bool)"),
            Function("getSigner(address[])", _get_signer, gas=100_000, returns=f"({_SIGNER}[])"),
            Function("getQuorum(uint256,uint256)", _get_quorum, gas=100_000, returns="(address[])"),
            Function(
                "getQuorumRow(uint256,uint256,uint32)",
                _get_quorum_row,
                gas=10_000,
                returns="(address)",
            ),
            Function(
                f"registerSigner({_SIGNER},{_G1})", _register_signer, gas=100_000, writes=True
            ),
            Function("updateSocket(string)", _update_socket, gas=50_000, writes=True),
            Function(
                "registeredEpoch(address,uint256)",
                _registered_epoch,
                gas=10_000,
                returns="(bool)",
            ),
            Function(
                f"registerNextEpoch(address,{_G1},uint256)",
                _register_next_epoch,
                gas=100_000,
                writes=True,
            ),
            # Writes, but 0g-geth does not flag it: it runs under every kind of call (facts §1a).
            Function("makeEpoch()", partial(_make_epoch, epoch_blocks), gas=100_000),
            Function(
                "getAggPkG1(uint256,uint256,bytes)",
                _get_agg_pk_g1,
                gas=1_000_000,
                returns=f"({_G1},uint256,uint256)",
            ),
        ),
    )


def _params(epoch_blocks: int, call: Call) -> tuple[Any, ...]:
    return (
        (
            _TOKENS_PER_VOTE,
            epochs.MAX_VOTES_PER_SIGNER,
            epochs.MAX_QUORUMS,
            epoch_blocks,
            epochs.ROWS_PER_QUORUM,
        ),
    )


def _epoch_number(call: Call) -> tuple[int]:
    return (as_int64(epochs.current_epoch(call.storage)),)


def _quorum_count(call: Call, epoch: int) -> tuple[int]:
    return (as_int64(quorums.quorum_count(call.storage, epoch & UINT64_MASK)),)


def _is_signer(call: Call, account: Address) -> tuple[bool]:
    return (records.load_signer(call.storage, account) is not None,)


def _get_signer(call: Call, accounts: tuple[Address, ...]) -> tuple[list[SignerValue]]:
    values: dict[Address, SignerValue] = {}
    for account in dict.fromkeys(accounts):
        values[account] = _signer_value(_known_signer(call, account))
    return ([values[account] for account in accounts],)


def _known_signer(call: Call, account: Address) -> records.Signer:
    signer = records.load_signer(call.storage, account)
    if signer is None:
        raise DomainError("signer not found")
    return signer


def _signer_value(signer: records.Signer) -> SignerValue:
    key_g1, key_g2, present = signer.key_g1, signer.key_g2, records.present
    return (
        signer.address,
        signer.socket,
        (present(key_g1.x), present(key_g1.y)),
        (
            (present(key_g2.x[0]), present(key_g2.x[1])),
            (present(key_g2.y[0]), present(key_g2.y[1])),
        ),
    )


def _get_quorum(call: Call, epoch: int, quorum_id: int) -> tuple[list[Address]]:
    return (quorums.load_quorum(call.storage, epoch & UINT64_MASK, quorum_id & UINT64_MASK),)


def _get_quorum_row(call: Call, epoch: int, quorum_id: int, row: int) -> tuple[Address]:
    (rows,) = _get_quorum(call, epoch, quorum_id)
    if row >= len(rows):
        raise DomainError("row id out of bound")
    return (rows[row],)


def _get_agg_pk_g1(
    call: Call, epoch: int, quorum_id: int, bitmap: bytes
) -> tuple[G1Words, int, int]:
    (rows,) = _get_quorum(call, epoch, quorum_id)
    total, hits = quorums.aggregate(call.storage, rows, bitmap)
    return total, len(rows), hits


def _registered_epoch(call: Call, account: Address, epoch: int) -> tuple[bool]:
    return (epochs.registration_of(call.storage, epoch & UINT64_MASK, account) != 0,)


def _register_signer(call: Call, value: SignerValue, signature: G1Words) -> tuple[()]:
    _require_registry(call)
    address, socket, key_g1, (x, y) = value
    if records.load_signer(call.storage, address) is not None:
        raise DomainError("signer exists")
    signer = records.Signer(address, socket, records.G1Key(*key_g1), records.G2Key([*x], [*y]))
    _require_signature(signer, registration_message_hash(address, call.block.chain_id), signature)
    records.store_signer(call.storage, signer)
    call.emit((_NEW_SIGNER_TOPIC, _topic(address)), abi.encode(_KEYS_TYPES, (key_g1, (x, y))))
    _emit_socket(call, address, socket)
    return ()


def _register_next_epoch(call: Call, account: Address, signature: G1Words, votes: int) -> tuple[()]:
    _require_registry(call)
    signer = _known_signer(call, account)
    epoch = (epochs.current_epoch(call.storage) + 1) & UINT64_MASK
    message = epoch_registration_hash(account, epoch, call.block.chain_id)
    _require_signature(signer, message, signature)
    epochs.register(call.storage, epoch, account, words(*signature), votes)
    return ()


def _update_socket(call: Call, socket: bytes) -> tuple[()]:
    if call.caller != call.origin:
        raise DomainError("sender not origin")
    signer = _known_signer(call, call.caller)
    signer.socket = socket
    records.store_signer(call.storage, signer)
    _emit_socket(call, call.caller, socket)
    return ()


def _make_epoch(epoch_blocks: int, call: Call) -> tuple[()]:
    epoch = epochs.current_epoch(call.storage)
    number = call.block.number & UINT64_MASK
    if epochs.is_epoch_over(call.storage, epoch, number, epoch_blocks):
        epochs.begin_epoch(call.storage, (epoch + 1) & UINT64_MASK, number)
    return ()


def _require_registry(call: Call) -> None:
    if call.caller != REGISTRY:
        raise DomainError("sender not registry")


def _require_signature(signer: records.Signer, message: Hash32, signature: G1Words) -> None:
    """Raises `DomainError`. The words of the signature are reduced, its stored hash has them as given."""
    key_g1, key_g2 = records.g1_point(signer.key_g1), records.g2_point(signer.key_g2)
    point = records.g1_point(records.G1Key(*signature))
    if not is_signature_of_signer(hash_to_g1(message), point, key_g1, key_g2):
        raise DomainError("invalid signature")


def _topic(address: Address) -> Hash32:
    return Hash32(address.rjust(32, b"\0"))


def _emit_socket(call: Call, account: Address, socket: bytes) -> None:
    call.emit((_SOCKET_UPDATED_TOPIC, _topic(account)), abi.encode(_SOCKET_TYPES, (socket,)))
