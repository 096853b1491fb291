"""An account as bytes: the short record of the flat table, the long one of the trie.

The flat record is: one byte that holds the nonce's length and which hashes follow; the nonce; the
storage root and the code hash where they are not the empty ones; the balance. All big-endian,
without leading zeros. An account that only holds value takes about ten bytes, not seventy.
"""

from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

from chain.engine import Account
from chain.trie_nodes import EMPTY_ROOT, encode_string

EMPTY_CODE_HASH: Final = Hash32(keccak(b""))

_NONCE_SIZE: Final = 0x0F
_HAS_STORAGE: Final = 0x10
_HAS_CODE: Final = 0x20
_PLAIN_TAIL: Final = b"\xa0" + EMPTY_ROOT + b"\xa0" + EMPTY_CODE_HASH


def encode_record(account: Account, storage_root: Hash32) -> bytes:
    """The flat table's record."""
    nonce, balance, code_hash = account.nonce, account.balance, account.code_hash
    first = (nonce.bit_length() + 7) >> 3
    digits = nonce.to_bytes(first, "big")
    if storage_root != EMPTY_ROOT:
        first |= _HAS_STORAGE
        digits += storage_root
    if code_hash != EMPTY_CODE_HASH:
        first |= _HAS_CODE
        digits += code_hash
    return b"%c%b%b" % (first, digits, balance.to_bytes((balance.bit_length() + 7) >> 3, "big"))


def decode_record(record: bytes) -> Account:
    """The inverse, without the storage root."""
    first = record[0]
    at = 1 + (first & _NONCE_SIZE)
    nonce = int.from_bytes(record[1:at], "big")
    if first <= _NONCE_SIZE:
        return Account(nonce, int.from_bytes(record[at:], "big"), EMPTY_CODE_HASH)
    if first & _HAS_STORAGE:
        at += 32
    if not first & _HAS_CODE:
        return Account(nonce, int.from_bytes(record[at:], "big"), EMPTY_CODE_HASH)
    code_hash = Hash32(record[at : at + 32])
    return Account(nonce, int.from_bytes(record[at + 32 :], "big"), code_hash)


def storage_root_of(record: bytes | None) -> Hash32:
    """The storage root in a flat record; that of no storage where there is no account."""
    if not record or not record[0] & _HAS_STORAGE:
        return EMPTY_ROOT
    at = 1 + (record[0] & _NONCE_SIZE)
    return Hash32(record[at : at + 32])


def encode_trie_value(account: Account, storage_root: Hash32) -> bytes:
    """RLP of [nonce, balance, storage root, code hash] (Yellow Paper 4.1)."""
    nonce, balance, code_hash = account.nonce, account.balance, account.code_hash
    digits = encode_string(nonce.to_bytes((nonce.bit_length() + 7) >> 3, "big")) + encode_string(
        balance.to_bytes((balance.bit_length() + 7) >> 3, "big")
    )
    if storage_root == EMPTY_ROOT and code_hash == EMPTY_CODE_HASH:
        return b"\xf8%c%b%b" % (len(digits) + 66, digits, _PLAIN_TAIL)
    return b"\xf8%c%b\xa0%b\xa0%b" % (len(digits) + 66, digits, storage_root, code_hash)
