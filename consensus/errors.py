"""What can be wrong with what others say. All of it is the sender's fault, never ours."""


class ConsensusError(Exception):
    """Root of this package's errors."""


class Undecodable(ConsensusError):
    """Bytes that are not the canonical encoding of what was asked for."""


class InvalidSignature(ConsensusError):
    """Not a signature from which a signer can be recovered, or not the canonical one of the two."""


class InvalidValidatorSet(ConsensusError):
    """Validators that cannot form a set."""


class InvalidBlockParts(ConsensusError):
    """A consensus block's part is not the one its header commits to."""

    def __init__(self, part: str, got: bytes, expected: bytes) -> None:
        super().__init__(f"{part} hashes to {got.hex()}, header says {expected.hex()}")
        self.part, self.got, self.expected = part, got, expected


class InvalidCertificate(ConsensusError):
    """A certificate that proves nothing."""


class SignersOutOfOrder(InvalidCertificate):
    """Signers are not strictly ascending: one is listed twice, or the encoding is not canonical."""

    def __init__(self, validator: bytes) -> None:
        super().__init__(f"signer {validator.hex()} is repeated or out of order")
        self.validator = validator


class UnknownSigner(InvalidCertificate):
    """A signer is not in the validator set."""

    def __init__(self, validator: bytes) -> None:
        super().__init__(f"signer {validator.hex()} is not in the validator set")
        self.validator = validator


class WrongCertificateSignature(InvalidCertificate):
    """A signature is not its signer's over the certified vote."""

    def __init__(self, got: bytes | None, expected: bytes) -> None:
        whose = "of nobody" if got is None else f"of {got.hex()}"
        super().__init__(f"signature is {whose}, expected of {expected.hex()}")
        self.got, self.expected = got, expected


class TooLittlePower(InvalidCertificate):
    """The signers hold two thirds of the power or less; of a round certificate, one third or less."""

    def __init__(self, got: int, total: int) -> None:
        super().__init__(f"power {got} of {total} is not enough")
        self.got, self.total = got, total


class ValidRoundsDoNotFit(InvalidCertificate):
    """A decision with valid rounds, or a polka with another number of them than of signers."""

    def __init__(self, got: int, expected: int) -> None:
        super().__init__(f"{got} valid rounds for {expected} signers")
        self.got, self.expected = got, expected


class VoteOfAnotherRound(InvalidCertificate):
    """A round certificate holds a vote of another round or height."""

    def __init__(self, height: int, round: int) -> None:
        super().__init__(f"a vote of height {height} round {round} is not of the certificate's")
        self.height, self.round = height, round


class InvalidEvidence(ConsensusError):
    """Two messages that do not prove a fault."""
