"""The process beside the JSON-RPC process: holds the pool, answers on the local socket until SIGTERM."""

import logging
import signal
from collections.abc import Sequence

import trio
from eth_typing import Address

from chain import block_store
from chain.blocks import Header
from chain.engine import Account
from chain.pool_admission import PoolSettings
from chain.pooled_transaction import PooledTransaction
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from genesis.document import ChainGenesis
from node.config import NodeConfig
from node.database import LmdbStore
from node.imported.merge import settled
from node.imported.service import ImportedService
from node.local_socket import LocalSocketServer
from node.telemetry import start_logging
from node.transaction_intake import TransactionIntake

MINIMUM_TIP = 1
"""Wei a gas: geth's own floor. 0G's higher one is a rule of its chain."""

logger = logging.getLogger("zerog.node")


def node_process(config: NodeConfig, document: ChainGenesis) -> int:
    """The process's life; the database has its block zero."""
    start_logging(config.log_level, config.log_format)
    with LmdbStore(config.data.database, readonly=True) as store:
        trio.run(_serve, config, document, store)
    return 0


async def _serve(config: NodeConfig, document: ChainGenesis, store: LmdbStore) -> None:
    head = _head(store)
    server: LocalSocketServer

    def on_pending(pending: Sequence[PooledTransaction]) -> None:
        server.announce_pending([(item.hash, item.transaction.encoded) for item in pending])

    def account_of(address: Address) -> Account | None:
        with store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)

    settings = PoolSettings(
        minimum_tip=MINIMUM_TIP, allows_unprotected=config.rpc_allow_unprotected_txs
    )
    pool = TransactionPool(settled(document.config, store), head, account_of, settings)
    service = ImportedService(TransactionIntake(pool, on_pending), head.number)
    config.data.make_socket_folder()
    server = LocalSocketServer(config.data.socket, service)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_on_signal, nursery.cancel_scope)
        await nursery.start(server.serve)
        logger.info("serving the imported chain, which ends at block %d", head.number)


def _head(store: LmdbStore) -> Header:
    with store.snapshot() as snapshot:
        head = block_store.head(snapshot)
    assert head is not None, "the import has written block zero"
    return head


async def _cancel_on_signal(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return
