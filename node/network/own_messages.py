"""What a validator that has lost its sign state asks its peers, and what they answer.

question = validator (20 bytes)
answer   = RLP [validator, height committed, encoded message or empty]
"""

from dataclasses import dataclass

from consensus.encoding import HEIGHT_MAX, decode_message, encode_message
from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.values import Proposal, ValidatorAddress, Vote

_ADDRESS_BYTES = 20


@dataclass(frozen=True, slots=True)
class OwnMessagesQuestion:
    """Which is the newest message of this validator that you have seen?"""

    validator: ValidatorAddress


@dataclass(frozen=True, slots=True)
class OwnMessagesAnswer:
    """`newest` None: none is known. It is signed, so nobody can make one up."""

    validator: ValidatorAddress
    committed: int
    """The highest height that the one who answers has committed."""
    newest: Proposal | Vote | None


def encode_question(question: OwnMessagesQuestion) -> bytes:
    """What `decode_question` reads."""
    return question.validator


def decode_question(data: bytes) -> OwnMessagesQuestion:
    """Raises Undecodable."""
    return OwnMessagesQuestion(_address(data))


def encode_answer(answer: OwnMessagesAnswer) -> bytes:
    """What `decode_answer` reads."""
    newest = b"" if answer.newest is None else encode_message(answer.newest)
    return encode([answer.validator, encode_integer(answer.committed), newest])


def decode_answer(data: bytes) -> OwnMessagesAnswer:
    """Raises Undecodable."""
    match decode(data):
        case [bytes(validator), bytes(committed), bytes(newest)]:
            height = decode_integer(committed)
            if height > HEIGHT_MAX:
                raise Undecodable(f"height {height} is above {HEIGHT_MAX}")
            message = decode_message(newest) if newest else None
            return OwnMessagesAnswer(_address(validator), height, message)
        case _:
            raise Undecodable("no answer about own messages looks like this")


def _address(data: bytes) -> ValidatorAddress:
    if len(data) != _ADDRESS_BYTES:
        raise Undecodable(f"a validator has {_ADDRESS_BYTES} bytes, got {len(data)}")
    return ValidatorAddress(data)
