"""What keeps a validator from contradicting itself, opened or looked at; says what is wrong with it."""

from consensus.durable_files import DurableFiles
from consensus.journal_file import JOURNAL_NAME, DamagedJournal, inspect
from consensus.sign_state import SIGN_STATE_NAME, InvalidSignState, SignState
from node.durable_files import DiskFiles
from node.errors import InvalidFile
from node.layout import DataDirectory


def open_sign_state(data: DataDirectory, files: DurableFiles, chain_identity: bytes) -> SignState:
    """`files`: of the folder in which it lies. Raises `InvalidFile`."""
    try:
        return SignState(files, chain_identity)
    except InvalidSignState as error:
        why = str(error).removeprefix(f"{SIGN_STATE_NAME}: ")
        raise InvalidFile(data.sign_state, why) from error


def check_records(data: DataDirectory, chain_identity: bytes) -> None:
    """Sign state and journal, where they are there: before JSON-RPC answers for a node that cannot start.

    Changes nothing. Raises `InvalidFile`.
    """
    if data.sign_state.exists():
        open_sign_state(data, DiskFiles(data.sign_state.parent), chain_identity)
    journal = data.journal / JOURNAL_NAME
    if journal.exists():
        try:
            inspect(journal.read_bytes()).check(chain_identity)
        except DamagedJournal as error:
            raise InvalidFile(data.journal, str(error)) from error
