"""Runs one command: prints its outcome, turns what went wrong into one line and an exit code."""

import argparse
import http.client
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from node.client.json_rpc import NoJsonRpc, RpcError, WaitedTooLong
from node.da.errors import DaRefusal, NodeUnreachable
from node.errors import InvalidFile, OperatorError

EXIT_REFUSED = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command has to say, for people and for programs."""

    lines: tuple[str, ...]
    content: Mapping[str, Any]


Command = Callable[[argparse.Namespace], Outcome]


def run(name: str, options: argparse.Namespace) -> int:
    """The exit code: 0 done, 1 refused. Raises `OperatorError`, which is exit code 2."""
    try:
        outcome = _command(name)(options)
    except (DaRefusal, RpcError, WaitedTooLong) as error:
        print(f"zerog: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except NoJsonRpc as error:
        raise OperatorError(f"--rpc-url {error}") from None
    except (OSError, http.client.HTTPException) as error:
        raise NodeUnreachable(options.rpc_url, _why(error)) from None
    _say(outcome, options)
    return 0


def written(path: Path | None, outcome: Outcome) -> Outcome:
    """The outcome with its JSON in a file, if one is named. Raises `InvalidFile`."""
    if path is None:
        return outcome
    try:
        path.write_bytes(_dumped(outcome.content))
    except OSError as error:
        raise InvalidFile(path, f"cannot be written: {error.strerror}") from None
    return Outcome((*outcome.lines, f"written to {path}"), outcome.content)


def _say(outcome: Outcome, options: argparse.Namespace) -> None:
    # Signatures and submissions are of no use but as JSON.
    is_product = hasattr(options, "out") and options.out is None
    if options.json or is_product:
        print(_dumped(outcome.content).decode(), end="")
    else:
        print("\n".join(outcome.lines))


def _dumped(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _why(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody answers"
    return str(error) or type(error).__name__


def _command(name: str) -> Command:
    from node.da.command_line.rollup_commands import ROLLUP_COMMANDS
    from node.da.command_line.signer_commands import SIGNER_COMMANDS
    from node.da.command_line.view_commands import VIEW_COMMANDS

    return {**SIGNER_COMMANDS, **ROLLUP_COMMANDS, **VIEW_COMMANDS}[name]
