"""`zerog init`: writes the configuration, genesis document and keys of a node, or of N validators."""

import ipaddress
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from consensus.sign_state import sign_state_text
from consensus.validators import ValidatorSet
from genesis.document import GenesisDocument, load_document, parse_json
from genesis.errors import InvalidGenesis
from genesis.networks import devnet_document
from node.config import NodeConfig, config_text, with_settings
from node.durable_files import PRIVATE_FOLDER, replace_durably
from node.errors import InvalidConfig, InvalidFile, MissingFile, OperatorError
from node.keystore import (
    ValidatorKey,
    load_node_key,
    load_validator_key,
    new_secret,
    read_password,
    write_node_key,
    write_validator_key,
)
from node.layout import DataDirectory
from node.network.identity import parse_peer_address, peer_multiaddr
from node.plugin_files import extended
from node.sync.genesis import fetch_genesis

DEFAULT_HOST = "127.0.0.1"
PORT_MAX = 65_535


@dataclass(frozen=True, slots=True)
class InitRequest:
    """The flags of `zerog init`."""

    datadir: Path
    chain_id: int
    genesis: Path | None = None
    join: str | None = None
    """Multiaddr of a node whose chain to join; in place of `genesis` and `peers`."""
    peers: tuple[str, ...] = ()
    validators: int | None = None
    """None: one node in `datadir` itself; otherwise folders `validator-0` … in it."""
    hosts: tuple[str, ...] = ()
    is_devnet: bool = False
    is_full_node: bool = False
    password_file: Path | None = None
    plugins: tuple[Mapping[str, Any], ...] = ()
    """Entries for `config.zerog.plugins`."""
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodePlan:
    """One node to be written: where, with which keys and ports."""

    config: NodeConfig
    node_secret: bytes
    validator_secret: bytes | None
    keeps_keys: bool = False
    """Keys that are in the directory already stay; otherwise they are a reason to refuse."""

    @property
    def multiaddr(self) -> str:
        """Where the others reach it."""
        return peer_multiaddr(self.config.p2p_addr, self.config.p2p_port, self.node_secret)


def initialize(request: InitRequest) -> int:
    """Write everything and say what was written; exit code 0. Raises `OperatorError`."""
    if request.join is not None:
        return _join(request, request.join)
    _check_flags(request)
    password = _password(request)
    if request.validators is None:
        plan = _plan(request, request.datadir, DEFAULT_HOST, 0)
        if request.genesis is not None:
            plan = _with_keys_of_before(plan, password, is_devnet=_joins_devnet(request))
        plans = [plan]
    else:
        hosts = _hosts(request)
        plans = [
            _plan(request, request.datadir / f"validator-{index}", host, hosts[:index].count(host))
            for index, host in enumerate(hosts)
        ]
        plans = connected(plans)
    document = _document(request, plans)
    validators = load_document(document).validators
    for plan in plans:
        _refuse_to_overwrite(plan.config.data)
    for plan in plans:
        write_node(plan, document, password)
        _tell(plan, validators)
    return 0


def _join(request: InitRequest, multiaddr: str) -> int:
    """As with the document that the node at `multiaddr` has, and that node as peer."""
    if request.genesis is not None or request.validators is not None:
        raise OperatorError("init: --join has its genesis from a node; leave out --genesis and "
                            "--validators")  # fmt: skip
    text = fetch_genesis(multiaddr, new_secret())
    with TemporaryDirectory() as folder:
        genesis = Path(folder) / "genesis.json"
        genesis.write_bytes(text)
        peers = (multiaddr, *request.peers)
        return initialize(replace(request, join=None, genesis=genesis, peers=peers))


def connected(plans: Sequence[NodePlan]) -> list[NodePlan]:
    """The same nodes, each with all the others as peers."""
    return [
        replace(
            plan,
            config=replace(
                plan.config,
                peers=tuple(other.multiaddr for other in plans if other is not plan),
            ),
        )
        for plan in plans
    ]


def _with_keys_of_before(plan: NodePlan, password: str | None, *, is_devnet: bool) -> NodePlan:
    """A directory that lost all but its keys joins again as who it was. Raises `InvalidFile`."""
    data = plan.config.data
    if data.node_key.exists():
        plan = replace(plan, node_secret=load_node_key(data.node_key))
    if data.validator_key.exists():
        key = load_validator_key(data.validator_key, password, is_devnet=is_devnet)
        plan = replace(plan, validator_secret=key.secret)
    return replace(plan, keeps_keys=True)


def write_node(plan: NodePlan, document: Mapping[str, Any], password: str | None) -> None:
    """Write one node's directory; never overwrites a key or a genesis. Raises `InvalidFile`."""
    data = plan.config.data
    _refuse_to_overwrite(data)
    data.root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    if not (plan.keeps_keys and data.node_key.exists()):
        write_node_key(data.node_key, plan.node_secret)
    # A key of before may have signed: its sign state is made by nobody, so that it counts as lost.
    is_key_kept = plan.keeps_keys and data.validator_key.exists()
    if plan.validator_secret is not None and not is_key_kept:
        if not data.sign_state.exists():
            replace_durably(data.sign_state, sign_state_text())
        write_validator_key(data.validator_key, plan.validator_secret, password)
    replace_durably(data.genesis, json.dumps(document, indent=2).encode() + b"\n")
    replace_durably(data.config, config_text(plan.config).encode())


def read_genesis(path: Path) -> GenesisDocument:
    """The checked document; raises `MissingFile` or `InvalidFile` naming the file and field."""
    return _checked(path, _read_json(path))


def _check_flags(request: InitRequest) -> None:
    """What goes with what; raises `OperatorError`."""
    if request.is_full_node and request.validators is not None:
        raise OperatorError("init: --full-node and --validators: give one of them")
    if request.is_full_node and request.genesis is None:
        raise OperatorError("init: --full-node needs --genesis FILE, the chain to follow")
    if request.validators is not None and request.genesis is not None:
        raise OperatorError("init: --validators begins a new chain; leave out --genesis")
    if request.plugins and request.genesis is not None:
        raise OperatorError("init: --plugin is for a new chain; leave out --genesis")
    if request.hosts and request.validators is None:
        raise OperatorError("init: --hosts is for --validators N; for one node use --p2p.addr")
    for peer in request.peers:
        parse_peer_address(peer)


def _refuse_to_overwrite(data: DataDirectory) -> None:
    if data.config.exists() or data.genesis.exists():
        raise InvalidFile(data.root, "holds a node already; choose another --datadir")


def _password(request: InitRequest) -> str | None:
    if request.password_file is not None:
        return read_password(request.password_file)
    if not request.is_devnet and not request.is_full_node and not _joins_devnet(request):
        raise OperatorError(
            "init: give --password-file FILE to encrypt the validator's key with, "
            "or --devnet for a chain with plain keys"
        )
    return None


def _joins_devnet(request: InitRequest) -> bool:
    return request.genesis is not None and read_genesis(request.genesis).is_devnet


def _hosts(request: InitRequest) -> list[str]:
    count = request.validators or 0
    hosts = list(request.hosts) or [DEFAULT_HOST] * count
    if len(hosts) != count:
        raise InvalidConfig("init", "--hosts", f"{count} addresses, one a validator", len(hosts))
    for host in hosts:
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise InvalidConfig("init", "--hosts", "IP addresses", host) from None
    return hosts


def _plan(request: InitRequest, root: Path, host: str, offset: int) -> NodePlan:
    """`offset` counts the nodes already on that machine, whose ports come before ours."""
    base = with_settings(NodeConfig(DataDirectory(root)), request.settings)
    is_spread = host != DEFAULT_HOST
    for flag, port in (("--p2p.port", base.p2p_port), ("--http.port", base.http_port)):
        if port + offset > PORT_MAX:
            raise InvalidConfig("init", flag, f"{PORT_MAX - offset} at most for so many", port)
    config = replace(
        base,
        p2p_addr=host if is_spread else base.p2p_addr,
        p2p_port=base.p2p_port + offset,
        http_port=base.http_port + offset,
        peers=request.peers or base.peers,
        rpc_allow_unprotected_txs=base.rpc_allow_unprotected_txs or request.is_devnet,
    )
    return NodePlan(config, new_secret(), None if request.is_full_node else new_secret())


def _document(request: InitRequest, plans: Sequence[NodePlan]) -> Mapping[str, Any]:
    if request.genesis is not None:
        document = _read_json(request.genesis)
        _checked(request.genesis, document)
        return document
    keys = [ValidatorKey(plan.validator_secret) for plan in plans if plan.validator_secret]
    document = devnet_document(
        [(key.public_key, f"validator-{index}") for index, key in enumerate(keys)],
        request.chain_id,
        timestamp=int(time.time()),
        is_devnet=request.is_devnet,
    )
    return extended(document, request.plugins)


def _read_json(path: Path) -> Mapping[str, Any]:
    try:
        return parse_json(path.read_bytes())
    except FileNotFoundError:
        raise MissingFile(path, "the genesis document", "make one with `zerog init`") from None
    except OSError as error:
        raise InvalidFile(path, f"cannot be read: {error.strerror}") from None
    except InvalidGenesis as error:
        raise InvalidFile(path, str(error)) from None


def _checked(path: Path, document: Mapping[str, Any]) -> GenesisDocument:
    try:
        return load_document(document)
    except InvalidGenesis as error:
        raise InvalidFile(path, str(error)) from None


def _tell(plan: NodePlan, validators: ValidatorSet) -> None:
    config = plan.config
    print(f"{config.data.root}")
    if plan.validator_secret is not None:
        key = ValidatorKey(plan.validator_secret)
        print(f"  validator  0x{key.public_key.hex()}  (address 0x{key.address.hex()})")
        if key.address not in validators:
            print("             not among the genesis's validators: it will follow, and not vote")
    print(f"  peers dial {plan.multiaddr}")
    print(f"  start with zerog run --datadir {config.data.root}")
