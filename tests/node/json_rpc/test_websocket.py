"""JSON-RPC over WebSocket: calls, batches, subscriptions, limits."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from typing import Any

import orjson
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from node.json_rpc.websocket import SUBSCRIPTIONS_PER_CONNECTION_MAX, WAITING_NOTIFICATIONS_MAX

WAIT_S = 10.0


class Client:
    """A WebSocket that asks and listens."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.notifications: list[Any] = []
        self._next_id = 0

    def say(self, message: Any) -> None:
        self.connection.send(orjson.dumps(message).decode())

    def hear(self) -> Any:
        return orjson.loads(self.connection.recv(WAIT_S))

    def ask(self, method: str, *params: Any) -> Any:
        """The answer's object; notifications that came before it are kept."""
        self._next_id += 1
        self.say({"jsonrpc": "2.0", "id": self._next_id, "method": method, "params": params})
        while True:
            message = self.hear()
            if message.get("id") == self._next_id:
                return message
            self.notifications.append(message)

    def result(self, method: str, *params: Any) -> Any:
        answer = self.ask(method, *params)
        assert "error" not in answer, answer
        return answer["result"]

    def next_of(self, subscription: str) -> Any:
        """The next notification, which must be that subscription's."""
        message = self.notifications.pop(0) if self.notifications else self.hear()
        assert message["jsonrpc"] == "2.0"
        assert message["method"] == "eth_subscription"
        assert message["params"]["subscription"] == subscription
        return message["params"]["result"]


Open = Callable[..., Client]


@pytest.fixture
def open_client(rpc: Any) -> Iterator[Open]:
    with ExitStack() as opened:

        def open_client(**options: Any) -> Client:
            connecting = connect(f"ws://127.0.0.1:{rpc.port}", max_size=None, **options)
            return Client(opened.enter_context(connecting))

        yield open_client


@pytest.fixture
def client(open_client: Open) -> Client:
    return open_client()


def transfer(node: Any, sender: int = 0, nonce: int | None = None) -> str:
    """Signed, of one wei."""
    account = node.accounts[sender]
    signed = account.sign_transaction(
        {
            "chainId": 16_601,
            "nonce": node.pool.pending_nonce(bytes.fromhex(account.address[2:]))
            if nonce is None
            else nonce,
            "to": "0x" + "99" * 20,
            "value": 1,
            "gas": 21_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    return "0x" + signed.raw_transaction.hex()


def test_calls_and_batches_are_answered_as_over_http(client: Client) -> None:
    assert client.result("eth_chainId") == "0x40d9"
    batch = [
        {"jsonrpc": "2.0", "id": number, "method": "eth_chainId", "params": []}
        for number in range(3)
    ]
    client.say([*batch, {"jsonrpc": "2.0", "method": "eth_chainId"}])
    assert [answer["id"] for answer in client.hear()] == [0, 1, 2]
    client.connection.send(b"{")
    assert client.hear()["error"]["code"] == -32700


def test_many_calls_may_be_under_way(client: Client) -> None:
    for number in range(100):
        call = {"jsonrpc": "2.0", "id": number, "method": "eth_call", "params": [{}, "latest"]}
        client.say(call)
    assert sorted(client.hear()["id"] for _ in range(100)) == list(range(100))


def test_new_heads_come_after_the_answer_and_in_order(client: Client, node: Any) -> None:
    subscription = client.result("eth_subscribe", "newHeads")
    node.mine()
    node.mine()
    first, second = client.next_of(subscription), client.next_of(subscription)
    assert int(second["number"], 16) == int(first["number"], 16) + 1
    assert second["parentHash"] == first["hash"]
    block = client.result("eth_getBlockByHash", second["hash"], False)
    assert {name: block[name] for name in second} == second


def test_nothing_comes_after_unsubscribing(client: Client, node: Any) -> None:
    gone, kept = (client.result("eth_subscribe", "newHeads") for _ in range(2))
    assert client.result("eth_unsubscribe", gone) is True
    assert client.ask("eth_unsubscribe", gone)["error"] == {
        "code": -32000,
        "message": "subscription not found",
    }
    node.mine()
    client.next_of(kept)
    assert client.result("eth_chainId") == "0x40d9"
    assert client.notifications == []


def test_a_subscription_belongs_to_its_connection(open_client: Open) -> None:
    one, other = open_client(), open_client()
    subscription = one.result("eth_subscribe", "newHeads")
    assert "error" in other.ask("eth_unsubscribe", subscription)
    assert one.result("eth_unsubscribe", subscription) is True


def test_pending_transactions_come_as_hashes_or_whole(
    open_client: Open, node: Any, result: Any
) -> None:
    hashes, bodies = open_client(), open_client()
    of_hashes = hashes.result("eth_subscribe", "newPendingTransactions")
    of_bodies = bodies.result("eth_subscribe", "newPendingTransactions", True)
    sent = result("eth_sendRawTransaction", transfer(node))
    assert hashes.next_of(of_hashes) == sent
    body = bodies.next_of(of_bodies)
    assert (body["hash"], body["blockHash"]) == (sent, None)
    assert body["from"] == node.accounts[0].address.lower()
    node.mine()


def test_a_queued_transaction_is_pending_once_its_gap_is_closed(
    client: Client, node: Any, result: Any
) -> None:
    subscription = client.result("eth_subscribe", "newPendingTransactions")
    nonce = node.pool.pending_nonce(bytes.fromhex(node.accounts[1].address[2:]))
    later = result("eth_sendRawTransaction", transfer(node, 1, nonce + 1))
    sooner = result("eth_sendRawTransaction", transfer(node, 1, nonce))
    assert [client.next_of(subscription) for _ in range(2)] == [sooner, later]
    node.mine()


def test_logs_are_filtered(client: Client, node: Any, result: Any, emitter: Any) -> None:
    address, emit, topic = emitter
    everything = client.result("eth_subscribe", "logs", {})
    other = client.result("eth_subscribe", "logs", {"address": "0x" + "12" * 20})
    wanted = client.result("eth_subscribe", "logs", {"address": address, "topics": [topic]})
    emit()
    heard = {}
    for _ in range(2):
        message = client.notifications.pop(0) if client.notifications else client.hear()
        heard[message["params"]["subscription"]] = message["params"]["result"]
    assert set(heard) == {everything, wanted}
    log = heard[wanted]
    assert (log["address"], log["topics"][0], log["removed"]) == (address, topic, False)
    assert result("eth_getLogs", {"blockHash": log["blockHash"]}) == [log]
    assert client.result("eth_unsubscribe", other) is True


def test_a_range_bounds_the_blocks_whose_logs_are_told(
    client: Client, node: Any, result: Any, emitter: Any
) -> None:
    address, emit, _ = emitter
    head = int(result("eth_blockNumber"), 16)
    ranges = {
        "past": {"fromBlock": "0x0", "toBlock": hex(head)},
        "next": {"fromBlock": hex(head + 1), "toBlock": hex(head + 1)},
        "later": {"fromBlock": hex(head + 2)},
        "all": {"fromBlock": "earliest", "toBlock": "latest"},
    }
    named = {
        client.result("eth_subscribe", "logs", {"address": address} | bounds): name
        for name, bounds in ranges.items()
    }
    emit()
    emit()
    assert int(result("eth_blockNumber"), 16) == head + 2
    heard = []
    for _ in range(4):
        message = client.notifications.pop(0) if client.notifications else client.hear()
        told = message["params"]
        heard.append((named[told["subscription"]], int(told["result"]["blockNumber"], 16) - head))
    assert sorted(heard) == [("all", 1), ("all", 2), ("later", 2), ("next", 1)]


def test_catching_up_is_told_when_it_begins_and_ends(client: Client, node: Any) -> None:
    before = node.status_answer
    subscription = client.result("eth_subscribe", "syncing")
    assert client.next_of(subscription) is False
    node.status_answer = type(before)(height=5, peers=3, highest_known=90, starting_height=2)
    assert client.next_of(subscription) == {
        "syncing": True,
        "status": {"startingBlock": "0x2", "currentBlock": "0x5", "highestBlock": "0x5a"},
    }
    node.status_answer = before
    assert client.next_of(subscription) is False


@pytest.mark.parametrize(
    ("params", "code", "text"),
    [
        (["newHats"], -32601, 'no "newHats" subscription in eth namespace'),
        ([], -32602, "missing value for required argument 0"),
        (["logs", 5], -32602, "invalid argument 1: json: cannot unmarshal number"),
        (["logs", {"fromBlock": "0x5", "toBlock": "0x2"}], -32602, "invalid block range params"),
        (["logs", {"toBlock": "0x2"}], -32602, "invalid block range params"),
        (["logs", {"blockHash": "0x" + "ab" * 32}], -32602, "invalid block range params"),
        (["newPendingTransactions", "yes"], -32602, "invalid argument 1: "),
    ],
)
def test_what_cannot_be_subscribed_to_is_said(
    client: Client, params: list[Any], code: int, text: str
) -> None:
    error = client.ask("eth_subscribe", *params)["error"]
    assert error["code"] == code
    assert error["message"].startswith(text)


def test_subscribing_needs_a_websocket(error: Any) -> None:
    assert error("eth_subscribe", "newHeads") == {
        "code": -32601,
        "message": "notifications not supported",
    }


def test_a_connection_has_so_many_subscriptions_and_no_more(client: Client) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["logs", {}]}
    client.say([call] * SUBSCRIPTIONS_PER_CONNECTION_MAX)
    assert all("result" in answer for answer in client.hear())
    assert client.ask("eth_subscribe", "newHeads")["error"]["code"] == -32005


def test_a_page_that_is_not_listed_cannot_connect(node: Any) -> None:
    strict = node.rpc(cors_origins=["https://good.example"], virtual_hosts=["localhost"])
    url = f"ws://127.0.0.1:{strict.port}"
    for origin in ("https://evil.example", "null"):
        assert is_refused(url, origin=origin)
    assert is_refused(url, additional_headers={"Host": "evil.example"})
    assert not is_refused(url, origin="https://good.example")
    assert not is_refused(url)


def is_refused(url: str, **options: Any) -> bool:
    try:
        with connect(url, **options):
            return False
    except InvalidStatus as error:
        return error.response.status_code == 403


def test_a_message_that_is_too_large_ends_the_connection(client: Client) -> None:
    # It may still be sending when the connection is cut.
    with suppress(ConnectionClosed):
        client.connection.send("x" * (5 * 1024 * 1024 + 1))
    with pytest.raises(ConnectionClosed):
        client.connection.recv(WAIT_S)


def test_who_does_not_read_notifications_is_dropped_and_others_are_not(
    open_client: Open, rpc: Any, node: Any
) -> None:
    slow_socket = socket.socket()
    slow_socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    slow_socket.connect(("127.0.0.1", rpc.port))
    slow = open_client(sock=slow_socket, max_queue=1)
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_subscribe", "params": ["newHeads"]}
    slow.say([call] * SUBSCRIPTIONS_PER_CONNECTION_MAX)
    slow.hear()
    good = open_client()
    subscription = good.result("eth_subscribe", "newHeads")
    blocks = WAITING_NOTIFICATIONS_MAX // SUBSCRIPTIONS_PER_CONNECTION_MAX + 5
    for _ in range(blocks):
        node.mine()
        good.next_of(subscription)
    heard = 0
    with suppress(ConnectionClosed):
        while heard < blocks * SUBSCRIPTIONS_PER_CONNECTION_MAX:
            slow.hear()
            heard += 1
    assert heard < WAITING_NOTIFICATIONS_MAX
    assert good.result("eth_chainId") == "0x40d9"


def test_the_process_stops_at_once_with_connections_open(node: Any) -> None:
    rpc = node.rpc()
    with connect(f"ws://127.0.0.1:{rpc.port}") as connection:
        client = Client(connection)
        client.result("eth_subscribe", "newHeads")
        assert rpc.stop() < 3.0
        assert rpc.process.returncode == 0
        with pytest.raises(ConnectionClosed):
            client.hear()


@pytest.fixture(scope="module")
def emitter(node: Any, result: Any) -> tuple[str, Callable[[], None], str]:
    """A contract whose address, a function that makes it log, and the log's first topic."""
    topic = "ab" * 32
    runtime = "7f" + topic + "60006000a1"
    code = "0x" + f"60{len(runtime) // 2:02x}80600b6000396000f3" + runtime
    account = node.accounts[2]

    def send(**fields: Any) -> str:
        signed = account.sign_transaction(
            {
                "chainId": 16_601,
                "nonce": node.pool.pending_nonce(bytes.fromhex(account.address[2:])),
                "value": 0,
                "gas": 200_000,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 10**9,
            }
            | fields
        )
        sent: str = result("eth_sendRawTransaction", "0x" + signed.raw_transaction.hex())
        node.mine()
        return sent

    created = result("eth_getTransactionReceipt", send(data=code))["contractAddress"]
    assert result("eth_getCode", created) == "0x" + runtime
    return created, lambda: send(to=bytes.fromhex(created[2:])) and None, "0x" + topic


def handshaken(rpc: Any) -> socket.socket:
    """A bare socket behind a WebSocket's handshake, with room for little."""
    bare = socket.socket()
    bare.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    bare.settimeout(WAIT_S)
    bare.connect(("127.0.0.1", rpc.port))
    bare.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b" 101 " in bare.recv(4_096)
    return bare


def flood(bare: socket.socket, chunk: bytes) -> None:
    for _ in range(2_000):
        bare.sendall(chunk)


def test_who_pings_and_reads_nothing_is_dropped(rpc: Any, client: Client) -> None:
    ping = b"\x89\xfd" + bytes(4) + bytes(125)
    with handshaken(rpc) as bare, pytest.raises(ConnectionError):
        flood(bare, ping * 100)
    assert client.result("eth_chainId") == "0x40d9"


def test_broken_frames_end_the_connection_and_fill_no_log(
    node: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    rpc = node.rpc()
    not_utf8 = b"\x81\x82" + bytes(4) + b"\xff\xfe"
    reserved_opcode = b"\x8b\x80" + bytes(4)
    not_masked = b"\x81\x01{"
    for frame in (not_utf8, reserved_opcode, not_masked):
        with handshaken(rpc) as bare:
            bare.sendall(frame)
            while bare.recv(4_096):
                pass
    with socket.create_connection(("127.0.0.1", rpc.port)) as half:
        half.sendall(
            b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        )
        assert b" 426 " in half.recv(4_096) or half.recv(1) == b""
    with connect(f"ws://127.0.0.1:{rpc.port}") as connection:
        assert Client(connection).result("eth_chainId") == "0x40d9"
    rpc.stop()
    assert "ERROR" not in capfd.readouterr().err
