"""The nodes of a Merkle Patricia trie as bytes: their RLP, their reference in a parent.

Yellow Paper appendix D. Paths are ASCII hexadecimal digits, one a nibble. A child is held as the
RLP item that stands in its parent: `NO_CHILD`, a 32-byte hash with its header, or, where the
child's own RLP is shorter than 32 bytes, that RLP itself. All paths of a trie have one length or
are prefix-free, so that a branch never has a value.
"""

from binascii import hexlify, unhexlify
from typing import Final

from eth_hash.auto import keccak
from eth_typing import Hash32

NO_CHILD: Final = b"\x80"
EMPTY_ROOT: Final = Hash32(keccak(NO_CHILD))
FULL_BRANCH_BYTES: Final = 3 + 16 * 33 + 1
"""List header, sixteen hashes, no value: most branches near the root."""
DIGIT_VALUES: Final = tuple(
    int(chr(c), 16) if chr(c) in "0123456789abcdef" else -1 for c in range(103)
)
"""What a path's digit (its ASCII code) counts."""
DIGITS: Final = tuple(bytes([c]) for c in b"0123456789abcdef")

_STRING_HEADERS: Final = tuple(bytes([0x80 + size]) for size in range(56))
_LIST_HEADERS: Final = (
    *(bytes([0xC0 + size]) for size in range(56)),
    *(bytes([0xF8, size]) for size in range(56, 256)),
    *(b"\xf9" + size.to_bytes(2, "big") for size in range(256, FULL_BRANCH_BYTES + 1)),
)
_HASH_HEADER: Final = b"\xa0"
_FULL_BRANCH_HEADER: Final = _LIST_HEADERS[FULL_BRANCH_BYTES - 3]
_FULL_BRANCH_OFFSETS: Final = tuple(range(3, FULL_BRANCH_BYTES - 1, 33))


def encode_string(value: bytes) -> bytes:
    """RLP of a byte string."""
    size = len(value)
    if size < 56:
        if size == 1 and value < b"\x80":
            return value
        return _STRING_HEADERS[size] + value
    if size < 256:
        return b"\xb8%c%b" % (size, value)
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"%c%b%b" % (0xB7 + len(digits), digits, value)


def encode_list(payload: bytes) -> bytes:
    """RLP of a list whose items, encoded, are `payload`."""
    size = len(payload)
    if size <= FULL_BRANCH_BYTES:
        return _LIST_HEADERS[size] + payload
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return b"%c%b%b" % (0xF7 + len(digits), digits, payload)


def encode_leaf_path(digits: bytes) -> bytes:
    """The first item of a leaf: hex-prefix encoding with the flag of a leaf, as RLP."""
    packed = unhexlify(b"3" + digits if len(digits) & 1 else b"20" + digits)
    # Its first byte is below 0x80, so a single one is its own encoding.
    return packed if len(packed) == 1 else _STRING_HEADERS[len(packed)] + packed


def encode_leaf(digits: bytes, value: bytes) -> bytes:
    """A leaf that holds `value` at the rest `digits` of its path."""
    return encode_list(encode_leaf_path(digits) + encode_string(value))


def encode_extension(digits: bytes, child: bytes) -> bytes:
    """An extension over `digits`, at least one, to a branch."""
    packed = unhexlify(b"1" + digits if len(digits) & 1 else b"00" + digits)
    path = packed if len(packed) == 1 else _STRING_HEADERS[len(packed)] + packed
    return encode_list(path + child)


def encode_branch(children: list[bytes]) -> bytes:
    """A branch over sixteen children."""
    return encode_list(b"".join(children) + NO_CHILD)


def reference_to(node: bytes) -> bytes:
    """How a parent holds this node."""
    return _HASH_HEADER + keccak(node) if len(node) >= 32 else node


def payload_start(node: bytes) -> int:
    """Where a node's first item begins."""
    first = node[0]
    return 1 if first < 0xF8 else first - 0xF6


def is_branch(node: bytes) -> bool:
    """Whether the node has seventeen items, not two."""
    at = payload_start(node)
    first = node[at]
    if first == 0x80 or first >= 0xC0:
        # No child, or an embedded one; a path is never empty nor a list.
        return True
    # A hash, or a path of 32 bytes with nothing behind its value.
    return first == 0xA0 and _item_end(node, at + 33) != len(node)


def decode_branch(node: bytes) -> list[bytes] | None:
    """The sixteen children, or None where the node is a leaf or an extension."""
    if len(node) == FULL_BRANCH_BYTES and node.startswith(_FULL_BRANCH_HEADER):
        children = [node[offset : offset + 33] for offset in _FULL_BRANCH_OFFSETS]
        if all(child[0] == 0xA0 for child in children):
            return children
    at = payload_start(node)
    children = []
    for _ in range(16):
        end = _item_end(node, at)
        children.append(node[at:end])
        at = end
        if at == len(node):
            # Seventeen items do not end here: this was the second of two.
            return None
    return children


def child_span(branch: bytes, digit: int) -> tuple[int, int]:
    """From where to where in a branch's bytes its child at `digit` stands."""
    if len(branch) == FULL_BRANCH_BYTES:
        # Only sixteen hashes make a branch that long.
        at = 3 + 33 * digit
        return at, at + 33
    at = payload_start(branch)
    for _ in range(digit):
        first = branch[at]
        at += 1 if first == 0x80 else 33 if first == 0xA0 else first - 0xBF
    return at, _item_end(branch, at)


def with_child(branch: bytes, at: int, end: int, child: bytes) -> bytes:
    """The branch with another child in place of the one that stands there."""
    if end - at == len(child):
        return branch[:at] + child + branch[end:]
    return encode_list(branch[payload_start(branch) : at] + child + branch[end:])


def decode_short_node(node: bytes) -> tuple[bool, bytes, bytes]:
    """Of a leaf or an extension: is it a leaf, its digits, its value or child."""
    at = payload_start(node)
    end = _item_end(node, at)
    packed = node[at:end] if end - at == 1 else node[at + 1 : end]
    digits = hexlify(packed)
    flag = digits[0]
    digits = digits[1:] if flag in b"13" else digits[2:]
    if flag in b"01":
        return False, digits, node[end:]
    return True, digits, _string(node, end)


def _item_end(node: bytes, at: int) -> int:
    first = node[at]
    if first < 0x80:
        return at + 1
    if first < 0xB8:
        return at + first - 0x7F
    if first < 0xC0:
        size_end = at + first - 0xB6
        return size_end + int.from_bytes(node[at + 1 : size_end], "big")
    # A list inside a node is an embedded child, shorter than 32 bytes.
    return at + first - 0xBF


def _string(node: bytes, at: int) -> bytes:
    first = node[at]
    if first < 0x80:
        return node[at:]
    return node[at + 1 :] if first < 0xB8 else node[at + first - 0xB6 :]
