"""The command line. Flags are geth's where a node operator meets them, anvil's for the devnet."""

import argparse
import sys
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from node.command_flags import add_json, add_rpc_url, show_help
from node.config import SETTINGS
from node.da.command_line.arguments import add_da
from node.devnet.flags import add_flags, decimal, settings_from, whole
from node.devnet.perturb_arguments import add_perturb
from node.devnet.settings import DEFAULT_CHAIN_ID, VALIDATORS_MAX
from node.errors import OperatorError
from node.plugin_files import read_entry
from node.storage.command_line.arguments import add_storage
from node.validator.arguments import add_validator
from node.version import version

EXIT_OPERATOR_ERROR = 2
ROLLBACK_BLOCKS_MAX = 10_000
"""Undone in one transaction of the database."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. An operator's error is one line on stderr and exit code 2."""
    try:
        return _run_command(arguments)
    except OperatorError as error:
        print(f"zerog: {error}", file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            sys.stderr.close()
            return 1
        if error.filename is None:
            raise
        print(f"zerog: {error.filename}: {error.strerror}", file=sys.stderr)
        return EXIT_OPERATOR_ERROR
    except KeyboardInterrupt:
        return 130


def _run_command(arguments: Sequence[str] | None) -> int:
    parser = _parser()
    options, rest = parser.parse_known_args(arguments)
    if options.command is _simulate:
        options.rest = rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    if options.command is None:
        parser.print_help()
        return 0
    command: Callable[[argparse.Namespace], int] = options.command
    return command(options)


class OneLineParser(argparse.ArgumentParser):
    """Says what is wrong with the flags in one line, without the usage of forty others before it."""

    def error(self, message: str) -> NoReturn:
        self.exit(EXIT_OPERATOR_ERROR, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = OneLineParser(
        prog="zerog",
        description="An EVM chain node in Python, compatible with 0G's execution layer.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"zerog {version()}")
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    _add_devnet(commands)
    _add_demo(commands)
    _add_init(commands)
    _add_run(commands)
    _add_rpc(commands)
    _add_status(commands)
    _add_verify_db(commands)
    _add_rollback(commands)
    _add_wal(commands)
    _add_abi(commands)
    add_da(commands)
    add_storage(commands)
    add_validator(commands)
    add_perturb(commands)
    _add_simulate(commands)
    return parser


_Commands = argparse._SubParsersAction  # argparse gives the type of add_subparsers no public name.


def _add_devnet(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "devnet",
        help="start several validators on this machine, until Ctrl-C",
        allow_abbrev=False,
    )
    add_flags(parser)
    parser.set_defaults(command=_devnet)


def _add_demo(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "demo",
        help="the whole path once: blocks, a contract, a verified DA commitment; then it stops",
        allow_abbrev=False,
    )
    parser.add_argument("--block-time", type=decimal(0, 60), default=0.5, metavar="SECONDS")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the chain data in DIR")
    parser.set_defaults(command=_demo)


def _add_init(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "init",
        help="write config.toml, genesis.json and keys for a node, or for N validators",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--datadir", "--data-dir", type=Path, required=True, metavar="DIR")
    add(
        "--genesis",
        type=Path,
        metavar="FILE",
        help="join the chain of this genesis document (default: begin a chain of our own)",
    )
    add(
        "--join",
        metavar="MULTIADDR",
        help="join the chain of the node at /ip4/…/tcp/…/p2p/…: its genesis, and it as peer",
    )
    add("--peers", default="", metavar="MULTIADDRS", help="comma separated, to connect to")
    add(
        "--validators",
        type=whole(1, VALIDATORS_MAX),
        metavar="N",
        help="write one folder per validator with one genesis, for N machines",
    )
    add(
        "--hosts",
        default="",
        metavar="A,B,…",
        help="with --validators: the IP address of each machine (default 127.0.0.1 for all)",
    )
    add("--chain-id", type=whole(1, 2**53 - 1), default=DEFAULT_CHAIN_ID, metavar="ID")
    add(
        "--devnet",
        action="store_true",
        help="mark the genesis as a devnet: plain key files, well-known funded accounts",
    )
    add(
        "--plugin",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a precompile of your own: its entry for the genesis, as JSON (may be repeated)",
    )
    add("--full-node", action="store_true", help="no validator key: follow the chain, do not vote")
    add(
        "--password-file",
        type=Path,
        metavar="FILE",
        help="encrypt the validator key with the password in FILE (V3 keystore)",
    )
    _add_setting_flags(parser)
    parser.set_defaults(command=_init)  # fmt: skip


def _add_run(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("run", help="run the node of a data directory", allow_abbrev=False)
    parser.add_argument("--datadir", "--data-dir", type=Path, required=True, metavar="DIR")
    parser.add_argument("--password-file", type=Path, metavar="FILE",
                        help="holds the password of the validator key")  # fmt: skip
    parser.add_argument("--accept-lost-sign-state", action="store_true",
                        help="where sign_state.json is lost and not every validator can be asked: "
                        "sign again all the same, which may contradict an earlier vote")  # fmt: skip
    _add_setting_flags(parser)
    parser.set_defaults(command=_run)


def _add_rpc(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "rpc",
        help="import a chain that others made, check every block, serve it as JSON-RPC",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--import", dest="imported", type=Path, nargs=2, metavar=("GENESIS", "CHAIN"),
        help="genesis.json of geth's form, and blocks as geth exports them (RLP)")  # fmt: skip
    add("--datadir", "--data-dir", type=Path, metavar="DIR",
        help="keep the chain there; without --import, serve what it holds")  # fmt: skip
    _add_setting_flags(parser, ("http", "rpc", "log"))
    parser.set_defaults(command=_rpc)


def _add_status(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "status",
        help="height, round and step of a node or a whole devnet, and whose votes are missing",
        epilog="Exit codes: 0 every node answers, 1 one does not, 2 something to mend.",
        allow_abbrev=False,
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--datadir", "--data-dir", type=Path, metavar="DIR",
        help="a node's directory, or a devnet's: a line a node")  # fmt: skip
    add_rpc_url(where, "--rpc", "--rpc-url")
    add_json(parser)
    parser.set_defaults(command=_status)


def _add_verify_db(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "verify-db",
        help="work out the state root, tries and indexes of a database again, say what differs",
        allow_abbrev=False,
    )
    parser.add_argument("--datadir", "--data-dir", type=Path, required=True, metavar="DIR")
    parser.add_argument("--blocks", type=whole(0, 2**53), default=128, metavar="N",
                        help="undo the N newest blocks by the history too (default 128)")  # fmt: skip
    parser.set_defaults(command=_verify_db)


def _add_rollback(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "rollback",
        help="undo a stopped node's newest N blocks and execute the same blocks again",
        allow_abbrev=False,
    )
    parser.add_argument("blocks", type=whole(0, ROLLBACK_BLOCKS_MAX), metavar="N")
    parser.add_argument("--datadir", "--data-dir", type=Path, required=True, metavar="DIR")
    parser.set_defaults(command=_rollback)


def _add_wal(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "wal", help="look into a node's consensus journal", allow_abbrev=False
    )
    parser.set_defaults(command=partial(show_help, parser))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    dump = own.add_parser(
        "dump",
        help="print what the consensus journal holds, a line a record, and where it is cut or damaged",
        description="Print the consensus journal, a line a record; nothing is changed.",
        epilog="Exit codes: 0 whole, or cut at its end as by a crash; 1 damaged; 2 something to mend.",
        allow_abbrev=False,
    )
    dump.add_argument("--datadir", "--data-dir", type=Path, required=True, metavar="DIR")
    dump.add_argument("--json", action="store_true", help="say it as one JSON document")
    dump.set_defaults(command=_wal_dump)


def _add_abi(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "abi",
        help="print the ABI of a precompile or contract as JSON; without a name, the names",
        allow_abbrev=False,
    )
    parser.add_argument("name", nargs="?", metavar="NAME")
    parser.set_defaults(command=_abi)


def _add_setting_flags(
    parser: argparse.ArgumentParser, sections: Collection[str] | None = None
) -> None:
    """A flag for each setting of config.toml: --section.key, and geth's own spelling of some.

    `sections`: of these alone.
    """
    geth = {
        "http": ["--http"],
        "p2p_port": ["--port"],
        "peers": ["--bootnodes"],
        "history_state": ["--prune"],
        "archive": ["--archive"],
        "rpc_workers": ["--rpc-workers"],
        "rpc_jwtsecret": ["--authrpc.jwtsecret"],
        "rpc_allow_unprotected_txs": ["--rpc-allow-unprotected-txs"],
    }
    group = parser.add_argument_group(
        "settings (each also in config.toml and as ZEROG_SECTION_KEY)"
    )
    for setting in SETTINGS:
        if sections is not None and setting.section not in sections:
            continue
        if parser.prog.endswith("init") and setting.name == "peers":
            continue
        names = [f"--{setting.section}.{setting.key}", *geth.get(setting.name, [])]
        optional = {"nargs": "?", "const": "true"} if setting.expected == "true or false" else {}
        group.add_argument(
            *names, dest=f"setting_{setting.name}", metavar="VALUE", help=setting.expected,
            default=argparse.SUPPRESS, **optional,  # type: ignore[arg-type]
        )  # fmt: skip


def _add_simulate(commands: "_Commands[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "simulate",
        help="run consensus in simulated networks with seeded faults",
        add_help=False,
        allow_abbrev=False,
    )
    # Its flags are its own: argparse would not hand on a remainder that begins with one.
    parser.set_defaults(command=_simulate)


def _setting_flags(options: argparse.Namespace) -> dict[str, object]:
    prefix = "setting_"
    return {
        name.removeprefix(prefix): value
        for name, value in vars(options).items()
        if name.startswith(prefix)
    }


# Each command imports what it runs only then, so that --help answers at once.


def _devnet(options: argparse.Namespace) -> int:
    from node.devnet.start import run_devnet

    return run_devnet(settings_from(options))


def _demo(options: argparse.Namespace) -> int:
    from node.demo.tour import run_demo

    return run_demo(options.block_time, options.keep)


def _init(options: argparse.Namespace) -> int:
    from node.initialization import InitRequest, initialize

    return initialize(
        InitRequest(
            datadir=options.datadir,
            genesis=options.genesis,
            join=options.join,
            peers=tuple(part for part in options.peers.split(",") if part),
            validators=options.validators,
            hosts=tuple(part for part in options.hosts.split(",") if part),
            chain_id=options.chain_id,
            is_devnet=options.devnet,
            is_full_node=options.full_node,
            password_file=options.password_file,
            plugins=tuple(map(read_entry, options.plugin)),
            settings=_setting_flags(options),
        )
    )


def _run(options: argparse.Namespace) -> int:
    from node.assembly import run_from_directory

    return run_from_directory(
        options.datadir,
        _setting_flags(options),
        options.password_file,
        accept_lost_sign_state=options.accept_lost_sign_state,
    )


def _rpc(options: argparse.Namespace) -> int:
    from node.imported.command import ImportRequest, run_rpc

    genesis, chain = options.imported or (None, None)
    return run_rpc(ImportRequest(options.datadir, genesis, chain, _setting_flags(options)))


def _rollback(options: argparse.Namespace) -> int:
    from node.layout import DataDirectory
    from node.rollback import rollback

    return rollback(DataDirectory(options.datadir), options.blocks)


def _status(options: argparse.Namespace) -> int:
    from node.status_command import show_status

    return show_status(options.datadir, options.rpc, as_json=options.json)


def _verify_db(options: argparse.Namespace) -> int:
    from node.layout import DataDirectory
    from node.verify_command import verify_database

    return verify_database(DataDirectory(options.datadir), options.blocks)


def _wal_dump(options: argparse.Namespace) -> int:
    from node.layout import DataDirectory
    from node.wal_command import dump_journal

    return dump_journal(DataDirectory(options.datadir), as_json=options.json)


def _abi(options: argparse.Namespace) -> int:
    from node.abi_command import print_abi

    return print_abi(options.name)


def _simulate(options: argparse.Namespace) -> int:
    from consensus.simulation.__main__ import main as simulate

    return simulate(options.rest)


if __name__ == "__main__":
    sys.exit(main())
