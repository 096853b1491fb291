"""`zerog status`: where consensus stands at one node or at all of a directory, and who is missing."""

import json
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError
from node.errors import OperatorError
from node.layout import DataDirectory, nodes_below, process_using
from node.local_socket import FRAME_BYTES_MAX, LENGTH_BYTES, BadFrame, frame_of, message_of

ANSWER_MAX_S = 3.0
EXIT_NO_ANSWER = 1
_COLUMNS = ("NODE", "BLOCK", "AGE", "PEERS", "HEIGHT", "ROUND", "STEP", "WAITS FOR")


@dataclass(frozen=True, slots=True)
class _Answer:
    """Of one node: what it said, or why it said nothing."""

    name: str
    status: Mapping[str, Any] | None
    why: str = ""


def show_status(datadir: Path | None, rpc_url: str, *, as_json: bool) -> int:
    """Print a line a node; 1 where a node does not answer. Raises `OperatorError`.

    `datadir`: a node's, asked over its local socket, or a directory of several; None: `rpc_url` is asked.
    """
    answers = [_over_rpc(rpc_url)] if datadir is None else _of_directory(datadir)
    if as_json:
        print(json.dumps({answer.name: answer.status for answer in answers}, indent=2))
    else:
        print("\n".join(_table([_COLUMNS, *(_row(answer) for answer in answers)])))
    return EXIT_NO_ANSWER if any(answer.status is None for answer in answers) else 0


def _of_directory(datadir: Path) -> list[_Answer]:
    directory = DataDirectory(datadir)
    if directory.config.exists():
        return [_over_socket(datadir.resolve().name, directory)]
    nodes = nodes_below(datadir)
    if not nodes:
        raise OperatorError(
            f"{datadir}: neither a node's directory nor a devnet's; make one with `zerog init`"
        )
    return [_over_socket(name, node) for name, node in nodes.items()]


def _over_socket(name: str, directory: DataDirectory) -> _Answer:
    pid = process_using(directory)
    if pid is None:
        return _Answer(name, None, "not running")
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(ANSWER_MAX_S)
            connection.connect(str(directory.socket))
            connection.sendall(frame_of({"id": 0, "method": "status", "params": None}))
            return _Answer(name, _answer_of(connection))
    except (OSError, BadFrame):
        is_stopped = _state_of(pid) in ("T", "t")
        why = "paused" if is_stopped else f"no answer in {ANSWER_MAX_S:g} s"
        return _Answer(name, None, f"{why} (process {pid})")


def _answer_of(connection: socket.socket) -> Mapping[str, Any]:
    """What comes before the answer are announcements. Raises `OSError`, or `BadFrame`."""
    deadline = time.monotonic() + ANSWER_MAX_S
    while time.monotonic() < deadline:
        length = int.from_bytes(_read(connection, LENGTH_BYTES), "big")
        if length > FRAME_BYTES_MAX:
            raise BadFrame(f"{length} bytes, at most {FRAME_BYTES_MAX}")
        message = message_of(_read(connection, length))
        if isinstance(message.get("result"), dict):
            found: Mapping[str, Any] = message["result"]
            return found
    raise TimeoutError


def _read(connection: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return bytes(data)


def _state_of(pid: int) -> str:
    """As proc(5) has it: T where a signal has stopped it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _over_rpc(url: str) -> _Answer:
    try:
        answer = RpcClient.of_url(url, timeout_s=ANSWER_MAX_S).call("zerog_status")
    except (OSError, NoJsonRpc, RpcError) as error:
        raise OperatorError(f"{url}: {error}; give a node's JSON-RPC as --rpc") from None
    node = answer.get("node") if isinstance(answer, dict) else None
    if not isinstance(node, dict):
        return _Answer(url, None, "its node is not running")
    return _Answer(url, node | {"highest_known": node.get("highestKnown")})


def _row(answer: _Answer) -> Sequence[str]:
    status = answer.status
    if status is None:
        return (answer.name, *["-"] * (len(_COLUMNS) - 2), answer.why)
    consensus = status["consensus"]
    age_ms = consensus.get("sinceBlockMs")
    return (
        answer.name,
        str(_number(status["height"])),
        "-" if age_ms is None else f"{_number(age_ms) / 1_000:.1f} s",
        str(_number(status["peers"])),
        str(_number(consensus["height"])),
        str(_number(consensus["round"])),
        consensus["step"],
        _waits_for(status, consensus),
    )


def _waits_for(status: Mapping[str, Any], consensus: Mapping[str, Any]) -> str:
    parts = []
    if consensus.get("halted"):
        return str(consensus["halted"])
    behind = _number(status["highest_known"]) - _number(status["height"])
    if behind > 1:
        parts.append(f"{behind} blocks behind its peers;")
    if consensus.get("missingNames"):
        parts.append(
            f"{consensus['waitingFor']}s of {', '.join(consensus['missingNames'])} "
            f"(power {_number(consensus['missingPower'])} of {_number(consensus['totalPower'])})"
        )
    return " ".join(parts) or "-"


def _number(value: Any) -> int:
    """From the local socket a number, from JSON-RPC a quantity."""
    return int(value, 16) if isinstance(value, str) else int(value)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_COLUMNS) - 1)]
    return [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
