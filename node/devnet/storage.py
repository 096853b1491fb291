"""The devnet's storage nodes: one process each beside the validators, peers of each other."""

from dataclasses import dataclass

from node.devnet.settings import DevnetSettings
from node.errors import OperatorError
from node.layout import DataDirectory
from node.storage.settings import StorageSettings
from node.storage.shards import Shard
from node.supervisor import Process
from node.telemetry import start_logging

FOLDER_PREFIX = "storage-"
_EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class _StorageProcess:
    """What the process needs to know."""

    storage: StorageSettings
    log_level: str

    def run(self) -> int:
        # The HTTP server is imported in the process that needs it.
        from node.storage.process import run_storage

        self.storage.datadir.mkdir(parents=True, exist_ok=True)
        log = DataDirectory(self.storage.datadir).log_file
        start_logging(self.log_level, "text", file=log, is_shown=False)
        return run_storage(self.storage, "--storage-port")


def check_storage_flags(settings: DevnetSettings) -> None:
    """Raises `OperatorError` where there is no Flow, or more shards than nodes."""
    if settings.storage and not (settings.zero_g_rules and settings.predeploys):
        flag = "--no-predeploys" if settings.zero_g_rules else "--no-0g-rules"
        raise OperatorError(
            f"--storage {settings.storage}: files are announced to 0G's Flow, which {flag} leaves "
            "out; drop one of the two flags"
        )
    shards = settings.storage_shards
    if shards & (shards - 1) or shards > max(1, settings.storage):
        raise OperatorError(
            f"--storage-shards {shards}: expected a power of two, at most the number of nodes"
        )


def storage_settings(settings: DevnetSettings) -> list[StorageSettings]:
    """Node i holds shard i of as many as there are; where nodes are left over, once more from 0."""
    shards = settings.storage_shards
    urls = [_url(settings, settings.storage_port + index) for index in range(settings.storage)]
    return [
        StorageSettings(
            datadir=settings.datadir / f"{FOLDER_PREFIX}{index}",
            rpc_url=_url(settings, settings.port + index % settings.validators),
            host=settings.host,
            port=settings.storage_port + index,
            shard=Shard(index % shards, shards),
            peers=tuple(url for url in urls if url != urls[index]),
        )
        for index in range(settings.storage)
    ]


def storage_processes(settings: DevnetSettings) -> list[Process]:
    """To start beside the validators; each is started again when it dies."""
    return [
        Process(one.datadir.name, _StorageProcess(one, settings.log_level).run, restarts=True)
        for one in storage_settings(settings)
    ]


def _url(settings: DevnetSettings, port: int) -> str:
    host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
