"""The flags of `zerog perturb`; what runs is imported when it is run."""

import argparse
from functools import partial
from pathlib import Path

from node.command_flags import show_help
from node.devnet.flags import decimal, whole
from node.devnet.settings import DevnetSettings

SECONDS_MAX = 86_400
AMOUNT_MS_MAX = 3_600_000
_COMMANDS = (
    ("kill", "end a node as a power cut does (SIGKILL)", "bring it back after so long", ""),
    ("pause", "stop a node's process, as a machine that hangs", "wait so long, then let it go on", ""),
    ("disconnect", "cut a node off from all others", "so long", ""),
    ("partition", "cut these nodes off from the rest, each side whole", "so long", ""),
    ("delay", "hold back what a node sends", "so long", "how late, in ms"),
    ("skew", "move a node's clock", "so long", "how far, in ms; below zero: back"),
    ("slow-disk", "slow down each sync of a node's consensus files", "so long", "how much, in ms"),
)  # fmt: skip

Commands = argparse._SubParsersAction  # argparse gives the type of add_subparsers no public name.


def add_perturb(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Give `zerog` the command `perturb`."""
    parser = commands.add_parser(
        "perturb",
        help="let nodes of a devnet suffer: kill, pause, disconnect, partition, delay, skew, slow-disk",
        description="Inject faults into the nodes of a devnet; refused for any other network.",
        epilog="Without --for a fault lasts until `zerog perturb heal`. Exit codes: 0 done, "
        "2 something to mend.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=partial(show_help, parser))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, text, lasting, amount in _COMMANDS:
        _add(own, name, text, lasting, amount)
    heal = own.add_parser("heal", help="undo every fault", description="Undo every fault.")
    _add_nodes(heal, "*")
    heal.set_defaults(command=partial(_run, "heal"), seconds=None, ms=0)


def _add(
    commands: "Commands[argparse.ArgumentParser]", name: str, text: str, lasting: str, amount: str
) -> None:
    parser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    _add_nodes(parser, "+")
    parser.add_argument(
        "--for", dest="seconds", type=decimal(0.1, SECONDS_MAX), metavar="SECONDS", help=lasting
    )
    parser.set_defaults(command=partial(_run, name), ms=0)
    if amount:
        lowest = -AMOUNT_MS_MAX if name == "skew" else 1
        parser.add_argument(
            "--ms", type=whole(lowest, AMOUNT_MS_MAX), required=True, metavar="MS", help=amount
        )


def _add_nodes(parser: argparse.ArgumentParser, count: str) -> None:
    parser.add_argument(
        "nodes", nargs=count, metavar="NODE", help="validator-2, or 2; all: every one"
    )
    parser.add_argument(
        "--datadir", "--data-dir", type=Path, default=DevnetSettings().datadir, metavar="DIR",
        help="the devnet's directory (default ./zerog-devnet)",
    )  # fmt: skip


def _run(name: str, options: argparse.Namespace) -> int:
    from node.devnet.perturb import Request, perturb

    return perturb(Request(name, options.datadir, options.nodes, options.seconds, options.ms))
