"""The devnet's side of its DA signers: flags, accounts, what the directory remembers, the banner."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from genesis.dev_accounts import ACCOUNTS_MAX, dev_accounts
from node.devnet.banner import banner
from node.devnet.da_signers import (
    FIRST_ACCOUNT,
    LOG_NAME,
    check_flags,
    service_settings,
    signer_balances,
)
from node.devnet.settings import DA_SIGNERS_MAX, DevnetSettings
from node.devnet.start import RECORD_NAME, prepare
from node.errors import DevnetMismatch, InvalidFile, OperatorError
from node.initialization import read_genesis


@pytest.fixture
def settings(tmp_path: Path) -> DevnetSettings:
    directory = tmp_path / "devnet"
    directory.mkdir()
    return DevnetSettings(datadir=directory, validators=1, da_signers=3, da_epoch_blocks=40)


def test_the_genesis_funds_the_signers_and_has_their_epoch_length(settings: DevnetSettings) -> None:
    prepare(settings)
    path = settings.datadir / "validator-0" / "genesis.json"
    document = json.loads(path.read_text())
    assert read_genesis(path).config.da_epoch_blocks == 40
    assert document["config"]["zerog"]["daSigners"] == {"epochBlocks": 40}
    for account in service_settings(settings).accounts:
        assert int(document["alloc"]["0x" + account.address.hex()]["balance"], 16) == 1_000 * 10**18


def test_signers_accounts_are_nobody_elses_and_come_again() -> None:
    settings = DevnetSettings(da_signers=DA_SIGNERS_MAX)
    accounts = service_settings(settings).accounts
    assert accounts == service_settings(settings).accounts
    assert len({account.key.secret for account in accounts}) == DA_SIGNERS_MAX
    others = {address for address, _ in dev_accounts(count=ACCOUNTS_MAX)}
    assert not others & set(signer_balances(settings))
    assert accounts[1].address == dev_accounts(first=FIRST_ACCOUNT + 1, count=1)[0][0]


def test_another_number_of_signers_or_epoch_length_is_another_chain(
    settings: DevnetSettings,
) -> None:
    prepare(settings)
    with pytest.raises(DevnetMismatch, match="made with --da-signers 3, started with --da-signers"):
        prepare(replace(settings, da_signers=4))
    with pytest.raises(DevnetMismatch, match="--da-epoch-blocks 40"):
        prepare(replace(settings, da_epoch_blocks=50))
    prepare(replace(settings, da_port=1, da_entrance="0x" + "11" * 20))


def test_a_directory_from_before_the_flags_had_their_defaults(settings: DevnetSettings) -> None:
    without = replace(settings, da_signers=0, da_epoch_blocks=28_800)
    prepare(without)
    record = settings.datadir / RECORD_NAME
    remembered = json.loads(record.read_text())
    for flag in ("--da-signers", "--da-epoch-blocks"):
        del remembered[flag]
    record.write_text(json.dumps(remembered))
    prepare(without)
    with pytest.raises(DevnetMismatch, match="--da-signers 0"):
        prepare(settings)


def test_the_signers_log_is_the_devnets_own(settings: DevnetSettings) -> None:
    (settings.datadir / LOG_NAME).write_text("from an interrupted start")
    prepare(settings)
    prepare(replace(settings, reset=True))
    assert not (settings.datadir / LOG_NAME).exists()
    (settings.datadir / "stranger").write_text("")
    with pytest.raises(InvalidFile, match="stranger"):
        prepare(replace(settings, reset=True))


@pytest.mark.parametrize(
    ("changes", "flag"),
    [({"zero_g_rules": False}, "--no-0g-rules"), ({"predeploys": False}, "--no-predeploys")],
)
def test_signers_need_0gs_contracts(
    settings: DevnetSettings, changes: dict[str, bool], flag: str
) -> None:
    with pytest.raises(OperatorError, match=flag):
        check_flags(replace(settings, **changes))
    check_flags(replace(settings, da_signers=0, **changes))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("0.0.0.0", "http://127.0.0.1:8545"),
        ("127.0.0.1", "http://127.0.0.1:8545"),
        ("::1", "http://[::1]:8545"),
    ],
)
def test_signers_ask_the_first_node_wherever_it_listens(host: str, url: str) -> None:
    service = service_settings(DevnetSettings(da_signers=1, host=host))
    assert service.rpc_url == url
    assert service.url_of(0).endswith(":34000/signers/0")


def test_the_banner_has_the_signers_urls_and_how_long_an_epoch_lasts() -> None:
    settings = DevnetSettings(da_signers=10, block_time=0.5)
    text = banner(settings, [], "1")
    assert "http://127.0.0.1:34000/signers/0 to 9" in text
    assert "28,800 blocks, 4:00:00 at this block time" in text
    assert "DA signers" not in banner(replace(settings, da_signers=0), [], "1")
