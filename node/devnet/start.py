"""`zerog devnet`: prepare the directory, start every validator, wait for Ctrl-C."""

import ipaddress
import json
import shutil
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from genesis.dev_accounts import dev_accounts
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document
from node.assembly import load_key, node_process, prepare_database
from node.config import NodeConfig, load_config
from node.devnet.banner import banner
from node.devnet.da_signers import (
    DA_SIGNERS_NAME,
    LOG_NAME,
    check_flags,
    signer_balances,
    signers_process,
)
from node.devnet.fault_files import restart_due_s
from node.devnet.settings import WEI_PER_0G, DevnetSettings
from node.devnet.storage import FOLDER_PREFIX, check_storage_flags, storage_processes
from node.durable_files import replace_durably
from node.errors import DevnetMismatch, InvalidFile, OperatorError, cannot_listen
from node.initialization import NodePlan, connected, read_genesis, write_node
from node.keystore import ValidatorKey, new_secret
from node.layout import DataDirectory, locked
from node.plugin_files import extended
from node.plugins import load_plugins
from node.rpc_process import LogTarget, rpc_processes
from node.supervisor import Process, Supervisor
from node.telemetry import start_logging
from node.version import version

RECORD_NAME = "devnet.json"
"""Marks a directory as ours, and remembers with which values its chain was made."""
OUR_FOLDERS = ("validator-", FOLDER_PREFIX)
PORT_MAX = 65_535


@dataclass
class Devnet:
    """Prepared validators, and the supervisor that runs them in child processes."""

    settings: DevnetSettings
    configs: Sequence[NodeConfig]
    is_shown: bool = True
    """Whether validator 0's log goes to the terminal too; each has a file of its own."""
    supervisor: Supervisor = field(init=False)

    def __post_init__(self) -> None:
        accounts = dev_accounts(self.settings.mnemonic, self.settings.accounts)
        keys = tuple(key.hex() for _, key in accounts)
        processes = processes_of(self.configs, self.is_shown, keys)
        if self.settings.da_signers:
            processes.append(signers_process(self.settings))
        processes += storage_processes(self.settings)
        self.supervisor = Supervisor(processes, self._on_exit)

    def run(self) -> int:
        """Start everything; the exit code, once it was told to stop and nothing runs any more."""
        self.supervisor.start()
        return self.supervisor.run()

    def _on_exit(self, process: Process, how: str) -> bool:
        """One validator may fail and the others go on; the last one's end is the devnet's."""
        pause_s = restart_due_s(self.settings.datadir / process.name)
        if pause_s is not None:
            print(f"{process.name} ended: {how}; started again in {pause_s:.1f} s", flush=True)
            self.supervisor.start_again(process, pause_s)
            return False
        print(f"{process.name} ended: {how}; see {self._log_of(process.name)}", flush=True)
        if process.name != DA_SIGNERS_NAME and not process.name.startswith(FOLDER_PREFIX):
            self._give_back_ports_of(process.name)
        return not any(not other.restarts for other in self.supervisor.running.values())

    def _give_back_ports_of(self, validator: str) -> None:
        """End its JSON-RPC too, so that `zerog run` can bring the validator back."""
        for other in self.supervisor.processes:
            if other.name.startswith(f"{validator} rpc"):
                self.supervisor.end(other.name)
        directory = self.settings.datadir / validator
        print(f"bring it back with zerog run --datadir {directory}", flush=True)

    def _log_of(self, process_name: str) -> Path:
        if process_name == DA_SIGNERS_NAME:
            return self.settings.datadir / LOG_NAME
        return self.settings.datadir / process_name.partition(" rpc")[0] / "node.log"


def run_devnet(settings: DevnetSettings) -> int:
    """Until a signal; the exit code. Raises `OperatorError`."""
    _check_last_ports(settings)
    _check_overlap(settings)
    check_flags(settings)
    check_storage_flags(settings)
    try:
        accounts = dev_accounts(settings.mnemonic, settings.accounts)
    except InvalidGenesis as error:
        raise OperatorError(f"--{error}") from None
    with locked(DataDirectory(settings.datadir)):
        configs = prepare(settings)
        check_ports(configs)
        if settings.da_signers:
            _check_port(settings.host, settings.da_port, "--da-port")
        for index in range(settings.storage):
            _check_port(settings.host, settings.storage_port + index, "--storage-port")
        devnet = Devnet(settings, configs)
        start_logging(settings.log_level, "text")
        print(banner(settings, accounts, version()), flush=True)
        code = devnet.run()
    print("stopped", flush=True)
    return code


def _check_last_ports(settings: DevnetSettings) -> None:
    validators = f"{settings.validators} validators"
    for flag, first, count, what in (
        ("--port", settings.port, settings.validators, validators),
        ("--p2p-port", settings.p2p_port, settings.validators, validators),
        ("--storage-port", settings.storage_port, settings.storage, f"{settings.storage} nodes"),
    ):
        if first + count - 1 > PORT_MAX:
            raise OperatorError(
                f"{flag} {first}: with {what} the last port would be "
                f"{first + count - 1}; expected {PORT_MAX} at most"
            )


def _check_overlap(settings: DevnetSettings) -> None:
    """Raises `OperatorError` where one port would be wanted twice."""
    count = settings.validators
    ranges = [("--port", settings.port, count), ("--p2p-port", settings.p2p_port, count)]
    if settings.da_signers:
        ranges.append(("--da-port", settings.da_port, 1))
    if settings.storage:
        ranges.append(("--storage-port", settings.storage_port, settings.storage))
    for place, (flag, first, length) in enumerate(ranges):
        for other_flag, other_first, other_length in ranges[place + 1 :]:
            if first < other_first + other_length and other_first < first + length:
                raise OperatorError(
                    f"{flag} {first} and {other_flag} {other_first}: with {count} validators they "
                    f"overlap; expected ports at least {count} apart"
                )


def processes_of(
    configs: Sequence[NodeConfig], is_first_shown: bool, unlocked_keys: tuple[str, ...] = ()
) -> list[Process]:
    """For each node its own process and its JSON-RPC process, over a prepared database.

    `unlocked_keys`: private keys of the accounts that JSON-RPC signs for.
    """
    processes = []
    for index, config in enumerate(configs):
        name = config.data.root.name
        document = read_genesis(config.data.genesis)
        load_plugins(document.config)
        key = load_key(config.data, document, None)
        prepare_database(config.data, document)
        node_log = LogTarget(config.data.log_file, is_shown=is_first_shown and index == 0)
        rpc_log = LogTarget(config.data.log_file, is_shown=False)
        processes.append(Process(name, partial(node_process, config, key, node_log)))
        processes += rpc_processes(config, f"{name} rpc", rpc_log, unlocked_keys)
    return processes


def prepare(settings: DevnetSettings) -> list[NodeConfig]:
    """The directory's validators, made if there are none; raises `OperatorError`."""
    record = settings.datadir / RECORD_NAME
    if settings.reset:
        _wipe(settings.datadir)
    if record.exists():
        _check_record(settings, record)
    else:
        _create(settings)
        replace_durably(record, json.dumps(settings.remembered(), indent=2).encode())
    return [
        load_config(settings.datadir / f"validator-{index}", _flags(settings, index))
        for index in range(settings.validators)
    ]


def check_ports(configs: Sequence[NodeConfig]) -> None:
    """Raises `PortInUse`, or what else keeps us from listening, before anything is started."""
    for config in configs:
        _check_port(config.http_addr, config.http_port, "--port")
        _check_port(config.p2p_addr, config.p2p_port, "--p2p-port")


def _check_port(host: str, port: int, flag: str) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise cannot_listen(error, host, port, flag) from None


def _flags(settings: DevnetSettings, index: int) -> dict[str, object]:
    """What the command line decides at every start, whatever the file says."""
    return {
        "http_addr": settings.host,
        "http_port": settings.port + index,
        "block_time": settings.block_time,
        "miner_gaslimit": settings.gas_limit,
        "log_level": settings.log_level,
        "rpc_workers": settings.rpc_workers,
        "history_state": settings.prune,
        "archive": settings.archive,
    }


def _wipe(datadir: Path) -> None:
    """Remove what a devnet wrote, and only that: a foreign directory is refused."""
    strangers = [
        path.name
        for path in datadir.iterdir()
        if path.name not in (RECORD_NAME, LOG_NAME, "LOCK")
        and not path.name.startswith(OUR_FOLDERS)
    ]
    if strangers:
        raise InvalidFile(datadir, f"holds {strangers[0]}, which is no devnet's; not wiped")
    # First what marks the directory as whole: an interrupted wipe is gone on with at the next start.
    (datadir / RECORD_NAME).unlink(missing_ok=True)
    (datadir / LOG_NAME).unlink(missing_ok=True)
    for path in datadir.iterdir():
        if path.name.startswith(OUR_FOLDERS):
            shutil.rmtree(path)


def _check_record(settings: DevnetSettings, path: Path) -> None:
    try:
        stored = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidFile(path, f"cannot be read as JSON: {error}; --reset begins anew") from None
    if not isinstance(stored, dict):
        raise InvalidFile(path, "expected a JSON object; --reset begins anew")
    defaults = DevnetSettings().remembered()
    for flag, asked in settings.remembered().items():
        # A flag that came later than the directory had its default then.
        made_with = stored.get(flag, defaults[flag])
        if made_with != asked:
            raise DevnetMismatch(settings.datadir, flag, made_with, asked)


def _create(settings: DevnetSettings) -> None:
    others = [
        path.name for path in settings.datadir.iterdir() if path.name not in ("LOCK", LOG_NAME)
    ]
    strangers = [name for name in others if not name.startswith(OUR_FOLDERS)]
    if strangers:
        raise InvalidFile(
            settings.datadir,
            f"holds {strangers[0]}, which is no devnet's; choose another --datadir",
        )
    # Folders without a record are what an interrupted first start left behind.
    for name in others:
        shutil.rmtree(settings.datadir / name)
    plans = connected([_plan(settings, index) for index in range(settings.validators)])
    keys = [ValidatorKey(plan.validator_secret) for plan in plans if plan.validator_secret]
    document = devnet_document(
        [(key.public_key, f"validator-{index}") for index, key in enumerate(keys)],
        settings.chain_id,
        settings.accounts,
        settings.balance * WEI_PER_0G,
        settings.mnemonic,
        zero_g_rules=settings.zero_g_rules,
        predeploys=settings.predeploys,
        da_epoch_blocks=settings.da_epoch_blocks,
        gas_limit=settings.gas_limit,
        timestamp=int(time.time()),
        also_funded=signer_balances(settings),
    )
    document_with_plugins = extended(document, settings.plugins)
    for plan in plans:
        write_node(plan, document_with_plugins, None)


def _plan(settings: DevnetSettings, index: int) -> NodePlan:
    config = NodeConfig(
        DataDirectory(settings.datadir / f"validator-{index}"),
        p2p_port=settings.p2p_port + index,
        http_addr=settings.host,
        http_port=settings.port + index,
        http_corsdomain="*",
        # Its JSON-RPC signs for the well-known accounts: a page must not reach it under a name of its own.
        http_vhosts="localhost" if _is_loopback(settings.host) else "*",
        rpc_allow_unprotected_txs=True,
        block_time=settings.block_time,
    )
    return NodePlan(config, new_secret(), new_secret())


def _is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback
