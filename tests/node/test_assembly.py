"""node/assembly.py: what it says of errors inside nurseries; the rest runs in tests/localnet."""

from dataclasses import replace
from pathlib import Path

from consensus.journal_file import DamagedJournal
from node.assembly import mendable
from node.config import NodeConfig
from node.errors import InvalidFile, PortInUse
from node.layout import DataDirectory
from node.rpc_process import rpc_settings

DATA = DataDirectory(Path("/data"))
TAKEN = PortInUse("127.0.0.1", 30_303, "--p2p.port")


def test_an_operators_error_is_found_however_deep_nurseries_wrapped_it() -> None:
    group = BaseExceptionGroup("", [BaseExceptionGroup("", [TAKEN])])
    assert mendable(group, DATA) is TAKEN


def test_a_bug_beside_it_is_not_hidden() -> None:
    assert mendable(BaseExceptionGroup("", [TAKEN, ValueError()]), DATA) is None
    assert mendable(BaseExceptionGroup("", [KeyError()]), DATA) is None


def test_a_damaged_journal_names_its_folder_and_the_remedy() -> None:
    error = mendable(BaseExceptionGroup("", [DamagedJournal(60, "checksum")]), DATA)
    assert isinstance(error, InvalidFile)
    assert str(error).startswith("/data/wal: journal: damaged at byte 60: checksum; restore the")


def test_proofs_reach_back_128_blocks_and_with_archive_as_far_as_states_are_kept(
    tmp_path: Path,
) -> None:
    config = NodeConfig(DataDirectory(tmp_path))
    assert rpc_settings(config).proof_blocks_max == 128
    assert rpc_settings(replace(config, archive=True)).proof_blocks_max is None
