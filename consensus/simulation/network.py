"""Which packets arrive, how often and when."""

from dataclasses import dataclass
from random import Random

from consensus.repair import Summary
from consensus.simulation.faults import FaultPlan, Partitions
from consensus.values import Certificate, Proposal, RoundCertificate, Vote

HEALED_DELAY_MS_MAX = 20
PARTITION_MS = 2_000
"""How long a split by time lasts."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided value and its proof, for a peer that is a height or more behind."""

    certificate: Certificate


Packet = Proposal | Vote | Certificate | RoundCertificate | Summary | Decided


class Network:
    """Decides about each packet by the run's chance, until the plan's time of healing."""

    def __init__(self, plan: FaultPlan, random: Random, places: int) -> None:
        """`places`: how many hosts there are, twins counted twice."""
        self._plan = plan
        self._chance = random.random
        self._places = places
        self._splits: dict[tuple[int, ...], list[bool]] = {}
        self._fixed_sides: list[bool] | None = None

    def set_sides(self, sides: list[bool]) -> None:
        """Split these places of the cluster, until healing, instead of by chance."""
        self._fixed_sides = sides

    def delays_ms(
        self, sender: int, receiver: int, packet: Packet, now_ms: int, *, is_healed: bool
    ) -> tuple[int, ...]:
        """One delay for each copy that arrives. Sender and receiver are places in the cluster."""
        chance, plan = self._chance, self._plan
        if is_healed:
            return (1 + int(chance() * HEALED_DELAY_MS_MAX),)
        if self._are_apart(now_ms, sender, receiver, packet):
            return ()
        if plan.drop_percent and chance() * 100 < plan.drop_percent:
            return ()
        if isinstance(packet, Summary) and chance() * 100 >= plan.repair_percent:
            return ()
        delay_ms = 1 + int(chance() * plan.delay_ms_max)
        if plan.duplicate_percent and chance() * 100 < plan.duplicate_percent:
            return delay_ms, 1 + int(chance() * plan.delay_ms_max)
        return (delay_ms,)

    def _are_apart(self, now_ms: int, sender: int, receiver: int, packet: Packet) -> bool:
        if self._fixed_sides is not None:
            return self._fixed_sides[sender] != self._fixed_sides[receiver]
        match self._plan.partitions:
            case Partitions.NONE:
                return False
            case Partitions.TIMED:
                split = self._split((now_ms // PARTITION_MS,))
            case Partitions.PER_ROUND:
                split = self._split(_place_of(packet))
        return split[sender] != split[receiver]

    def _split(self, key: tuple[int, ...]) -> list[bool]:
        """Every place in the cluster is on one of two sides; a twin may be apart from its twin.

        Half of the time one place is alone: that leaves a quorum together more often than chance.
        """
        split = self._splits.get(key)
        if split is None:
            places = self._places
            alone = int(self._chance() * places)
            split = [place == alone for place in range(places)]
            if self._chance() < 0.5:
                split = [self._chance() < 0.5 for _ in range(places)]
            self._splits[key] = split
        return split


def describe(packet: Packet) -> str:
    """For the trace: kind, height/round, value."""
    match packet:
        case Proposal(height, round, value_id, valid_round):
            by = packet.validator.hex()[:4]
            return f"proposal {height}/{round} {value_id.hex()[:8]} {valid_round} by {by}"
        case Vote(kind, height, round, value_id):
            value = "nil" if value_id is None else value_id.hex()[:8]
            by = packet.validator.hex()[:4]
            return f"{kind.name.lower()} {height}/{round} {value} {packet.valid_round} by {by}"
        case Decided(certificate) | (Certificate() as certificate):
            place = f"{certificate.height}/{certificate.round}"
            return f"certificate {certificate.kind} {place} {certificate.value_id.hex()[:8]}"
        case RoundCertificate(height, round):
            return f"round certificate {height}/{round}"
        case Summary(height, round):
            return f"summary {height}/{round}"


def _place_of(packet: Packet) -> tuple[int, int, int]:
    """Height, round and phase: who hears the prevotes need not be who hears the precommits."""
    match packet:
        case Vote():
            return packet.height, packet.round, packet.kind
        case Decided(certificate) | (Certificate() as certificate):
            return certificate.height, certificate.round, certificate.kind
        case Proposal() | Summary() | RoundCertificate():
            return packet.height, packet.round, 0
