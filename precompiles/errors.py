"""What can go wrong inside a precompile: one root, and one class for each kind of fault."""


class PrecompileError(Exception):
    """Root of the errors of this package."""


class DomainError(PrecompileError):
    """The caller asked for something that the contract refuses: all gas is consumed.

    `reason` is what JSON-RPC shows, word for word 0g-geth's text (facts §1a, [O17]).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CorruptStorage(PrecompileError):
    """A stored record at which 0g-geth would panic (facts [O14]): only a faulty genesis holds one."""


class UndecodableInput(PrecompileError):
    """The call data are not an encoding of the function's arguments: a revert that keeps its gas."""
