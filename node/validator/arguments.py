"""The commands and flags of `zerog validator`; what they do is imported only when one is run."""

import argparse
from functools import partial
from pathlib import Path

from node.client.account_key import add_account_flags
from node.command_flags import add_json, add_rpc_url, show_help

_COMMANDS = (
    ("create", "become a validator: with a node's consensus key and a first stake"),
    ("delegate", "add to the stake behind a validator"),
    ("undelegate", "begin to take stake back; `withdraw` pays it some blocks later"),
    ("withdraw", "have rewards paid, and what was undelegated long enough ago"),
    ("exit", "stop validating, and begin to take the owner's own stake back"),
    ("rejoin", "come back into the set: after an absence, or an exit"),
    ("status", "the validators: power, stake, missed blocks; or one of them closely"),
)
_WITH_AMOUNT = {"create", "delegate", "undelegate"}

Commands = argparse._SubParsersAction  # argparse gives the type of add_subparsers no public name.


def add_validator(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Give `zerog` the command `validator`."""
    parser = commands.add_parser(
        "validator",
        help="become a validator, stake, leave, come back, see who validates",
        description="Validators and the stake behind them, over JSON-RPC.",
        epilog="Exit codes: 0 done, 1 refused, 2 something to mend.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=partial(show_help, parser))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, text in _COMMANDS:
        _add(own, name, text)


def _add(commands: "Commands[argparse.ArgumentParser]", name: str, text: str) -> None:
    parser = commands.add_parser(
        name, help=text, description=f"{text[0].upper()}{text[1:]}.", allow_abbrev=False
    )
    if name in _WITH_AMOUNT:
        more = ", or all" if name == "undelegate" else ""
        parser.add_argument("amount", metavar="AMOUNT", help=f"in 0G, as 100 or 0.5{more}")
    add_rpc_url(parser)
    add_json(parser)
    if name != "create":
        parser.add_argument(
            "--validator", metavar="ADDRESS", help="of its consensus key; or give --datadir"
        )
    parser.add_argument(
        "--datadir", "--data-dir", type=Path, metavar="DIR", required=name == "create",
        help="the node's directory, with its consensus key",
    )  # fmt: skip
    parser.add_argument(
        "--password-file", type=Path, metavar="FILE", help="the password of the consensus key"
    )
    parser.set_defaults(command=partial(_run, name))
    if name == "status":
        return
    add_account_flags(parser)
    parser.epilog = (
        "Without a key the node's first own account sends, where the node has one: a devnet's has."
    )


def _run(name: str, options: argparse.Namespace) -> int:
    from node.validator.commands import run_command

    return run_command(name, options)
