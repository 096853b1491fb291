"""The devnet's DA signers: accounts of their own, funded in the genesis, in one process beside the nodes."""

from dataclasses import dataclass
from pathlib import Path

from eth_typing import Address

from genesis.dev_accounts import dev_accounts
from node.da.service.settings import ServiceSettings, devnet_account
from node.devnet.settings import WEI_PER_0G, DevnetSettings
from node.errors import OperatorError
from node.supervisor import Process
from node.telemetry import start_logging

FIRST_ACCOUNT = 1_000
"""The signers' accounts are the mnemonic's from here on: none of them is one of the `--accounts`."""
SIGNER_BALANCE_0G = 1_000
"""33 votes each, and gas for many years of epochs."""
DA_SIGNERS_NAME = "da-signers"
LOG_NAME = "da-signers.log"
_EVERYWHERE = ("0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class _SignersProcess:
    """What the process needs to know."""

    service: ServiceSettings
    log_level: str
    log_file: Path

    def run(self) -> int:
        # The HTTP server and the curve are imported in the process that needs them.
        from node.da.service.process import run_signers

        start_logging(self.log_level, "text", file=self.log_file, is_shown=False)
        return run_signers(self.service)


def check_flags(settings: DevnetSettings) -> None:
    """Raises `OperatorError` where the chain would have nothing that signers could register with."""
    if settings.da_signers and not (settings.zero_g_rules and settings.predeploys):
        flag = "--no-predeploys" if settings.zero_g_rules else "--no-0g-rules"
        raise OperatorError(
            f"--da-signers {settings.da_signers}: they register through 0G's registry and "
            f"precompile, which {flag} leaves out; drop one of the two flags"
        )


def signer_balances(settings: DevnetSettings) -> dict[Address, int]:
    """What the signers' accounts hold in the genesis, in wei."""
    return {address: SIGNER_BALANCE_0G * WEI_PER_0G for address, _ in _accounts(settings)}


def service_settings(settings: DevnetSettings) -> ServiceSettings:
    """Who signs, where, and which node they ask."""
    node_host = "127.0.0.1" if settings.host in _EVERYWHERE else settings.host
    shown = f"[{node_host}]" if ":" in node_host else node_host
    return ServiceSettings(
        accounts=tuple(devnet_account(*account) for account in _accounts(settings)),
        rpc_url=f"http://{shown}:{settings.port}",
        host=settings.host,
        port=settings.da_port,
        entrance=settings.da_entrance,
    )


def signers_process(settings: DevnetSettings) -> Process:
    """The process to start beside the nodes; it is started again when it dies."""
    process = _SignersProcess(
        service_settings(settings), settings.log_level, settings.datadir / LOG_NAME
    )
    return Process(DA_SIGNERS_NAME, process.run, restarts=True)


def _accounts(settings: DevnetSettings) -> list[tuple[Address, bytes]]:
    return dev_accounts(settings.mnemonic, settings.da_signers, FIRST_ACCOUNT)
