"""Who decides a later height: the state after block h decides the set of height h + 2."""

from collections.abc import Mapping, Sequence

from chain.engine import StateReader
from consensus.validators import ValidatorSet
from consensus.values import Validator
from genesis.document import GenesisDocument
from genesis.staking.reading import active_validators, revision_of


class FollowingSets:
    """Reads sets from states; remembers the last one read, by the contract's revision."""

    def __init__(self, document: GenesisDocument) -> None:
        self._has_staking = document.config.staking is not None
        self._names = {v.public_key: v.name for v in document.validators.validators}
        self._read: tuple[int, tuple[Validator, ...]] = (-1, ())

    def after(self, current: ValidatorSet, reader: StateReader) -> ValidatorSet:
        """The set of height h + 2: `current` is that of h + 1, `reader` the state after block h.

        The rotation goes on by one step. A contract in which nobody is active changes nothing: a
        chain without validators could never get any.
        """
        members = self._members(reader) if self._has_staking else ()
        if not members or _powers(members) == _powers(current.validators):
            return current.advanced()
        return current.with_validators(members).advanced()

    def _members(self, reader: StateReader) -> tuple[Validator, ...]:
        revision = revision_of(reader)
        if revision != self._read[0]:
            found = active_validators(reader)
            named = (Validator(v.public_key, v.power, self._name(v.public_key)) for v in found)
            self._read = revision, tuple(named)
        return self._read[1]

    def _name(self, public_key: bytes) -> str:
        return self._names.get(public_key, "")


def _powers(validators: Sequence[Validator]) -> Mapping[bytes, int]:
    return {validator.public_key: validator.power for validator in validators}
