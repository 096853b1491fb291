"""File, environment and flags become one NodeConfig.

A flag beats the environment, which beats the file, which beats the default.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from node.errors import InvalidConfig, InvalidFile, MissingFile
from node.layout import DataDirectory

ENVIRONMENT_PREFIX = "ZEROG_"
_GO_DURATION = re.compile(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s)?")
RPC_WORKERS_MAX = 8
"""Each has call workers of its own, and a place at the node's socket."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """All that is settled before a node starts. Times are seconds, gas is gas, ports are TCP."""

    data: DataDirectory
    accept_lost_sign_state: bool = False
    """Of one start, never in a file: sign without having heard from all what was signed before."""
    p2p_addr: str = "127.0.0.1"
    p2p_port: int = 30303
    p2p_external: str = ""
    """IP address at which other validators reach this node; empty: the one it listens on."""
    peers: tuple[str, ...] = ()
    """Multiaddrs with peer id, e.g. /ip4/10.0.0.2/tcp/30303/p2p/16Uiu2…"""
    http: bool = True
    http_addr: str = "127.0.0.1"
    http_port: int = 8545
    http_corsdomain: str = ""
    http_vhosts: str = "localhost"
    rpc_gascap: int = 50_000_000
    rpc_evmtimeout: float = 5.0
    rpc_allow_unprotected_txs: bool = False
    rpc_jwtsecret: str = ""
    """File with the secret of tokens that callers of JSON-RPC must have; empty: everybody may call."""
    rpc_workers: int = 1
    """JSON-RPC processes on the one port."""
    txpool_journal: str = "transactions.rlp"
    """File below the data directory with our own users' transactions; empty: none."""
    txpool_nolocals: bool = False
    """Whether our own users' transactions are not kept over a restart."""
    txpool_rejournal: float = 3600.0
    """Seconds between two times that the journal is written anew."""
    txpool_pricelimit: int = 1_000_000
    """Least tip, wei a gas."""
    txpool_pricebump: int = 10
    """Percent by which a replacement must pay more."""
    txpool_accountslots: int = 16
    txpool_globalslots: int = 5_120
    """Pending transactions: of each account at least, and of all."""
    txpool_accountqueue: int = 64
    txpool_globalqueue: int = 1_024
    """Queued transactions: of one account and of all."""
    txpool_lifetime: float = 10_800.0
    """Seconds that a transaction may be queued."""
    miner_etherbase: str = ""
    """Hex address; empty: the proposer's own."""
    miner_gaslimit: int = 36_000_000
    block_time: float = 1.0
    """Seconds between blocks; zero: as fast as they decide."""
    build_budget_ms: int = 400
    history_state: int = 0
    """Blocks whose state before them can be read; zero: all."""
    archive: bool = False
    """Proofs at any block whose state is kept, not only at the last 128."""
    log_level: str = "info"
    log_format: str = "text"
    source: str = field(default="config.toml", compare=False)


@dataclass(frozen=True, slots=True)
class _Setting:
    """One field: its TOML section and key (also its flag, as --section.key), and how to read it."""

    name: str
    section: str
    key: str
    parse: Callable[[object], object]
    expected: str


def _integer(low: int, high: int) -> Callable[[object], object]:
    def parse(value: object) -> object:
        number = int(value, 0) if isinstance(value, str) else value
        if not isinstance(number, int) or isinstance(number, bool) or not low <= number <= high:
            raise ValueError
        return number

    return parse


def _seconds(low: float, high: float) -> Callable[[object], object]:
    def parse(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError
        number = float(value)
        if not low <= number <= high:
            raise ValueError
        return number

    return parse


def _duration(low: float, high: float) -> Callable[[object], object]:
    """Seconds as a number, or as geth writes a duration: 3h0m0s."""
    seconds = _seconds(low, high)

    def parse(value: object) -> object:
        found = _GO_DURATION.fullmatch(value) if isinstance(value, str) and value else None
        if found is None:
            return seconds(value)
        hours, minutes, rest = (float(part or 0) for part in found.groups())
        return seconds(3600 * hours + 60 * minutes + rest)

    return parse


def _boolean(value: object) -> object:
    words = {"true": True, "1": True, "false": False, "0": False}
    if isinstance(value, str):
        value = words.get(value.lower())
    if not isinstance(value, bool):
        raise ValueError
    return value


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError
    return value


def _ip_address(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError
    ipaddress.ip_address(value)
    return value


def _ip_address_or_empty(value: object) -> object:
    return value if value == "" else _ip_address(value)


def _listen_host(value: object) -> object:
    return value if value == "localhost" else _ip_address(value)


def _address_or_empty(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError
    if value and len(bytes.fromhex(value.removeprefix("0x"))) != 20:
        raise ValueError
    return value


def _texts(value: object) -> object:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list) or not all(isinstance(part, str) for part in value):
        raise ValueError
    return tuple(value)


def _one_of(*choices: str) -> Callable[[object], object]:
    def parse(value: object) -> object:
        if value not in choices:
            raise ValueError
        return value

    return parse


_PORT = _integer(0, 65_535)
_COUNT = _integer(1, 1_000_000)
_COUNT_TEXT = "transactions, 1 to 1000000"
SETTINGS = (
    _Setting("p2p_addr", "p2p", "addr", _ip_address, "an IP address"),
    _Setting("p2p_port", "p2p", "port", _PORT, "a port, 0 to 65535"),
    _Setting("p2p_external", "p2p", "external", _ip_address_or_empty, "an IP address"),
    _Setting("peers", "p2p", "peers", _texts, "a list of multiaddrs"),
    _Setting("http", "http", "enabled", _boolean, "true or false"),
    _Setting("http_addr", "http", "addr", _listen_host, "an IP address, or localhost"),
    _Setting("http_port", "http", "port", _PORT, "a port, 0 to 65535"),
    _Setting("http_corsdomain", "http", "corsdomain", _text, "comma separated origins, or *"),
    _Setting("http_vhosts", "http", "vhosts", _text, "comma separated host names, or *"),
    _Setting("rpc_gascap", "rpc", "gascap", _integer(0, 2**63 - 1), "gas, 0 for no cap"),
    _Setting("rpc_evmtimeout", "rpc", "evmtimeout", _seconds(0.01, 3600), "seconds, 0.01 to 3600"),
    _Setting(
        "rpc_allow_unprotected_txs", "rpc", "allow-unprotected-txs", _boolean, "true or false"
    ),
    _Setting("rpc_jwtsecret", "rpc", "jwtsecret", _text, "a file with 32 bytes in hex, or nothing"),
    _Setting("rpc_workers", "rpc", "workers", _integer(1, RPC_WORKERS_MAX), "processes, 1 to 8"),
    _Setting("txpool_journal", "txpool", "journal", _text, "a file name, or nothing"),
    _Setting("txpool_nolocals", "txpool", "nolocals", _boolean, "true or false"),
    _Setting(
        "txpool_rejournal", "txpool", "rejournal", _duration(1, 2**31), "seconds, or as 1h0m0s"
    ),
    _Setting("txpool_pricelimit", "txpool", "pricelimit", _integer(0, 2**63 - 1), "wei a gas"),
    _Setting("txpool_pricebump", "txpool", "pricebump", _integer(1, 1_000), "percent, 1 to 1000"),
    _Setting("txpool_accountslots", "txpool", "accountslots", _COUNT, _COUNT_TEXT),
    _Setting("txpool_globalslots", "txpool", "globalslots", _COUNT, _COUNT_TEXT),
    _Setting("txpool_accountqueue", "txpool", "accountqueue", _COUNT, _COUNT_TEXT),
    _Setting("txpool_globalqueue", "txpool", "globalqueue", _COUNT, _COUNT_TEXT),
    _Setting("txpool_lifetime", "txpool", "lifetime", _duration(1, 2**31), "seconds, or as 3h0m0s"),
    _Setting("miner_etherbase", "miner", "etherbase", _address_or_empty, "an address, or nothing"),
    _Setting("miner_gaslimit", "miner", "gaslimit", _integer(5_000, 2**63 - 1), "gas, 5000 up"),
    _Setting("block_time", "consensus", "block-time", _seconds(0, 3600), "seconds, 0 to 3600"),
    _Setting(
        "build_budget_ms", "consensus", "build-budget-ms", _integer(1, 60_000), "ms, 1 to 60000"
    ),
    _Setting("history_state", "history", "state", _integer(0, 2**53 - 1), "blocks, 0 keeps all"),
    _Setting("archive", "history", "archive", _boolean, "true or false"),
    _Setting(
        "log_level", "log", "level", _one_of("debug", "info", "warning", "error"),
        "debug, info, warning or error",
    ),
    _Setting("log_format", "log", "format", _one_of("text", "json"), "text or json"),
)  # fmt: skip
_BY_NAME = {setting.name: setting for setting in SETTINGS}


def load_config(
    root: Path, flags: Mapping[str, object], environment: Mapping[str, str] | None = None
) -> NodeConfig:
    """The configuration of the node in `root`; `flags` holds field names that were given.

    Raises `MissingFile`, `InvalidFile` or `InvalidConfig` naming source, field and what it expects.
    """
    data = DataDirectory(root)
    values = _from_file(data.config)
    values |= _from_environment(os.environ if environment is None else environment)
    config = replace(NodeConfig(data), source=str(data.config), **values)
    return with_settings(config, flags)


def with_settings(config: NodeConfig, flags: Mapping[str, object]) -> NodeConfig:
    """The configuration with flags over it; raises `InvalidConfig` naming the flag."""
    values: dict[str, Any] = {}
    for name, value in flags.items():
        setting = _BY_NAME[name]
        values[name] = _parsed(setting, value, f"--{setting.section}.{setting.key}")
    return replace(config, **values)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        document = tomllib.loads(path.read_text())
    except FileNotFoundError:
        raise MissingFile(path, "the configuration", "make one with `zerog init`") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidFile(path, f"not TOML: {error}") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
    known = {(setting.section, setting.key): setting for setting in SETTINGS}
    sections = list(dict.fromkeys(setting.section for setting in SETTINGS))
    values = {}
    for section, table in document.items():
        if section not in sections:
            names = ", ".join(sections)
            raise InvalidConfig(str(path), section, f"one of the sections {names}", section)
        if not isinstance(table, dict):
            raise InvalidConfig(str(path), section, "a section", table)
        for key, value in table.items():
            setting = known.get((section, key))
            if setting is None:
                names = ", ".join(k for s, k in known if s == section)
                raise InvalidConfig(str(path), f"{section}.{key}", f"one of: {names}", key)
            values[setting.name] = _parsed(setting, value, str(path))
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for setting in SETTINGS:
        name = ENVIRONMENT_PREFIX + f"{setting.section}_{setting.key}".upper().replace("-", "_")
        if name in environment:
            values[setting.name] = _parsed(setting, environment[name], name)
    return values


def _parsed(setting: _Setting, value: object, source: str) -> Any:
    try:
        return setting.parse(value)
    except ValueError:
        field_name = f"{setting.section}.{setting.key}"
        raise InvalidConfig(source, field_name, setting.expected, value) from None


def config_text(config: NodeConfig) -> str:
    """The configuration as TOML, every setting written out."""
    lines: list[str] = []
    section = ""
    for setting in SETTINGS:
        if setting.section != section:
            section = setting.section
            lines += ["", f"[{section}]"] if lines else [f"[{section}]"]
        lines.append(f"{setting.key} = {_toml(getattr(config, setting.name))}")
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, tuple):
        return "[" + "".join(f'\n    "{part}",' for part in value) + ("\n]" if value else "]")
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
