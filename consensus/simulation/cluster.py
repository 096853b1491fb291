"""Validators, their network and the clock: one run of one seed."""

import heapq
from collections.abc import Callable
from functools import partial
from random import Random

from eth_hash.auto import keccak

from consensus.messages import Input
from consensus.signatures import public_key_of
from consensus.simulation.checks import Checks
from consensus.simulation.faults import Crash, FaultPlan, Lie, plan_of
from consensus.simulation.faulty import Liar
from consensus.simulation.host import REPAIR_MS, Host
from consensus.simulation.network import Network, Packet, describe
from consensus.validators import ValidatorSet
from consensus.values import Height, Validator, ValidatorAddress, ValueId

EVENTS_MAX = 500_000
"""A run with more has gone wild."""
PATIENCE_MS = 300_000
"""From the time of healing until every correct validator has decided."""


class Cluster:
    """A run: the same seed and plan give the same trace."""

    def __init__(self, seed: int, plan: FaultPlan | None = None) -> None:
        self.plan = plan_of(seed) if plan is None else plan
        self.random = Random(f"run {seed}")
        self.now_ms = 0
        self.trace: list[str] = []
        self._validators = [_validator_set(self.plan.powers)]
        addresses = self._validators[0].addresses
        self.checks = Checks(addresses[index] for index in self.plan.faulty)
        self.network = Network(self.plan, self.random)
        self._events: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = 0
        self._values: dict[Height, list[ValueId]] = {}
        self._value_count = 0
        self.hosts = self._make_hosts(addresses)

    def run(self, heights: int) -> "Cluster":
        """Until every correct validator has decided so many. Raises CheckFailed."""
        for host in self.hosts:
            self._at(0, host.start)
            self._at(self.random.randrange(REPAIR_MS), partial(self._tick, host))
        for crash in self.plan.crashes:
            self._at(crash.time_ms, partial(self._arm, crash))
        self._at(self.plan.heal_ms, self._heal)
        for _ in range(EVENTS_MAX):
            self.now_ms, _, event = heapq.heappop(self._events)
            event()
            is_over = self.now_ms > self.plan.heal_ms + PATIENCE_MS
            if is_over or min(self._tips()) >= heights:
                break
        self.checks.finished(self._tips(), heights)
        return self

    # What hosts ask of their world.

    def answer_later(self, host: Host, delay_ms: int, input: Input) -> None:
        incarnation = host.incarnation

        def answer() -> None:
            if host.incarnation == incarnation:
                host.feed(input)

        self._at(self.now_ms + delay_ms, answer)

    def restart_later(self, host: Host, delay_ms: int) -> None:
        self._at(self.now_ms + delay_ms, partial(self._restart, host))

    def send(self, host: Host, receiver: ValidatorAddress | None, packet: Packet) -> None:
        """To one validator (and its twin), or to all others."""
        for other in self.hosts:
            if other is host or receiver not in (None, other.address):
                continue
            for delay_ms in self.network.delays_ms(self.now_ms, host.place, other.place, packet):
                self._at(self.now_ms + delay_ms, _Delivery(self, host, other, packet))

    def new_value(self, height: Height, *, is_valid: bool) -> ValueId:
        self._value_count += 1
        value_id = ValueId(keccak(b"value %d" % self._value_count))
        if is_valid:
            self.checks.built(value_id)
        self._values.setdefault(height, []).append(value_id)
        return value_id

    def values(self, height: Height) -> list[ValueId]:
        return self._values.get(height, [])

    def validators(self, height: Height) -> ValidatorSet:
        while len(self._validators) < height:
            self._validators.append(self._validators[-1].advanced())
        return self._validators[height - 1]

    def note(self, host: Host, what: str) -> None:
        self.trace.append(f"{self.now_ms} {host.place} {what}")

    # The run itself.

    def _make_hosts(self, addresses: tuple[ValidatorAddress, ...]) -> list[Host]:
        hosts: list[Host] = []
        for index, address in enumerate(addresses):
            if index not in self.plan.faulty:
                hosts.append(Host(self, len(hosts), address, is_correct=True))
            elif self.plan.lie is Lie.LIAR:
                hosts.append(Liar(self, len(hosts), address, is_correct=False))
            else:
                for _ in range(2):
                    hosts.append(Host(self, len(hosts), address, is_correct=False))
        return hosts

    def _tips(self) -> list[Height]:
        return [host.tip for host in self.hosts if host.is_correct]

    def _at(self, time_ms: int, event: Callable[[], None]) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (time_ms, self._sequence, event))

    def _tick(self, host: Host) -> None:
        host.tick()
        self._at(self.now_ms + REPAIR_MS, partial(self._tick, host))

    def _arm(self, crash: Crash) -> None:
        host = self.hosts[crash.index]
        if host.is_up:
            host.effects_until_crash, host.down_ms = crash.effects, crash.down_ms

    def _restart(self, host: Host) -> None:
        if not host.is_up:
            self.note(host, "restart")
            host.start()

    def _heal(self) -> None:
        for host in self.hosts:
            host.effects_until_crash = None
            self._restart(host)


class _Delivery:
    """A packet under way."""

    __slots__ = ("_cluster", "_packet", "_receiver", "_sender")

    def __init__(self, cluster: Cluster, sender: Host, receiver: Host, packet: Packet) -> None:
        self._cluster, self._sender = cluster, sender
        self._receiver, self._packet = receiver, packet

    def __call__(self) -> None:
        self._cluster.note(self._receiver, f"<{self._sender.place} {describe(self._packet)}")
        self._receiver.receive(self._packet, self._sender.address)


def _validator_set(powers: tuple[int, ...]) -> ValidatorSet:
    keys = [public_key_of(bytes([index + 1]) * 32) for index in range(len(powers))]
    return ValidatorSet.of(Validator(key, power) for key, power in zip(keys, powers, strict=True))
