"""Builds every part of one node and joins them. Read this first.

    supervisor ──forks──► node process   trio: network, consensus host; threads: execution, intake
               └─forks──► rpc process    uvicorn, and the workers that it forks

The database is made by a child that ends before the others begin: an LMDB environment must not be
open across a fork.
"""

import functools
import gc
import ipaddress
import logging
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import trio
from eth_typing import Address

from chain import block_store
from chain.chain import Chain
from chain.engine import Account, Engine
from chain.executed_block import ExecutedBlock
from chain.key_value import KeyValueStore
from chain.pooled_transaction import PooledTransaction
from chain.py_evm import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from consensus.journal_file import DamagedJournal, Journal
from consensus.timeouts import Timeouts
from genesis.document import GenesisDocument
from node.config import NodeConfig, load_config
from node.consensus_host import ConsensusHost, ConsensusSettings
from node.consensus_journal import ConsensusJournal
from node.consensus_watch import WatchSettings, watch
from node.database import LmdbStore
from node.devnet.faults import seams_of
from node.errors import InvalidFile, OperatorError
from node.execution_host import BuildSettings, ExecutionHost
from node.first_block import begin_chain
from node.initialization import read_genesis
from node.keystore import ValidatorKey, load_node_key, load_validator_key, read_password
from node.layout import DataDirectory, locked
from node.local_service import LocalService
from node.local_socket import LocalSocketServer
from node.network.host import NetworkSettings, PeerNetwork
from node.network.identity import listen_multiaddr
from node.network.interface import PeerName
from node.network.introductions import Introductions
from node.network.peer_record import PeerRecord, signed_record
from node.network.transactions import TransactionNetwork
from node.own_messages import Recollection
from node.plugins import load_plugins
from node.pool_config import open_journal, pool_settings
from node.records import check_records, open_sign_state
from node.rpc_process import LogTarget, rpc_processes
from node.seams import Seams
from node.signing import Signer
from node.staking.evidence_exchange import EvidenceExchange
from node.supervisor import Process, Supervisor, run_in_child
from node.sync.catch_up import CatchUp
from node.sync.genesis import GenesisServer
from node.sync.serve import SyncServer
from node.telemetry import start_logging
from node.transaction_intake import TransactionIntake, look_after_own
from node.version import version

THREAD_SWITCH_S = 0.0005
"""How soon the event loop gets the interpreter from a thread that executes; Python's default of
5 ms is paid again at each of the dozen steps that answer a vote."""
GOSSIP_AGAIN_LOOK_S = 1.0
"""How often to look for transactions of our users that have waited long."""

logger = logging.getLogger("zerog.node")


def run_from_directory(
    root: Path,
    flags: Mapping[str, object],
    password_file: Path | None,
    *,
    accept_lost_sign_state: bool = False,
) -> int:
    """`zerog run`: the node of a directory and its JSON-RPC process, until a signal; the exit code.

    Raises `OperatorError` for what is missing or wrong before anything starts.
    """
    config = load_config(root, flags)
    config = replace(config, accept_lost_sign_state=accept_lost_sign_state)
    document = read_genesis(config.data.genesis)
    load_plugins(document.config)
    key = load_key(config.data, document, password_file)
    prepare_database(config.data, document)
    check_records(config.data, document.identity)
    processes = [Process("node", functools.partial(node_process, config, key, LogTarget()))]
    if config.http:
        processes += rpc_processes(config, "json-rpc", LogTarget())
    start_logging(config.log_level, config.log_format)
    supervisor = Supervisor(processes)
    supervisor.start()
    return supervisor.run()


def load_key(
    data: DataDirectory, document: GenesisDocument, password_file: Path | None
) -> ValidatorKey | None:
    """The validator's key, None for a full node. Raises `OperatorError`."""
    if not data.validator_key.exists():
        return None
    password = None if password_file is None else read_password(password_file)
    return load_validator_key(data.validator_key, password, is_devnet=document.is_devnet)


def prepare_database(data: DataDirectory, document: GenesisDocument) -> None:
    """Write block zero if there is none; raises `OperatorError` where another chain is there."""
    with locked(data):
        run_in_child(functools.partial(_prepare_database, data, document))


def node_process(config: NodeConfig, key: ValidatorKey | None, log: LogTarget) -> int:
    """The life of a node process: until SIGTERM. Raises `OperatorError`."""
    start_logging(
        config.log_level,
        config.log_format,
        node=config.data.root.name if log.is_shown and log.file else "",
        file=log.file,
        is_shown=log.is_shown,
    )
    sys.setswitchinterval(THREAD_SWITCH_S)
    document = read_genesis(config.data.genesis)
    engine = PyEvmEngine(plugins=load_plugins(document.config))
    # What is there now stays: a full collection would look through all modules, 10 µs a transfer.
    gc.collect()
    gc.freeze()
    with locked(config.data), LmdbStore(config.data.database) as store:
        try:
            trio.run(_run_node, config, document, key, store, engine)
        except BaseExceptionGroup as group:
            raise mendable(group, config.data) or group from None
    return 0


def mendable(error: BaseException, data: DataDirectory) -> OperatorError | None:
    """The operator's error that nurseries wrapped; None where anything else went wrong too."""
    if isinstance(error, BaseExceptionGroup):
        found = [mendable(inner, data) for inner in error.exceptions]
        return found[0] if all(found) else None
    if isinstance(error, DamagedJournal):
        return InvalidFile(data.journal, str(error))
    if isinstance(error, OSError) and error.filename is not None:
        return InvalidFile(Path(error.filename), error.strerror or str(error))
    return error if isinstance(error, OperatorError) else None


def _prepare_database(data: DataDirectory, document: GenesisDocument) -> None:
    with LmdbStore(data.database) as store:
        begin_chain(store, data, document)


async def _run_node(
    config: NodeConfig,
    document: GenesisDocument,
    key: ValidatorKey | None,
    store: LmdbStore,
    engine: Engine,
) -> None:
    """Everything on the event loop, until SIGTERM."""
    async with trio.open_nursery() as nursery:
        node = Node(config, document, key, store, engine)
        nursery.start_soon(_cancel_on_signal, nursery.cancel_scope)
        await node.start(nursery)
        logger.info("node started at height %d", node.executor.tip)


async def _cancel_on_signal(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
            return


class Node:
    """The parts of a node process."""

    def __init__(
        self,
        config: NodeConfig,
        document: GenesisDocument,
        key: ValidatorKey | None,
        store: LmdbStore,
        engine: Engine,
    ) -> None:
        self._config = config
        self._seams = seams = seams_of(config.data.root) if document.is_devnet else Seams()
        self._own = key.address if key else None
        self.intake = TransactionIntake(
            self._pool(store, document), self._on_pending, open_journal(config)
        )
        chain = Chain(
            store,
            document.config,
            engine,
            gas_limit_target=config.miner_gaslimit,
            senders_of=self.intake.senders_of,
            known_transaction=self.intake.known_transaction,
            history_blocks_kept=config.history_state or None,
        )
        self.executor = ExecutionHost(
            chain, store, document, self.intake, _build_settings(config, key), self._on_committed,
            seams.clock_ms,
        )  # fmt: skip
        self.network = self._network(config, document.identity)
        self.evidence = EvidenceExchange(
            self.network, self.executor.evidence, self.executor.judge_evidence
        )
        signer = _signer(config, document, key, seams)
        self.consensus = ConsensusHost(
            ConsensusSettings(document.identity, _timeouts(config)),
            self.executor,
            ConsensusJournal(Journal(seams.open_files(config.data.journal), document.identity)),
            signer,
            self.network,
            seams.clock_ms,
            on_conflict=self.evidence.report,
            recollection=None if signer is None else self._recollection(signer, document.identity),
        )
        self.introductions = self._introductions(key, document.identity)
        config.data.make_socket_folder()
        self.gossip = TransactionNetwork(self.network, document.identity, self._take_from_peer)
        self.catch_up = CatchUp(self.consensus, self.network)
        self.genesis_server = GenesisServer(self.network, config.data.genesis)
        self.sync_server = SyncServer(self.network, self.executor.stored)
        service = LocalService(
            self.intake, self.executor, self.consensus, self.gossip.publish, self.network
        )
        self.socket = LocalSocketServer(config.data.socket, service)

    async def start(self, nursery: trio.Nursery) -> None:
        """Start every part in `nursery`; back when the network listens and consensus runs."""
        await self.intake.load_own()
        await nursery.start(self.socket.serve)
        run_network = functools.partial(
            self.network.run, self.consensus, services=[self.gossip.running]
        )
        await nursery.start(run_network)
        await nursery.start(self.consensus.run)
        self._warn_if_not_a_validator()
        if self._seams.watch is not None:
            nursery.start_soon(self._seams.watch, self.network)
        nursery.start_soon(watch, self.consensus, WatchSettings(self._config.block_time))
        nursery.start_soon(self.catch_up.run)
        nursery.start_soon(self.introductions.run)
        nursery.start_soon(self._gossip_again)
        nursery.start_soon(look_after_own, self.intake, self._config.txpool_rejournal)

    def _warn_if_not_a_validator(self) -> None:
        own = self._own
        if own is not None and own not in self.executor.next_validators:
            logger.warning(
                "the key 0x%s is not among the chain's validators: this node follows, and does not "
                "vote until it is (where there is staking: `zerog validator create`, or `rejoin`)",
                own.hex(),
            )

    def _network(self, config: NodeConfig, identity: bytes) -> PeerNetwork:
        settings = NetworkSettings(
            load_node_key(config.data.node_key),
            config.p2p_addr,
            config.p2p_port,
            config.peers,
            identity,
            version(),
        )
        return PeerNetwork(settings, lambda: self.executor.tip, self._seams.peer_filter)

    def _recollection(self, signer: Signer, identity: bytes) -> Recollection:
        return Recollection(
            signer,
            identity,
            self.network,
            lambda peer: self.introductions.validator_at(peer),
            is_loss_accepted=self._config.accept_lost_sign_state,
        )

    def _introductions(self, key: ValidatorKey | None, identity: bytes) -> Introductions:
        own = None if key is None else functools.partial(self._own_record, key, identity)
        return Introductions(self.network, identity, self.executor.is_member, own)

    def _own_record(self, key: ValidatorKey, identity: bytes) -> PeerRecord:
        config, port = self._config, self._config.p2p_port
        host = config.p2p_external or config.p2p_addr
        addresses: tuple[str, ...] = (str(listen_multiaddr(host, port)),)
        if ipaddress.ip_address(host).is_unspecified:
            addresses = self.network.transport_addresses()
        now_ms = time.time_ns() // 1_000_000
        return signed_record(key.secret, identity, self.network.own_name, addresses, now_ms)

    async def _take_from_peer(self, encoded: list[bytes], peer: PeerName) -> None:
        not_taken = await self.intake.take_from_peer(encoded)
        if not_taken is not None:
            self.gossip.forget(not_taken)
        else:
            self.network.drop(peer, "a transaction that cannot be decoded")

    async def _gossip_again(self) -> None:
        """What our own users sent and no block has yet: gossip may have lost it."""
        while True:
            await trio.sleep(GOSSIP_AGAIN_LOOK_S)
            self.gossip.publish(self.intake.due_again(), again=True)

    def _on_pending(self, pending: Sequence[PooledTransaction]) -> None:
        self.socket.announce_pending([(item.hash, item.transaction.encoded) for item in pending])

    def _on_committed(self, executed: ExecutedBlock) -> None:
        header = executed.block.header
        self.socket.announce_head(header.number, header.hash)

    def _pool(self, store: KeyValueStore, document: GenesisDocument) -> TransactionPool:
        def account_of(address: Address) -> Account | None:
            with store.snapshot() as snapshot:
                return StateAt(snapshot).account(address)

        with store.snapshot() as snapshot:
            head = block_store.head(snapshot)
        assert head is not None, "the database is prepared before the node starts"
        return TransactionPool(document.config, head, account_of, pool_settings(self._config))


def _build_settings(config: NodeConfig, key: ValidatorKey | None) -> BuildSettings:
    own = key.address if key else None
    if config.miner_etherbase:
        coinbase = Address(bytes.fromhex(config.miner_etherbase.removeprefix("0x")))
    else:
        coinbase = Address(own or bytes(20))
    return BuildSettings(
        proposer=own,
        coinbase=coinbase,
        gas_limit_target=config.miner_gaslimit,
        block_time_ms=round(config.block_time * 1_000),
        budget_ms=config.build_budget_ms,
    )


def _timeouts(config: NodeConfig) -> Timeouts:
    """A proposer waits out the block time before it builds, so everybody's patience covers it."""
    waiting_ms = round(config.block_time * 1_000) + config.build_budget_ms
    return Timeouts(propose_ms=Timeouts().propose_ms + waiting_ms)


def _signer(
    config: NodeConfig, document: GenesisDocument, key: ValidatorKey | None, seams: Seams
) -> Signer | None:
    if key is None:
        return None
    files = seams.open_files(config.data.sign_state.parent)
    return Signer(key.secret, open_sign_state(config.data, files, document.identity))
