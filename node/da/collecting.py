"""Asks the signers of a quorum for their signatures, each at the socket that it registered."""

import http.client
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from eth_typing import Address

from node.da.aggregation import SignerDetail, is_signed_by
from node.da.blobs import Blob, BlobSignature, parse_signature
from node.da.errors import InvalidInput
from node.da.quorums import Quorum

ASKED_AT_ONCE_MAX = 8
ANSWER_S_MAX = 10.0
ANSWER_BYTES_MAX = 16_384


class _NoSignature(Exception):
    """One signer gave none; the text says why."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What the signers of a quorum answered."""

    signatures: tuple[BlobSignature, ...]
    """Of the blob asked for, each checked against its signer's key."""
    failures: Mapping[Address, str]
    """Who gave none, and why."""


def collect(blob: Blob, quorum: Quorum, details: Mapping[Address, SignerDetail]) -> Collected:
    """Ask every signer of the quorum once; no answer of theirs raises anything."""
    signatures: list[BlobSignature] = []
    failures: dict[Address, str] = {}
    with ThreadPoolExecutor(ASKED_AT_ONCE_MAX) as pool:
        asked = [(detail.address, pool.submit(_ask, detail, blob))
                 for detail in (details[signer] for signer in quorum.signers)]  # fmt: skip
        for address, answer in asked:
            try:
                signatures.append(answer.result())
            except _NoSignature as error:
                failures[address] = str(error)
    return Collected(tuple(signatures), failures)


def _ask(detail: SignerDetail, blob: Blob) -> BlobSignature:
    host, port, path = _place(detail.socket)
    status, answer = _posted(host, port, path, blob)
    try:
        content = orjson.loads(answer)
        if status != 200:
            raise _NoSignature(str(content["error"])[:500])
        signature = parse_signature(content)
    except (orjson.JSONDecodeError, InvalidInput, KeyError, TypeError):
        raise _NoSignature(f"it answers {status} with something unexpected") from None
    if signature.signer != detail.address or signature.blob != blob:
        raise _NoSignature("its signature is of another blob or another signer")
    if not is_signed_by(blob.message_point, signature.point, detail.key_g2):
        raise _NoSignature("its signature is not made with its key")
    return signature


def _place(socket: str) -> tuple[str, int, str]:
    """Host, port and path of a signer's HTTP API."""
    try:
        parts = urlsplit(socket)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        parts, host, port = urlsplit(""), None, 0
    if parts.scheme != "http" or host is None:
        raise _NoSignature(f"its socket {socket[:100]!r} is no http:// URL")
    return host, port, parts.path.rstrip("/") + "/sign"


def _posted(host: str, port: int, path: str, blob: Blob) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port, timeout=ANSWER_S_MAX)
    try:
        body = orjson.dumps(blob.as_json())
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        return response.status, response.read(ANSWER_BYTES_MAX)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _NoSignature(f"no answer from {host}:{port}: {error}") from None
    finally:
        connection.close()
