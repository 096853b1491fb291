"""JSON-RPC processes as the supervisor starts them: settings out of a node's configuration."""

import functools
from dataclasses import dataclass, replace
from pathlib import Path

from node.config import NodeConfig
from node.json_rpc.server import run as serve_json_rpc
from node.json_rpc.settings import PROOF_BLOCKS_MAX, RpcSettings
from node.supervisor import Process
from node.telemetry import start_logging


@dataclass(frozen=True, slots=True)
class LogTarget:
    """Where a process writes its log: a file, the terminal, or both."""

    file: Path | None = None
    is_shown: bool = True


def rpc_processes(
    config: NodeConfig, name: str, log: LogTarget, unlocked_keys: tuple[str, ...] = ()
) -> list[Process]:
    """As many as the configuration has; `unlocked_keys`: see `RpcSettings`."""
    serve = functools.partial(rpc_process, config, log, unlocked_keys)
    names = [name, *(f"{name} {number}" for number in range(2, config.rpc_workers + 1))]
    return [Process(each, serve, restarts=True) for each in names]


def rpc_process(config: NodeConfig, log: LogTarget, unlocked_keys: tuple[str, ...] = ()) -> int:
    """The life of a JSON-RPC process: until SIGTERM. Raises `OperatorError`.

    `unlocked_keys`: see `RpcSettings`.
    """
    start_logging(config.log_level, config.log_format, file=log.file, is_shown=log.is_shown)
    serve_json_rpc(replace(rpc_settings(config), unlocked_keys=unlocked_keys))
    return 0


def rpc_settings(config: NodeConfig) -> RpcSettings:
    """What the JSON-RPC process is told of the configuration."""
    return RpcSettings(
        database=config.data.database,
        socket=config.data.socket,
        genesis=config.data.genesis,
        host=config.http_addr,
        port=config.http_port,
        shares_port=config.rpc_workers > 1,
        gas_cap=config.rpc_gascap,
        evm_timeout_ms=round(config.rpc_evmtimeout * 1_000),
        cors_origins=_listed(config.http_corsdomain),
        virtual_hosts=_listed(config.http_vhosts),
        jwt_secret=Path(config.rpc_jwtsecret) if config.rpc_jwtsecret else None,
        allow_unprotected_transactions=config.rpc_allow_unprotected_txs,
        log_level=config.log_level,
        proof_blocks_max=None if config.archive else PROOF_BLOCKS_MAX,
    )


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
