"""node/initialization.py: what `zerog init` writes, and what it refuses."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from node.config import load_config
from node.errors import InvalidFile, MissingFile, OperatorError
from node.initialization import InitRequest, initialize, read_genesis
from node.keystore import load_node_key, load_validator_key
from node.layout import DataDirectory
from node.network.identity import peer_multiaddr


def init(tmp_path: Path, folder: str = "node", **changes: Any) -> Path:
    request = {"datadir": tmp_path / folder, "chain_id": 99, "is_devnet": True} | changes
    assert initialize(InitRequest(**request)) == 0
    return tmp_path / folder


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_one_node_has_all_its_files_and_nobody_else_reads_the_keys(tmp_path: Path) -> None:
    data = DataDirectory(init(tmp_path))
    document = read_genesis(data.genesis)
    assert document.is_devnet
    assert document.config.chain_id == 99
    key = load_validator_key(data.validator_key, None, is_devnet=True)
    assert [validator.public_key for validator in document.validators.validators] == [
        key.public_key
    ]
    assert load_node_key(data.node_key) != key.secret
    for path in (data.node_key, data.validator_key):
        assert mode_of(path) == 0o600
    assert load_config(data.root, {}).peers == ()


def test_validators_share_a_genesis_and_know_each_other(tmp_path: Path) -> None:
    root = init(tmp_path, validators=3, settings={"http_port": "9000", "p2p_port": "9100"})
    folders = [root / f"validator-{index}" for index in range(3)]
    assert len({(folder / "genesis.json").read_bytes() for folder in folders}) == 1
    configs = [load_config(folder, {}) for folder in folders]
    assert [config.http_port for config in configs] == [9000, 9001, 9002]
    assert [config.p2p_port for config in configs] == [9100, 9101, 9102]
    addresses = [
        peer_multiaddr(config.p2p_addr, config.p2p_port, load_node_key(config.data.node_key))
        for config in configs
    ]
    for index, config in enumerate(configs):
        assert set(config.peers) == set(addresses) - {addresses[index]}
    names = [v.name for v in read_genesis(folders[0] / "genesis.json").validators.validators]
    assert sorted(names) == ["validator-0", "validator-1", "validator-2"]


def test_validators_on_machines_of_their_own_keep_the_usual_ports(tmp_path: Path) -> None:
    hosts = ("10.0.0.1", "10.0.0.2", "10.0.0.2")
    root = init(tmp_path, validators=3, hosts=hosts)
    configs = [load_config(root / f"validator-{index}", {}) for index in range(3)]
    assert [(config.p2p_addr, config.p2p_port) for config in configs] == [
        ("10.0.0.1", 30_303), ("10.0.0.2", 30_303), ("10.0.0.2", 30_304),
    ]  # fmt: skip
    assert "/ip4/10.0.0.2/tcp/30304/p2p/" in "".join(configs[0].peers)


def test_a_full_node_has_no_validator_key(tmp_path: Path) -> None:
    genesis = init(tmp_path) / "genesis.json"
    follower = init(tmp_path, "follower", genesis=genesis, is_full_node=True, is_devnet=False)
    assert not (follower / "validator").exists()
    assert (follower / "genesis.json").read_bytes() == genesis.read_bytes()


def test_a_validator_that_is_not_in_the_genesis_is_told_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    genesis = init(tmp_path) / "genesis.json"
    assert "will follow, and not vote" not in capsys.readouterr().out
    init(tmp_path, "joiner", genesis=genesis)
    assert "will follow, and not vote" in capsys.readouterr().out


def test_without_a_devnet_the_key_is_encrypted_or_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="give --password-file FILE"):
        init(tmp_path, is_devnet=False)
    assert not (tmp_path / "node").exists()
    password = tmp_path / "password"
    password.write_text("secret\n")
    data = DataDirectory(init(tmp_path, is_devnet=False, password_file=password))
    assert not read_genesis(data.genesis).is_devnet
    assert "privateKey" not in json.loads(data.validator_key.read_text())
    assert load_validator_key(data.validator_key, "secret", is_devnet=False)


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    root = init(tmp_path)
    before = (root / "validator" / "key.json").read_bytes()
    with pytest.raises(InvalidFile, match="holds a node already"):
        init(tmp_path)
    assert (root / "validator" / "key.json").read_bytes() == before
    init(tmp_path, "many/validator-1")
    with pytest.raises(InvalidFile, match="validator-1: holds a node already"):
        init(tmp_path, "many", validators=2)
    assert not (tmp_path / "many" / "validator-0").exists(), "all or none"


def test_a_directory_that_lost_all_but_its_keys_joins_its_chain_as_who_it_was(
    tmp_path: Path,
) -> None:
    password = tmp_path / "password"
    password.write_text("secret\n")
    secret = {"is_devnet": False, "password_file": password}
    data = DataDirectory(init(tmp_path, **secret))
    genesis = data.genesis.rename(tmp_path / "genesis.json")
    keys = [data.node_key.read_bytes(), data.validator_key.read_bytes()]
    data.config.unlink()
    data.sign_state.unlink()
    init(tmp_path, genesis=genesis, **secret)
    assert [data.node_key.read_bytes(), data.validator_key.read_bytes()] == keys
    assert data.genesis.exists()
    assert not data.sign_state.exists(), "it would say that nothing was signed"


def test_keys_of_before_are_no_keys_for_a_new_chain(tmp_path: Path) -> None:
    data = DataDirectory(init(tmp_path))
    data.config.unlink()
    data.genesis.unlink()
    with pytest.raises(InvalidFile, match="there is a key already"):
        init(tmp_path)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"is_full_node": True}, "--full-node needs --genesis FILE"),
        ({"is_full_node": True, "validators": 2}, "--full-node and --validators"),
        ({"validators": 2, "hosts": ("10.0.0.1",)}, "expected 2 addresses, one a validator, got 1"),
        ({"validators": 1, "hosts": ("here",)}, "--hosts: expected IP addresses, got 'here'"),
        ({"hosts": ("10.0.0.1",)}, "--hosts is for --validators"),
        ({"peers": ("garbage",)}, "p2p.peers: expected /ip4/"),
        ({"validators": 2, "settings": {"http_port": "65535"}}, "--http.port: expected 65534 at"),
        ({"settings": {"p2p_port": "x"}}, "--p2p.port: expected a port"),
    ],
)
def test_flags_that_do_not_fit_are_named_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, Any], why: str
) -> None:
    with pytest.raises(OperatorError) as caught:
        init(tmp_path, **changes)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "node").exists()


def test_new_validators_and_a_given_genesis_exclude_each_other(tmp_path: Path) -> None:
    genesis = init(tmp_path) / "genesis.json"
    with pytest.raises(OperatorError, match="--validators begins a new chain"):
        init(tmp_path, "other", genesis=genesis, validators=2)


def test_a_genesis_that_cannot_be_used_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match=r"none\.json: the genesis document is missing"):
        read_genesis(tmp_path / "none.json")
    path = init(tmp_path) / "genesis.json"
    document = json.loads(path.read_text())
    for field, value in (("gasLimit", "lots"), ("alloc", 5), ("validators", [])):
        path.write_text(json.dumps(document | {field: value}))
        with pytest.raises(InvalidFile, match=rf"genesis\.json: .*{field}") as caught:
            read_genesis(path)
        assert "expected" in str(caught.value)
    for text in ("", "{", "[]", "\x00", '{"a": 1, "a": 2}', "{" * 100_000):
        path.write_text(text)
        with pytest.raises(InvalidFile, match=r"genesis\.json: "):
            read_genesis(path)
