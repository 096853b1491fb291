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

    def __init__(self, plan: FaultPlan, random: Random) -> None:
        self._plan = plan
        self._random = random
        self._splits: dict[tuple[int, ...], list[bool]] = {}
        self._fixed_sides: list[bool] | None = None

    def set_sides(self, sides: list[bool]) -> None:
        """Split these places of the cluster, until healing, instead of by chance."""
        self._fixed_sides = sides

    def delays_ms(self, now_ms: int, sender: int, receiver: int, packet: Packet) -> list[int]:
        """One delay for each copy that arrives. Sender and receiver are places in the cluster."""
        if now_ms >= self._plan.heal_ms:
            return [self._random.randrange(1, HEALED_DELAY_MS_MAX + 1)]
        if self._are_apart(now_ms, sender, receiver, packet):
            return []
        if self._random.randrange(100) < self._plan.drop_percent:
            return []
        if isinstance(packet, Summary) and self._random.randrange(100) >= self._plan.repair_percent:
            return []
        copies = 2 if self._random.randrange(100) < self._plan.duplicate_percent else 1
        return [self._random.randrange(1, self._plan.delay_ms_max + 1) for _ in range(copies)]

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
        if key not in self._splits:
            places = len(self._plan.powers) + len(self._plan.faulty)
            alone = self._random.randrange(places)
            sides = [place == alone for place in range(places)]
            if self._random.random() < 0.5:
                sides = [self._random.random() < 0.5 for _ in range(places)]
            self._splits[key] = sides
        return self._splits[key]


def describe(packet: Packet) -> str:
    """For the trace: kind, height/round, value."""
    match packet:
        case Proposal(height, round, value_id, valid_round):
            return f"proposal {height}/{round} {value_id.hex()[:8]} {valid_round}"
        case Vote(kind, height, round, value_id):
            value = "nil" if value_id is None else value_id.hex()[:8]
            return f"{kind.name.lower()} {height}/{round} {value}"
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
        case Decided(certificate) | (Certificate() as certificate):
            return certificate.height, certificate.round, certificate.kind
        case Vote():
            return packet.height, packet.round, packet.kind
        case Proposal() | Summary() | RoundCertificate():
            return packet.height, packet.round, 0
