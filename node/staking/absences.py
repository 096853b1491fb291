"""How many blocks in a row each validator has missed: a function of the committed blocks alone.

Present at a height is who signed its certificate, as the next block carries it, or proposed its block.
"""

from collections.abc import Collection, Mapping

from consensus.encoding import HEIGHT_MAX
from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.validators import VALIDATORS_MAX, ValidatorSet
from consensus.values import ValidatorAddress

Absences = Mapping[ValidatorAddress, int]
"""Blocks missed in a row up to now; who was present at the last one is not in it."""


def counted(
    absences: Absences, decided_by: ValidatorSet, present: Collection[ValidatorAddress]
) -> dict[ValidatorAddress, int]:
    """After one more height, which `decided_by` decided. Whoever has left the set is forgotten."""
    return {
        validator: absences.get(validator, 0) + 1
        for validator in decided_by.addresses
        if validator not in present
    }


def encode_absences(absences: Absences) -> bytes:
    """RLP list of [validator, blocks], ascending by validator."""
    return encode([[who, encode_integer(absences[who])] for who in sorted(absences)])


def decode_absences(data: bytes) -> dict[ValidatorAddress, int]:
    """Raises Undecodable."""
    absences: dict[ValidatorAddress, int] = {}
    item = decode(data)
    if isinstance(item, bytes) or len(item) > VALIDATORS_MAX:
        raise Undecodable(f"expected at most {VALIDATORS_MAX} absences")
    for pair in item:
        match pair:
            case [bytes(who), bytes(count)] if len(who) == 20:
                absences[ValidatorAddress(who)] = min(decode_integer(count), HEIGHT_MAX)
            case _:
                raise Undecodable("an absence is a validator and a number of blocks")
    return absences
