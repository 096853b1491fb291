"""The `validators` of a genesis document: the first validator set, checked key by key."""

from eth_typing import Address

from consensus.errors import InvalidValidatorSet
from consensus.validators import TOTAL_POWER_MAX, ValidatorSet, address_of
from consensus.values import Validator
from genesis.errors import InvalidGenesis
from genesis.fields import Section
from genesis.staking.alloc import FirstValidator

NAME_LENGTH_MAX = 64
"""Characters of a validator's name."""
_KEYS = ("publicKey", "power", "name", "owner")


def read_validators(document: Section) -> ValidatorSet:
    """Raises InvalidGenesis naming the entry, e.g. `validators[2].publicKey`."""
    validators = [_validator(entry) for entry in document.sections("validators")]
    try:
        return ValidatorSet.of(validators)
    except InvalidValidatorSet as error:
        raise InvalidGenesis("validators", "a validator set", str(error)) from error


def read_owners(document: Section) -> tuple[FirstValidator, ...]:
    """The same validators as the staking contract first has them, in the document's order.

    `owner` is the account that decides over a validator's stake; where there is none, the account of
    the consensus key itself.
    """
    found = []
    for entry in document.sections("validators"):
        validator = _validator(entry)
        own = Address(address_of(validator.public_key))
        owner = entry.address("owner") if entry.has("owner") else own
        found.append(FirstValidator(validator.public_key, validator.power, owner))
    return tuple(found)


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
