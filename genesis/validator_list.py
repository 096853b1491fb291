"""The `validators` of a genesis document: the first validator set, checked key by key."""

from consensus.errors import InvalidValidatorSet
from consensus.validators import TOTAL_POWER_MAX, ValidatorSet, address_of
from consensus.values import Validator
from genesis.errors import InvalidGenesis
from genesis.fields import Section

NAME_LENGTH_MAX = 64
"""Characters of a validator's name."""
_KEYS = ("publicKey", "power", "name")


def read_validators(document: Section) -> ValidatorSet:
    """Raises InvalidGenesis naming the entry, e.g. `validators[2].publicKey`."""
    validators = [_validator(entry) for entry in document.sections("validators")]
    try:
        return ValidatorSet.of(validators)
    except InvalidValidatorSet as error:
        raise InvalidGenesis("validators", "a validator set", str(error)) from error


def _validator(entry: Section) -> Validator:
    entry.refuse_unknown(_KEYS)
    public_key = entry.data("publicKey", length=33)
    try:
        address_of(public_key)
    except InvalidValidatorSet as error:
        expected = "a compressed secp256k1 public key"
        raise InvalidGenesis(entry.name_of("publicKey"), expected, public_key.hex()) from error
    return Validator(
        public_key=public_key,
        power=entry.integer("power", least=1, most=TOTAL_POWER_MAX),
        name=entry.text("name", "", NAME_LENGTH_MAX),
    )
