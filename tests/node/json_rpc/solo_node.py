"""A node without consensus for JSON-RPC tests and benchmarks: a real chain, a real pool, a real socket,
and the real JSON-RPC process beside them. Blocks come when `mine` is called.
"""

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import trio
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Address, Hash32

from chain.building import PayloadAttributes
from chain.chain import Chain
from chain.errors import ChainError
from chain.key_value import KeyValueStore
from chain.pool_admission import PoolSettings
from chain.py_evm import PyEvmEngine
from chain.state import StateAt
from chain.transaction_pool import TransactionPool
from chain.transactions import decode_transaction, recover_sender
from consensus.block_parts import assemble_block
from consensus.certificates import build_certificate
from consensus.encoding import signing_digest
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of, sign
from consensus.values import Certificate, Height, Round, Vote, VoteKind
from genesis.block import genesis_block
from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts
from genesis.document import load_document
from genesis.networks import devnet_document
from node.consensus_records import records_of
from node.database import LmdbStore
from node.json_rpc.settings import RpcSettings
from node.local_socket import (
    Accepted,
    LocalSocketServer,
    NodeStatus,
    PoolContent,
    Refused,
    SubmitResult,
)

PROBE = Address(b"\x77" * 20)
"""Where the genesis has the TestProbe contract."""
VALIDATOR_KEY = bytes.fromhex("22" * 32)
START_SECONDS_MAX = 30.0


@dataclass
class RpcProcess:
    """The JSON-RPC process, reachable at `url`."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def stop(self) -> float:
        """Seconds it took from SIGTERM to its end."""
        begun = time.monotonic()
        self.process.terminate()
        self.process.wait(10)
        return time.monotonic() - begun


class SoloNode:
    """Start with `with`; `rpc()` starts JSON-RPC processes over it."""

    def __init__(self, folder: Path, **document_options: Any) -> None:
        self.folder = folder
        self.accounts: list[LocalAccount] = [Account.from_key(key) for _, key in dev_accounts()]
        self.document_path = folder / "genesis.json"
        options = {"predeploys": False, "timestamp": int(time.time()) - 60} | document_options
        written = devnet_document([(public_key_of(VALIDATOR_KEY), "validator-0")], **options)
        written["alloc"]["0x" + PROBE.hex()] = {
            "balance": "0x0",
            "code": "0x" + artifact("TestProbe").runtime.hex(),
        }
        self.document_path.write_text(json.dumps(written))
        self.document = load_document(written)
        self.store: KeyValueStore = LmdbStore(folder / "db")
        Chain.initialize(self.store, *genesis_block(self.document))
        self.chain = Chain(self.store, self.document.config, PyEvmEngine())
        self.pool = TransactionPool(
            self.document.config,
            self.chain.head,
            self._account,
            PoolSettings(allows_unprotected=True),
        )
        self.lock = threading.Lock()
        self.mines_at_once = False
        self.status_answer = NodeStatus(height=0, peers=3, highest_known=0)
        self._blocks: list[tuple[ConsensusBlock, Certificate]] = []
        # Under a directory of our own: a socket's path may have 108 bytes.
        self._socket_folder = tempfile.TemporaryDirectory(prefix="zerog-")
        self.socket_path = Path(self._socket_folder.name) / "node.sock"
        self._processes: list[RpcProcess] = []
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "SoloNode":
        self.start_socket()
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                process.stop()
        self.stop_socket()
        self.store.close()
        self._socket_folder.cleanup()

    def rpc(self, log_path: Path | None = None, **changes: Any) -> RpcProcess:
        """A JSON-RPC process with these settings changed; what it logs goes to `log_path`."""
        settings = RpcSettings(
            database=self.folder / "db",
            socket=self.socket_path,
            genesis=self.document_path,
            port=0,
        )
        fields = asdict(settings) | changes
        path = self.folder / f"rpc-{secrets.token_hex(4)}.json"
        path.write_text(json.dumps(fields, default=str))
        with nullcontext() if log_path is None else log_path.open("w") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "node.json_rpc", str(path)],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=Path(__file__).parents[3],
                env=os.environ | {"ETH_HASH_BACKEND": "pysha3"},
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"the JSON-RPC process ended with {process.wait()}")
        started = RpcProcess(process, int(line))
        self._processes.append(started)
        return started

    def start_socket(self) -> None:
        """Be a running node."""
        started = threading.Event()

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                self.server = LocalSocketServer(self.socket_path, self)
                await nursery.start(self.server.serve)
                self._scope, self._token = (
                    nursery.cancel_scope,
                    trio.lowlevel.current_trio_token(),
                )
                started.set()

        self._thread = threading.Thread(target=lambda: trio.run(main))
        self._thread.start()
        assert started.wait(START_SECONDS_MAX)

    def stop_socket(self) -> None:
        """Be a node that is not running."""
        if self._thread is not None and self._thread.is_alive():
            trio.from_thread.run_sync(self._scope.cancel, trio_token=self._token)
            self._thread.join()

    def on_loop(self, tell: Callable[[], None]) -> None:
        """Run on the node's event loop, where there is one."""
        if self._thread is not None and self._thread.is_alive():
            self._token.run_sync_soon(tell)

    def mine(self) -> None:
        """A block of what is pending, with its certificate."""
        with self.lock:
            self._mine()

    def _mine(self) -> None:
        head = self.chain.head
        attributes = PayloadAttributes(
            timestamp=max(int(time.time()), head.timestamp + 1),
            prev_randao=Hash32(head.hash),
            coinbase=Address(b"\x0f" * 20),
            parent_beacon_block_root=Hash32(bytes(32)),
            gas_limit_target=36_000_000,
        )
        candidates = self.pool.candidates(0)
        executed = self.chain.build_payload(attributes, candidates, lambda: False)
        block, certificate = self._decided(executed.payload, executed.block.header.hash)
        validators = self.document.validators
        self.chain.commit(
            executed, records_of(block, certificate, validators, validators.advanced())
        )
        self._blocks.append((block, certificate))
        self.pool.on_new_head(self.chain.head, executed.result.changes, time.monotonic())
        head = self.chain.head
        self.on_loop(lambda: self.server.announce_head(head.number, head.hash))

    def _decided(
        self, payload: bytes, execution_hash: Hash32
    ) -> tuple[ConsensusBlock, Certificate]:
        validators = self.document.validators
        height = Height(self.chain.head.number + 1)
        parent, last = (
            (self._blocks[-1][0].header.hash, self._blocks[-1][1])
            if self._blocks
            else (self.document.identity, None)
        )
        block = assemble_block(
            height=height,
            time_ms=int(time.time() * 1_000),
            proposer=validators.addresses[0],
            parent_hash=parent,
            validators=validators,
            next_validators=validators,
            last_certificate=last,
            evidence=(),
            payload=payload,
            execution_hash=execution_hash,
        )
        vote = Vote(
            VoteKind.PRECOMMIT, height, Round(0), block.header.hash, validators.addresses[0]
        )
        signed = vote.signed(sign(VALIDATOR_KEY, signing_digest(self.document.identity, vote)))
        return block, build_certificate(
            VoteKind.PRECOMMIT, height, Round(0), block.header.hash, [signed]
        )

    def _account(self, address: Address) -> Any:
        with self.store.snapshot() as snapshot:
            return StateAt(snapshot).account(address)

    async def submit_transactions(self, encoded: list[bytes]) -> list[SubmitResult]:
        with self.lock:
            results = [self._submit(item) for item in encoded]
            if self.mines_at_once:
                self._mine()
        return results

    def _submit(self, encoded: bytes) -> SubmitResult:
        try:
            transaction = decode_transaction(encoded)
            pending = self.pool.submit(transaction, recover_sender(transaction), time.monotonic())
        except ChainError as error:
            return Refused(str(error))
        told = [(pooled.hash, pooled.transaction.encoded) for pooled in pending]
        self.on_loop(lambda: self.server.announce_pending(told))
        return Accepted(transaction.hash)

    async def pending_nonce(self, address: bytes) -> int | None:
        return self.pool.pending_nonce(Address(address))

    async def pending_transaction(self, transaction_hash: bytes) -> bytes | None:
        pooled = self.pool.get(Hash32(transaction_hash))
        return None if pooled is None else pooled.transaction.encoded

    async def pool_content(self) -> PoolContent:
        content = self.pool.content()
        return PoolContent(
            *(
                [pooled.transaction.encoded for many in part.values() for pooled in many]
                for part in (content.pending, content.queued)
            )
        )

    async def status(self) -> NodeStatus:
        return replace(
            self.status_answer,
            pending=self.pool.pending_count,
            queued=self.pool.queued_count,
        )


def wait_for_port(port: int) -> None:
    """Until something accepts connections there."""
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
    raise TimeoutError(port)
