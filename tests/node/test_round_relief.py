"""Polkas that validators publish, and proofs that a round has begun, between hosts in memory."""

from collections.abc import Callable

import trio

from consensus.encoding import signing_digest
from consensus.repair import Summary
from consensus.signatures import public_key_of, sign
from consensus.validators import address_of
from consensus.values import Certificate, Height, Round, RoundCertificate, Vote, VoteKind
from node.network.block_transfer import ProposedBlock

RunCluster = Callable[..., None]


def vote_of(secret: bytes, round: int, chain: bytes) -> Vote:
    """A signed nil prevote of height 1."""
    signer = address_of(public_key_of(secret))
    unsigned = Vote(VoteKind.PREVOTE, Height(1), Round(round), None, signer)
    return unsigned.signed(sign(secret, signing_digest(chain, unsigned)))


def proof_of(round: int, secrets: list[bytes], chain: bytes) -> RoundCertificate:
    votes = sorted((vote_of(s, round, chain) for s in secrets), key=lambda vote: vote.validator)
    return RoundCertificate(Height(1), Round(round), tuple(votes))


def secret_of(index: int) -> bytes:
    """Of the cluster's validators."""
    return bytes([index + 1]) * 32


def test_a_polka_goes_out_before_the_proposal_that_rests_on_it(run_cluster: RunCluster) -> None:
    """T7: all but one lock, nobody sees three precommits, and nobody is repaired."""

    async def scenario(cluster) -> None:
        turns = [cluster.validators.proposer(Round(round)) for round in range(4)]
        first, second, third, odd = sorted(
            range(4), key=lambda index: turns.index(address_of(public_key_of(secret_of(index))))
        )
        lost = {(str(first), str(other)) for other in (second, third, odd)}
        lost.add((str(second), str(first)))
        sent: dict[str, list[object]] = {}
        cluster.executor(odd).is_corrupt = True

        def overhear(sender: str, to: str, message: object) -> bool:
            if isinstance(message, Certificate | ProposedBlock):
                sent.setdefault(sender, []).append(message)
            if isinstance(message, Vote) and message.kind is VoteKind.PRECOMMIT:
                return message.value_id is not None and (sender, to) in lost
            return isinstance(message, Summary)

        cluster.hub.lose = overhear
        await cluster.start(0, 1, 2, 3)
        with trio.fail_after(40):
            while not any(map(reproposal_in, sent.values())):
                await trio.sleep(0.01)
        messages = next(filter(reproposal_in, sent.values()))
        proposed = messages.index(reproposal_in(messages))
        polka = messages[proposed - 1]
        assert isinstance(polka, Certificate)
        proposal = messages[proposed].proposal
        assert (polka.kind, polka.round) == (VoteKind.PREVOTE, proposal.valid_round)
        assert polka.value_id == proposal.value_id

    def reproposal_in(messages: list[object]):
        for message in messages:
            if isinstance(message, ProposedBlock) and message.proposal.valid_round >= 0:
                return message
        return None

    run_cluster(scenario, is_real=False)


def test_a_proof_that_a_round_has_begun_is_followed(run_cluster: RunCluster) -> None:
    """T5."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host = cluster.nodes[0].host
        await host.peer_joined("peer", 0)
        chain = host.place().chain_identity
        await host.received("peer", proof_of(7, [secret_of(2), secret_of(3)], chain))
        with trio.fail_after(5):
            while host.view().round != 7:
                await trio.sleep(0.01)

    run_cluster(scenario, is_real=False)


def test_who_forges_a_proof_of_a_round_is_dropped(run_cluster: RunCluster) -> None:
    """T5: one of four is no third, and a signature is its signer's."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host = cluster.nodes[0].host
        chain = host.place().chain_identity
        good = proof_of(7, [secret_of(2), secret_of(3)], chain)
        too_few = proof_of(7, [secret_of(2)], chain)
        foreign = proof_of(7, [secret_of(2), secret_of(3)], bytes(32))
        first, second = good.votes
        swapped = RoundCertificate(good.height, good.round, (first, second.signed(first.signature)))
        for number, forged in enumerate((too_few, foreign, swapped)):
            await host.peer_joined(f"liar {number}", 0)
            await host.received(f"liar {number}", forged)
            with trio.fail_after(5):
                while len(cluster.hub.dropped) <= number:
                    await trio.sleep(0.01)
        assert host.view().round == 0
        assert all("forged round certificate" in reason for _, _, reason in cluster.hub.dropped)

    run_cluster(scenario, is_real=False)


def test_a_proof_of_a_round_behind_is_no_fault(run_cluster: RunCluster) -> None:
    """T10."""

    async def scenario(cluster) -> None:
        await cluster.start(0)
        host = cluster.nodes[0].host
        await host.peer_joined("peer", 0)
        chain = host.place().chain_identity
        await host.received("peer", proof_of(7, [secret_of(2), secret_of(3)], chain))
        with trio.fail_after(5):
            while host.view().round != 7:
                await trio.sleep(0.01)
        await host.received("peer", proof_of(5, [secret_of(2)], chain))
        await host.received("peer", proof_of(9, [secret_of(1), secret_of(2)], chain))
        with trio.fail_after(5):
            while host.view().round != 9:
                await trio.sleep(0.01)
        assert cluster.hub.dropped == []

    run_cluster(scenario, is_real=False)
