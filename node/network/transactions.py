"""Transactions between nodes: to direct peers at once, to everybody else by gossipsub.

A message costs py-libp2p's gossipsub one to two milliseconds at every hop, relayed copies included,
so what a node hears from its user goes straight to its peers, on the stream that votes use, and is
gossiped a moment later, in larger batches, for nodes that are not our peers. Whatever comes a second
time is recognised by its hash. All of it is best effort: the pool's owner says what matters again.
"""

import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import trio
from eth_hash.auto import keccak
from libp2p.custom_types import TProtocol
from libp2p.peer.id import ID
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pb import rpc_pb2
from libp2p.pubsub.pubsub import Pubsub
from libp2p.tools.anyio_service import background_trio_service

from consensus.errors import Undecodable
from consensus.recursive_length_prefix import encode
from node.network.block_transfer import PIECE_BYTES_MAX
from node.network.host import PeerNetwork
from node.network.interface import PeerName
from node.network.transaction_batch import (
    TRANSACTIONS_PER_MESSAGE_MAX,
    TransactionBatch,
    decode_transactions,
)

GOSSIP_PROTOCOL = TProtocol("/meshsub/1.1.0")
TELL_INTERVAL_S = 0.01
"""Between two batches to direct peers; the first goes at once."""
GOSSIP_INTERVAL_S = 1.0
"""Between two gossip messages of ours."""
BATCH_BYTES_MAX = 256 * 1024
"""py-libp2p's pubsub caps a message at 1 MiB."""
WAITING_MAX = 8_192
"""Transactions not yet sent; beyond this they wait for their next turn to be told."""
INCOMING_BATCHES_MAX = 256
"""Batches of peers that the pool has not taken yet; beyond this they are lost."""
KNOWN_MAX = 65_536
"""Hashes of transactions that need not be passed to the pool, or to others, again."""
HEARTBEAT_S = 1
MESH_DEGREE, MESH_DEGREE_LOW, MESH_DEGREE_HIGH = 6, 4, 12
_log = logging.getLogger("zerog.transactions")

OnTransactions = Callable[[list[bytes], PeerName], Awaitable[None]]
"""New transactions, encoded and unchecked, and the peer that passed them on."""


class TransactionNetwork:
    """The transactions of one chain, in and out."""

    def __init__(
        self, network: PeerNetwork, chain_identity: bytes, on_transactions: OnTransactions
    ) -> None:
        self._topic = f"/zerog/transactions/1/{chain_identity.hex()[:16]}"
        self._network = network
        self._on_transactions = on_transactions
        self._known: OrderedDict[bytes, None] = OrderedDict()
        self._to_tell = _Waiting()
        self._to_gossip = _Waiting()
        self._send_incoming, self._incoming = trio.open_memory_channel[
            tuple[tuple[bytes, ...], PeerName]
        ](INCOMING_BATCHES_MAX)
        network.take_transactions = self._take

    def publish(self, transactions: Sequence[bytes], *, again: bool = False) -> None:
        """Tell these encoded transactions to the network; ones known before only if `again`."""
        chosen = [each for each in transactions if self._note(keccak(each)) or again]
        self._to_tell.add(chosen)
        self._to_gossip.add(chosen)

    def forget(self, transactions: Sequence[bytes]) -> None:
        """They were not taken; told again, they are to be offered again."""
        for each in transactions:
            self._known.pop(keccak(each), None)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """In and out while the host runs: give this to `PeerNetwork.run` as a service."""
        router = _router()
        pubsub = _GuardedPubsub(self._network.host, router, allowed_topics={self._topic})
        pubsub.set_topic_validator(self._topic, self._is_well_formed, is_async_validator=False)
        async with background_trio_service(pubsub), background_trio_service(router):
            subscription = await pubsub.subscribe(self._topic)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell)
                nursery.start_soon(self._gossip, pubsub)
                nursery.start_soon(self._hear_gossip, subscription.get)
                nursery.start_soon(self._deliver)
                try:
                    yield
                finally:
                    nursery.cancel_scope.cancel()

    def _take(self, peer: PeerName, transactions: Sequence[bytes]) -> None:
        """A batch has come in; never waits, for votes come behind it."""
        new = tuple(each for each in transactions if self._note(keccak(each)))
        if not new:
            return
        try:
            self._send_incoming.send_nowait((new, peer))
        except trio.WouldBlock:
            _log.debug("%d transactions of %s are lost: the pool is behind", len(new), peer)
            self.forget(new)

    async def _deliver(self) -> None:
        async for transactions, peer in self._incoming:
            await self._on_transactions(list(transactions), peer)

    def _note(self, digest: bytes) -> bool:
        if digest in self._known:
            self._known.move_to_end(digest)
            return False
        self._known[digest] = None
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return True

    def _is_well_formed(self, forwarder: ID, message: rpc_pb2.Message) -> bool:
        """False, and whoever passed it on is dropped, only for what no correct node passes on."""
        try:
            decode_transactions(message.data)
        except Undecodable as error:
            if forwarder != self._network.host.get_id():
                self._network.drop_id(forwarder, f"transactions: {error}")
            return False
        return True

    async def _tell(self) -> None:
        while True:
            await self._to_tell.wait()
            batch = self._to_tell.take(PIECE_BYTES_MAX)
            self._network.broadcast(TransactionBatch(tuple(batch)))
            await trio.sleep(TELL_INTERVAL_S)

    async def _gossip(self, pubsub: Pubsub) -> None:
        while True:
            await self._to_gossip.wait()
            await trio.sleep(GOSSIP_INTERVAL_S)
            await pubsub.publish(self._topic, encode(self._to_gossip.take(BATCH_BYTES_MAX)))

    async def _hear_gossip(self, next_message: Callable[[], Awaitable[rpc_pb2.Message]]) -> None:
        own = self._network.host.get_id().to_bytes()
        while True:
            message = await next_message()
            if message.from_id != own:
                self._take(ID(message.from_id).to_base58(), decode_transactions(message.data))


class _GuardedPubsub(Pubsub):
    """py-libp2p handles each message in a task of its own, whose failure would end the service."""

    async def push_msg(self, msg_forwarder: ID, msg: rpc_pb2.Message) -> None:
        try:
            await super().push_msg(msg_forwarder, msg)
        except Exception as error:
            _log.warning("a gossip message of %s failed: %r", msg_forwarder.to_base58(), error)


class _Waiting:
    """Transactions to be sent, oldest first, each once."""

    def __init__(self) -> None:
        self._transactions: OrderedDict[bytes, None] = OrderedDict()
        self._arrived = trio.Event()

    def add(self, transactions: Sequence[bytes]) -> None:
        for transaction in transactions:
            if len(self._transactions) < WAITING_MAX:
                self._transactions[transaction] = None
                self._arrived.set()

    async def wait(self) -> None:
        """Until there is one."""
        await self._arrived.wait()

    def take(self, bytes_max: int) -> list[bytes]:
        """At least one, then as many as fit."""
        batch: list[bytes] = []
        size = 0
        while self._transactions and len(batch) < TRANSACTIONS_PER_MESSAGE_MAX:
            transaction = next(iter(self._transactions))
            if batch and size + len(transaction) > bytes_max:
                break
            del self._transactions[transaction]
            batch.append(transaction)
            size += len(transaction)
        if not self._transactions:
            self._arrived = trio.Event()
        return batch


def _router() -> GossipSub:
    """py-libp2p's defaults are ten messages a second and a heartbeat every two minutes."""
    return GossipSub(
        protocols=[GOSSIP_PROTOCOL],
        degree=MESH_DEGREE,
        degree_low=MESH_DEGREE_LOW,
        degree_high=MESH_DEGREE_HIGH,
        heartbeat_interval=HEARTBEAT_S,
        spam_protection_enabled=False,
        eclipse_protection_enabled=False,
        adaptive_gossip_enabled=False,
    )
