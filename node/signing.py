"""A validator's key behind its sign state: the only place that makes consensus signatures."""

from consensus.sign_state import LastSigned, SignState
from consensus.signatures import public_key_of, sign
from consensus.validators import address_of
from consensus.values import Step, ValidatorAddress


class Signer:
    """One validator's key. Each signature is recorded on disk before the caller has it."""

    def __init__(self, secret: bytes, state: SignState) -> None:
        """`secret` is 32 bytes, big-endian."""
        self._secret = secret
        self._state = state
        self.address: ValidatorAddress = address_of(public_key_of(secret))

    @property
    def last_height(self) -> int:
        """Of the newest signature; 0 before the first."""
        return 0 if self._state.last is None else self._state.last.height

    @property
    def is_state_lost(self) -> bool:
        """Whether more may have been signed than is known here."""
        return self._state.is_lost

    def note_on_chain(self, height: int, round: int) -> None:
        """A precommit of ours is in a certificate."""
        self._state.note_on_chain(height, round)

    def forgive(self, height: int, round: int) -> None:
        """All up to this round counts as signed, durably; what is above may be signed."""
        self._state.forgive(height, round)

    def sign(self, height: int, round: int, step: Step, digest: bytes) -> bytes:
        """The 65-byte signature of `digest` (32 bytes).

        The same request again gives the stored signature. Raises `RefusedToSign`.
        """
        stored = self._state.stored_signature(height, round, step, digest)
        if stored is not None:
            return stored
        signature = sign(self._secret, digest)
        self._state.record(LastSigned(height, round, step, digest, signature))
        return signature
