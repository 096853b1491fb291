"""node/devnet/perturb.py on directories whose nodes do not run; tests/localnet has running ones."""

from pathlib import Path

import pytest

from node.cli import main
from node.devnet.fault_files import CUT, DELAY, KINDS, SKEW, folder_of, read_fault
from node.keystore import load_node_key
from node.layout import DataDirectory, locked, process_using
from node.network.identity import peer_id_of


@pytest.fixture(scope="module")
def devnet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four nodes' directories."""
    root = tmp_path_factory.mktemp("net")
    assert main(["init", "--devnet", "--datadir", str(root), "--validators", "4"]) == 0
    return root


def perturb(devnet: Path, *arguments: str) -> int:
    return main(["perturb", *arguments, "--datadir", str(devnet)])


def fault_of(devnet: Path, index: int, kind: str) -> object:
    return read_fault(folder_of(devnet / f"validator-{index}"), kind)


def test_a_partition_cuts_each_side_off_from_the_other_and_heal_undoes_it(devnet: Path) -> None:
    assert perturb(devnet, "partition", "0", "validator-2", "--for", "30") == 0
    names = [
        peer_id_of(load_node_key(devnet / f"validator-{index}" / "node_key")) for index in range(4)
    ]
    for index in range(4):
        fault = read_fault(folder_of(devnet / f"validator-{index}"), CUT)
        assert fault is not None
        assert fault.peers == tuple(names[other] for other in range(4) if (other - index) % 2)
        assert fault.until_ms is not None
    assert perturb(devnet, "heal") == 0
    assert not any(fault_of(devnet, index, kind) for index in range(4) for kind in KINDS)


def test_delays_and_skews_are_of_the_nodes_named_and_last_until_healed(
    devnet: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perturb(devnet, "delay", "all", "--ms", "20") == 0
    assert perturb(devnet, "skew", "3", "--ms", "-500") == 0
    assert "validator-3: skew -500 ms" in capsys.readouterr().out
    found = read_fault(folder_of(devnet / "validator-3"), SKEW)
    assert found is not None
    assert (found.amount_ms, found.until_ms) == (-500, None)
    assert fault_of(devnet, 0, SKEW) is None
    assert all(fault_of(devnet, index, DELAY) for index in range(4))
    assert perturb(devnet, "heal", "3") == 0
    assert fault_of(devnet, 3, DELAY) is None
    assert fault_of(devnet, 2, DELAY) is not None


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("kill", "0"), "validator-0: not running"),
        (("pause", "1", "--for", "1"), "validator-1: not running"),
        (("disconnect", "9"), "9: no such node; expected validator-0, validator-1"),
        (("partition", "all"), "every node is on one side"),
    ],
    ids=["kill", "pause", "unknown", "one-side"],
)
def test_what_cannot_be_done_is_said_in_one_line(
    devnet: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], why: str
) -> None:
    assert perturb(devnet, *arguments) == 2
    assert why in capsys.readouterr().err


def test_a_directory_without_nodes_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert perturb(tmp_path, "heal") == 2
    assert "no devnet" in capsys.readouterr().err


def test_a_network_without_the_devnets_marker_is_refused_and_gets_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    password = tmp_path / "password"
    password.write_text("secret")
    root = tmp_path / "net"
    made = main(["init", "--datadir", str(root), "--validators", "1",
                 "--password-file", str(password)])  # fmt: skip
    assert made == 0
    for arguments in (("disconnect", "0"), ("kill", "0"), ("heal",), ("skew", "0", "--ms", "1")):
        assert perturb(root, *arguments) == 2
        assert "faults are for devnets alone" in capsys.readouterr().err
    assert not folder_of(root / "validator-0").exists()


def test_who_uses_a_directory_is_known_while_it_does(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    assert process_using(directory) is None
    with locked(directory):
        assert process_using(directory) is not None
    assert process_using(directory) is None
