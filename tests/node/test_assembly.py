"""node/assembly.py: what it says of errors inside nurseries; the rest runs in tests/localnet."""

from pathlib import Path

from node.assembly import mendable
from node.errors import InvalidFile, PortInUse
from node.journal_file import DamagedJournal
from node.layout import DataDirectory

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
