"""What the commands of `zerog storage` do: one line for people, or JSON for programs."""

import argparse
import http.client
import re
import sys
from collections.abc import Mapping
from typing import Any

import orjson
from eth_typing import Hash32

from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError, WaitedTooLong
from node.client.sender import sender_of
from node.errors import OperatorError
from node.storage.command_line.progress import ProgressBar
from node.storage.errors import StorageError, TransferFailed
from node.storage.storage_client import StorageNetwork
from node.storage.transfer import get, put
from node.storage.wire import hash_text

EXIT_REFUSED = 1


def run_command(name: str, options: argparse.Namespace) -> int:
    """The exit code: 0 done, 1 refused. Raises `OperatorError`, which is exit code 2."""
    if name == "run":
        return _run_node(options)
    command = {"put": _put, "get": _get, "status": _status}[name]
    try:
        lines, content = command(options)
    except (StorageError, RpcError, WaitedTooLong) as error:
        print(f"zerog: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except NoJsonRpc as error:
        raise OperatorError(str(error)) from None
    except (ConnectionError, http.client.HTTPException, TimeoutError) as error:
        why = "nobody answers" if isinstance(error, ConnectionRefusedError) else error
        raise OperatorError(f"{options.rpc_url}: {why or type(error).__name__}") from None
    if options.json:
        print(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())
    else:
        print("\n".join(lines))
    return 0


def _run_node(options: argparse.Namespace) -> int:
    from node.storage.process import run_storage
    from node.storage.settings import FLOW, StorageSettings
    from node.storage.shards import Shard
    from node.storage.store import Limits
    from node.telemetry import start_logging

    start_logging(options.log_level, "text")
    settings = StorageSettings(
        datadir=options.datadir,
        rpc_url=options.rpc_url,
        flow=options.flow or FLOW,
        host=options.host,
        port=options.port,
        public_url=options.url,
        shard=Shard(*options.shard),
        peers=tuple(options.peer),
        limits=Limits(options.quota, options.file_max),
        first_block=options.from_block,
    )
    try:
        return run_storage(settings, "--port")
    except NoJsonRpc as error:
        raise OperatorError(str(error)) from None


_Said = tuple[list[str], Mapping[str, Any]]


def _put(options: argparse.Namespace) -> _Said:
    chain = RpcClient.of_url(options.rpc_url)
    network = StorageNetwork(options.storage_url)
    stored = put(chain, network, lambda: sender_of(options, chain), options.file, ProgressBar())
    content = {
        "root": hash_text(stored.root),
        "size": stored.size,
        "txSeq": stored.sequence,
        "transactionHash": stored.transaction,
    }
    how = f"transaction {stored.transaction}" if stored.transaction else "announced before"
    return [
        f"{content['root']}  {stored.size:,} bytes, submission {stored.sequence}, {how}"
    ], content


def _get(options: argparse.Namespace) -> _Said:
    if not re.fullmatch(r"0x[0-9a-fA-F]{64}", options.root):
        raise OperatorError(f"ROOT: expected 0x and 64 hex digits, got {options.root!r}")
    if options.file.exists():
        raise OperatorError(f"{options.file}: is there already; choose another name")
    root = Hash32(bytes.fromhex(options.root[2:]))
    chain = RpcClient.of_url(options.rpc_url)
    found = get(chain, StorageNetwork(options.storage_url), root, options.file, ProgressBar())
    content = {
        "root": hash_text(root),
        "size": found.size,
        "txSeq": found.sequence,
        "segments": found.shape.segments,
        "file": str(options.file),
    }
    return [
        f"{options.file}: {found.size:,} bytes; {found.shape.segments} segments, each proven "
        f"against the root of submission {found.sequence} in block {found.block_number}"
    ], content


def _status(options: argparse.Namespace) -> _Said:
    client = RpcClient.of_url(options.storage_url)
    try:
        status = client.call("zerog_storageStatus")
    except (OSError, http.client.HTTPException) as error:
        why = "nobody answers" if isinstance(error, ConnectionRefusedError) else error
        raise TransferFailed(f"{options.storage_url}: {why}") from None
    shard, damaged = status["shard"], status["damaged"]
    lines = [
        f"node         {status['url']}, shard {shard['shardId']} of {shard['numShard']}",
        f"chain        {status['chainId']} at {status['rpcUrl']}, Flow {status['flow']}",
        f"synced to    block {status['syncedBlock']}",
        f"files        {status['submissions']} announced, {status['finalized']} finalized",
        f"disk         {status['usedBytes']:,} of {status['quotaBytes']:,} bytes",
        f"peers        {', '.join(peer['url'] for peer in status['peers']) or 'none answers'}",
        f"damaged      {len(damaged)} segments" if damaged else "damaged      none",
        *(f"  segment {item['segment']} of {item['root']}" for item in damaged),
    ]
    return lines, status
