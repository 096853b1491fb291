"""Inputs ⇄ journal records: what `Persist` writes, and what a restart reads back."""

from consensus.encoding import (
    decode_certificate,
    decode_message,
    decode_round_certificate,
    decode_validator_set,
    encode_certificate,
    encode_message,
    encode_round_certificate,
    encode_validator_set,
)
from consensus.errors import Undecodable
from consensus.messages import (
    Input,
    Learned,
    Received,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.values import Certificate, Height, Round, RoundCertificate, Step, ValueId

_STARTED, _RECEIVED, _LEARNED, _BUILT, _CHECKED, _ELAPSED, _LEARNED_ROUND = (
    bytes([tag]) for tag in range(1, 8)
)
_TRUE, _FALSE = b"\x01", b""


def encode_input(input: Input) -> bytes:
    """One journal record: RLP of a tag and fields."""
    match input:
        case Started(height, validators):
            fields = [_STARTED, encode_integer(height), encode_validator_set(validators)]
        case Received(message):
            fields = [_RECEIVED, encode_message(message)]
        case Learned(RoundCertificate() as certificate):
            fields = [_LEARNED_ROUND, encode_round_certificate(certificate)]
        case Learned(Certificate() as certificate):
            fields = [_LEARNED, encode_certificate(certificate)]
        case ValueBuilt(height, round, value_id):
            fields = [_BUILT, encode_integer(height), encode_integer(round), value_id]
        case ValueChecked(height, round, value_id, is_valid):
            verdict = _TRUE if is_valid else _FALSE
            fields = [_CHECKED, encode_integer(height), encode_integer(round), value_id, verdict]
        case TimeoutElapsed(height, round, step):
            place = [encode_integer(height), encode_integer(round)]
            fields = [_ELAPSED, *place, encode_integer(step)]
    return encode(fields)


def decode_input(data: bytes) -> Input:
    """Raises Undecodable."""
    item = decode(data)
    if isinstance(item, bytes) or not item:
        raise Undecodable("a journal record is a list of a tag and fields")
    fields = []
    for field in item:
        if not isinstance(field, bytes):
            raise Undecodable("a list where a journal record has bytes")
        fields.append(field)
    return _decode_fields(fields)


def _decode_fields(fields: list[bytes]) -> Input:
    match fields:
        case [tag, height, validators] if tag == _STARTED:
            return Started(Height(decode_integer(height)), decode_validator_set(validators))
        case [tag, message] if tag == _RECEIVED:
            return Received(decode_message(message))
        case [tag, certificate] if tag == _LEARNED:
            return Learned(decode_certificate(certificate))
        case [tag, certificate] if tag == _LEARNED_ROUND:
            return Learned(decode_round_certificate(certificate))
        case [tag, height, round, value_id] if tag == _BUILT and len(value_id) == 32:
            return ValueBuilt(*_place(height, round), ValueId(value_id))
        case [tag, height, round, value_id, verdict] if (
            tag == _CHECKED and len(value_id) == 32 and verdict in (_TRUE, _FALSE)
        ):
            return ValueChecked(*_place(height, round), ValueId(value_id), verdict == _TRUE)
        case [tag, height, round, step] if tag == _ELAPSED:
            return TimeoutElapsed(*_place(height, round), _step(step))
        case _:
            raise Undecodable("no input looks like this journal record")


def _place(height: bytes, round: bytes) -> tuple[Height, Round]:
    return Height(decode_integer(height)), Round(decode_integer(round))


def _step(data: bytes) -> Step:
    number = decode_integer(data)
    if number > max(Step):
        raise Undecodable(f"step {number}")
    return Step(number)
