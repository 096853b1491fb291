"""The flags of `zerog devnet`, one row each: anvil's names where anvil has one."""

import argparse
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.config import RPC_WORKERS_MAX
from node.devnet.settings import (
    DA_SIGNERS_MAX,
    DEFAULT_CHAIN_ID,
    DEFAULT_MNEMONIC,
    STORAGE_NODES_MAX,
    VALIDATORS_MAX,
    DevnetSettings,
)
from node.plugin_files import read_entry

_DEFAULT = DevnetSettings()
PORT_MAX = 65_535
JAVASCRIPT_INTEGER_MAX = 2**53 - 1
"""Wallets keep chain ids and gas in doubles."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A row: names, the value's name in help texts, how to read it, its default."""

    names: tuple[str, ...]
    metavar: str | None
    help: str
    more: dict[str, Any] = field(default_factory=dict)
    """What else argparse is told."""


def whole(low: int, high: int) -> Callable[[str], int]:
    """A parser of whole numbers, decimal or 0x hex, in a range."""

    def parse(text: str) -> int:
        try:
            number = int(text, 0)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(
                f"expected a whole number, {low} to {high}, got {text!r}"
            )
        return number

    return parse


def listen_host(text: str) -> str:
    """A parser of what a server can listen on."""
    if text != "localhost":
        try:
            ipaddress.ip_address(text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                f"expected an IP address, or localhost, got {text!r}"
            ) from None
    return text


def decimal(low: float, high: float) -> Callable[[str], float]:
    """A parser of decimal numbers in a range."""

    def parse(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            raise argparse.ArgumentTypeError(f"expected a number, {low} to {high}, got {text!r}")
        return number

    return parse


def address(text: str) -> str:
    """A parser of addresses: 0x and 40 hex digits, in lower case afterwards."""
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", text):
        raise argparse.ArgumentTypeError(f"expected 0x and 40 hex digits, got {text!r}")
    return text.lower()


def _typed(parse: Callable[[str], Any], default: Any) -> dict[str, Any]:
    return {"type": parse, "default": default}


_SWITCH = {"action": "store_true"}
FLAGS = (
    Flag(("--validators",), "N",
         "how many validators, each with its own key, directory and process (default 4)",
         _typed(whole(1, VALIDATORS_MAX), _DEFAULT.validators)),
    Flag(("--datadir", "--data-dir"), "DIR",
         "where chain data is kept and found again (default ./zerog-devnet)",
         _typed(Path, _DEFAULT.datadir)),
    Flag(("--host",), "ADDR", "address the JSON-RPC servers listen on (default 127.0.0.1)",
         _typed(listen_host, _DEFAULT.host)),
    Flag(("--port", "--rpc-port"), "PORT",
         "JSON-RPC port of validator 0; validator i has PORT + i (default 8545)",
         _typed(whole(1, PORT_MAX), _DEFAULT.port)),
    Flag(("--p2p-port",), "PORT",
         "libp2p port of validator 0; validator i has PORT + i (default 30303)",
         _typed(whole(1, PORT_MAX), _DEFAULT.p2p_port)),
    Flag(("--block-time",), "SECONDS",
         "time between blocks, decimals allowed; 0: as fast as they decide (default 1)",
         _typed(decimal(0, 3600), _DEFAULT.block_time)),
    Flag(("--chain-id",), "ID", f"chain id (default {DEFAULT_CHAIN_ID}, 0G's devnet)",
         _typed(whole(1, JAVASCRIPT_INTEGER_MAX), DEFAULT_CHAIN_ID)),
    Flag(("--accounts", "-a"), "N", "how many funded accounts (default 10)",
         _typed(whole(1, 1000), _DEFAULT.accounts)),
    Flag(("--balance",), "0G", "balance of each funded account, in 0G (default 10000)",
         _typed(whole(0, 10**12), _DEFAULT.balance)),
    Flag(("--mnemonic", "-m"), "WORDS",
         "BIP-39 mnemonic of the funded accounts (default: hardhat's and anvil's)",
         _typed(str, DEFAULT_MNEMONIC)),
    Flag(("--gas-limit",), "GAS", "gas limit of a block (default 36000000)",
         _typed(whole(5_000, JAVASCRIPT_INTEGER_MAX), _DEFAULT.gas_limit)),
    Flag(("--no-0g-rules",), None, "plain Ethereum: no 80 %% gas rule, no 0G precompiles", _SWITCH),
    Flag(("--no-predeploys",), None, "leave our contracts out of the genesis", _SWITCH),
    Flag(("--da-signers",), "N",
         "run N DA signers too, which register themselves and sign over HTTP (default 0)",
         _typed(whole(0, DA_SIGNERS_MAX), _DEFAULT.da_signers)),
    Flag(("--da-epoch-blocks",), "N",
         "blocks of a DA epoch, after which quorums are drawn anew (default 28800, as 0G)",
         _typed(whole(1, JAVASCRIPT_INTEGER_MAX), _DEFAULT.da_epoch_blocks)),
    Flag(("--da-port",), "PORT", "HTTP port of the DA signers (default 34000)",
         _typed(whole(1, PORT_MAX), _DEFAULT.da_port)),
    Flag(("--da-entrance",), "ADDRESS",
         "contract whose uploads the DA signers sign for (default: the precompile 0x…da01)",
         _typed(address, _DEFAULT.da_entrance)),
    Flag(("--storage",), "N",
         "run N storage nodes too, for 0G's storage SDKs and zerog storage (default 0)",
         _typed(whole(0, STORAGE_NODES_MAX), _DEFAULT.storage)),
    Flag(("--storage-port",), "PORT",
         "port of storage node 0; node i has PORT + i (default 5678)",
         _typed(whole(1, PORT_MAX), _DEFAULT.storage_port)),
    Flag(("--storage-shards",), "N",
         "how many shards they share, a power of two (default 1: every node holds every file)",
         _typed(whole(1, STORAGE_NODES_MAX), _DEFAULT.storage_shards)),
    Flag(("--plugin",), "FILE",
         "a precompile of your own: its entry for the genesis, as JSON (may be repeated)",
         {"type": Path, "action": "append", "default": []}),
    Flag(("--rpc-workers",), "N", "JSON-RPC processes of each validator (default 1)",
         _typed(whole(1, RPC_WORKERS_MAX), _DEFAULT.rpc_workers)),
    Flag(("--prune",), "N", "keep the states of the last N blocks (default 0: of all)",
         _typed(whole(0, JAVASCRIPT_INTEGER_MAX), _DEFAULT.prune)),
    Flag(("--archive",), None, "eth_getProof at any block, not only at the last 128", _SWITCH),
    Flag(("--reset",), None, "wipe the directory's chain and begin anew", _SWITCH),
    Flag(("--log-level",), None, "how much the nodes say (default info)",
         {"choices": ["debug", "info", "warning", "error"], "default": _DEFAULT.log_level}),
)  # fmt: skip


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Give the parser every flag."""
    for flag in FLAGS:
        metavar: dict[str, Any] = {"metavar": flag.metavar} if flag.metavar else {}
        parser.add_argument(*flag.names, help=flag.help, **metavar, **flag.more)


def settings_from(options: argparse.Namespace) -> DevnetSettings:
    """What the flags, and the files that they name, say; raises `OperatorError`."""
    return DevnetSettings(
        datadir=options.datadir,
        validators=options.validators,
        host=options.host,
        port=options.port,
        p2p_port=options.p2p_port,
        block_time=options.block_time,
        chain_id=options.chain_id,
        accounts=options.accounts,
        balance=options.balance,
        mnemonic=options.mnemonic,
        gas_limit=options.gas_limit,
        zero_g_rules=not options.no_0g_rules,
        predeploys=not options.no_predeploys,
        da_signers=options.da_signers,
        da_epoch_blocks=options.da_epoch_blocks,
        da_port=options.da_port,
        da_entrance=options.da_entrance,
        storage=options.storage,
        storage_port=options.storage_port,
        storage_shards=options.storage_shards,
        plugins=tuple(map(read_entry, options.plugin)),
        rpc_workers=options.rpc_workers,
        prune=options.prune,
        archive=options.archive,
        reset=options.reset,
        log_level=options.log_level,
    )
