"""node/devnet: the directory, its record, the ports and the banner; without starting anything."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from genesis.dev_accounts import dev_accounts
from node.config import load_config
from node.devnet.banner import banner
from node.devnet.settings import DevnetSettings
from node.devnet.start import RECORD_NAME, check_ports, prepare, run_devnet
from node.errors import DevnetMismatch, InvalidFile, OperatorError, PortInUse
from node.initialization import read_genesis


@pytest.fixture
def settings(tmp_path: Path) -> DevnetSettings:
    directory = tmp_path / "devnet"
    directory.mkdir()
    return DevnetSettings(datadir=directory, validators=2)


def identity(settings: DevnetSettings) -> bytes:
    return read_genesis(settings.datadir / "validator-0" / "genesis.json").identity


def test_a_directory_is_made_once_and_found_again(settings: DevnetSettings) -> None:
    first = prepare(settings)
    made = identity(settings)
    assert [config.http_port for config in first] == [8545, 8546]
    assert [config.p2p_port for config in first] == [30_303, 30_304]
    assert prepare(settings) == first
    assert identity(settings) == made


def test_port_ranges_that_overlap_are_refused_before_anything_starts(
    settings: DevnetSettings,
) -> None:
    overlapping = replace(settings, port=18_545, p2p_port=18_546)
    with pytest.raises(OperatorError, match=r"--port 18545 and --p2p-port 18546: .* overlap"):
        run_devnet(overlapping)
    assert not (settings.datadir / RECORD_NAME).exists()


def test_a_page_under_a_name_of_its_own_cannot_reach_the_unlocked_accounts(
    settings: DevnetSettings,
) -> None:
    assert {config.http_vhosts for config in prepare(settings)} == {"localhost"}


def test_what_may_change_between_two_starts_changes(settings: DevnetSettings) -> None:
    prepare(settings)
    changed = prepare(replace(settings, port=9000, block_time=0.0, gas_limit=20_000_000))
    assert [config.http_port for config in changed] == [9000, 9001]
    assert {config.block_time for config in changed} == {0.0}
    assert {config.miner_gaslimit for config in changed} == {20_000_000}


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"validators": 3}, ("made with --validators 2", "started with --validators 3")),
        ({"chain_id": 5}, ("made with --chain-id 16601", "started with --chain-id 5")),
        ({"accounts": 11}, ("made with --accounts 10", "started with --accounts 11")),
        ({"p2p_port": 7}, ("made with --p2p-port 30303", "started with --p2p-port 7")),
        ({"zero_g_rules": False}, ("made without --no-0g-rules", "started with it")),
    ],
)
def test_what_makes_another_chain_is_refused_with_both_values(
    settings: DevnetSettings, changes: dict[str, object], texts: tuple[str, str]
) -> None:
    prepare(settings)
    with pytest.raises(DevnetMismatch) as caught:
        prepare(replace(settings, **changes))  # type: ignore[arg-type]
    for text in texts:
        assert text in str(caught.value)
    assert "--reset" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_reset_begins_anew_with_other_values(settings: DevnetSettings) -> None:
    prepare(settings)
    made = identity(settings)
    prepare(replace(settings, validators=1, chain_id=7, reset=True))
    assert identity(settings) != made
    assert not (settings.datadir / "validator-1").exists()


def test_reset_of_an_interrupted_reset_goes_on(settings: DevnetSettings) -> None:
    prepare(settings)
    (settings.datadir / RECORD_NAME).unlink()
    (settings.datadir / "validator-0" / "config.toml").unlink()
    assert len(prepare(settings)) == 2
    assert len(prepare(replace(settings, reset=True))) == 2


def test_a_start_that_was_interrupted_before_the_record_is_begun_again(
    settings: DevnetSettings,
) -> None:
    (settings.datadir / "validator-0").mkdir()
    (settings.datadir / "validator-0" / "node_key").write_text("half")
    assert len(prepare(settings)) == 2


@pytest.mark.parametrize("reset", [False, True])
def test_a_foreign_directory_is_left_alone(settings: DevnetSettings, reset: bool) -> None:
    (settings.datadir / "thesis.tex").write_text("years of work")
    with pytest.raises(InvalidFile, match=r"holds thesis\.tex"):
        prepare(replace(settings, reset=reset))
    assert [path.name for path in settings.datadir.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize("text", ["", "{", "[]", "5"])
def test_a_record_that_cannot_be_read_is_named(settings: DevnetSettings, text: str) -> None:
    prepare(settings)
    (settings.datadir / RECORD_NAME).write_text(text)
    with pytest.raises(InvalidFile, match=r"devnet\.json: .*--reset begins anew"):
        prepare(settings)


def test_a_flag_that_is_younger_than_the_directory_had_its_default(
    settings: DevnetSettings,
) -> None:
    prepare(settings)
    path = settings.datadir / RECORD_NAME
    record = json.loads(path.read_text())
    path.write_text(json.dumps({key: record[key] for key in record if key != "--balance"}))
    assert len(prepare(settings)) == 2
    with pytest.raises(DevnetMismatch, match="made with --balance 10000, started with --balance 5"):
        prepare(replace(settings, balance=5))


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def test_a_port_that_somebody_else_has_is_named(settings: DevnetSettings, taken_port: int) -> None:
    [config, *_] = prepare(settings)
    free = replace(config, http_port=0, p2p_port=0)
    check_ports([free])
    with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{taken_port} is in use.*--port"):
        check_ports([replace(free, http_port=taken_port)])
    with pytest.raises(PortInUse, match=rf"127\.0\.0\.1:{taken_port} is in use.*--p2p-port"):
        check_ports([replace(free, p2p_port=taken_port)])


def test_an_address_of_another_machine_is_not_called_in_use(settings: DevnetSettings) -> None:
    [config, *_] = prepare(settings)
    with pytest.raises(OperatorError, match=r"192\.0\.2\.1: cannot listen on port 0 there: "):
        check_ports([replace(config, http_addr="192.0.2.1", http_port=0)])


def test_the_genesis_funds_the_accounts_that_the_banner_shows(settings: DevnetSettings) -> None:
    prepare(settings)
    accounts = dev_accounts(settings.mnemonic, settings.accounts)
    funded = load_config(settings.datadir / "validator-0", {}).data.genesis
    alloc = {key.lower().removeprefix("0x") for key in json.loads(funded.read_text())["alloc"]}
    text = banner(settings, accounts, "1.2.3")
    for address, key in accounts:
        assert address.hex() in alloc
        assert "0x" + key.hex() in text
    assert "80 %" in text
    plain = banner(replace(settings, zero_g_rules=False), accounts, "1.2.3")
    assert "80 %" not in plain
    assert "--no-0g-rules" in plain
