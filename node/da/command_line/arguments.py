"""The commands and flags of `zerog da`; what they do is imported only when one is run."""

import argparse
from functools import partial
from pathlib import Path

from node.client.account_key import add_account_flags
from node.command_flags import add_json, add_rpc_url, show_help

GIVEN = (
    "Data root and erasure commitment are taken from you: computing them from a file's bytes (erasure "
    "code, KZG commitment) is not done here; 0G's DA encoder gives both."
)
_KEY, _ACCOUNT, _BLOB, _CONTRACT, _OUT = "key", "account", "blob", "contract", "out"
_COMMANDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("keygen", "make a BLS key over BN254 and write its key file", (_KEY,)),
    ("register", "register an account as a DA signer with a BLS key", (_KEY, _ACCOUNT)),
    ("register-epoch", "put a signer into the draw of the next epoch", (_KEY, _ACCOUNT)),
    ("make-epoch", "begin the next epoch, if it is due", (_ACCOUNT,)),
    ("signers", "who is registered, with which key and socket", ()),
    ("quorum", "the signers of a quorum, their rows, and how many rows it takes", ()),
    ("upload", "announce a data root to the signers", (_ACCOUNT, _CONTRACT)),
    ("sign", "one signer's signature of a blob", (_KEY, _BLOB, _OUT)),
    ("aggregate", "signatures of a quorum's signers become one submission", (_BLOB, _OUT)),
    ("submit", "have a submission verified and its commitment kept on chain",
     (_ACCOUNT, _CONTRACT)),
    ("verify", "ask whether a contract would accept a submission; nothing is sent", (_CONTRACT,)),
    ("status", "the current epoch; a signer's standing; a blob's commitment", (_CONTRACT,)),
)  # fmt: skip
_WITH_BLOB = {"upload", "sign", "aggregate", "submit", "verify"}

Commands = argparse._SubParsersAction  # argparse gives the type of add_subparsers no public name.


def add_da(commands: "Commands[argparse.ArgumentParser]") -> None:
    """Give `zerog` the command `da`."""
    parser = commands.add_parser(
        "da",
        help="tools of DA signers and rollups: keys, registration, signatures, submission",
        description="Tools of DA signers and rollups, over JSON-RPC.",
        epilog=f"{GIVEN} Exit codes: 0 done, 1 refused, 2 something to mend.",
        allow_abbrev=False,
    )
    parser.set_defaults(command=partial(show_help, parser))
    own = parser.add_subparsers(title="commands", metavar="COMMAND")
    for name, text, groups in _COMMANDS:
        _add(own, name, text, groups)


def _add(
    commands: "Commands[argparse.ArgumentParser]", name: str, text: str, groups: tuple[str, ...]
) -> None:
    parser = commands.add_parser(
        name,
        help=text,
        description=text[0].upper() + text[1:] + ".",
        epilog=GIVEN if name in _WITH_BLOB else None,
        allow_abbrev=False,
    )
    if name != "keygen":
        add_rpc_url(parser)
    add_json(parser)
    for group in groups:
        _GROUPS[group](parser)
    if name in _OWN_FLAGS:
        _OWN_FLAGS[name](parser)
    parser.set_defaults(command=partial(_run, name))


def _run(name: str, options: argparse.Namespace) -> int:
    from node.da.command_line.outcome import run

    return run(name, options)


def _add_key(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the signer's BLS key")
    group.add_argument("--key-file", type=Path, required=True, metavar="FILE")
    group.add_argument("--password-file", type=Path, metavar="FILE", help="its password")
    group.add_argument(
        "--plain", action="store_true", help="the key file is not encrypted (development only)"
    )


def _add_blob(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("the blob")
    _add_root(group)
    _add_quorum(group, is_required=True)
    group.add_argument(
        "--commitment", required=True, metavar="X,Y",
        help="its erasure commitment, a point on BN254: 0x…,0x…",
    )  # fmt: skip


def _add_root(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup", *, is_required: bool = True
) -> None:
    parser.add_argument(
        "--data-root", required=is_required, metavar="HASH", help="root of the encoded data, 0x…"
    )


def _add_quorum(
    parser: "argparse.ArgumentParser | argparse._ArgumentGroup", *, is_required: bool = False
) -> None:
    which = "as its DataUpload event says" if is_required else "default: the current one"
    number = "as its DataUpload event says" if is_required else "default 0"
    parser.add_argument("--epoch", required=is_required, metavar="N", help=which)
    parser.add_argument(
        "--quorum", required=is_required, metavar="N", help=number,
        default=None if is_required else "0",
    )  # fmt: skip


def _add_contract(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--contract", metavar="ADDRESS",
        help="DA entrance, or (not for uploads) a DA verifier (default: the entrance at 0x…da01)",
    )  # fmt: skip


def _add_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, metavar="FILE", help="write the JSON to FILE")


def _add_signers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", metavar="ADDRESS", help="this one alone")
    parser.add_argument(
        "--from-block", metavar="N", default="0", help="who registered from there on (default 0)"
    )


def _add_aggregate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--signature", type=Path, action="append", default=[], metavar="FILE",
        help="a signature, as `zerog da sign` writes it; may be given many times",
    )  # fmt: skip
    parser.add_argument(
        "--collect", action="store_true",
        help="ask each signer of the quorum for its signature, at its registered socket",
    )  # fmt: skip
    parser.add_argument(
        "--incomplete", action="store_true", help="give the submission also below the threshold"
    )


def _add_submission(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--submission", type=Path, required=True, metavar="FILE",
        help="what `zerog da aggregate` gives",
    )  # fmt: skip


def _add_register(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--socket", required=True, metavar="TEXT", help="where others reach the signer, as a URL"
    )


def _add_sign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--signer", metavar="ADDRESS",
        help="the signer's account (default: the one in the quorum that has this key)",
    )  # fmt: skip


def _add_quorum_view(parser: argparse.ArgumentParser) -> None:
    _add_quorum(parser)
    parser.add_argument("--rows", action="store_true", help="with --json: the signer of each row")


def _add_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--address", metavar="ADDRESS", help="how this signer stands")
    _add_root(parser, is_required=False)
    _add_quorum(parser)


_GROUPS = {
    _KEY: _add_key,
    _ACCOUNT: add_account_flags,
    _BLOB: _add_blob,
    _CONTRACT: _add_contract,
    _OUT: _add_out,
}
_OWN_FLAGS = {
    "register": _add_register,
    "signers": _add_signers,
    "quorum": _add_quorum_view,
    "upload": _add_root,
    "sign": _add_sign,
    "aggregate": _add_aggregate,
    "submit": _add_submission,
    "verify": _add_submission,
    "status": _add_status,
}
