"""Transactions of types 0 to 4: bytes to values, hash, sender, intrinsic gas.

Types: 0 legacy (EIP-155 or unprotected), 1 access list (EIP-2930), 2 fee market (EIP-1559), 3 blobs
(EIP-4844, without the sidecar), 4 set code (EIP-7702).
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from coincurve import PublicKey
from eth_hash.auto import keccak
from eth_typing import Address, Hash32

from chain.errors import InvalidSignature, UndecodableTransaction
from chain.forks.fork import Fork
from chain.forks.table import FORK_ROWS
from chain.rlp_items import Decoded, Item, NotRlp, decode_item, encode_item
from chain.undecodable_transactions import UNKNOWN_TYPE, why_undecodable

LEGACY: Final = 0
ACCESS_LIST: Final = 1
DYNAMIC_FEE: Final = 2
BLOB: Final = 3
SET_CODE: Final = 4

GAS_PER_BLOB: Final = 131_072
"""EIP-4844."""
SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
GAS_TRANSACTION: Final = 21_000
GAS_CREATION: Final = 32_000
GAS_ZERO_BYTE: Final = 4
GAS_ACCESS_LIST_ADDRESS: Final = 2_400
GAS_ACCESS_LIST_SLOT: Final = 1_900
GAS_INIT_CODE_WORD: Final = 2
GAS_AUTHORIZATION: Final = 25_000
"""EIP-7702's PER_EMPTY_ACCOUNT_COST; 12,500 come back where the account exists."""
GAS_FLOOR_TOKEN: Final = 10
"""EIP-7623."""

_UNKNOWN_HASH: Final = Hash32(b"")

AccessList = tuple[tuple[Address, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Authorization:
    """EIP-7702."""

    chain_id: int
    address: Address
    nonce: int
    y_parity: int
    r: int
    s: int


@dataclass(frozen=True, slots=True)
class Transaction:
    """A signed transaction; a field that its type does not have holds the default."""

    type: int
    chain_id: int | None
    """None: unprotected, valid on every chain."""
    nonce: int
    gas_price: int
    """Wei; types 0 and 1. The others repeat `max_fee_per_gas` here."""
    gas_limit: int
    to: Address | None
    """None: creates a contract."""
    value: int
    data: bytes
    y_parity: int
    r: int
    s: int
    max_priority_fee_per_gas: int
    """Wei; types 0 and 1 repeat `gas_price` in both fee fields."""
    max_fee_per_gas: int
    access_list: AccessList = ()
    max_fee_per_blob_gas: int = 0
    blob_versioned_hashes: tuple[Hash32, ...] = ()
    authorization_list: tuple[Authorization, ...] = ()
    encoded: bytes = b""
    """The binary form: type byte ‖ payload, or an RLP list for legacy."""
    hash: Hash32 = _UNKNOWN_HASH
    signing_hash: Hash32 = _UNKNOWN_HASH
    """What the sender signed."""

    @property
    def blob_gas(self) -> int:
        return len(self.blob_versioned_hashes) * GAS_PER_BLOB

    @property
    def v(self) -> int:
        """The signature's last field as JSON-RPC shows it."""
        if self.type != LEGACY:
            return self.y_parity
        if self.chain_id is None:
            return 27 + self.y_parity
        return 35 + 2 * self.chain_id + self.y_parity

    def effective_gas_price(self, base_fee: int | None) -> int:
        """Wei a gas that the sender pays in a block with that base fee (EIP-1559)."""
        if base_fee is None:
            return self.gas_price
        return min(self.max_fee_per_gas, base_fee + self.max_priority_fee_per_gas)


def decode_transaction(encoded: bytes) -> Transaction:
    """The transaction of a binary form; raises `UndecodableTransaction`, naming why."""
    try:
        if encoded[:1] >= b"\xc0":
            return _decode_legacy(encoded, _fields(encoded))
        if encoded[:1] and encoded[0] in _TYPED_DECODERS:
            return _TYPED_DECODERS[encoded[0]](encoded, _fields(encoded[1:]))
    except _Malformed as error:
        raise UndecodableTransaction(why_undecodable(encoded) or str(error)) from None
    raise UndecodableTransaction(why_undecodable(encoded) or UNKNOWN_TYPE)


def recover_sender(transaction: Transaction) -> Address:
    """Who signed it; raises `InvalidSignature`, also for a high `s` (EIP-2)."""
    if transaction.s > SECP256K1_ORDER // 2:
        raise InvalidSignature
    return recover_frontier_sender(transaction)


def recover_frontier_sender(transaction: Transaction) -> Address:
    """As `recover_sender`, before Homestead: a high `s` is valid."""
    return recover_address(
        transaction.signing_hash, transaction.y_parity, transaction.r, transaction.s
    )


def recover_authority(authorization: Authorization) -> Address | None:
    """Who signed it, whether or not it takes effect (EIP-7702); None where the signature is invalid."""
    if authorization.s > SECP256K1_ORDER // 2:
        return None
    try:
        return recover_address(
            authorization_signing_hash(authorization),
            authorization.y_parity,
            authorization.r,
            authorization.s,
        )
    except InvalidSignature:
        return None


def recover_senders(transactions: Iterable[Transaction]) -> list[Address | None]:
    """Who signed each, in order; None where the signature is invalid."""
    senders: list[Address | None] = []
    for transaction in transactions:
        try:
            senders.append(recover_sender(transaction))
        except InvalidSignature:
            senders.append(None)
    return senders


def recover_address(digest: Hash32, y_parity: int, r: int, s: int) -> Address:
    """The signer of a 32-byte digest; raises `InvalidSignature`."""
    if not (0 < r < SECP256K1_ORDER and 0 < s < SECP256K1_ORDER and y_parity in (0, 1)):
        raise InvalidSignature
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((y_parity,))
    try:
        public_key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except ValueError as error:
        raise InvalidSignature from error
    return Address(keccak(public_key.format(compressed=False)[1:])[-20:])


def authorization_signing_hash(authorization: Authorization) -> Hash32:
    """EIP-7702: keccak(0x05 ‖ rlp([chain id, address, nonce]))."""
    fields = (authorization.chain_id, authorization.address, authorization.nonce)
    return Hash32(keccak(b"\x05" + encode_item(fields)))


def authorities(authorizations: Iterable[Authorization]) -> tuple[Address, ...]:
    """Who signed them (EIP-7702); one with an unreadable signature sets no code."""
    found = []
    for item in authorizations:
        with suppress(InvalidSignature):
            digest = authorization_signing_hash(item)
            found.append(recover_address(digest, item.y_parity, item.r, item.s))
    return tuple(found)


def intrinsic_gas(
    fork: Fork,
    data: bytes,
    is_creation: bool,
    access_list: AccessList = (),
    authorization_count: int = 0,
) -> int:
    """Gas that a transaction pays before its first opcode (Yellow Paper g0, EIPs 2028, 2930, 3860, 7702)."""
    zero_count = data.count(0)
    gas = GAS_TRANSACTION + zero_count * GAS_ZERO_BYTE
    gas += (len(data) - zero_count) * FORK_ROWS[fork].nonzero_byte_gas
    if is_creation and fork >= Fork.HOMESTEAD:
        gas += GAS_CREATION
    if is_creation and fork >= Fork.SHANGHAI:
        gas += GAS_INIT_CODE_WORD * ((len(data) + 31) // 32)
    slot_count = sum(len(slots) for _, slots in access_list)
    gas += len(access_list) * GAS_ACCESS_LIST_ADDRESS + slot_count * GAS_ACCESS_LIST_SLOT
    return gas + authorization_count * GAS_AUTHORIZATION


def data_floor_gas(data: bytes) -> int:
    """The least gas of a transaction with this data from Prague on (EIP-7623)."""
    tokens = 4 * len(data) - 3 * data.count(0)
    return GAS_TRANSACTION + tokens * GAS_FLOOR_TOKEN


class _Malformed(Exception):
    """A field is not what its place asks for."""


def _fields(encoded: bytes) -> list[Decoded]:
    try:
        fields = decode_item(encoded)
    except NotRlp as error:
        raise _Malformed(f"rlp: {error}") from None
    if not isinstance(fields, list):
        raise _Malformed("rlp: expected input list for transaction")
    return fields


def _decode_legacy(encoded: bytes, fields: list[Decoded]) -> Transaction:
    nonce, price, gas, to, value, data, v, r, s = _exactly(fields, 9)
    signature_v = _integer("v", v, 256)
    gas_price = _integer("gas price", price, 256)
    unsigned: list[Item] = [*fields[:6]]
    if signature_v in (27, 28):
        chain_id, y_parity = None, signature_v - 27
    elif signature_v >= 35:
        chain_id, y_parity = divmod(signature_v - 35, 2)
        unsigned = [*unsigned, chain_id, b"", b""]
    else:
        raise _Malformed("invalid transaction v, r, s values")
    return Transaction(
        type=LEGACY,
        chain_id=chain_id,
        nonce=_integer("nonce", nonce, 64),
        gas_price=gas_price,
        gas_limit=_integer("gas limit", gas, 64),
        to=_recipient(to),
        value=_integer("value", value, 256),
        data=_bytes("data", data),
        y_parity=y_parity,
        r=_integer("r", r, 256),
        s=_integer("s", s, 256),
        max_priority_fee_per_gas=gas_price,
        max_fee_per_gas=gas_price,
        encoded=encoded,
        hash=Hash32(keccak(encoded)),
        signing_hash=Hash32(keccak(encode_item(unsigned))),
    )


def _decode_access_list_transaction(encoded: bytes, fields: list[Decoded]) -> Transaction:
    chain_id, nonce, price, gas, to, value, data, access_list, y_parity, r, s = _exactly(fields, 11)
    gas_price = _integer("gas price", price, 256)
    return Transaction(
        type=ACCESS_LIST,
        chain_id=_integer("chain id", chain_id, 256),
        nonce=_integer("nonce", nonce, 64),
        gas_price=gas_price,
        gas_limit=_integer("gas limit", gas, 64),
        to=_recipient(to),
        value=_integer("value", value, 256),
        data=_bytes("data", data),
        access_list=_access_list(access_list),
        y_parity=_y_parity(y_parity),
        r=_integer("r", r, 256),
        s=_integer("s", s, 256),
        max_priority_fee_per_gas=gas_price,
        max_fee_per_gas=gas_price,
        encoded=encoded,
        hash=Hash32(keccak(encoded)),
        signing_hash=_typed_signing_hash(ACCESS_LIST, fields),
    )


def _decode_dynamic_fee_transaction(encoded: bytes, fields: list[Decoded]) -> Transaction:
    *body, y_parity, r, s = _exactly(fields, 12)
    return _fee_market_transaction(encoded, fields, body, (y_parity, r, s))


def _decode_blob_transaction(encoded: bytes, fields: list[Decoded]) -> Transaction:
    *body, blob_fee, blob_hashes, y_parity, r, s = _exactly(fields, 14)
    return _fee_market_transaction(
        encoded,
        fields,
        body,
        (y_parity, r, s),
        max_fee_per_blob_gas=_integer("max fee per blob gas", blob_fee, 256),
        blob_versioned_hashes=_blob_hashes(blob_hashes),
    )


def _decode_set_code_transaction(encoded: bytes, fields: list[Decoded]) -> Transaction:
    *body, authorizations, y_parity, r, s = _exactly(fields, 13)
    return _fee_market_transaction(
        encoded,
        fields,
        body,
        (y_parity, r, s),
        authorization_list=tuple(
            _authorization(item) for item in _list("authorization list", authorizations)
        ),
    )


def _fee_market_transaction(
    encoded: bytes,
    fields: list[Decoded],
    body: Sequence[Decoded],
    signature: tuple[Decoded, Decoded, Decoded],
    max_fee_per_blob_gas: int = 0,
    blob_versioned_hashes: tuple[Hash32, ...] = (),
    authorization_list: tuple[Authorization, ...] = (),
) -> Transaction:
    """Types 2, 3 and 4 begin with the same nine fields."""
    chain_id, nonce, tip, max_fee, gas, to, value, data, access_list = body
    max_fee_per_gas = _integer("max fee per gas", max_fee, 256)
    recipient = _recipient(to)
    if recipient is None and encoded[0] in (BLOB, SET_CODE):
        raise _Malformed("rlp: input string too short for common.Address")
    return Transaction(
        type=encoded[0],
        chain_id=_integer("chain id", chain_id, 256),
        nonce=_integer("nonce", nonce, 64),
        gas_price=max_fee_per_gas,
        gas_limit=_integer("gas limit", gas, 64),
        to=recipient,
        value=_integer("value", value, 256),
        data=_bytes("data", data),
        access_list=_access_list(access_list),
        y_parity=_y_parity(signature[0]),
        r=_integer("r", signature[1], 256),
        s=_integer("s", signature[2], 256),
        max_priority_fee_per_gas=_integer("max priority fee per gas", tip, 256),
        max_fee_per_gas=max_fee_per_gas,
        max_fee_per_blob_gas=max_fee_per_blob_gas,
        blob_versioned_hashes=blob_versioned_hashes,
        authorization_list=authorization_list,
        encoded=encoded,
        hash=Hash32(keccak(encoded)),
        signing_hash=_typed_signing_hash(encoded[0], fields),
    )


_TYPED_DECODERS: Final = {
    ACCESS_LIST: _decode_access_list_transaction,
    DYNAMIC_FEE: _decode_dynamic_fee_transaction,
    BLOB: _decode_blob_transaction,
    SET_CODE: _decode_set_code_transaction,
}


def _typed_signing_hash(type_byte: int, fields: list[Decoded]) -> Hash32:
    return Hash32(keccak(bytes((type_byte,)) + encode_item(fields[:-3])))


def _exactly(fields: list[Decoded], count: int) -> list[Decoded]:
    if len(fields) != count:
        raise _Malformed(f"rlp: {len(fields)} fields for transaction, expected {count}")
    return fields


def _bytes(name: str, field: Decoded) -> bytes:
    if not isinstance(field, bytes):
        raise _Malformed(f"rlp: expected input string for {name}")
    return field


def _list(name: str, field: Decoded) -> list[Decoded]:
    if not isinstance(field, list):
        raise _Malformed(f"rlp: expected input list for {name}")
    return field


def _integer(name: str, field: Decoded, bits: int) -> int:
    digits = _bytes(name, field)
    if digits[:1] == b"\0":
        raise _Malformed(f"rlp: non-canonical integer (leading zero bytes) for {name}")
    if len(digits) * 8 > bits:
        raise _Malformed(f"rlp: {name} is above {bits} bits")
    return int.from_bytes(digits, "big")


def _y_parity(field: Decoded) -> int:
    y_parity = _integer("y parity", field, 256)
    if y_parity > 1:
        raise _Malformed("invalid transaction v, r, s values")
    return y_parity


def _address(field: Decoded) -> Address:
    address = _bytes("address", field)
    if len(address) != 20:
        raise _Malformed(f"rlp: {len(address)} bytes for address, expected 20")
    return Address(address)


def _recipient(field: Decoded) -> Address | None:
    return None if field == b"" else _address(field)


def _word(name: str, field: Decoded) -> bytes:
    word = _bytes(name, field)
    if len(word) != 32:
        raise _Malformed(f"rlp: {len(word)} bytes for {name}, expected 32")
    return word


def _access_list(field: Decoded) -> AccessList:
    return tuple(_access_list_entry(entry) for entry in _list("access list", field))


def _access_list_entry(entry: Decoded) -> tuple[Address, tuple[int, ...]]:
    address, slots = _exactly(_list("access list entry", entry), 2)
    return _address(address), tuple(
        int.from_bytes(_word("storage key", slot), "big") for slot in _list("storage keys", slots)
    )


def _blob_hashes(field: Decoded) -> tuple[Hash32, ...]:
    return tuple(
        Hash32(_word("blob versioned hash", item)) for item in _list("blob versioned hashes", field)
    )


def _authorization(item: Decoded) -> Authorization:
    chain_id, address, nonce, y_parity, r, s = _exactly(_list("authorization", item), 6)
    return Authorization(
        chain_id=_integer("authorization chain id", chain_id, 256),
        address=_address(address),
        nonce=_integer("authorization nonce", nonce, 64),
        y_parity=_integer("authorization y parity", y_parity, 8),
        r=_integer("authorization r", r, 256),
        s=_integer("authorization s", s, 256),
    )
