"""node/config.py: where a setting comes from, and what is said about a wrong one."""

from pathlib import Path

import pytest

from node.config import SETTINGS, NodeConfig, config_text, load_config
from node.errors import InvalidConfig, InvalidFile, MissingFile
from node.layout import DataDirectory


def write(root: Path, text: str) -> None:
    (root / "config.toml").write_text(text)


def test_a_written_configuration_reads_back_the_same(tmp_path: Path) -> None:
    config = NodeConfig(
        DataDirectory(tmp_path),
        peers=("/ip4/10.0.0.1/tcp/30303/p2p/16Uiu2x", "/ip4/10.0.0.2/tcp/30303/p2p/16Uiu2y"),
        http_corsdomain='a"b\\c',
        rpc_allow_unprotected_txs=True,
        block_time=0.25,
    )
    write(tmp_path, config_text(config))
    assert load_config(tmp_path, {}, {}) == config


def test_a_flag_beats_the_environment_and_that_beats_the_file(tmp_path: Path) -> None:
    write(tmp_path, "[http]\nport = 1\n[p2p]\nport = 1\n[rpc]\ngascap = 1\n")
    environment = {"ZEROG_HTTP_PORT": "2", "ZEROG_P2P_PORT": "2"}
    config = load_config(tmp_path, {"http_port": "3"}, environment)
    assert (config.http_port, config.p2p_port, config.rpc_gascap) == (3, 2, 1)


def test_a_missing_file_is_named_with_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(
        MissingFile, match=r"config\.toml: the configuration is missing; .*zerog init"
    ):
        load_config(tmp_path, {}, {})


def test_broken_toml_is_named_with_its_place(tmp_path: Path) -> None:
    write(tmp_path, "[http\n")
    with pytest.raises(InvalidFile, match=r"config\.toml: not TOML: .*line 1"):
        load_config(tmp_path, {}, {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[http]\nport = 70000\n", r"http\.port: expected a port, 0 to 65535, got 70000"),
        ("[http]\nport = true\n", r"http\.port: expected a port"),
        ("[http]\nprot = 1\n", r"http\.prot: expected one of: enabled, addr, port"),
        ("[htpp]\nport = 1\n", r"htpp: expected one of the sections p2p, http, .*, got 'htpp'"),
        ("port = 1\n", r"port: expected one of the sections p2p, http, .*, got 'port'"),
        ("http = 1\n", r"http: expected a section, got 1"),
        ('[p2p]\naddr = "here"\n', r"p2p\.addr: expected an IP address, got 'here'"),
        ('[http]\naddr = "here"\n', r"http\.addr: expected an IP address, or localhost"),
        ('[consensus]\nblock-time = "soon"\n', r"consensus\.block-time: expected seconds"),
        ('[miner]\netherbase = "0x12"\n', r"miner\.etherbase: expected an address"),
        ("[p2p]\npeers = [1]\n", r"p2p\.peers: expected a list of multiaddrs"),
    ],
)
def test_a_wrong_value_names_file_field_and_expectation(
    tmp_path: Path, text: str, message: str
) -> None:
    write(tmp_path, text)
    with pytest.raises(InvalidConfig, match=rf"config\.toml: {message}"):
        load_config(tmp_path, {}, {})


def test_a_wrong_flag_and_a_wrong_variable_are_named_as_such(tmp_path: Path) -> None:
    write(tmp_path, "")
    with pytest.raises(InvalidConfig, match=r"^--http\.port: "):
        load_config(tmp_path, {"http_port": "x"}, {})
    with pytest.raises(InvalidConfig, match=r"^ZEROG_HTTP_PORT: "):
        load_config(tmp_path, {}, {"ZEROG_HTTP_PORT": "x"})


def test_every_setting_is_a_field_and_every_default_passes_its_own_check() -> None:
    config = NodeConfig(DataDirectory(Path("x")))
    for setting in SETTINGS:
        value = getattr(config, setting.name)
        assert setting.parse(list(value) if isinstance(value, tuple) else value) == value
