"""Flags and behaviour that several of `zerog`'s commands share."""

import argparse
import os
from typing import Final

DEFAULT_RPC_URL: Final = "http://127.0.0.1:8545"
RPC_URL_VARIABLE: Final = "ZEROG_RPC_URL"


def add_rpc_url(parser: argparse._ActionsContainer, *names: str, whose: str = "a node's") -> None:
    """Give a command `--rpc-url`, or the flag of these names: where it asks the chain."""
    parser.add_argument(
        *(names or ("--rpc-url",)),
        metavar="URL",
        default=os.environ.get(RPC_URL_VARIABLE, DEFAULT_RPC_URL),
        help=f"{whose} JSON-RPC (default: {RPC_URL_VARIABLE}, or {DEFAULT_RPC_URL})",
    )


def add_json(parser: argparse.ArgumentParser) -> None:
    """Give a command `--json`."""
    parser.add_argument("--json", action="store_true", help="say it as JSON")


def show_help(parser: argparse.ArgumentParser, _: argparse.Namespace) -> int:
    """What a command does that only groups others: says which there are; exit code 0."""
    parser.print_help()
    return 0
