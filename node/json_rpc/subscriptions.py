"""Who is to be told of new blocks, logs, pending transactions and catching up: eth_subscribe's subscriptions.

One task reads each new block once and hands its JSON to every subscription that wants it. Nobody is
waited for: a listener that does not keep up is its own affair (`websocket.py` drops it).
"""

import asyncio
import secrets
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Protocol

import orjson
from eth_hash.auto import keccak

from chain.answers import PlacedLog
from chain.log_filter import BloomTest, LogFilter
from chain.queries import Queries
from chain.transactions import decode_transaction, recover_sender
from node.json_rpc.call_parameters import CHAIN_HEAD
from node.json_rpc.encoding import (
    data,
    header_json,
    log_json,
    pending_transaction_json,
    syncing_json,
)
from node.json_rpc.errors import LIMIT_EXCEEDED, RpcError
from node.local_client import NodeClient
from node.local_socket import LocalSocketError

SUBSCRIPTIONS_MAX = 20_000
"""Of all connections together."""
BLOCKS_BEHIND_MAX = 256
"""Blocks told of at once after the node was out of reach; older ones are passed over."""
PENDING_WAITING_MAX = 10_000
"""Pending transactions that wait to be told of; more are passed over."""
STEPS_BETWEEN_TURNS = 256
"""Notifications, or logs looked at, before other requests get a turn."""
SYNC_LOOK_S = 1.0
"""How often the node is asked whether it is catching up, while somebody wants to know."""


class Kind(Enum):
    """What can be subscribed to."""

    HEADS = auto()
    LOGS = auto()
    PENDING_HASHES = auto()
    PENDING_BODIES = auto()
    SYNCING = auto()


class Listener(Protocol):
    """Where notifications go."""

    def push(self, message: bytes) -> None:
        """Returns at once and never raises."""


class Subscriber(Protocol):
    """The connection a call came over, as methods see it."""

    def subscribe(self, kind: Kind, log_filter: LogFilter | None = None) -> str:
        """The subscription's id; notifications begin after the answer. Raises `RpcError` at a limit."""

    def unsubscribe(self, identity: str) -> bool:
        """Whether this connection had it."""


def _new_identity() -> str:
    return f"0x{secrets.randbits(128):x}"


@dataclass(eq=False, slots=True)
class Subscription:
    """One client's wish."""

    kind: Kind
    listener: Listener
    log_filter: LogFilter | None = None
    identity: str = field(default_factory=_new_identity)
    _bloom_test: BloomTest | None = field(init=False, default=None)
    _head: bytes = field(init=False, default=b"")

    def __post_init__(self) -> None:
        self._head = (
            b'{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"'
            + self.identity.encode()
            + b'","result":'
        )
        if self.log_filter is not None:
            self._bloom_test = BloomTest(self.log_filter)

    def tell(self, result: bytes) -> None:
        """`result` is JSON."""
        self.listener.push(self._head + result + b"}}")

    def may_want(self, number: int, bloom: bytes) -> bool:
        """Of a LOGS subscription: whether that block is worth a look."""
        assert self.log_filter is not None
        assert self._bloom_test is not None
        first, last = self.log_filter.first_block, self.log_filter.last_block
        is_within = number >= first and (last == CHAIN_HEAD or number <= last)
        return is_within and self._bloom_test.may_match(bloom)


class Feed:
    """All subscriptions of one process. Everything happens in its event loop."""

    def __init__(self, queries: Queries, node: NodeClient) -> None:
        self._queries, self._node = queries, node
        # Dicts, because their order is that of the subscribing.
        self._by_kind: dict[Kind, dict[Subscription, None]] = {kind: {} for kind in Kind}
        self._count = 0
        self._told = 0
        self._pending: deque[bytes] = deque()
        self._wake = asyncio.Event()
        self._next_block: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._wants_sync = asyncio.Event()
        self._steps = 0

    def check_room(self) -> None:
        """Raises `RpcError` where there are too many already."""
        if self._count >= SUBSCRIPTIONS_MAX:
            raise RpcError(LIMIT_EXCEEDED, "too many subscriptions")

    def add(self, subscription: Subscription) -> None:
        """Tell it of what happens from now on."""
        self._count += 1
        self._by_kind[subscription.kind][subscription] = None
        self._on_changed()

    def remove(self, subscription: Subscription) -> None:
        """One that is not there is nobody's mistake."""
        if self._by_kind[subscription.kind].pop(subscription, self) is not self:
            self._count -= 1
            self._on_changed()

    def on_head(self, number: int) -> None:
        """See `FeedListener`."""
        self._wake.set()
        if not self._next_block.done():
            self._next_block.set_result(None)

    def next_block(self) -> asyncio.Future[None]:
        """Done when the node tells of another block; shared, not to be cancelled."""
        if self._next_block.done():
            self._next_block = asyncio.get_running_loop().create_future()
        return self._next_block

    def on_pending(self, transactions: Sequence[bytes]) -> None:
        """See `FeedListener`."""
        room = PENDING_WAITING_MAX - len(self._pending)
        self._pending.extend(transactions[:room])
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        with self._queries.view() as view:
            self._told = view.head_number
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell_of_syncing())
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._tell_of_pending()
                await self._tell_of_blocks()

    def _on_changed(self) -> None:
        self._node.watch_pending(
            bool(self._by_kind[Kind.PENDING_HASHES] or self._by_kind[Kind.PENDING_BODIES])
        )
        if self._by_kind[Kind.SYNCING]:
            self._wants_sync.set()
        else:
            self._wants_sync.clear()

    async def _tell_of_blocks(self) -> None:
        with self._queries.view() as view:
            head = view.head_number
        first = max(self._told + 1, head + 1 - BLOCKS_BEHIND_MAX)
        self._told = max(head, self._told)
        if self._by_kind[Kind.HEADS] or self._by_kind[Kind.LOGS]:
            for number in range(first, head + 1):
                await self._tell_of_block(number)

    async def _tell_of_block(self, number: int) -> None:
        logs: Sequence[PlacedLog] = ()
        with self._queries.view() as view:
            header = view.header(number)
            interested = [
                subscription
                for subscription in self._by_kind[Kind.LOGS]
                if subscription.may_want(number, header.bloom)
            ]
            if interested:
                logs = view.logs_of_block(number)
        await self._tell_all(Kind.HEADS, [orjson.dumps(header_json(header))])
        encoded: dict[int, bytes] = {}
        for subscription in interested:
            await self._tell_of_logs(subscription, logs, encoded)

    async def _tell_of_logs(
        self, subscription: Subscription, logs: Sequence[PlacedLog], encoded: dict[int, bytes]
    ) -> None:
        """`encoded` keeps the JSON of logs that others wanted too."""
        assert subscription.log_filter is not None
        for index, placed in enumerate(logs):
            await self._let_others_in()
            if subscription not in self._by_kind[Kind.LOGS]:
                return
            if subscription.log_filter.matches(placed.log):
                if index not in encoded:
                    encoded[index] = orjson.dumps(log_json(placed))
                subscription.tell(encoded[index])

    async def _tell_of_pending(self) -> None:
        taken, self._pending = self._pending, deque()
        for encoded in taken:
            if self._by_kind[Kind.PENDING_HASHES]:
                shown = orjson.dumps(data(keccak(encoded)))
                await self._tell_all(Kind.PENDING_HASHES, [shown])
            if self._by_kind[Kind.PENDING_BODIES]:
                transaction = decode_transaction(encoded)
                body = pending_transaction_json(transaction, recover_sender(transaction))
                await self._tell_all(Kind.PENDING_BODIES, [orjson.dumps(body)])

    async def _tell_of_syncing(self) -> None:
        """The state of things at once, then every change."""
        told: dict[Subscription, bytes] = {}
        while True:
            await self._wants_sync.wait()
            state = orjson.dumps(await self._sync_state())
            told = {
                subscription: told.get(subscription, b"")
                for subscription in self._by_kind[Kind.SYNCING]
            }
            for subscription, before in told.items():
                # While catching up only the beginning is news, as in geth.
                if before == b"" or (before == b"false") != (state == b"false"):
                    subscription.tell(state)
                    told[subscription] = state
            await asyncio.sleep(SYNC_LOOK_S)

    async def _sync_state(self) -> object:
        try:
            progress = syncing_json(await self._node.status())
        except LocalSocketError:
            return False
        return {"syncing": True, "status": progress} if progress else False

    async def _tell_all(self, kind: Kind, results: Iterable[bytes]) -> None:
        for result in results:
            for subscription in list(self._by_kind[kind]):
                await self._let_others_in()
                if subscription in self._by_kind[kind]:
                    subscription.tell(result)

    async def _let_others_in(self) -> None:
        self._steps += 1
        if self._steps % STEPS_BETWEEN_TURNS == 0:
            await asyncio.sleep(0)
