"""What a rollup does: upload, aggregate, submit, verify."""

import argparse
from collections import Counter
from collections.abc import Mapping

from node.da.aggregation import aggregate
from node.da.collecting import collect
from node.da.command_line.inputs import (
    blob_from,
    contract_from,
    signatures_from,
    signers_from,
    submission_from,
    wallet_from,
)
from node.da.command_line.outcome import Outcome, written
from node.da.commitments import CommitmentContract
from node.da.da_signers import DaSigners
from node.da.errors import BelowThreshold, DaRefusal
from node.da.json_forms import address_text, parse_hash, point_form
from node.da.submission import Submission
from node.errors import OperatorError


class NothingSigned(DaRefusal):
    """No signer of the quorum gave a signature."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        [(why, count)] = Counter(failures.values()).most_common(1)
        super().__init__(f"nobody signed; {count} of {len(failures)} say: {why}")


def _upload(options: argparse.Namespace) -> Outcome:
    data_root = parse_hash("--data-root", options.data_root)
    signers = signers_from(options)
    contract = contract_from(options, signers.client)
    upload, sent = contract.upload(wallet_from(options, signers), data_root)
    return Outcome(
        (
            f"uploaded in block {sent.block}, gas {sent.gas_used:,}: epoch {upload.epoch}, "
            f"quorum {upload.quorum_id}",
            "have it signed with `zerog da aggregate --collect`, that --epoch and --quorum",
        ),
        {
            "dataRoot": options.data_root,
            "epoch": upload.epoch,
            "quorumId": upload.quorum_id,
            "block": sent.block,
            "gasUsed": sent.gas_used,
            "transactionHash": sent.transaction_hash,
        },
    )


def _aggregate(options: argparse.Namespace) -> Outcome:
    if not options.signature and not options.collect:
        raise OperatorError("no signatures; give --signature FILE for each, or --collect")
    blob = blob_from(options)
    signers = signers_from(options)
    quorum = signers.quorum(blob.epoch, blob.quorum_id)
    details = signers.details(quorum.signers)
    signatures = signatures_from(options)
    absent: dict[str, str] = {}
    if options.collect:
        collected = collect(blob, quorum, details)
        signatures += collected.signatures
        absent = {address_text(who): why for who, why in collected.failures.items()}
    if not signatures and absent:
        raise NothingSigned(absent)
    done = aggregate(blob, quorum, details, signatures)
    if not options.incomplete:
        done.check_threshold()
    content = {
        **done.submission.as_json(),
        "rows": {"signed": done.rows_signed, "total": done.rows_total, "needed": done.rows_needed},
        "signers": [address_text(signer) for signer in done.signers],
        "absent": absent,
    }
    lines = [
        f"{len(done.signers)} of {len(quorum.signers)} signers, {done.rows_signed:,} of "
        f"{done.rows_total:,} rows, {done.rows_needed:,} needed",
        *(f"absent: {who}: {why}" for who, why in absent.items()),
    ]
    return written(options.out, Outcome(tuple(lines), content))


def _submit(options: argparse.Namespace) -> Outcome:
    submission = submission_from(options)
    signers = signers_from(options)
    contract = contract_from(options, signers.client)
    name = submission.blob.name
    if contract.commitment(name) is not None:
        return _kept(contract, submission, "has a verified commitment already; nothing was sent")
    _check_threshold(signers, submission)
    sent = contract.submit(wallet_from(options, signers), submission)
    said = f"is verified and kept by {contract.address}, block {sent.block}, gas {sent.gas_used:,}"
    outcome = _kept(contract, submission, said)
    more = {
        "transactionHash": sent.transaction_hash, "block": sent.block, "gasUsed": sent.gas_used,
    }  # fmt: skip
    return Outcome(outcome.lines, {**outcome.content, **more})


def _verify(options: argparse.Namespace) -> Outcome:
    submission = submission_from(options)
    signers = signers_from(options)
    contract = contract_from(options, signers.client)
    if contract.commitment(submission.blob.name) is not None:
        return _kept(contract, submission, "has a verified commitment already")
    _check_threshold(signers, submission)
    contract.check(submission)
    content = {"contract": contract.address, "isAcceptable": True, "isVerified": False}
    line = f"{contract.address} would accept it; `zerog da submit` has it kept"
    return Outcome((line,), {**submission.blob.as_json(), **content})


def _check_threshold(signers: DaSigners, submission: Submission) -> None:
    """Raises `QuorumNotFormed`, or `BelowThreshold` with numbers that the contract does not give."""
    blob = submission.blob
    quorum = signers.quorum(blob.epoch, blob.quorum_id)
    try:
        _, rows = quorum.counted(submission.bitmap)
    except ValueError:
        # The contract says that of its own accord.
        return
    if rows < quorum.rows_needed:
        raise BelowThreshold(rows, len(quorum.rows), quorum.rows_needed)


def _kept(contract: CommitmentContract, submission: Submission, what: str) -> Outcome:
    blob = submission.blob
    point = contract.commitment(blob.name)
    content = {
        **blob.as_json(),
        "contract": contract.address,
        "isVerified": point is not None,
        "verifiedCommitment": point_form(point) if point is not None else None,
    }
    lines = [f"0x{blob.data_root.hex()} of epoch {blob.epoch}, quorum {blob.quorum_id}, {what}"]
    if point is not None and point != blob.commitment:
        lines.append("the commitment there is another than the submission's")
    return Outcome(tuple(lines), content)


ROLLUP_COMMANDS = {
    "upload": _upload,
    "aggregate": _aggregate,
    "submit": _submit,
    "verify": _verify,
}
