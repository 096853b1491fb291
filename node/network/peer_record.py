"""Where a validator can be reached: a record signed by its consensus key, passed on by anybody.

record      = RLP [peer id, [address, …], sequence, signature]
sign bytes  = RLP ["zerog-peer-record/1", chain identity, peer id, [address, …], sequence]

`peer id` and the multiaddrs (without it) are text; `sequence` is the Unix time in ms at which the record
was made: of two records of one validator the later counts.
"""

from dataclasses import dataclass

from eth_hash.auto import keccak

from consensus.errors import InvalidSignature, Undecodable
from consensus.recursive_length_prefix import Item, decode, decode_integer, encode, encode_integer
from consensus.signatures import SIGNATURE_BYTES, recover, sign
from consensus.values import ValidatorAddress
from node.network.identity import InvalidPeerAddress, PeerAddress, parse_peer_address

ADDRESSES_PER_RECORD_MAX = 8
RECORD_BYTES_MAX = 1_024
_DOMAIN = b"zerog-peer-record/1"


@dataclass(frozen=True, slots=True)
class PeerRecord:
    """One validator's node: `addresses` are multiaddrs without the peer id."""

    peer_id: str
    addresses: tuple[str, ...]
    sequence: int
    signature: bytes = b""

    def signer(self, chain_identity: bytes) -> ValidatorAddress:
        """Whose record it is. Raises InvalidSignature."""
        return recover(_digest(self, chain_identity), self.signature)

    def peer_addresses(self) -> tuple[PeerAddress, ...]:
        """What can be dialled. Raises `InvalidPeerAddress`."""
        return tuple(parse_peer_address(f"{each}/p2p/{self.peer_id}") for each in self.addresses)


def signed_record(
    secret: bytes, chain_identity: bytes, peer_id: str, addresses: tuple[str, ...], sequence: int
) -> PeerRecord:
    """`secret` is the consensus key, 32 bytes."""
    unsigned = PeerRecord(peer_id, addresses[:ADDRESSES_PER_RECORD_MAX], sequence)
    signature = sign(secret, _digest(unsigned, chain_identity))
    return PeerRecord(unsigned.peer_id, unsigned.addresses, sequence, signature)


def encode_record(record: PeerRecord) -> bytes:
    return encode([*_fields(record), record.signature])


def decode_record(data: bytes) -> PeerRecord:
    """Raises Undecodable. Whose it is: `signer`."""
    if len(data) > RECORD_BYTES_MAX:
        raise Undecodable(f"a record of {len(data)} bytes, at most {RECORD_BYTES_MAX}")
    match decode(data):
        case [bytes(peer_id), [*addresses], bytes(sequence), bytes(signature)] if (
            0 < len(addresses) <= ADDRESSES_PER_RECORD_MAX and len(signature) == SIGNATURE_BYTES
        ):
            texts = tuple(_text(each) for each in addresses)
            record = PeerRecord(_text(peer_id), texts, decode_integer(sequence), signature)
        case _:
            raise Undecodable("no record looks like this")
    try:
        record.peer_addresses()
    except InvalidPeerAddress as error:
        raise Undecodable(str(error)) from error
    return record


def whose(record: PeerRecord, chain_identity: bytes) -> ValidatorAddress | None:
    """As `signer`; None where nobody can have signed it."""
    try:
        return record.signer(chain_identity)
    except InvalidSignature:
        return None


def _digest(record: PeerRecord, chain_identity: bytes) -> bytes:
    return keccak(encode([_DOMAIN, chain_identity, *_fields(record)]))


def _fields(record: PeerRecord) -> list[Item]:
    addresses = [address.encode() for address in record.addresses]
    return [record.peer_id.encode(), addresses, encode_integer(record.sequence)]


def _text(item: object) -> str:
    try:
        if isinstance(item, bytes):
            return item.decode("ascii")
    except UnicodeDecodeError:
        pass
    raise Undecodable("a peer id or an address is ASCII text")
