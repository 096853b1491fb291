"""Flags become what the commands work with: keys, wallets, blobs, submissions."""

import argparse
from pathlib import Path
from typing import Any

import orjson

from node.client.account_key import needed_account_key
from node.client.json_rpc import RpcClient
from node.client.wallet import Wallet
from node.da.blobs import Blob, BlobSignature, parse_signature
from node.da.commitments import DA_ENTRANCE, CommitmentContract
from node.da.da_signers import DaSigners
from node.da.errors import InvalidInput
from node.da.json_forms import (
    address_text,
    parse_address,
    parse_hash,
    parse_number,
    parse_point,
)
from node.da.keys import BlsKey, load_bls_key
from node.da.submission import Submission, parse_submission
from node.errors import InvalidFile, MissingFile
from node.keystore import read_password

JSON_BYTES_MAX = 1 << 20


def signers_from(options: argparse.Namespace) -> DaSigners:
    """The chain's DASigners; raises `NoPrecompile`, and what the client raises."""
    signers = DaSigners(RpcClient.of_url(options.rpc_url))
    signers.parameters()
    return signers


def contract_from(options: argparse.Namespace, client: RpcClient) -> CommitmentContract:
    """The entrance or verifier; raises `NothingThere` or `InvalidInput`."""
    address = DA_ENTRANCE
    if options.contract is not None:
        address = address_text(parse_address("--contract", options.contract))
    contract = CommitmentContract(client, address)
    contract.check_is_there()
    return contract


def bls_key_from(options: argparse.Namespace) -> BlsKey:
    """Raises `MissingFile` or `InvalidFile`."""
    return load_bls_key(options.key_file, password_from(options), allows_plain=options.plain)


def password_from(options: argparse.Namespace) -> str | None:
    """The first line of --password-file; None without one. Raises `MissingFile` or `InvalidFile`."""
    return read_password(options.password_file) if options.password_file else None


def wallet_from(options: argparse.Namespace, signers: DaSigners) -> Wallet:
    """The account that sends; raises `OperatorError`."""
    return Wallet(signers.client, needed_account_key(options), signers.chain_id)


def blob_from(options: argparse.Namespace) -> Blob:
    """Raises `InvalidInput` naming the flag."""
    return Blob(
        parse_hash("--data-root", options.data_root),
        parse_number("--epoch", options.epoch),
        parse_number("--quorum", options.quorum),
        parse_point("--commitment", options.commitment),
    )


def signatures_from(options: argparse.Namespace) -> list[BlobSignature]:
    """What the --signature files hold, one or a list each; raises `InvalidInput` or of the file."""
    found: list[BlobSignature] = []
    for path in options.signature:
        content = _json(path, "the signature")
        entries = content if isinstance(content, list) else [content]
        found += [parse_signature(entry) for entry in entries]
    return found


def submission_from(options: argparse.Namespace) -> Submission:
    """Raises `MissingFile`, `InvalidFile` or `InvalidInput`."""
    return parse_submission(_json(options.submission, "the submission"))


def _json(path: Path, what: str) -> Any:
    try:
        with path.open("rb") as file:
            return orjson.loads(file.read(JSON_BYTES_MAX))
    except FileNotFoundError:
        raise MissingFile(path, what, "give the path of a file that is there") from None
    except orjson.JSONDecodeError as error:
        raise InvalidInput(str(path), "JSON", error) from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
