"""A validator without its sign state: it asks, and signs only above what others have of it."""

import logging
from collections.abc import Callable

import pytest
import trio

from consensus.certificates import votes_of
from consensus.encoding import signing_digest
from consensus.errors import Undecodable
from consensus.sign_state import SIGN_STATE_NAME, SignState, sign_state_text
from consensus.signatures import public_key_of, sign
from consensus.validators import address_of
from consensus.values import Height, Proposal, Round, Vote, VoteKind
from node.durable_files import DiskFiles
from node.network.block_transfer import ProposedBlock
from node.network.frames import BrokenProtocol
from node.network.messages import MessageReader, frames_of
from node.network.own_messages import (
    OwnMessagesAnswer,
    OwnMessagesQuestion,
    decode_answer,
    decode_question,
)

RunCluster = Callable[..., None]
CHAIN = b"\x0c" * 32
SECRET = b"\x01" * 32
OWN = address_of(public_key_of(SECRET))


def vote_at(height: int, round: int, secret: bytes = SECRET) -> Vote:
    """A signed nil prevote."""
    validator = address_of(public_key_of(secret))
    vote = Vote(VoteKind.PREVOTE, Height(height), Round(round), None, validator)
    return vote.signed(sign(secret, signing_digest(CHAIN, vote)))


@pytest.mark.parametrize(
    "message",
    [
        OwnMessagesQuestion(OWN),
        OwnMessagesAnswer(OWN, 7, None),
        OwnMessagesAnswer(OWN, 7, vote_at(8, 2)),
    ],
    ids=["question", "nothing known", "a vote"],
)
def test_question_and_answer_come_back_from_their_bytes(message: object) -> None:
    [frame] = frames_of(message)
    assert MessageReader().message(frame[4:]) == message


@pytest.mark.parametrize("data", [b"", b"\x01" * 19, b"\x01" * 21, b"\xc0", b"\xc3\x01\x01\x80"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_question(data)
    with pytest.raises(Undecodable):
        decode_answer(data)
    with pytest.raises(BrokenProtocol):
        MessageReader().message(bytes([11]) + data)


class Heard:
    """What one validator says over the hub; nothing is lost."""

    def __init__(self, cluster, index: int) -> None:
        self.messages: list[Vote | Proposal] = []
        own = address_of(public_key_of(bytes([index + 1]) * 32))

        def listen(_sender: str, _to: str, message: object) -> bool:
            inner = message.proposal if isinstance(message, ProposedBlock) else message
            if isinstance(inner, Vote | Proposal) and inner.validator == own:
                self.messages.append(inner)
            return False

        cluster.hub.lose = listen

    def conflicts(self) -> list[tuple[object, ...]]:
        """Places at which two different things were signed."""
        said: dict[tuple[object, ...], object] = {}
        found = []
        for message in self.messages:
            kind = message.kind if isinstance(message, Vote) else None
            place = message.height, message.round, kind
            if said.setdefault(place, message.signed(b"")) != message.signed(b""):
                found.append(place)
        return found


def forget(cluster, index: int, *, journal: bool = True) -> None:
    folder = cluster._folder / str(index)
    (folder / SIGN_STATE_NAME).unlink()
    if journal:
        (folder / "journal").unlink()


async def returns(cluster, index: int) -> None:
    """It signs again: its sign state is on disk, and its precommit in a certificate."""
    own = address_of(public_key_of(bytes([index + 1]) * 32))
    begun = cluster.executor(index).tip
    with trio.fail_after(30):
        while not any(
            own in {vote.validator for vote in votes_of(certificate)}
            for _, certificate in cluster.executor(index).committed[begun + 1 :]
        ):
            await trio.sleep(0.05)


@pytest.mark.parametrize("journal", [True, False], ids=["journal lost too", "journal kept"])
def test_with_all_peers_answering_no_human_is_needed(run_cluster: RunCluster, journal) -> None:
    async def scenario(cluster) -> None:
        heard = Heard(cluster, 2)
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(4)
        await cluster.kill(2)
        forget(cluster, 2, journal=journal)
        await cluster.start(2)
        await returns(cluster, 2)
        assert heard.conflicts() == []
        assert not SignState(DiskFiles(cluster._folder / "2"), CHAIN).is_lost
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_all_four_without_sign_state_go_on_by_themselves(run_cluster: RunCluster) -> None:
    """In a round above what they find: nobody else would lead them there."""

    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        for index in range(4):
            await cluster.kill(index)
            forget(cluster, index, journal=False)
        await cluster.start(0, 1, 2, 3)
        tip = max(executor.tip for executor in cluster.executors.values())
        await cluster.wait_for_height(tip + 3)
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_a_lone_validator_without_sign_state_goes_on(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0)
        await cluster.wait_for_height(3)
        await cluster.kill(0)
        forget(cluster, 0)
        await cluster.start(0)
        await cluster.wait_for_height(cluster.executor(0).tip + 3)

    run_cluster(scenario, 1, is_real=False)


def test_while_somebody_does_not_answer_nothing_is_signed_and_the_log_says_who(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        await cluster.kill(2)
        await cluster.kill(3)
        forget(cluster, 2)
        heard = Heard(cluster, 2)
        with caplog.at_level(logging.WARNING):
            await cluster.start(2)
            await trio.sleep(3)
        assert heard.messages == []
        assert "missing: validator-0, validator-1, validator-3" in caplog.text
        assert "--accept-lost-sign-state" in caplog.text
        # Three of four, one of them without memory: they wait for whoever is missing, or for a human.
        await cluster.start(3)
        await returns(cluster, 2)
        assert heard.conflicts() == []

    run_cluster(scenario, is_real=False)


def test_an_operator_may_go_on_without_those_who_do_not_answer(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        await cluster.kill(2)
        await cluster.kill(3)
        forget(cluster, 2)
        heard = Heard(cluster, 2)
        cluster.loss_accepted.add(2)
        await cluster.start(2)
        tip = cluster.executor(0).tip
        await cluster.wait_for_height(tip + 2, 0, 1, 2)
        assert heard.messages
        assert heard.conflicts() == []

    run_cluster(scenario, is_real=False)


def test_an_old_sign_state_is_found_out_by_the_chain(run_cluster: RunCluster) -> None:
    """As from a backup, or of a node made anew with the same key."""

    async def scenario(cluster) -> None:
        heard = Heard(cluster, 1)
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(4)
        await cluster.kill(1)
        folder = DiskFiles(cluster._folder / "1")
        folder.replace(SIGN_STATE_NAME, sign_state_text())
        (cluster._folder / "1" / "journal").unlink()
        await cluster.start(1)
        await returns(cluster, 1)
        assert heard.conflicts() == []

    run_cluster(scenario, is_real=False)


def test_what_a_peer_shows_is_a_floor_and_what_it_makes_up_is_misbehaviour(
    run_cluster: RunCluster,
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0)
        await cluster.kill(0)
        forget(cluster, 0)
        await cluster.start(0)
        host = cluster.nodes[0].host
        for index in (1, 2, 3):
            await host.peer_joined(str(index), 0)
        stranger = vote_at(1, 9, bytes([2]) * 32)
        await host.received("1", OwnMessagesAnswer(OWN, 0, stranger))
        await host.received("2", OwnMessagesAnswer(OWN, 0, vote_at(1, 9).signed(bytes(65))))
        with trio.fail_after(5):
            while len(cluster.hub.dropped) < 2:
                await trio.sleep(0.01)
        for index in (1, 2):
            await host.peer_joined(str(index), 0)
            await host.received(str(index), OwnMessagesAnswer(OWN, 0, None))
        # Who is ahead of us is no witness yet.
        await host.received("3", OwnMessagesAnswer(OWN, 5, None))
        await trio.sleep(1.5)
        assert host._recollection.is_open
        await host.received("3", OwnMessagesAnswer(OWN, 0, vote_at(1, 3)))
        with trio.fail_after(5):
            while host._recollection.is_open:
                await trio.sleep(0.01)
        last = SignState(DiskFiles(cluster._folder / "0"), CHAIN).last
        assert last is not None
        assert (last.height, last.round) >= (1, 3)
        assert host.view().round == 4

    run_cluster(scenario, is_real=False)
