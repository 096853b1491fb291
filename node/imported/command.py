"""`zerog rpc`: import a chain, then serve it until a signal."""

import functools
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from chain.forks.fork import Fork
from genesis.document import ChainGenesis
from node.config import NodeConfig, with_settings
from node.database import LmdbStore
from node.durable_files import PRIVATE_FOLDER, replace_durably
from node.errors import InvalidFile, OperatorError
from node.first_block import begin_chain
from node.imported.importing import import_file
from node.imported.merge import settled
from node.imported.node_process import node_process
from node.json_rpc.context import load_genesis
from node.json_rpc.server import run as serve_json_rpc
from node.layout import DataDirectory, locked
from node.rpc_process import rpc_settings
from node.supervisor import Process, Supervisor, run_in_child
from node.telemetry import start_logging

EXIT_SIGNAL = 128
"""The exit code of a command that a signal ended, before the signal's number is added (POSIX shells)."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """The flags of `zerog rpc`."""

    datadir: Path | None
    """None: a directory of its own, gone at the end."""
    genesis: Path | None
    chain: Path | None
    """Both None: serve what `datadir` holds already."""
    settings: Mapping[str, object]


def run_rpc(request: ImportRequest) -> int:
    """Import and serve; the exit code. Raises `OperatorError` naming file, block and reason."""
    # Until the supervisor has handlers of its own: what is temporary has to be removed.
    signal.signal(signal.SIGTERM, _leave)
    with _directory(request) as data:
        # Every flag is read before the work begins.
        config = with_settings(replace(NodeConfig(data), source="flags"), request.settings)
        start_logging(config.log_level, config.log_format)
        document = _document(request, data)
        with locked(data):
            run_in_child(functools.partial(_import, config, document, request.chain))
            supervisor = Supervisor(
                [
                    Process("node", functools.partial(node_process, config, document)),
                    *_rpc_processes(config, document),
                ]
            )
            supervisor.start()
            return supervisor.run()


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(EXIT_SIGNAL + number)


@contextmanager
def _directory(request: ImportRequest) -> Iterator[DataDirectory]:
    if request.datadir is not None:
        yield DataDirectory(request.datadir)
        return
    if request.genesis is None:
        raise OperatorError("rpc: give --import GENESIS CHAIN, or --datadir DIR with a chain in it")
    folder = Path(tempfile.mkdtemp(prefix="zerog-rpc-"))
    try:
        yield DataDirectory(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _document(request: ImportRequest, data: DataDirectory) -> ChainGenesis:
    """The genesis document, kept in the data directory for the JSON-RPC process and the next start."""
    source = data.genesis if request.genesis is None else request.genesis
    document = load_genesis(source, is_foreign=True)
    if request.genesis is not None:
        if data.genesis.exists():
            if load_genesis(data.genesis, is_foreign=True).identity != document.identity:
                raise InvalidFile(source, f"is not the genesis of the chain in {data.root}")
        else:
            data.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            replace_durably(data.genesis, source.read_bytes())
    return document


def _import(config: NodeConfig, document: ChainGenesis, chain: Path | None) -> None:
    start_logging(config.log_level, config.log_format)
    with LmdbStore(config.data.database) as store:
        begin_chain(store, config.data, document)
        if chain is not None:
            import_file(store, document, chain)


def _rpc_processes(config: NodeConfig, document: ChainGenesis) -> list[Process]:
    serve = functools.partial(_rpc_process, config, document)
    return [
        Process(f"json-rpc {number}", serve, restarts=True)
        for number in range(1, config.rpc_workers + 1)
    ]


def _rpc_process(config: NodeConfig, document: ChainGenesis) -> int:
    start_logging(config.log_level, config.log_format)
    # Closed again before the JSON-RPC process forks its workers.
    with LmdbStore(config.data.database, readonly=True) as store:
        merge_block = settled(document.config, store).fork_blocks.get(Fork.PARIS)
    serve_json_rpc(
        replace(
            rpc_settings(config), is_foreign=True, merge_block=merge_block, proof_blocks_max=None
        )
    )
    return 0
