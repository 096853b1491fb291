"""What can be looked at: signers, quorum, status."""

import argparse
from collections import Counter
from typing import Any

from eth_typing import Address

from node.da.command_line.inputs import contract_from, signers_from
from node.da.command_line.outcome import Outcome
from node.da.da_signers import DaSigners, EpochState
from node.da.json_forms import (
    address_text,
    parse_address,
    parse_hash,
    parse_number,
    point_form,
)


def _signers(options: argparse.Namespace) -> Outcome:
    signers = signers_from(options)
    next_epoch = signers.epoch_number() + 1
    if options.address is not None:
        accounts = [parse_address("--address", options.address)]
    else:
        first = parse_number("--from-block", options.from_block)
        head = signers.client.number("eth_blockNumber")
        accounts = signers.registered_signers(first, head)
    entries = []
    for detail in signers.details(accounts).values():
        entries.append(
            {
                "signer": address_text(detail.address),
                "socket": detail.socket,
                "isRegisteredForNextEpoch": signers.is_registered(detail.address, next_epoch),
                "publicKeyG1": point_form(detail.key_g1),
            }
        )
    lines = [f"{len(entries)} signers; epoch {next_epoch} is the next"]
    lines += [f"{entry['signer']}  {_draw(entry)}  {entry['socket']}" for entry in entries]
    return Outcome(tuple(lines), {"nextEpoch": next_epoch, "signers": entries})


def _quorum(options: argparse.Namespace) -> Outcome:
    signers = signers_from(options)
    epoch = _epoch(options, signers)
    quorum = signers.quorum(epoch, parse_number("--quorum", options.quorum))
    rows = Counter(quorum.rows)
    content: dict[str, Any] = {
        "epoch": epoch,
        "quorumId": quorum.quorum_id,
        "quorums": signers.quorum_count(epoch),
        "rowsTotal": len(quorum.rows),
        "rowsNeeded": quorum.rows_needed,
        "signers": [
            {"signer": address_text(signer), "rows": rows[signer]} for signer in quorum.signers
        ],
    }
    if options.rows:
        content["rows"] = [address_text(signer) for signer in quorum.rows]
    first = (
        f"epoch {epoch}, quorum {quorum.quorum_id} of {content['quorums']}: {len(rows)} signers, "
        f"{len(quorum.rows):,} rows, {quorum.rows_needed:,} have to sign"
    )
    lines = [f"{address_text(signer)}  {rows[signer]:>5,} rows" for signer in quorum.signers]
    return Outcome((first, *lines), content)


def _status(options: argparse.Namespace) -> Outcome:
    signers = signers_from(options)
    state = signers.epoch_state()
    count = signers.quorum_count(state.number)
    content: dict[str, Any] = {
        "chainId": signers.chain_id,
        "block": state.head,
        "epoch": state.number,
        "epochFirstBlock": state.first_block,
        "epochBlocks": state.blocks,
        "nextEpochFromBlock": state.due_block,
        "isNextEpochDue": state.is_due,
        "quorums": count,
    }
    lines = [
        f"epoch {state.number}, quorums: {count}, block {state.head}; {_next_epoch(state)}",
    ]
    if options.address is not None:
        account = parse_address("--address", options.address)
        content["signer"], line = _standing(signers, account, state.number)
        lines.append(line)
    if options.data_root is not None:
        content["commitment"], line = _commitment(options, signers)
        lines.append(line)
    return Outcome(tuple(lines), content)


def _next_epoch(state: EpochState) -> str:
    if state.is_due:
        return "the next is due: `zerog da make-epoch`"
    return f"the next from block {state.due_block} on"


def _standing(signers: DaSigners, account: Address, epoch: int) -> tuple[dict[str, Any], str]:
    is_signer = signers.is_signer(account)
    now, after = (signers.is_registered(account, number) for number in (epoch, epoch + 1))
    content = {
        "signer": address_text(account),
        "isSigner": is_signer,
        "isRegisteredForThisEpoch": now,
        "isRegisteredForNextEpoch": after,
    }
    if not is_signer:
        return content, f"{address_text(account)} is no DA signer; `zerog da register`"
    words = {True: "registered", False: "not registered"}
    line = f"{address_text(account)}: {words[now]} for epoch {epoch}, {words[after]} for the next"
    return content, line if after else f"{line}; `zerog da register-epoch`"


def _commitment(options: argparse.Namespace, signers: DaSigners) -> tuple[dict[str, Any], str]:
    epoch = _epoch(options, signers)
    quorum_id = parse_number("--quorum", options.quorum)
    root = parse_hash("--data-root", options.data_root)
    contract = contract_from(options, signers.client)
    point = contract.commitment((root, epoch, quorum_id))
    content = {
        "dataRoot": options.data_root,
        "epoch": epoch,
        "quorumId": quorum_id,
        "contract": contract.address,
        "isVerified": point is not None,
        "verifiedCommitment": point_form(point) if point is not None else None,
    }
    is_verified = "verified" if point is not None else "not verified"
    return content, f"{options.data_root} of epoch {epoch}, quorum {quorum_id}: {is_verified}"


def _epoch(options: argparse.Namespace, signers: DaSigners) -> int:
    if options.epoch is None:
        return signers.epoch_number()
    return parse_number("--epoch", options.epoch)


def _draw(entry: dict[str, Any]) -> str:
    return "in the draw    " if entry["isRegisteredForNextEpoch"] else "not in the draw"


VIEW_COMMANDS = {"signers": _signers, "quorum": _quorum, "status": _status}
