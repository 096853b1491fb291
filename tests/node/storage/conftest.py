"""A chain that says what a test wants, over real JSON-RPC; files cut into segments; a store on disk."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak

from node.client.json_rpc import RpcClient
from node.storage.chain_watch import ChainWatch, WatchedFlow
from node.storage.file_merkle import (
    CHUNK_BYTES,
    SEGMENT_BYTES,
    FileTree,
    segment_root,
    shape_of,
    submission_nodes,
)
from node.storage.index import Index
from node.storage.methods import Methods
from node.storage.peers import Peers
from node.storage.segment_files import SegmentFiles
from node.storage.settings import FLOW, StorageSettings
from node.storage.shards import Shard
from node.storage.store import Limits, Segment, SegmentStore
from node.storage.submissions import SUBMIT_TOPIC, Submission
from node.storage.wire import sent_json


class CutFile:
    """Random content of a size, as a client cuts it."""

    def __init__(self, size: int, seed: int = 0) -> None:
        self.size = size
        self.data = random.Random(size * 1000 + seed).randbytes(size)
        self.shape = shape_of(size)
        padded = self.data + bytes(-size % CHUNK_BYTES)
        self.segments = [
            padded[place : place + SEGMENT_BYTES] for place in range(0, len(padded), SEGMENT_BYTES)
        ]
        roots = [
            segment_root(segment, self.shape.segment_padded_chunks(index))
            for index, segment in enumerate(self.segments)
        ]
        self.tree = FileTree(self.shape, roots)
        self.nodes = submission_nodes(self.tree, self.segments[-1])
        self.root_text = "0x" + self.tree.root.hex()

    def segment(self, index: int) -> Segment:
        return Segment(index, self.segments[index], self.tree.proof(index))

    def wire(self, index: int) -> Any:
        """As the SDKs send it."""
        return sent_json(
            self.tree.root, self.shape, self.segment(index), self.tree.segment_root(index)
        )

    def submission(self, sequence: int = 0, start_chunk: int = 0) -> Submission:
        return Submission(sequence, start_chunk, self.size, b"", self.nodes, 1)


def submit_log(submission: Submission, address: str = FLOW) -> dict[str, Any]:
    """As eth_getLogs has it."""
    nodes = [(node.root, node.height) for node in submission.nodes]
    data = encode(
        ["uint256", "uint256", "uint256", "(uint256,bytes,(bytes32,uint256)[])"],
        [
            submission.sequence, submission.start_chunk, submission.shape.padded_chunks,
            (submission.size, submission.tags, nodes),
        ],
    )  # fmt: skip
    return {
        "address": address, "data": "0x" + data.hex(), "topics": [SUBMIT_TOPIC],
        "blockNumber": hex(submission.block_number),
    }  # fmt: skip


@dataclass
class FakeChain:
    """Blocks and logs; answers what a storage node asks."""

    height: int = 10
    logs: list[dict[str, Any]] = field(default_factory=list)
    genesis: str = "00"
    asked: list[tuple[int, int]] = field(default_factory=list)
    """Ranges of eth_getLogs."""
    url: str = ""
    blocks_at_once: int = 10**9
    """More are refused."""

    def answer(self, method: str, parameters: list[Any]) -> Any:
        match method:
            case "eth_blockNumber":
                return hex(self.height)
            case "eth_chainId":
                return "0x40d9"
            case "eth_getBlockByNumber":
                number = self.height if parameters[0] == "finalized" else int(parameters[0], 16)
                seed = f"{self.genesis} {number}".encode()
                return {"number": hex(number), "hash": "0x" + keccak(seed).hex()}
            case "eth_getLogs":
                wanted = parameters[0]
                first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
                if last - first >= self.blocks_at_once:
                    raise LookupError("query returned more than 10000 results")
                self.asked.append((first, last))
                assert wanted["topics"][0] == SUBMIT_TOPIC
                return [
                    log
                    for log in self.logs
                    if log["address"] == wanted["address"]
                    and first <= int(log["blockNumber"], 16) <= last
                ]
        raise AssertionError(method)


def serving(answer: Callable[[Any], Any]) -> Iterator[str]:
    """A JSON server on a free port: request bodies to answers."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            said = json.dumps(answer(json.loads(body))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def chain() -> Iterator[FakeChain]:
    fake = FakeChain()

    def answer(request: Any) -> Any:
        try:
            result = fake.answer(request["method"], request["params"])
        except LookupError as error:
            content = {"code": -32005, "message": str(error)}
            return {"jsonrpc": "2.0", "id": request["id"], "error": content}
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    for url in serving(answer):
        fake.url = url
        yield fake


@dataclass
class StorageParts:
    """A node without its HTTP server."""

    settings: StorageSettings
    store: SegmentStore
    watch: ChainWatch
    peers: Peers
    methods: Methods

    def call(self, name: str, *parameters: Any) -> Any:
        """The method's result, or what it raises."""
        method, needed = self.methods.table[name]
        assert len(parameters) >= needed
        return method(list(parameters))

    def announce(self, submission: Submission) -> None:
        """As the chain's event would."""
        with self.store.index.write() as batch:
            batch.add_submission(submission, self.store.shard)


MakeParts = Callable[..., StorageParts]


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[MakeParts]:
    """`parts("name", shard=…, peers=…, …)`: made or opened again under that name."""
    opened: dict[str, StorageParts] = {}

    def make(
        name: str = "node",
        *,
        shard: Shard | None = None,
        limits: Limits | None = None,
        peers: tuple[str, ...] = (),
        rpc_url: str = "http://127.0.0.1:1",
    ) -> StorageParts:
        if name in opened:
            opened.pop(name).store.close()
        settings = StorageSettings(
            tmp_path / name, rpc_url, shard=shard or Shard(), peers=peers,
            limits=limits or Limits(1 << 30, 1 << 30),
        )  # fmt: skip
        store = SegmentStore(
            Index(settings.datadir / "index"), SegmentFiles(settings.datadir / "segments"),
            settings.shard, settings.limits,
        )  # fmt: skip
        client = RpcClient.of_url(rpc_url)
        watch = ChainWatch(client, store.index, WatchedFlow(settings.flow, 0), store.shard)
        its_peers = Peers(peers, store, settings.flow)
        methods = Methods(settings, store, watch, its_peers)
        opened[name] = StorageParts(settings, store, watch, its_peers, methods)
        return opened[name]

    yield make
    for each in opened.values():
        each.store.close()


@pytest.fixture
def cut() -> type[CutFile]:
    return CutFile


@pytest.fixture
def log_of() -> Callable[..., dict[str, Any]]:
    return submit_log


@pytest.fixture
def serve() -> Callable[[Callable[[Any], Any]], Iterator[str]]:
    return serving
