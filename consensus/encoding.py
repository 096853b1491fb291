"""Values ⇄ bytes, canonical RLP: for any value there is one encoding, and no other is decoded.

Also the bytes to sign. Layouts, limits and domains: docs/protocol.
"""

from collections.abc import Sequence

from eth_hash.auto import keccak

from consensus.errors import InvalidValidatorSet, Undecodable
from consensus.header import ConsensusBlock, ConsensusHeader, header_item
from consensus.recursive_length_prefix import (
    Item,
    decode,
    decode_integer,
    encode,
    encode_integer,
)
from consensus.signatures import SIGNATURE_BYTES
from consensus.validators import NAME_BYTES_MAX, VALIDATORS_MAX, ValidatorSet
from consensus.values import (
    NO_ROUND,
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    Validator,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)

HEIGHT_MAX = 2**63 - 1
ROUND_MAX = 2**31 - 1
EVIDENCE_PER_BLOCK_MAX = 16
EVIDENCE_BYTES_MAX = 1_024
BLOCK_BYTES_MAX = 16 * 1024 * 1024
"""More than 36 million gas can carry as call data at 10 gas a byte (EIP-7623)."""
MESSAGE_BYTES_MAX = 512
"""Of an encoded vote or proposal."""
CERTIFICATE_BYTES_MAX = 128 * VALIDATORS_MAX
ROUND_CERTIFICATE_BYTES_MAX = 158 * VALIDATORS_MAX

_VOTE_DOMAINS = {
    VoteKind.PREVOTE: b"zerog-prevote/2",
    VoteKind.PRECOMMIT: b"zerog-precommit/1",
}
_PROPOSAL_DOMAIN = b"zerog-proposal/1"


def vote_sign_bytes(chain_identity: bytes, vote: Vote) -> bytes:
    """RLP(kind's domain, chain identity, height, round, value id or empty; a prevote's valid round + 1)."""
    item: list[Item] = [
        _VOTE_DOMAINS[vote.kind],
        chain_identity,
        encode_integer(vote.height),
        encode_integer(vote.round),
        vote.value_id or b"",
    ]
    if vote.kind is VoteKind.PREVOTE:
        item.append(encode_integer(vote.valid_round + 1))
    return encode(item)


def proposal_sign_bytes(chain_identity: bytes, proposal: Proposal) -> bytes:
    """RLP(domain, chain identity, height, round, value id, valid round + 1)."""
    return encode(
        [
            _PROPOSAL_DOMAIN,
            chain_identity,
            encode_integer(proposal.height),
            encode_integer(proposal.round),
            proposal.value_id,
            encode_integer(proposal.valid_round + 1),
        ]
    )


def signing_digest(chain_identity: bytes, message: Proposal | Vote) -> bytes:
    """The 32 bytes to sign: keccak of the sign bytes."""
    match message:
        case Vote():
            return keccak(vote_sign_bytes(chain_identity, message))
        case Proposal():
            return keccak(proposal_sign_bytes(chain_identity, message))


def encode_vote(vote: Vote) -> bytes:
    return encode(_vote_item(vote))


def decode_vote(data: bytes) -> Vote:
    """Raises Undecodable."""
    return _vote(decode(_bounded(data, MESSAGE_BYTES_MAX)))


def encode_proposal(proposal: Proposal) -> bytes:
    return encode(_proposal_item(proposal))


def decode_proposal(data: bytes) -> Proposal:
    """Raises Undecodable."""
    return _proposal(decode(_bounded(data, MESSAGE_BYTES_MAX)))


def encode_message(message: Proposal | Vote) -> bytes:
    """A vote begins with its kind, a proposal with an empty field."""
    return encode_vote(message) if isinstance(message, Vote) else encode_proposal(message)


def decode_message(data: bytes) -> Proposal | Vote:
    """Raises Undecodable."""
    item = decode(_bounded(data, MESSAGE_BYTES_MAX))
    is_proposal = not isinstance(item, bytes) and len(item) > 0 and item[0] == b""
    return _proposal(item) if is_proposal else _vote(item)


def encode_certificate(certificate: Certificate) -> bytes:
    return encode(_certificate_item(certificate))


def decode_certificate(data: bytes) -> Certificate:
    """Raises Undecodable. Whether it proves anything: `certificates.check_certificate`."""
    return _certificate(decode(_bounded(data, CERTIFICATE_BYTES_MAX)))


def encode_round_certificate(certificate: RoundCertificate) -> bytes:
    return encode(
        [
            encode_integer(certificate.height),
            encode_integer(certificate.round),
            [_vote_item(vote) for vote in certificate.votes],
        ]
    )


def decode_round_certificate(data: bytes) -> RoundCertificate:
    """Raises Undecodable. Whether it proves anything: `certificates.check_round_certificate`."""
    item = decode(_bounded(data, ROUND_CERTIFICATE_BYTES_MAX))
    height, round, votes = _fields(item, 3)
    return RoundCertificate(
        _height(height), _round(round), tuple(map(_vote, _list(votes, VALIDATORS_MAX)))
    )


def encode_header(header: ConsensusHeader) -> bytes:
    return encode(header_item(header))


def decode_header(data: bytes) -> ConsensusHeader:
    """Raises Undecodable."""
    return _header(decode(_bounded(data, MESSAGE_BYTES_MAX)))


def encode_block(block: ConsensusBlock) -> bytes:
    """RLP(header's fields, certificate's fields or an empty list, evidence, payload)."""
    certificate = block.last_certificate
    return encode(
        [
            header_item(block.header),
            [] if certificate is None else _certificate_item(certificate),
            block.evidence,
            block.payload,
        ]
    )


def decode_block(data: bytes) -> ConsensusBlock:
    """Raises Undecodable. Whether the parts are the header's: `block_parts.check_parts`."""
    header, certificate, evidence, payload = _fields(decode(_bounded(data, BLOCK_BYTES_MAX)), 4)
    pieces = _list(evidence, EVIDENCE_PER_BLOCK_MAX)
    return ConsensusBlock(
        header=_header(header),
        last_certificate=None if certificate == [] else _certificate(certificate),
        evidence=tuple(_bounded(_bytes(piece), EVIDENCE_BYTES_MAX) for piece in pieces),
        payload=_bytes(payload),
    )


def encode_validator_set(validators: ValidatorSet) -> bytes:
    """Members with names and the state of the rotation."""
    return encode(
        [
            [v.public_key, encode_integer(v.power), v.name.encode(), _zigzag(priority)]
            for v, priority in zip(validators.validators, validators.priorities, strict=True)
        ]
    )


def decode_validator_set(data: bytes) -> ValidatorSet:
    """Raises Undecodable."""
    members, priorities = [], []
    for item in _list(decode(data), VALIDATORS_MAX):
        key, power, name, priority = (_bytes(field) for field in _fields(item, 4))
        members.append(Validator(key, decode_integer(power), _name(name)))
        priorities.append(_unzigzag(decode_integer(priority, bytes_max=9)))
    try:
        return ValidatorSet(tuple(members), tuple(priorities))
    except InvalidValidatorSet as error:
        raise Undecodable(str(error)) from error


def _vote_item(vote: Vote) -> Item:
    item: list[Item] = [
        encode_integer(vote.kind),
        encode_integer(vote.height),
        encode_integer(vote.round),
        vote.value_id or b"",
        vote.validator,
        vote.signature,
    ]
    if vote.kind is VoteKind.PREVOTE:
        item.append(encode_integer(vote.valid_round + 1))
    return item


def _vote(item: Item) -> Vote:
    fields = _list(item, 7)
    kind = _kind(fields[0]) if fields else None
    expected = 7 if kind is VoteKind.PREVOTE else 6
    _, height, round, value_id, validator, signature, *valid_round = _fields(fields, expected)
    vote = Vote(
        VoteKind.PRECOMMIT if kind is None else kind,
        _height(height),
        _round(round),
        None if value_id == b"" else ValueId(_exactly(value_id, 32)),
        ValidatorAddress(_exactly(validator, 20)),
        _signature(signature),
        _valid_round(valid_round[0], _round(round)) if valid_round else NO_ROUND,
    )
    if vote.value_id is None and vote.valid_round != NO_ROUND:
        raise Undecodable(f"a nil prevote with valid round {vote.valid_round}")
    return vote


def _valid_round(item: Item, round: Round) -> Round:
    """Written as one more, so that none is 0."""
    valid_round = decode_integer(_bytes(item)) - 1
    if valid_round >= round:
        raise Undecodable(f"valid round {valid_round} is not before round {round}")
    return Round(valid_round)


def _proposal_item(proposal: Proposal) -> Item:
    return [
        b"",
        encode_integer(proposal.height),
        encode_integer(proposal.round),
        [proposal.value_id, encode_integer(proposal.valid_round + 1)],
        proposal.validator,
        proposal.signature,
    ]


def _proposal(item: Item) -> Proposal:
    mark, height, round, value, validator, signature = _fields(item, 6)
    if mark != b"":
        raise Undecodable("a proposal begins with an empty field")
    value_id, valid_round = _fields(value, 2)
    return Proposal(
        _height(height),
        _round(round),
        ValueId(_exactly(value_id, 32)),
        _valid_round(valid_round, _round(round)),
        ValidatorAddress(_exactly(validator, 20)),
        _signature(signature),
    )


def _certificate_item(certificate: Certificate) -> Item:
    item: list[Item] = [
        encode_integer(certificate.kind),
        encode_integer(certificate.height),
        encode_integer(certificate.round),
        certificate.value_id,
        certificate.signatures,
    ]
    if certificate.kind is VoteKind.PREVOTE:
        item.append([encode_integer(round + 1) for round in certificate.valid_rounds])
    return item


def _certificate(item: Item) -> Certificate:
    fields = _list(item, 6)
    kind = _kind(fields[0]) if fields else None
    expected = 6 if kind is VoteKind.PREVOTE else 5
    _, height, round, value_id, signatures, *valid_rounds = _fields(fields, expected)
    pairs = [_fields(pair, 2) for pair in _list(signatures, VALIDATORS_MAX)]
    return Certificate(
        VoteKind.PRECOMMIT if kind is None else kind,
        _height(height),
        _round(round),
        ValueId(_exactly(value_id, 32)),
        tuple(
            (ValidatorAddress(_exactly(validator, 20)), _exactly(signature, SIGNATURE_BYTES))
            for validator, signature in pairs
        ),
        _valid_rounds(valid_rounds[0], len(pairs), _round(round)) if valid_rounds else (),
    )


def _valid_rounds(item: Item, count: int, round: Round) -> tuple[Round, ...]:
    """None at all, or one for each signer of which not all are NO_ROUND: one polka, one encoding."""
    rounds = tuple(_valid_round(one, round) for one in _list(item, count))
    if rounds and (len(rounds) != count or all(one == NO_ROUND for one in rounds)):
        raise Undecodable(f"{len(rounds)} valid rounds for {count} signers")
    return rounds


def _header(item: Item) -> ConsensusHeader:
    height, time_ms, proposer, *hashes = _fields(item, 10)
    return ConsensusHeader(
        _height(height),
        decode_integer(_bytes(time_ms)),
        ValidatorAddress(_exactly(proposer, 20)),
        *(_exactly(value, 32) for value in hashes),
    )


def _bounded(data: bytes, bytes_max: int) -> bytes:
    if len(data) > bytes_max:
        raise Undecodable(f"{len(data)} bytes, at most {bytes_max}")
    return data


def _fields(item: Item, count: int) -> Sequence[Item]:
    fields = _list(item, count)
    if len(fields) != count:
        raise Undecodable(f"{len(fields)} fields, expected {count}")
    return fields


def _list(item: Item, count_max: int) -> Sequence[Item]:
    if isinstance(item, bytes):
        raise Undecodable("bytes where a list belongs")
    if len(item) > count_max:
        raise Undecodable(f"{len(item)} items, at most {count_max}")
    return item


def _bytes(item: Item) -> bytes:
    if not isinstance(item, bytes):
        raise Undecodable("a list where bytes belong")
    return item


def _exactly(item: Item, length: int) -> bytes:
    data = _bytes(item)
    if len(data) != length:
        raise Undecodable(f"{len(data)} bytes, expected {length}")
    return data


def _integer(item: Item, largest: int) -> int:
    number = decode_integer(_bytes(item))
    if number > largest:
        raise Undecodable(f"{number} is above {largest}")
    return number


def _height(item: Item) -> Height:
    return Height(_integer(item, HEIGHT_MAX))


def _round(item: Item) -> Round:
    return Round(_integer(item, ROUND_MAX))


def _kind(item: Item) -> VoteKind:
    number = _integer(item, max(VoteKind))
    if number < min(VoteKind):
        raise Undecodable(f"vote kind {number}")
    return VoteKind(number)


def _signature(item: Item) -> bytes:
    """Unsigned messages are encoded too: the journal and tests have them."""
    data = _bytes(item)
    return data if data == b"" else _exactly(data, SIGNATURE_BYTES)


def _name(data: bytes) -> str:
    try:
        return _bounded(data, NAME_BYTES_MAX).decode()
    except UnicodeDecodeError as error:
        raise Undecodable("a name is not UTF-8") from error


def _zigzag(number: int) -> bytes:
    """Signed integers as unsigned ones: 0, -1, 1, -2 → 0, 1, 2, 3."""
    return encode_integer(2 * number if number >= 0 else -2 * number - 1)


def _unzigzag(number: int) -> int:
    return number // 2 if number % 2 == 0 else -(number + 1) // 2
