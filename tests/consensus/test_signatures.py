"""One message, one signature."""

import pytest
from coincurve.utils import GROUP_ORDER_INT as ORDER

from consensus.errors import InvalidSignature
from consensus.signatures import public_key_of, recover, sign
from consensus.validators import address_of

KEY = b"k" * 32
DIGEST = b"d" * 32


def test_the_signer_is_recovered() -> None:
    assert recover(DIGEST, sign(KEY, DIGEST)) == address_of(public_key_of(KEY))


def test_signing_is_deterministic() -> None:
    assert sign(KEY, DIGEST) == sign(KEY, DIGEST)


def test_the_other_signature_of_the_same_message_is_refused() -> None:
    """(r, −s, v ⊕ 1) recovers to the same signer: anybody could make it."""
    signature = sign(KEY, DIGEST)
    s = ORDER - int.from_bytes(signature[32:64], "big")
    twin = signature[:32] + s.to_bytes(32, "big") + bytes([signature[64] ^ 1])
    with pytest.raises(InvalidSignature, match="upper half"):
        recover(DIGEST, twin)


@pytest.mark.parametrize(
    "signature",
    [b"", b"x" * 64, b"\0" * 65, sign(KEY, DIGEST)[:64] + b"\x02", b"\xff" * 32 + b"\0" * 33],
    ids=["empty", "short", "zeros", "recovery id", "r too large"],
)
def test_what_is_no_signature_is_refused(signature) -> None:
    with pytest.raises(InvalidSignature):
        recover(DIGEST, signature)
