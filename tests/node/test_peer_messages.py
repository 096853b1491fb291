"""Only what validators signed reaches the core; who brings anything else is dropped."""

from collections.abc import Callable
from dataclasses import replace

import pytest
import trio

from consensus.encoding import encode_block, signing_digest
from consensus.signatures import public_key_of, sign
from consensus.validators import ValidatorSet, address_of
from consensus.values import (
    NO_ROUND,
    Height,
    Proposal,
    Round,
    Validator,
    ValueId,
    Vote,
    VoteKind,
)
from node.network.block_transfer import ProposedBlock
from node.peer_messages import (
    Misbehaviour,
    Place,
    check_signature,
    decode_proposed_block,
    is_turn_of_sender,
    is_wanted,
)

RunCluster = Callable[..., None]
CHAIN, OTHER_CHAIN = b"\x0c" * 32, b"\x0d" * 32
SECRETS = [bytes([index + 1]) * 32 for index in range(4)]
STRANGER = b"\x77" * 32
SET = ValidatorSet.of(Validator(public_key_of(secret), 1) for secret in SECRETS)
PLACE = Place(CHAIN, 5, SET)


def vote(secret: bytes, height: int = 5, round: int = 0, chain: bytes = CHAIN) -> Vote:
    unsigned = Vote(
        VoteKind.PREVOTE, Height(height), Round(round), None, address_of(public_key_of(secret))
    )
    return unsigned.signed(sign(secret, signing_digest(chain, unsigned)))


def test_a_validators_vote_of_this_height_and_the_next_ones_is_wanted() -> None:
    assert is_wanted(vote(SECRETS[0]), PLACE)
    assert is_wanted(vote(SECRETS[0], height=6), PLACE)
    check_signature(vote(SECRETS[0]), CHAIN)


@pytest.mark.parametrize("height", [1, 4, 9, 1_000_000])
def test_a_vote_of_a_height_behind_or_far_ahead_is_no_fault_and_not_wanted(height: int) -> None:
    """T10, T23."""
    assert not is_wanted(vote(SECRETS[0], height=height), PLACE)


def test_a_strangers_vote_is_a_fault_now_and_none_ahead() -> None:
    with pytest.raises(Misbehaviour, match="no validator"):
        is_wanted(vote(STRANGER), PLACE)
    assert not is_wanted(vote(STRANGER, height=6), PLACE)


def test_a_vote_of_another_chain_or_by_another_key_is_a_fault() -> None:
    with pytest.raises(Misbehaviour):
        check_signature(vote(SECRETS[0], chain=OTHER_CHAIN), CHAIN)
    stolen = replace(vote(SECRETS[0]), validator=address_of(public_key_of(SECRETS[1])))
    with pytest.raises(Misbehaviour):
        check_signature(stolen, CHAIN)
    with pytest.raises(Misbehaviour):
        check_signature(replace(vote(SECRETS[0]), signature=bytes(65)), CHAIN)


def test_a_proposal_out_of_turn_is_a_fault() -> None:
    for round in range(4):
        for address in SET.addresses:
            proposal = Proposal(Height(5), Round(round), ValueId(bytes(32)), NO_ROUND, address)
            if SET.proposer(Round(round)) == address:
                assert is_turn_of_sender(proposal, PLACE, 0)
            else:
                with pytest.raises(Misbehaviour, match="not the proposer"):
                    is_turn_of_sender(proposal, PLACE, 0)


def test_whose_turn_a_far_round_is_costs_nothing_to_leave_open() -> None:
    proposal = Proposal(Height(5), Round(2**31 - 1), ValueId(bytes(32)), NO_ROUND, SET.addresses[0])
    assert not is_turn_of_sender(proposal, PLACE, 0)


def test_who_sends_a_badly_signed_vote_is_dropped_and_the_others_go_on(
    run_cluster: RunCluster,
) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0, 1, 2, 3)
        await cluster.wait_for_height(3)
        host = cluster.nodes[0].host
        forged = replace(vote(SECRETS[1], height=host.height), signature=bytes(65))
        await host.received("3", forged)
        with trio.fail_after(5):
            while not cluster.hub.dropped:
                await trio.sleep(0.01)
        assert cluster.hub.dropped[0][:2] == ("0", "3")
        await cluster.wait_for_height(host.height + 5, 0, 1, 2)

    run_cluster(scenario, is_real=False)


def test_a_block_whose_parts_are_not_the_headers_is_a_fault(run_cluster: RunCluster) -> None:
    async def scenario(cluster) -> None:
        await cluster.start(0)
        await cluster.wait_for_height(2)
        block = cluster.executor(0).committed[1][0]
        proposal = Proposal(Height(2), Round(0), block.header.hash, NO_ROUND, block.header.proposer)
        assert decode_proposed_block(ProposedBlock(proposal, encode_block(block))) == block
        swapped = encode_block(replace(block, payload=b"another payload"))
        with pytest.raises(Misbehaviour, match="payload"):
            decode_proposed_block(ProposedBlock(proposal, swapped))
        other = replace(proposal, value_id=ValueId(bytes(32)))
        with pytest.raises(Misbehaviour, match="not the one"):
            decode_proposed_block(ProposedBlock(other, encode_block(block)))

    run_cluster(scenario, 1, is_real=False)
