"""The consensus host over a network in memory."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
import trio

from consensus.block_parts import assemble_block
from consensus.certificates import build_certificate
from consensus.encoding import encode_block, signing_digest
from consensus.journal_file import JOURNAL_NAME
from consensus.signatures import public_key_of, sign
from consensus.validators import address_of
from consensus.values import NO_ROUND, Height, Proposal, Round, Vote, VoteKind
from node.network.block_transfer import ProposedBlock

RunCluster = Callable[..., None]


def secret_of(index: int) -> bytes:
    """Of the cluster's validators."""
    return bytes([index + 1]) * 32


def test_four_validators_decide_the_same_blocks(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(20)
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_a_single_validator_produces_alone_and_after_a_restart(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0)
        await cluster.wait_for_height(5)
        await cluster.kill(0)
        tip = cluster.executor(0).tip
        await cluster.start(0)
        await cluster.wait_for_height(tip + 5)

    run_cluster(scenario, 1, is_real=False)


def test_without_two_of_four_nothing_is_decided_and_the_log_says_who_is_missing(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        cluster.hub.cut = {"2", "3"}
        await trio.sleep(0.5)
        stuck = cluster.executor(0).tip
        with caplog.at_level(logging.WARNING):
            while "no block for" not in caplog.text:
                await trio.sleep(0.1)
        assert cluster.executor(0).tip == stuck
        assert any(
            "validator-2, validator-3" in record.message and "(power 2 of 4)" in record.message
            for record in caplog.records
        )
        cluster.hub.cut = {"3"}
        await cluster.wait_for_height(stuck + 5, 0, 1, 2)
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_lost_messages_are_repaired(run_cluster: RunCluster) -> None:
    """T8: nothing is said twice unless somebody stands still; then it is asked for."""

    async def scenario(cluster) -> None:
        count = 0

        def lose_every_third(*_: object) -> bool:
            nonlocal count
            count += 1
            return count % 3 == 0

        cluster.hub.lose = lose_every_third
        await cluster.start(0, 1, 2)
        await cluster.wait_for_height(5, 0)
        assert cluster.agree()

    run_cluster(scenario, 3, is_real=False)


def test_a_liar_with_something_new_to_say_does_not_pass_for_progress(
    run_cluster: RunCluster,
) -> None:
    """Repair begins where nothing moves; votes of ever later rounds must not put it off."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host = cluster.nodes[0].host
        await trio.sleep(0.3)
        before = host.progress
        liar, place = secret_of(3), host.place()
        assert address_of(public_key_of(liar)) in place.validators
        await host.peer_joined("liar", 0)
        for round in range(1, 50):
            unsigned = Vote(
                VoteKind.PREVOTE, Height(1), Round(round), None, address_of(public_key_of(liar))
            )
            signature = sign(liar, signing_digest(place.chain_identity, unsigned))
            await host.received("liar", unsigned.signed(signature))
        with trio.fail_after(5):
            while not host._state.core.holds(unsigned):
                await trio.sleep(0.01)
        assert host.progress - before < 10

    run_cluster(scenario, is_real=False)


def proposed_by_liar(cluster, height: int, round: int, payload: bytes) -> ProposedBlock:
    """A block of validator 3, signed by it."""
    liar = secret_of(3)
    sender = address_of(public_key_of(liar))
    block = assemble_block(
        height=Height(height),
        time_ms=1,
        proposer=sender,
        parent_hash=bytes(32),
        validators=cluster.validators,
        next_validators=cluster.validators,
        last_certificate=None,
        evidence=(),
        payload=payload,
    )
    unsigned = Proposal(Height(height), Round(round), block.header.hash, NO_ROUND, sender)
    identity = cluster.nodes[0].host.place().chain_identity
    signature = sign(liar, signing_digest(identity, unsigned))
    return ProposedBlock(unsigned.signed(signature), encode_block(block))


async def inbox_is_empty(host) -> None:
    with trio.fail_after(5):
        while host._receive.statistics().current_buffer_used:
            await trio.sleep(0.01)


def test_of_a_height_ahead_one_block_of_each_validator_is_kept(run_cluster: RunCluster) -> None:
    """Whose turn it will be is not known, so a faulty one could fill every height's room."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host = cluster.nodes[0].host
        await host.peer_joined("liar", 0)
        for payload in (b"one", b"two"):
            await host.received("liar", proposed_by_liar(cluster, 2, 0, payload))
        await inbox_is_empty(host)
        assert [block.payload for block in host._state.early_values[2].blocks()] == [b"one"]

    run_cluster(scenario, is_real=False)


def test_a_proposal_and_a_polka_that_are_held_are_not_checked_again(
    run_cluster: RunCluster,
) -> None:
    """Else repeating them would keep a node busy with signatures; wrong ones show that none is checked."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host, validators = cluster.nodes[0].host, cluster.validators
        own = address_of(public_key_of(secret_of(3)))
        round = next(r for r in range(1, 9) if validators.proposer(Round(r)) == own)
        await host.peer_joined("liar", 0)
        sent = proposed_by_liar(cluster, 1, round, b"block")
        votes = [signed_prevote(host, index, round, sent) for index in (1, 2, 3)]
        await host.received("liar", sent)
        for vote in votes:
            await host.received("liar", vote)
        await inbox_is_empty(host)
        assert host._state.core.holds(sent.proposal)
        polka = build_certificate(
            VoteKind.PREVOTE,
            Height(1),
            Round(round),
            sent.proposal.value_id,
            [vote.signed(bytes(65)) for vote in votes],
        )
        await host.received("liar", polka)
        await host.received("liar", replace(sent, proposal=sent.proposal.signed(bytes(65))))
        await inbox_is_empty(host)
        assert cluster.hub.dropped == []

    run_cluster(scenario, is_real=False)


def signed_prevote(host, index: int, round: int, sent: ProposedBlock) -> Vote:
    secret = secret_of(index)
    unsigned = Vote(
        VoteKind.PREVOTE,
        Height(1),
        Round(round),
        sent.proposal.value_id,
        address_of(public_key_of(secret)),
    )
    return unsigned.signed(sign(secret, signing_digest(host.place().chain_identity, unsigned)))


def test_all_killed_at_once_resume_the_same_chain(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        tip = 0
        for _ in range(4):
            await cluster.start(0, 1, 2, 3)
            await cluster.wait_for_height(tip + 4)
            assert cluster.agree()
            for index in (2, 0, 3, 1):
                await cluster.kill(index)
            tip = max(executor.tip for executor in cluster.executors.values())

    run_cluster(scenario, is_real=False)


def test_a_block_that_takes_long_to_check_is_decided_with_one_check_each(
    run_cluster: RunCluster,
) -> None:
    """Many propose timeouts go by meanwhile; the answer still counts."""

    async def scenario(cluster) -> None:
        for index in range(4):
            cluster.executor(index).check_time_s = 2.0
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(1)
        for executor in cluster.executors.values():
            assert len(executor.checked) == len(set(executor.checked))

    run_cluster(scenario, is_real=False)


def test_a_block_that_is_built_late_is_proposed_at_the_next_turn(run_cluster: RunCluster) -> None:
    """Building takes longer than the first rounds."""

    async def scenario(cluster) -> None:
        for index in range(4):
            cluster.executor(index).block_time_s = 1.2
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(1)
        assert all(executor.built.count(1) <= 1 for executor in cluster.executors.values())
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_a_fresh_block_that_names_another_proposer_is_voted_down(run_cluster: RunCluster) -> None:
    """What is decided names whose turn it was in its first round, whoever wants it otherwise."""

    async def scenario(cluster) -> None:
        cluster.executor(0)._own = cluster.executor(1)._own
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(6)
        validators, rounds = cluster.validators, []
        for block, certificate in cluster.executor(2).committed:
            turns = [validators.proposer(round) for round in range(certificate.round + 1)]
            assert block.header.proposer in turns
            rounds.append(certificate.round)
            validators = validators.advanced()
        assert max(rounds) > 0

    run_cluster(scenario, is_real=False)


def test_one_with_a_corrupt_state_alone_refuses_and_stands_still(
    run_cluster: RunCluster, caplog: pytest.LogCaptureFixture
) -> None:
    async def scenario(cluster) -> None:
        cluster.executor(3).is_corrupt = True
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(8, 0, 1, 2)
        assert cluster.executor(3).tip < 8
        with trio.fail_after(5):
            while cluster.nodes[3].host.halted is None:
                await trio.sleep(0.01)
        assert "state root ab, header says cd" in (cluster.nodes[3].host.halted or "")

    run_cluster(scenario, is_real=False)


def test_a_follower_without_a_key_follows(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2)
        await cluster.start(3, is_validator=False)
        await cluster.wait_for_height(6)
        assert cluster.agree()

    run_cluster(scenario, 3, is_real=False)


def is_precommit(message: object) -> bool:
    return isinstance(message, Vote) and message.kind is VoteKind.PRECOMMIT


def test_a_value_that_all_are_locked_on_is_decided_after_all_were_killed(
    run_cluster: RunCluster,
) -> None:
    """Its block comes out of the journals, for no block was committed."""

    async def scenario(cluster) -> None:
        cluster.hub.lose = lambda sender, to, message: is_precommit(message)
        await cluster.start(0, 1, 2, 3)
        with trio.fail_after(10):
            while any(node.host.view().locked_value is None for node in cluster.nodes.values()):
                await trio.sleep(0.01)
        locked = {node.host.view().locked_value for node in cluster.nodes.values()}
        assert len(locked) == 1
        for index in range(4):
            await cluster.kill(index)
        cluster.hub.lose = lambda *_: False
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(2)
        assert {node.hashes()[0] for node in cluster.nodes.values()} == locked

    run_cluster(scenario, is_real=False)


def test_nothing_is_signed_twice_over_a_restart(run_cluster: RunCluster) -> None:
    """Every vote and proposal that ever left a validator, by its place: one content each."""

    async def scenario(cluster) -> None:
        said: dict[object, set[object]] = {}

        def overhear(sender: str, to: str, message: object) -> bool:
            if isinstance(message, ProposedBlock):
                message = message.proposal
            if isinstance(message, Vote | Proposal):
                kind = message.kind if isinstance(message, Vote) else None
                place = (message.validator, message.height, message.round, kind)
                said.setdefault(place, set()).add(message.value_id)
            return False

        cluster.hub.lose = overhear
        for _ in range(6):
            await cluster.start(0, 1, 2, 3)
            await cluster.wait_for_height(max(e.tip for e in cluster.executors.values()) + 2)
            for index in (3, 1, 0, 2):
                await cluster.kill(index)
        assert said
        assert all(len(values) == 1 for values in said.values())

    run_cluster(scenario, is_real=False)


def test_without_its_journal_a_validator_signs_nothing_at_the_height_it_was_at(
    run_cluster: RunCluster,
) -> None:
    """It may be locked, and nothing on disk says on what: the sign state knows only where it signed."""

    async def scenario(cluster) -> None:
        cluster.hub.lose = lambda sender, to, message: is_precommit(message)
        await cluster.start(0, 1, 2, 3)
        with trio.fail_after(10):
            while cluster.nodes[3].host.view().locked_value is None:
                await trio.sleep(0.01)
        folder = cluster.nodes[3].folder
        await cluster.kill(3)
        (folder / JOURNAL_NAME).unlink()
        spoken: set[int] = set()

        def overhear(sender: str, to: str, message: object) -> bool:
            if sender == "3" and isinstance(message, Vote):
                spoken.add(message.height)
            return False

        cluster.hub.lose = overhear
        await cluster.start(3)
        await cluster.wait_for_height(4)
        assert 1 not in spoken
        assert spoken, "afterwards it takes part again"
        assert cluster.agree()

    run_cluster(scenario, is_real=False)


def test_whoever_catches_up_signs_nothing_that_is_known_to_be_decided(
    run_cluster: RunCluster,
) -> None:
    """T17: neither sign state nor journal stands behind it there."""

    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(2)
        await cluster.kill(3)
        behind = cluster.executor(3).tip + 1
        await cluster.wait_for_height(behind + 20)
        tip = min(cluster.executor(index).tip for index in range(3))
        spoken: list[int] = []

        def overhear(sender: str, to: str, message: object) -> bool:
            if sender == "3" and isinstance(message, Vote):
                spoken.append(message.height)
            return False

        cluster.hub.lose = overhear
        await cluster.start(3)
        await cluster.wait_for_height(tip + 5)
        # At the first height it cannot know yet.
        assert not [height for height in spoken if behind < height <= tip]

    run_cluster(scenario, is_real=False)


def test_messages_of_the_past_are_no_fault(run_cluster: RunCluster) -> None:
    """T10."""

    async def scenario(cluster) -> None:
        old: list[Vote] = []

        def keep_some(sender: str, to: str, message: object) -> bool:
            if isinstance(message, Vote) and sender == "1" and to == "0" and message.height <= 2:
                old.append(message)
            return False

        cluster.hub.lose = keep_some
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(4)
        assert old
        for vote in old + old:
            await cluster.nodes[0].host.received("1", vote)
        await cluster.wait_for_height(cluster.executor(0).tip + 3)
        assert not cluster.hub.dropped

    run_cluster(scenario, is_real=False)
