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


class UnallocatableInput(UndecodableInput):
    """Call data announce so much that code compiled by Solidity panics: no memory holds it."""


class GasExhausted(PrecompileError):
    """Less gas is left than `Call.charge` asks for: the call is out of gas."""


class WriteProtected(PrecompileError):
    """A read-only call came to a write: all gas is consumed, as by the EVM's own opcodes."""


class Refusal(PrecompileError):
    """A contract reverts: the gas that is left is kept, `data` goes to the caller."""

    def __init__(self, data: bytes = b"") -> None:
        super().__init__(f"0x{data.hex()}")
        self.data = data
