"""Who signed a block, checked from what a node says without any code that the nodes run.

`zerog_getCertificate` gives the consensus header's fields, the signatures, the validators and the
chain identity. From these alone this rebuilds the header's hash and the bytes that were signed,
recovers each signer with the pure-Python curve arithmetic of eth-keys, and adds up the power.
"""

from typing import Any

import rlp
from eth_hash.auto import keccak
from eth_keys.backends import NativeECCBackend
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.hexadecimal import decode_hex

PRECOMMIT_DOMAIN = b"zerog-precommit/1"
_CURVE = NativeECCBackend()
_HEADER_FIELDS = (
    "height", "timeMs", "proposer", "parentHash", "validatorsHash", "nextValidatorsHash",
    "lastCertificateHash", "evidenceHash", "payloadHash", "executionHash",
)  # fmt: skip


class CertificateRefused(Exception):
    """What a node calls a certificate does not prove that the block was decided."""


def signers_of(answer: dict[str, Any], execution_hash: str) -> list[str]:
    """Names of the validators that signed the block with this execution hash (0x…).

    Raises `CertificateRefused` naming what does not fit.
    """
    header_hash = _header_hash(answer["header"])
    certificate = answer["certificate"]
    if answer["header"]["executionHash"] != execution_hash:
        raise CertificateRefused(f"it is about {answer['header']['executionHash']}")
    if decode_hex(certificate["valueId"]) != header_hash:
        raise CertificateRefused(
            f"it signs {certificate['valueId']}, the header is 0x{header_hash.hex()}"
        )
    validators = {entry["address"]: entry for entry in answer["validators"]}
    digest = _signed_digest(answer["chainIdentity"], certificate)
    names, power = [], 0
    for entry in certificate["signatures"]:
        signer = _recovered(digest, decode_hex(entry["signature"]))
        if signer != entry["validator"] or signer not in validators:
            raise CertificateRefused(f"a signature by {signer} stands for {entry['validator']}")
        validator = validators.pop(signer)
        names.append(str(validator["name"]))
        power += int(validator["power"], 16)
    total = power + sum(int(entry["power"], 16) for entry in validators.values())
    if power * 3 <= total * 2:
        raise CertificateRefused(f"power {power} of {total} is not more than two thirds")
    return sorted(names)


def _header_hash(header: dict[str, Any]) -> bytes:
    return keccak(rlp.encode([_word(header[name]) for name in _HEADER_FIELDS]))


def _signed_digest(chain_identity: str, certificate: dict[str, Any]) -> bytes:
    fields = [
        PRECOMMIT_DOMAIN,
        decode_hex(chain_identity),
        _word(certificate["height"]),
        _word(certificate["round"]),
        decode_hex(certificate["valueId"]),
    ]
    return keccak(rlp.encode(fields))


def _word(text: str) -> bytes:
    """A quantity without leading zero bytes, data as it is."""
    if len(text) in (42, 66):
        return decode_hex(text)
    number = int(text, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _recovered(digest: bytes, signature: bytes) -> str:
    try:
        key = _CURVE.ecdsa_recover(digest, Signature(signature))
    except (BadSignature, ValueError) as error:
        raise CertificateRefused(f"a signature cannot be read: {error}") from None
    return str(key.to_address())
