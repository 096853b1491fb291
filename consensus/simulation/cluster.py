"""Validators, their network and the clock: one run of one seed."""

import heapq
from collections.abc import Callable
from functools import lru_cache
from random import Random

from eth_hash.auto import keccak

from consensus.messages import (
    BuildValue,
    CheckValue,
    Input,
    ScheduleTimeout,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.signatures import public_key_of
from consensus.simulation.checks import Checks, Value
from consensus.simulation.faults import Crash, FaultPlan, Lie
from consensus.simulation.faulty import Liar
from consensus.simulation.host import REPAIR_MS, Host
from consensus.simulation.modes import plan_of
from consensus.simulation.network import Network, Packet, describe
from consensus.simulation.recording import Recording
from consensus.timeliness import is_after_parent, is_timely
from consensus.validators import ValidatorSet, address_of
from consensus.values import NO_ROUND, Height, Round, Validator, ValidatorAddress, ValueId

EVENTS_MAX = 2_000_000
"""A run with more has gone wild."""
PATIENCE_MS = 300_000
"""From the time of healing until every correct validator has decided."""
FAR_MS = 3_600_000
"""How far off the clock an untimely value is."""
_VALUES_OFFERED_MAX = 16
"""The newest values of a height that a liar chooses from."""


class Cluster:
    """A run: the same seed and plan give the same trace."""

    def __init__(self, seed: int, plan: FaultPlan | None = None, *, traced: bool = False) -> None:
        self.plan = plan_of(seed) if plan is None else plan
        self.random = Random(f"run {seed}")
        self.now_ms = 0
        self.trace: list[str] | None = [] if traced else None
        self.recording: Recording | None = None
        """Of everything that hosts were given, for whoever puts one in before `run`."""
        self._validators = [validator_set(self.plan.powers)]
        addresses = self._validators[0].addresses
        faulty = [addresses[index] for index in self.plan.faulty]
        self.checks = Checks(faulty, self.validators)
        self._events: list[tuple[int, int, Callable[..., None], tuple[object, ...]]] = []
        self._sequence = 0
        self._values: dict[Height, list[ValueId]] = {}
        self._value_count = 0
        self.hosts = self._make_hosts(addresses)
        self.network = Network(self.plan, self.random, len(self.hosts))
        never = {addresses[index] for index in self.plan.never_healed}
        self._is_broken = [host.address in never for host in self.hosts]
        self._rounds_at_healing: dict[int, int] = {}
        self._height_at_healing = 0
        self._to_decide = [h for h in self.hosts if h.is_correct and h.address not in never]

    def run(self, heights: int) -> "Cluster":
        """Until every correct validator has decided so many. Raises CheckFailed."""
        for host in self.hosts:
            self._at(0, self._start, host)
            self._at(int(self.random.random() * REPAIR_MS), self._tick, host)
        for crash in self.plan.crashes:
            self._at(crash.time_ms, self._arm, crash)
        self._at(self.plan.heal_ms, self._heal)
        end_ms, events, seen = self.plan.heal_ms + PATIENCE_MS, self._events, 0
        for _ in range(EVENTS_MAX):
            self.now_ms, _, event, arguments = heapq.heappop(events)
            event(*arguments)
            if self.now_ms > end_ms:
                break
            if self.checks.decisions > seen:
                seen = self.checks.decisions
                if self._is_done(heights):
                    break
        self.checks.finished((host.tip for host in self._to_decide), heights)
        if self.plan.never_healed:
            self.checks.decided_in_rounds(self.rounds_after_healing(), self._rounds_max())
        return self

    def rounds_after_healing(self) -> list[int]:
        """How many rounds each height took from the time of healing on, decided heights in order."""
        host = self._to_decide[0]
        return [
            certificate.round - self._rounds_at_healing.get(certificate.height, 0)
            for certificate in host.decisions()
            if certificate.height >= self._height_at_healing
        ]

    def _rounds_max(self) -> int:
        """The round under way, one for each turn of those who stay broken, and the one that decides."""
        return len(self.plan.never_healed) + 2

    # What hosts ask of their world.

    def schedule(self, host: Host, timeout: ScheduleTimeout) -> None:
        elapsed = TimeoutElapsed(timeout.height, timeout.round, timeout.step)
        self._answer_later(host, timeout.duration_ms, elapsed)

    def build_value(self, host: Host, question: BuildValue) -> None:
        """The proposer waits until its clock is behind the parent's time."""
        height, skew_ms = question.height, self._skew_ms(host)
        earliest_ms = self._parent_time_ms(host, height) + 1
        delay_ms = max(self.plan.build_ms, earliest_ms - (self.now_ms + skew_ms))
        time_ms = self.now_ms + delay_ms + skew_ms
        value_id = self._new_value(height, Value(max(1, time_ms), host.address, is_valid=True))
        self._answer_later(host, delay_ms, ValueBuilt(height, question.round, value_id))

    def check_value(self, host: Host, question: CheckValue) -> None:
        height, round, value_id = question.height, question.round, question.value_id
        value = self.checks.value(value_id)
        parent_ms = self._parent_time_ms(host, height)
        is_valid = value.is_valid and is_after_parent(value.time_ms, parent_ms)
        if question.valid_round == NO_ROUND:
            is_valid = is_valid and self._is_acceptable_as_fresh(host, question, value)
        answer = ValueChecked(height, round, value_id, is_valid)
        self._answer_later(host, self.plan.check_ms, answer)

    def send(self, host: Host, receiver: ValidatorAddress | None, packet: Packet) -> None:
        """To one validator (and its twin), or to all others."""
        now_ms, place, healed = self.now_ms, host.place, self.now_ms >= self.plan.heal_ms
        is_broken, delays_ms = self._is_broken, self.network.delays_ms
        for other in self.hosts:
            if other is host or receiver not in (None, other.address):
                continue
            is_healed = healed and not is_broken[place] and not is_broken[other.place]
            for delay_ms in delays_ms(place, other.place, packet, now_ms, is_healed=is_healed):
                self._at(now_ms + delay_ms, self._deliver, host, other, packet)

    def crashed(self, host: Host) -> None:
        self._at(self.now_ms + host.down_ms, self._start, host)

    def validators(self, height: Height) -> ValidatorSet:
        while len(self._validators) < height:
            self._validators.append(self._validators[-1].advanced())
        return self._validators[height - 1]

    def note(self, host: Host, what: str) -> None:
        if self.trace is not None:
            self.trace.append(f"{self.now_ms} {host.place} {what}")

    # The run itself.

    def _make_hosts(self, addresses: tuple[ValidatorAddress, ...]) -> list[Host]:
        hosts: list[Host] = []
        for index, address in enumerate(addresses):
            if index not in self.plan.faulty:
                hosts.append(Host(self, len(hosts), address, is_correct=True))
            elif self.plan.lie is Lie.LIAR:
                liar = Liar(self, len(hosts), address, is_correct=False)
                liar.pool, liar.is_lying = self._values_to_lie_with, self._may_lie
                hosts.append(liar)
            else:
                for _ in range(2):
                    hosts.append(Host(self, len(hosts), address, is_correct=False))
        return hosts

    def _is_done(self, heights: int) -> bool:
        return all(host.tip >= heights for host in self._to_decide)

    def _at(self, time_ms: int, event: Callable[..., None], *arguments: object) -> None:
        self._sequence += 1
        heapq.heappush(self._events, (time_ms, self._sequence, event, arguments))

    def _answer_later(self, host: Host, delay_ms: int, input: Input) -> None:
        self._at(self.now_ms + delay_ms, self._answer, host, host.incarnation, input)

    def _answer(self, host: Host, incarnation: int, input: Input) -> None:
        if host.incarnation == incarnation:
            if self.recording is not None:
                self.recording.answered(host, input)
            host.feed(input)

    def _deliver(self, sender: Host, receiver: Host, packet: Packet) -> None:
        if self.trace is not None:
            self.note(receiver, f"<{sender.place} {describe(packet)}")
        if self.recording is not None:
            self.recording.delivered(receiver, packet)
        receiver.receive(packet, sender.address)

    def _tick(self, host: Host) -> None:
        host.tick()
        self._at(self.now_ms + REPAIR_MS, self._tick, host)

    def _arm(self, crash: Crash) -> None:
        host = self.hosts[crash.index]
        if host.is_up:
            if self.recording is not None:
                self.recording.armed(host, crash)
            host.down_ms = crash.down_ms
            host.fail_after(crash.after, crash.chance)

    def _start(self, host: Host) -> None:
        if not host.is_up:
            self.note(host, "start")
            if self.recording is not None:
                self.recording.started(host)
            host.start()

    def _heal(self) -> None:
        for host in self._to_decide:
            height, round, _ = host.core.position
            latest = max(round, self._rounds_at_healing.get(height, 0))
            self._rounds_at_healing[height] = latest
        self._height_at_healing = max(self._rounds_at_healing)
        for host, is_broken in zip(self.hosts, self._is_broken, strict=True):
            if not is_broken:
                if self.recording is not None:
                    self.recording.healed(host)
                host.heal()
                self._start(host)

    # Values.

    def _new_value(self, height: Height, value: Value) -> ValueId:
        self._value_count += 1
        value_id = ValueId(keccak(b"value %d" % self._value_count))
        self.checks.built(value_id, value)
        self._values.setdefault(height, []).append(value_id)
        return value_id

    def _values_to_lie_with(self, height: Height, liar: ValidatorAddress) -> list[ValueId]:
        """Those that others have built, or a new one that none may decide, but for the first kind."""
        built = self._values.get(height, [])[-_VALUES_OFFERED_MAX:]
        if built and self.random.random() < 0.75:
            return built
        time_ms = max(1, self.now_ms + self.random.choice([0, 0, FAR_MS, -FAR_MS]))
        other = self.random.choice(self.validators(height).addresses)
        proposer = self.random.choice([liar, liar, other])
        is_valid = self.random.random() < 0.7
        return [self._new_value(height, Value(time_ms, proposer, is_valid))]

    def _may_lie(self) -> bool:
        return self.now_ms < self.plan.heal_ms or bool(self.plan.never_healed)

    def _is_acceptable_as_fresh(self, host: Host, question: CheckValue, value: Value) -> bool:
        """Its proposer's turn, and timely by this host's clock when it arrived."""
        height, round, value_id = question.height, question.round, question.value_id
        if value.proposer != self.validators(height).proposer(round):
            return False
        arrived_ms = host.arrived_ms.get((height, round, value_id), self.now_ms)
        if not is_timely(value.time_ms, arrived_ms + self._skew_ms(host), round):
            return False
        if self.plan.untimely_percent and self.now_ms < self.plan.heal_ms:
            return self.random.random() * 100 >= self.plan.untimely_percent
        return True

    def _parent_time_ms(self, host: Host, height: Height) -> int:
        decisions = host.decisions()
        if height < 2 or len(decisions) < height - 1:
            return 0
        return self.checks.value(decisions[height - 2].value_id).time_ms

    def _skew_ms(self, host: Host) -> int:
        index = self._validators[0].indexes[host.address]
        return self.plan.skews_ms[index] if self.plan.skews_ms else 0


@lru_cache(maxsize=64)
def validator_set(powers: tuple[int, ...]) -> ValidatorSet:
    """Of a run with these powers, in ascending order of address."""
    unordered = [public_key_of(bytes([index + 1]) * 32) for index in range(len(powers))]
    keys = sorted(unordered, key=address_of)
    return ValidatorSet.of(Validator(key, power) for key, power in zip(keys, powers, strict=True))


def rounds_of(host: Host) -> list[Round]:
    """In which each height was decided."""
    return [certificate.round for certificate in host.decisions()]
