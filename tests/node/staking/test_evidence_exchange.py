"""Evidence to and from peers: checked, kept once for each offender, passed on, told to newcomers."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from consensus.evidence import Evidence, decode_evidence, encode_evidence
from consensus.signatures import public_key_of
from consensus.validators import address_of
from node.network.frames import LENGTH_BYTES
from node.network.messages import MessageReader, frames_of
from node.staking.evidence_exchange import EvidenceExchange
from node.staking.evidence_pool import EVIDENCE_KEPT_MAX, EvidencePool

OFFENDER = address_of(public_key_of(bytes([2]) * 32))


class Told:
    """What `EvidenceExchange` uses of a network, in memory."""

    def __init__(self) -> None:
        self.message_handlers: dict[type, Callable[[str, Any], None]] = {}
        self.greeters: list[Callable[[str], None]] = []
        self.broadcasts: list[Evidence] = []
        self.sent: list[tuple[str, Evidence]] = []
        self.dropped: list[str] = []

    def broadcast(self, message: Evidence) -> None:
        self.broadcasts.append(message)

    def send(self, peer: str, message: Evidence) -> None:
        self.sent.append((peer, message))

    def drop(self, peer: str, reason: str) -> None:
        self.dropped.append(reason)


@pytest.fixture
def decided(cluster: Any, run: Any) -> Any:
    """Four validators at height 2."""

    async def main() -> None:
        await cluster.decide()
        await cluster.decide()

    run(main)
    return cluster


def exchange_of(cluster: Any) -> tuple[EvidenceExchange, Told, EvidencePool]:
    network, host = Told(), cluster.any_host
    exchange = EvidenceExchange(network, host.evidence, host.judge_evidence)  # type: ignore[arg-type]
    return exchange, network, host.evidence


def test_what_our_core_found_is_kept_and_told_once(decided: Any) -> None:
    exchange, network, pool = exchange_of(decided)
    piece = decided.evidence(OFFENDER, 3)
    exchange.report(piece.second, piece.first)
    exchange.report(piece.first, piece.second)
    assert network.broadcasts == [piece]
    assert pool.all() == (piece,)
    network.greeters[0]("newcomer")
    assert network.sent == [("newcomer", piece)]


def test_a_peers_evidence_is_passed_on_and_a_second_piece_adds_nothing(decided: Any) -> None:
    _, network, pool = exchange_of(decided)
    first, second = decided.evidence(OFFENDER, 1), decided.evidence(OFFENDER, 2, round=1)
    for piece in (first, second, first):
        network.message_handlers[Evidence]("peer", piece)
    assert network.broadcasts == [first]
    assert pool.all() == (first,)
    assert network.dropped == []


def test_forged_evidence_drops_who_sent_it(decided: Any) -> None:
    _, network, pool = exchange_of(decided)
    piece = decided.evidence(OFFENDER, 1)
    forged = replace(piece, first=replace(piece.first, signature=bytes(65)))
    same = Evidence(piece.first, piece.first)
    for wrong in (forged, same):
        network.message_handlers[Evidence]("peer", wrong)
    assert len(network.dropped) == 2
    assert pool.all() == ()
    assert network.broadcasts == []


@pytest.mark.parametrize("height", [9, 0])
def test_evidence_of_a_height_that_does_not_count_is_passed_over(decided: Any, height: int) -> None:
    _, network, pool = exchange_of(decided)
    network.message_handlers[Evidence]("peer", decided.evidence(OFFENDER, height))
    assert (pool.all(), network.dropped, network.broadcasts) == ((), [], [])


def test_the_pool_keeps_so_many_offenders_and_no_more(decided: Any) -> None:
    pool = EvidencePool()
    piece = decided.evidence(OFFENDER, 1)
    for number in range(EVIDENCE_KEPT_MAX + 1):
        who = number.to_bytes(20, "big")
        other = Evidence(replace(piece.first, validator=who), replace(piece.second, validator=who))
        assert pool.add(other) == (number < EVIDENCE_KEPT_MAX)
    pool.keep(lambda each: each.validator[-1] == 3)
    assert len(pool.all()) == 1


def test_evidence_travels_in_one_frame(decided: Any) -> None:
    piece = decided.evidence(OFFENDER, 1)
    [frame] = frames_of(piece)
    assert MessageReader().message(frame[LENGTH_BYTES:]) == piece
    assert decode_evidence(encode_evidence(piece)) == piece


def test_evidence_of_the_height_under_way_waits_for_the_next(decided: Any, run: Any) -> None:
    exchange, _, pool = exchange_of(decided)
    exchange.report(*_messages(decided.evidence(OFFENDER, 3)))

    async def main() -> tuple[Any, Any]:
        decided.last_block = await decided.decide()
        assert len(pool.all()) == 1
        for host in decided.hosts.values():
            host.evidence.add(pool.all()[0])
        return decided.last_block, await decided.decide()

    third, fourth = run(main)
    assert third.evidence == ()
    assert len(fourth.evidence) == 1


def _messages(piece: Evidence) -> tuple[Any, Any]:
    return piece.first, piece.second
