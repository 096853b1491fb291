"""What can be wrong with a genesis document: always its author's fault, said with the field's name."""

from typing import Final

SHOWN_MAX: Final = 60
"""Characters of a wrong value that an error shows."""


class GenesisError(Exception):
    """Root of this package's errors."""


class InvalidGenesis(GenesisError):
    """A field of the genesis document is missing, malformed, unknown or at odds with another."""

    def __init__(self, field: str, expected: str, got: str) -> None:
        super().__init__(f"{field}: expected {expected}, got {got}")
        self.field, self.expected, self.got = field, expected, got


def shown(value: object) -> str:
    """A value as an error shows it: as Python writes it, cut where it is long."""
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}…"
