"""Nothing is signed twice, whatever happens in between."""

from pathlib import Path

import pytest

from consensus.durable_files import DurableFiles
from consensus.sign_state import (
    SIGN_STATE_NAME,
    InvalidSignState,
    RefusedToSign,
    SignState,
    sign_state_text,
)
from consensus.signatures import recover
from consensus.values import Step
from node.durable_files import DiskFiles
from node.signing import Signer

CHAIN = b"\x01" * 32
OTHER_CHAIN = b"\x02" * 32
SECRET = b"\x07" * 32
DIGEST, OTHER_DIGEST = b"\xaa" * 32, b"\xbb" * 32


def signer_at(folder: Path, chain: bytes = CHAIN) -> Signer:
    return Signer(SECRET, SignState(DiskFiles(folder), chain))


def test_a_signature_names_its_signer(tmp_path: Path) -> None:
    signer = signer_at(tmp_path)
    assert recover(DIGEST, signer.sign(1, 0, Step.PREVOTE, DIGEST)) == signer.address


def test_the_same_request_after_a_restart_gets_the_stored_signature(tmp_path: Path) -> None:
    first = signer_at(tmp_path).sign(5, 2, Step.PREVOTE, DIGEST)
    assert signer_at(tmp_path).sign(5, 2, Step.PREVOTE, DIGEST) == first


@pytest.mark.parametrize(
    ("height", "round", "step"),
    [(5, 2, Step.PREVOTE), (5, 2, Step.PROPOSE), (5, 1, Step.PRECOMMIT), (4, 9, Step.PRECOMMIT)],
)
def test_another_value_or_an_earlier_step_is_refused_after_a_restart(
    tmp_path: Path, height: int, round: int, step: Step
) -> None:
    signer_at(tmp_path).sign(5, 2, Step.PREVOTE, DIGEST)
    with pytest.raises(RefusedToSign):
        signer_at(tmp_path).sign(height, round, step, OTHER_DIGEST)


def test_the_next_step_round_and_height_are_signed(tmp_path: Path) -> None:
    signer = signer_at(tmp_path)
    for place in [(1, 0, Step.PROPOSE), (1, 0, Step.PREVOTE), (1, 1, Step.PROPOSE)]:
        signer.sign(*place, DIGEST)
    signer_at(tmp_path).sign(2, 0, Step.PROPOSE, OTHER_DIGEST)


def test_chains_do_not_share_what_was_signed(tmp_path: Path) -> None:
    """T16: a chain begun anew has another identity, and one key may serve both."""
    signer_at(tmp_path).sign(9, 0, Step.PRECOMMIT, DIGEST)
    signer_at(tmp_path, OTHER_CHAIN).sign(1, 0, Step.PREVOTE, OTHER_DIGEST)
    with pytest.raises(RefusedToSign):
        signer_at(tmp_path).sign(8, 0, Step.PREVOTE, DIGEST)
    with pytest.raises(RefusedToSign):
        signer_at(tmp_path, OTHER_CHAIN).sign(1, 0, Step.PREVOTE, DIGEST)


class PowerLoss(Exception):
    """The machine stops."""


class FailingFiles:
    """A disk that loses power at a replace, before or after it took effect."""

    def __init__(self, files: DurableFiles, *, after: bool) -> None:
        self._files, self._after = files, after

    def read(self, name: str) -> bytes | None:
        return self._files.read(name)

    def append(self, name: str, data: bytes) -> None:
        self._files.append(name, data)

    def sync(self, name: str) -> None:
        self._files.sync(name)

    def replace(self, name: str, data: bytes) -> None:
        if self._after:
            self._files.replace(name, data)
        raise PowerLoss


@pytest.mark.parametrize("after", [False, True])
def test_no_signature_leaves_before_it_is_on_disk(tmp_path: Path, after: bool) -> None:
    files = FailingFiles(DiskFiles(tmp_path), after=after)
    with pytest.raises(PowerLoss):
        Signer(SECRET, SignState(files, CHAIN)).sign(3, 0, Step.PREVOTE, DIGEST)
    restarted = signer_at(tmp_path)
    if after:
        with pytest.raises(RefusedToSign):
            restarted.sign(3, 0, Step.PREVOTE, OTHER_DIGEST)
    else:
        restarted.sign(3, 0, Step.PREVOTE, OTHER_DIGEST)


def test_every_changed_digit_of_an_entry_is_noticed(tmp_path: Path) -> None:
    """A lower height or round would let it sign again."""
    signer_at(tmp_path).sign(15, 12, Step.PREVOTE, DIGEST)
    path = tmp_path / SIGN_STATE_NAME
    whole = path.read_text()
    begin = whole.index("{", 1)
    places = [index for index in range(begin, len(whole)) if whole[index].isdigit()]
    for index in places:
        digit = str((int(whole[index]) + 1) % 10)
        path.write_text(whole[:index] + digit + whole[index + 1 :])
        with pytest.raises(InvalidSignState):
            signer_at(tmp_path)
    path.write_text(whole)
    assert signer_at(tmp_path).last_height == 15


def test_a_file_that_is_not_there_is_lost_and_an_empty_one_is_new(tmp_path: Path) -> None:
    assert SignState(DiskFiles(tmp_path), CHAIN).is_lost
    (tmp_path / SIGN_STATE_NAME).write_bytes(sign_state_text())
    assert not SignState(DiskFiles(tmp_path), CHAIN).is_lost


def test_a_signature_of_ours_on_chain_that_the_file_lacks_shows_an_old_file(tmp_path: Path) -> None:
    signer_at(tmp_path).sign(5, 2, Step.PRECOMMIT, DIGEST)
    state = SignState(DiskFiles(tmp_path), CHAIN)
    state.note_on_chain(5, 2)
    state.note_on_chain(4, 7)
    assert not state.is_lost
    state.note_on_chain(5, 3)
    assert state.is_lost


def test_after_a_loss_only_what_is_above_the_highest_found_is_signed(tmp_path: Path) -> None:
    state = SignState(DiskFiles(tmp_path), CHAIN)
    state.forgive(5, 2)
    assert not state.is_lost
    for place in [(4, 9, Step.PRECOMMIT), (5, 2, Step.PRECOMMIT), (5, 0, Step.PROPOSE)]:
        with pytest.raises(RefusedToSign):
            signer_at(tmp_path).sign(*place, DIGEST)
    signer_at(tmp_path).sign(5, 3, Step.PROPOSE, DIGEST)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "expected an object"),
        ('{"CHAIN": {"step": "sleep"}}', "step: expected one of propose, prevote, precommit"),
        ('{"CHAIN": {"step": "prevote", "height": -1}}', "height: expected a number"),
        (
            '{"CHAIN": {"step": "prevote", "height": 1, "round": 0, "digest": "0x12"}}',
            "digest: expected 0x and 32 bytes",
        ),
    ],
)
def test_a_wrong_file_is_named_with_its_field(tmp_path: Path, content: str, complaint: str) -> None:
    text = content.replace("CHAIN", "0x" + CHAIN.hex())
    (tmp_path / SIGN_STATE_NAME).write_text(text)
    with pytest.raises(InvalidSignState, match=f"{SIGN_STATE_NAME}: {complaint}"):
        signer_at(tmp_path)
