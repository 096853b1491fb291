"""Validators that share one acquaintance find each other, over real hosts on loopback."""

from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import trio

from consensus.signatures import public_key_of
from consensus.validators import address_of
from consensus.values import ValidatorAddress
from node.network.host import NetworkSettings, PeerNetwork
from node.network.identity import peer_multiaddr
from node.network.introductions import Introductions
from node.network.peer_record import PeerRecord, signed_record

CHAIN = b"\x0c" * 32
BASE_PORT = 28_400


class Silent:
    """`PeerEvents` of a node that listens to nobody."""

    async def peer_joined(self, peer: str, height: int) -> None:
        await trio.lowlevel.checkpoint()

    async def peer_left(self, peer: str) -> None:
        await trio.lowlevel.checkpoint()

    async def received(self, peer: str, message: object) -> None:
        await trio.lowlevel.checkpoint()


def secret(index: int) -> bytes:
    return bytes([index + 1]) * 32


def validator(index: int) -> ValidatorAddress:
    return address_of(public_key_of(secret(index)))


class Acquaintances:
    """Nodes that all know the first one's address, and nobody else's; some are validators."""

    def __init__(self, stack: AsyncExitStack, members: set[int]) -> None:
        self._stack, self.members = stack, members
        self.networks: list[PeerNetwork] = []
        self.introductions: list[Introductions] = []

    def is_member(self, who: ValidatorAddress) -> bool:
        return who in {validator(index) for index in self.members}

    async def start(self, index: int) -> None:
        first = peer_multiaddr("127.0.0.1", BASE_PORT, secret(50))
        settings = NetworkSettings(
            secret(50 + index),
            "127.0.0.1",
            BASE_PORT + index,
            (first,) if index else (),
            CHAIN,
            "test",
        )
        network = PeerNetwork(settings, lambda: 0)
        own = partial(self._record, index, network)
        introductions = Introductions(network, CHAIN, self.is_member, own)
        nursery = await self._stack.enter_async_context(trio.open_nursery())
        self._stack.callback(nursery.cancel_scope.cancel)
        await nursery.start(network.run, Silent())
        nursery.start_soon(introductions.run)
        self.networks.append(network)
        self.introductions.append(introductions)

    def _record(self, index: int, network: PeerNetwork) -> PeerRecord:
        addresses = (f"/ip4/127.0.0.1/tcp/{BASE_PORT + index}",)
        return signed_record(secret(index), CHAIN, network.own_name, addresses, 1)

    def are_connected(self, one: int, other: int) -> bool:
        name = self.networks[other].own_name
        return self.networks[one].book.by_name(name) is not None

    async def until(self, claim: Callable[[], bool]) -> None:
        with trio.fail_after(20):
            while not claim():
                await trio.sleep(0.02)


def run(scenario: Callable[[Acquaintances], Any], members: set[int]) -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            await scenario(Acquaintances(stack, members))

    trio.run(main)


def test_validators_that_know_one_node_alone_are_connected_to_each_other() -> None:
    async def scenario(them: Acquaintances) -> None:
        for index in range(4):
            await them.start(index)
        pairs = [(1, 2), (1, 3), (2, 3)]
        await them.until(lambda: all(them.are_connected(*pair) for pair in pairs))

    run(scenario, {0, 1, 2, 3})


def test_who_becomes_a_validator_is_found_then_and_not_before() -> None:
    async def scenario(them: Acquaintances) -> None:
        for index in range(3):
            await them.start(index)
        await them.until(lambda: them.are_connected(0, 1) and them.are_connected(0, 2))
        await them.until(lambda: len(them.introductions[2].records()) == 3)
        assert [len(each.records()) for each in them.introductions] == [2, 2, 3]
        assert not them.are_connected(1, 2)
        them.members.add(2)
        them.networks[2].broadcast(them.introductions[2].records()[0])
        await them.until(lambda: them.are_connected(1, 2))

    run(scenario, {0, 1})


def test_a_former_validators_record_is_forgotten() -> None:
    async def scenario(them: Acquaintances) -> None:
        for index in range(2):
            await them.start(index)
        await them.until(lambda: len(them.introductions[0].records()) == 2)
        them.members.discard(1)
        await them.until(lambda: len(them.introductions[0].records()) == 1)

    run(scenario, {0, 1})


def test_only_a_newer_record_of_a_validator_counts() -> None:
    async def scenario(them: Acquaintances) -> None:
        for index in range(2):
            await them.start(index)
        await them.until(lambda: len(them.introductions[0].records()) == 2)
        peer = them.networks[1].own_name
        for sequence, counts in ((0, False), (1, False), (2, True)):
            place = (f"/ip4/127.0.0.1/tcp/{1_000 + sequence}",)
            record = signed_record(secret(1), CHAIN, peer, place, sequence)
            them.introductions[0].take(peer, record)
            assert (record in them.introductions[0].records()) == counts

    run(scenario, {0, 1})


def test_who_passes_on_a_record_that_nobody_signed_is_dropped() -> None:
    async def scenario(them: Acquaintances) -> None:
        for index in range(2):
            await them.start(index)
        await them.until(lambda: them.are_connected(0, 1))
        forged = PeerRecord("x", ("/ip4/127.0.0.1/tcp/1",), 3, bytes(64) + b"\x05")
        them.introductions[0].take(them.networks[1].own_name, forged)
        peer_id = them.networks[1].host.get_id()
        assert them.networks[0].book.is_kept_away(peer_id)

    run(scenario, {0, 1})
