"""docs/da-rollup.md does what it says, command by command; only the ports and the pace are others."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from localnet import ZEROG, free_ports

pytestmark = pytest.mark.localnet

PAGE = Path(__file__).parent.parent.parent / "docs" / "da-rollup.md"
WALK_S_MAX = 240


def commands() -> str:
    """All of the page's commands, in order."""
    return "\n".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), flags=re.DOTALL))


def test_the_page_leads_from_nothing_to_a_verified_event(tmp_path: Path) -> None:
    port, second, p2p_port, second_p2p, da_port = free_ports(5)
    assert (second, second_p2p) == (port + 1, p2p_port + 1)
    script = commands()
    assert script.count("zerog devnet") == 1
    pace = (
        f"--validators 2 --port {port} --p2p-port {p2p_port} --da-port {da_port} --block-time 0.5"
    )
    script = script.replace("zerog devnet", f"zerog devnet {pace}")
    script = script.replace("8545", str(port)).replace("34000", str(da_port))
    finished = subprocess.run(
        ["bash", "-c", f"set -m -e\ntrap 'kill %1 2> /dev/null; wait' EXIT\n{script}"],
        cwd=tmp_path,
        env=os.environ
        | {
            "PATH": f"{ZEROG.parent}:{os.environ['PATH']}",
            "ZEROG_RPC_URL": f"http://127.0.0.1:{port}",
        },
        capture_output=True,
        text=True,
        timeout=WALK_S_MAX,
        check=False,
    )
    said = finished.stdout
    assert "10 signers, 3,072 rows, 2,048 have to sign" in said, finished.stderr
    assert "9 of 10 signers" in said, finished.stderr
    assert "signer 3 is switched off" in said
    assert "would accept it" in said
    assert "is verified and kept by 0x000000000000000000000000000000000000da01" in said
    assert said.rstrip().splitlines()[-1].endswith("verified")
    assert "Traceback" not in (tmp_path / "devnet.log").read_text()
