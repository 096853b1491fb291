"""The commands and flags of `zerog storage`; what they do is imported only when one is run."""

import argparse
import os
import re
from functools import partial
from pathlib import Path

from node.client.account_key import add_account_flags
from node.command_flags import add_json, add_rpc_url, show_help

DEFAULT_STORAGE_URL = "http://127.0.0.1:5678"
STORAGE_URL_VARIABLE = "ZEROG_STORAGE_URL"
PORT_MAX = 65_535
BLOCK_MAX = 2**53 - 1
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}

Commands = argparse._SubParsersAction  # argparse gives the type of add_subparsers no public name.


def add_storage(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Give `zerog` the command `storage`."""
    parser = commands.add_parser(
        "storage",
        help="0G storage: a node that 0G's SDKs use, and verified upload and download",
        description="0G storage: a small node that 0G's SDKs use, and tools that verify what they get.",
        epilog="Exit codes: 0 done, 1 refused or not what the chain says, 2 something to mend.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=partial(show_help, parser))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, text, add in (
        ("run", "run a storage node, with its indexer on the same port", _add_run),
        ("put", "announce a file on chain and upload it to the storage nodes", _add_put),
        ("get", "download a file and verify every segment against the root on chain", _add_get),
        ("status", "what a storage node holds, how far it is, which segments are damaged",
         _add_status),
    ):  # fmt: skip
        command = own.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
        )
        add(command)
        command.set_defaults(command=partial(_run, name))


def _run(name: str, options: argparse.Namespace) -> int:
    from node.storage.command_line.commands import run_command

    return run_command(name, options)


def byte_count(text: str) -> int:
    """A number of bytes: 1000, 64k, 500M, 10G (powers of 1024)."""
    found = re.fullmatch(r"(\d{1,18})([kmgt]?)(?:i?b)?", text.lower())
    if found is None or int(found[1]) == 0:
        raise argparse.ArgumentTypeError(f"expected bytes, as 500M or 10G, got {text!r}")
    return int(found[1]) * _UNITS[found[2]]


def shard_pair(text: str) -> tuple[int, int]:
    """A shard: its number and how many there are, as 0/2."""
    found = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
    count = int(found[2]) if found else 0
    if found is None or not 0 <= int(found[1]) < count or count & (count - 1) or count > 1024:
        raise argparse.ArgumentTypeError(
            f"expected NUMBER/COUNT, COUNT a power of two up to 1024, as 0/2, got {text!r}"
        )
    return int(found[1]), count


def _number(low: int, high: int, text: str) -> int:
    if not text.isdecimal() or not low <= int(text) <= high:
        raise argparse.ArgumentTypeError(f"expected a whole number, {low} to {high}, got {text!r}")
    return int(text)


def _address(text: str) -> str:
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise argparse.ArgumentTypeError(f"expected 0x and 40 hex digits, got {text!r}")
    return text


def _add_rpc_url(parser: argparse.ArgumentParser) -> None:
    add_rpc_url(parser, whose="a chain node's")


def _add_storage_url(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--storage-url", metavar="URL",
        default=os.environ.get(STORAGE_URL_VARIABLE, DEFAULT_STORAGE_URL),
        help=f"a storage node (default: {STORAGE_URL_VARIABLE}, or {DEFAULT_STORAGE_URL})",
    )  # fmt: skip
    add_json(parser)


def _add_run(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--datadir", "--data-dir", type=Path, default=Path("zerog-storage"), metavar="DIR",
        help="where segments and index are kept (default ./zerog-storage)")  # fmt: skip
    _add_rpc_url(parser)
    add("--flow", type=_address, metavar="ADDRESS",
        help="the Flow contract (default: the precompile 0x…f10a)")  # fmt: skip
    add("--host", default="127.0.0.1", metavar="ADDR",
        help="address to listen on (default 127.0.0.1)")  # fmt: skip
    add("--port", type=partial(_number, 1, PORT_MAX), default=5678, metavar="PORT",
        help="of node and indexer (default 5678)")  # fmt: skip
    add("--url", default="", metavar="URL",
        help="under which clients and peers reach the node (default: http://HOST:PORT)")  # fmt: skip
    add("--shard", type=shard_pair, default=(0, 1), metavar="N/COUNT",
        help="which segments it holds, as 0/2 (default 0/1: all)")  # fmt: skip
    add("--peer", action="append", default=[], metavar="URL",
        help="another storage node of the same Flow (may be repeated)")  # fmt: skip
    add("--quota", type=byte_count, default=byte_count("10G"), metavar="BYTES",
        help="how much data it keeps (default 10G)")  # fmt: skip
    add("--file-max", type=byte_count, default=byte_count("4G"), metavar="BYTES",
        help="the largest file it takes (default 4G)")  # fmt: skip
    add("--from-block", type=partial(_number, 0, BLOCK_MAX), default=0, metavar="N",
        help="where the search for submissions begins (default 0)")  # fmt: skip
    add("--log-level", choices=["debug", "info", "warning", "error"], default="info")


def _add_put(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")
    _add_rpc_url(parser)
    _add_storage_url(parser)
    add_account_flags(parser)
    parser.epilog = (
        "Without a key the node's own account sends, where the node has one: a devnet's has."
    )


def _add_get(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("root", metavar="ROOT", help="the file's Merkle root, 0x…")
    parser.add_argument("file", type=Path, metavar="FILE", help="must not exist yet")
    _add_rpc_url(parser)
    _add_storage_url(parser)


def _add_status(parser: argparse.ArgumentParser) -> None:
    _add_storage_url(parser)
