"""`zerog wal dump`: what a node's consensus journal holds, and where it is cut or damaged."""

import json
import sys

from consensus.errors import Undecodable
from consensus.header import ConsensusBlock
from consensus.journal_file import JOURNAL_NAME, DamagedJournal, Inspected, inspect
from consensus.messages import (
    Input,
    Learned,
    Received,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.values import Certificate, Proposal, RoundCertificate, Vote, VoteKind
from node.consensus_journal import decode_entry
from node.errors import InvalidFile, MissingFile
from node.layout import DataDirectory

EXIT_DAMAGED = 1
Record = dict[str, object]
"""Its fields, by the names that JSON has them under; the first is `record`, what kind it is."""


def dump_journal(data: DataDirectory, *, as_json: bool) -> int:
    """Print a line for each record and how the file ends; the exit code. Changes nothing.

    Raises `MissingFile`, and `InvalidFile` where not even the beginning can be read.
    """
    path = data.journal / JOURNAL_NAME
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise MissingFile(path, "the consensus journal", "a node that has run has one") from None
    try:
        inspected = inspect(content)
    except DamagedJournal as error:
        raise InvalidFile(path, f"damaged at byte {error.offset}: {error.why}") from None
    records: list[Record] = [
        {"offset": batch.offset, **describe(entry)}
        for batch in inspected.batches
        for entry in batch.entries
    ]
    end = _end(inspected, len(content))
    head = {"chain": "0x" + inspected.chain_identity.hex(), "height": inspected.height}
    if as_json:
        print(json.dumps({**head, "bytes": len(content), **end, "records": records}, indent=2))
    else:
        print(f"{path}: height {inspected.height} of chain {head['chain']}, {len(content)} bytes")
        for record in records:
            print(_line(record))
        print(_end_line(inspected, len(content)))
    if inspected.whole_again_at is None:
        return 0
    print(f"{path}: damaged at byte {inspected.end}", file=sys.stderr)
    return EXIT_DAMAGED


def describe(entry: bytes) -> Record:
    """One entry of the journal."""
    try:
        decoded = decode_entry(entry)
    except Undecodable as error:
        return {"record": "unreadable", "why": str(error)}
    if isinstance(decoded, ConsensusBlock):
        header = decoded.header
        place: Record = {"height": header.height, "value": "0x" + header.hash.hex()}
        return {"record": "block", **place, "payloadBytes": len(decoded.payload)}
    return _describe_input(decoded)


def _describe_input(input: Input) -> Record:
    match input:
        case Started(height, validators):
            return {"record": "started", "height": height, "validators": len(validators.addresses)}
        case Received(message):
            return _describe_message(message)
        case Learned(certificate):
            return _describe_certificate(certificate)
        case ValueBuilt(height, round, value_id):
            return {"record": "built", **_place(height, round, value_id)}
        case ValueChecked(height, round, value_id, is_valid):
            return {"record": "checked", **_place(height, round, value_id), "valid": is_valid}
        case TimeoutElapsed(height, round, step):
            return {
                "record": "elapsed",
                "height": height,
                "round": round,
                "step": step.name.lower(),
            }


def _describe_certificate(certificate: Certificate | RoundCertificate) -> Record:
    height, round = certificate.height, certificate.round
    if isinstance(certificate, RoundCertificate):
        return {"record": "round certificate", "height": height, "round": round}
    record = "polka" if certificate.kind is VoteKind.PREVOTE else "decision"
    return {"record": record, **_place(height, round, certificate.value_id)}


def _describe_message(message: Proposal | Vote) -> Record:
    record = "proposal" if isinstance(message, Proposal) else message.kind.name.lower()
    return {
        "record": record,
        **_place(message.height, message.round, message.value_id),
        "validRound": message.valid_round,
        "validator": "0x" + message.validator.hex(),
    }


def _place(height: int, round: int, value_id: bytes | None) -> Record:
    value = None if value_id is None else "0x" + value_id.hex()
    return {"height": height, "round": round, "value": value}


def _line(record: Record) -> str:
    fields = dict(record)
    offset, kind = fields.pop("offset"), fields.pop("record")
    words = [f"{name} {_word(value)}" for name, value in fields.items()]
    return f"{offset:>10}  {kind}  " + "  ".join(words)


def _word(value: object) -> str:
    if value is None:
        return "nil"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _end(inspected: Inspected, size: int) -> Record:
    state = "whole"
    if inspected.end < size:
        state = "torn" if inspected.whole_again_at is None else "damaged"
    return {"state": state, "end": inspected.end, "wholeAgainAt": inspected.whole_again_at}


def _end_line(inspected: Inspected, size: int) -> str:
    if inspected.end == size:
        return f"{size:>10}  end: every record is whole"
    rest = size - inspected.end
    if inspected.whole_again_at is None:
        return (
            f"{inspected.end:>10}  cut: the last {rest} bytes are no whole record, as after a crash; "
            "the next start cuts them off"
        )
    return (
        f"{inspected.end:>10}  damaged: no whole record here, but one at byte "
        f"{inspected.whole_again_at}; the node refuses to start on it"
    )
