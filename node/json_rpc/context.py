"""What a method is given: a view of the chain, or the services of this process."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from coincurve import PrivateKey
from eth_hash.auto import keccak
from eth_typing import Address

from chain.config import ChainConfig
from chain.key_value import KeyValueStore
from chain.queries import Queries, QueryLimits
from consensus.validators import ValidatorSet
from genesis.document import (
    ChainGenesis,
    GenesisDocument,
    load_chain_genesis,
    parse_document,
    parse_json,
)
from genesis.errors import InvalidGenesis
from node.errors import InvalidFile, MissingFile, OperatorError
from node.json_rpc.errors import server_error
from node.json_rpc.settings import LOGS_BLOCK_RANGE_MAX, LOGS_RESULTS_MAX, RpcSettings
from node.json_rpc.subscriptions import Feed
from node.json_rpc.worker_pool import WorkerPool
from node.local_client import NodeClient

UNLIMITED_GAS = 2**63 - 1
"""What geth lets a call use where the cap is 0."""


@dataclass(frozen=True, slots=True)
class Services:
    """All that methods of the JSON-RPC process can ask."""

    settings: RpcSettings
    document: ChainGenesis
    store: KeyValueStore
    queries: Queries
    node: NodeClient
    call_workers: WorkerPool
    """Carry out what runs contracts."""
    scan_workers: WorkerPool
    """Carry out what reads many blocks."""
    feed: Feed
    """Tells of new blocks."""
    unlocked: Mapping[Address, bytes] = field(default_factory=dict)
    """Private keys of the accounts that methods may sign for; a devnet's, else none."""
    _sending: dict[bytes, asyncio.Lock] = field(default_factory=dict)

    def sending(self, sender: bytes) -> asyncio.Lock:
        """Held while a transaction of that unlocked account is filled in, signed and submitted."""
        return self._sending.setdefault(sender, asyncio.Lock())

    @property
    def config(self) -> ChainConfig:
        return self.document.config

    @property
    def validators(self) -> ValidatorSet:
        """Those of the genesis document; raises `RpcError` where the chain is somebody else's."""
        if not isinstance(self.document, GenesisDocument):
            raise server_error("an imported chain has no validators")
        return self.document.validators


class NoEngine:
    """Stands for the engine where nothing may be executed: the server leaves that to its workers."""

    def precompiles(self, *_: Any) -> Any:
        raise AssertionError("the JSON-RPC server executes nothing")

    def begin_block(self, *_: Any) -> Any:
        raise AssertionError("the JSON-RPC server builds no block")

    def execute_block(self, *_: Any) -> Any:
        raise AssertionError("the JSON-RPC server executes no block")

    def call(self, *_: Any) -> Any:
        raise AssertionError("calls run in worker processes")


def settings_genesis(settings: RpcSettings) -> ChainGenesis:
    """The document that the settings name, as `load_genesis`, with the merge block that they know."""
    document = load_genesis(settings.genesis, is_foreign=settings.is_foreign)
    if settings.merge_block is None or not document.config.awaits_merge:
        return document
    return replace(document, config=document.config.with_merge_at(settings.merge_block))


def load_genesis(path: Path, *, is_foreign: bool = False) -> ChainGenesis:
    """Raises `MissingFile` or `InvalidFile` naming the field.

    `is_foreign`: of a chain that was imported; any fork, no validators.
    """
    try:
        text = path.read_bytes()
        return load_chain_genesis(parse_json(text)) if is_foreign else parse_document(text)
    except FileNotFoundError:
        raise MissingFile(path, "the genesis document", "make one with `zerog init`") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
    except InvalidGenesis as error:
        raise InvalidFile(path, str(error)) from None


def query_limits(settings: RpcSettings) -> QueryLimits:
    """The chain's limits as the settings have them."""
    return QueryLimits(
        gas_cap=settings.gas_cap or UNLIMITED_GAS,
        log_blocks_max=LOGS_BLOCK_RANGE_MAX,
        log_results_max=LOGS_RESULTS_MAX,
        proof_blocks_max=settings.proof_blocks_max,
    )


def unlocked_accounts(settings: RpcSettings, document: ChainGenesis) -> dict[Address, bytes]:
    """The keys of the settings by address; raises `OperatorError` outside a devnet."""
    if settings.unlocked_keys and not document.is_devnet:
        raise OperatorError(
            "accounts are unlocked on networks alone whose genesis marks them as devnets"
        )
    return {_address_of(key): key for key in map(bytes.fromhex, settings.unlocked_keys)}


def _address_of(private_key: bytes) -> Address:
    public_key = PrivateKey(private_key).public_key.format(compressed=False)
    return Address(keccak(public_key[1:])[-20:])
