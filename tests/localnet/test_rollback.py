"""`zerog rollback` on a stopped validator: the same blocks, the same state, and it goes on."""

from pathlib import Path

import pytest
from localnet import START_MAX_S, Node, free_ports, run_zerog, wait_until, zerog

pytestmark = pytest.mark.localnet

FAST = ("--consensus.block-time", "0.2")


def test_a_lone_validator_rolls_back_applies_the_same_blocks_and_goes_on(tmp_path: Path) -> None:
    ports = free_ports(2)
    directory = tmp_path / "lone"
    zerog("init", "--devnet", "--datadir", directory,
          "--http.port", ports[0], "--p2p.port", ports[1], *FAST)  # fmt: skip
    node = Node(directory, ports[0])
    node.start()
    try:
        wait_until(lambda: node.height() >= 8, START_MAX_S, lambda: node.log)
        refused = run_zerog("rollback", 5, "--datadir", directory)
        assert refused.returncode == 2
        assert "in use by process" in refused.stderr
        node.stop()
        sign_state = (directory / "validator" / "sign_state.json").read_bytes()
        said = zerog("rollback", 5, "--datadir", directory)
        assert "undone: blocks " in said
        assert "applied again up to block " in said
        reached = int(said.split("up to block ")[1].split(",")[0])
        assert (directory / "validator" / "sign_state.json").read_bytes() == sign_state
        assert "no differences" in zerog("verify-db", "--datadir", directory)
        node.start()
        wait_until(lambda: node.height() > reached + 2, START_MAX_S, lambda: node.log)
        assert f"0x{node.block(reached)['stateRoot'][2:]}" in said
    finally:
        node.stop()
