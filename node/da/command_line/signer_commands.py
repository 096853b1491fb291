"""What a signer does: keygen, register, register-epoch, make-epoch, sign."""

import argparse

from eth_typing import Address

from node.da.command_line.inputs import (
    blob_from,
    bls_key_from,
    password_from,
    signers_from,
    wallet_from,
)
from node.da.command_line.outcome import Outcome, written
from node.da.da_signers import DaSigners
from node.da.errors import AnotherKey, InvalidInput, NotRegisteredForEpoch
from node.da.json_forms import address_text, parse_address
from node.da.keys import BlsKey, new_bls_key, write_bls_key
from node.da.quorums import Quorum
from node.da.registration import SOCKET_BYTES_MAX, make_epoch, register, register_epoch
from node.errors import OperatorError


def _keygen(options: argparse.Namespace) -> Outcome:
    password = password_from(options)
    if (password is None) != options.plain:
        raise OperatorError(
            "give --password-file to encrypt the key, or --plain for a key file that anybody who "
            "reads it can use; one of the two"
        )
    key = new_bls_key()
    write_bls_key(options.key_file, key, password)
    return Outcome(
        (f"BLS key written to {options.key_file}", f"public key (G1) {_short(key)}"),
        {"keyFile": str(options.key_file), **key.public_json()},
    )


def _register(options: argparse.Namespace) -> Outcome:
    if not 0 < len(options.socket.encode()) <= SOCKET_BYTES_MAX:
        raise InvalidInput("--socket", f"1 to {SOCKET_BYTES_MAX} bytes", options.socket)
    key = bls_key_from(options)
    signers = signers_from(options)
    wallet = wallet_from(options, signers)
    sent = register(signers, wallet, key, options.socket)
    return Outcome(
        (
            f"{wallet.address} is a DA signer now",
            f"put it into the next epoch's draw with `zerog da register-epoch` ({sent})",
        ),
        {"signer": wallet.address, "socket": options.socket, "transactionHash": sent},
    )


def _register_epoch(options: argparse.Namespace) -> Outcome:
    key = bls_key_from(options)
    signers = signers_from(options)
    wallet = wallet_from(options, signers)
    done = register_epoch(signers, wallet, key)
    how = "was registered already" if done.transaction_hash is None else "is registered"
    due = signers.epoch_state().due_block
    return Outcome(
        (
            f"{wallet.address} {how} for epoch {done.epoch}, {done.votes} votes by its balance",
            f"that epoch begins with a makeEpoch from block {due} on",
        ),
        {
            "signer": wallet.address,
            "epoch": done.epoch,
            "votes": done.votes,
            "beginsFromBlock": due,
            "transactionHash": done.transaction_hash,
        },
    )


def _make_epoch(options: argparse.Namespace) -> Outcome:
    signers = signers_from(options)
    made = make_epoch(signers, wallet_from(options, signers))
    if made.has_begun:
        first = f"epoch {made.epoch} begins, quorums: {made.quorums}"
    else:
        first = f"epoch {made.epoch} goes on; nothing was sent"
    return Outcome(
        (first, f"the next can begin from block {made.due_block} on"),
        {
            "epoch": made.epoch,
            "hasBegun": made.has_begun,
            "quorums": made.quorums,
            "nextFromBlock": made.due_block,
            "transactionHash": made.transaction_hash,
        },
    )


def _sign(options: argparse.Namespace) -> Outcome:
    blob = blob_from(options)
    key = bls_key_from(options)
    signers = signers_from(options)
    quorum = signers.quorum(blob.epoch, blob.quorum_id)
    account = _account_in(signers, quorum, key, options.signer)
    rows = len(quorum.rows_of(account))
    signature = key.sign_blob(account, blob)
    line = f"signed for {rows:,} of {len(quorum.rows):,} rows by {address_text(account)}"
    return written(options.out, Outcome((line,), {**signature.as_json(), "rows": rows}))


def _account_in(signers: DaSigners, quorum: Quorum, key: BlsKey, given: str | None) -> Address:
    """The signer of the quorum that has the key; raises `NotRegisteredForEpoch` or `AnotherKey`."""
    details = signers.details(quorum.signers)
    if given is None:
        for detail in details.values():
            if detail.key_g1 == key.g1:
                return detail.address
        raise NotRegisteredForEpoch(f"the key {_short(key)}", quorum.epoch, quorum.quorum_id)
    account = parse_address("--signer", given)
    if account not in details:
        raise NotRegisteredForEpoch(address_text(account), quorum.epoch, quorum.quorum_id)
    if details[account].key_g1 != key.g1:
        raise AnotherKey(address_text(account))
    return account


def _short(key: BlsKey) -> str:
    return f"0x{key.g1[0]:064x}"[:18] + "…"


SIGNER_COMMANDS = {
    "keygen": _keygen,
    "register": _register,
    "register-epoch": _register_epoch,
    "make-epoch": _make_epoch,
    "sign": _sign,
}
