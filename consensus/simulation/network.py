"""Which packets arrive, how often and when."""

from dataclasses import dataclass
from random import Random

from consensus.repair import Summary
from consensus.simulation.faults import FaultPlan, Partitions
from consensus.values import Certificate, Height, Proposal, Round, Vote

HEALED_DELAY_MS_MAX = 20
PARTITION_MS = 2_000
"""How long a split by time lasts."""


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided value and its proof, for a peer that is a height or more behind."""

    certificate: Certificate


Packet = Proposal | Vote | Certificate | Summary | Decided


class Network:
    """Decides about each packet by the run's chance, until the plan's time of healing."""

    def __init__(self, plan: FaultPlan, random: Random) -> None:
        self._plan = plan
        self._random = random
        self._splits: dict[tuple[int, int], list[bool]] = {}

    def delays_ms(self, now_ms: int, sender: int, receiver: int, packet: Packet) -> list[int]:
        """One delay for each copy that arrives. Sender and receiver are places in the cluster."""
        if now_ms >= self._plan.heal_ms:
            return [self._random.randrange(1, HEALED_DELAY_MS_MAX + 1)]
        if self._are_apart(now_ms, sender, receiver, packet):
            return []
        if self._random.randrange(100) < self._plan.drop_percent:
            return []
        copies = 2 if self._random.randrange(100) < self._plan.duplicate_percent else 1
        return [self._random.randrange(1, self._plan.delay_ms_max + 1) for _ in range(copies)]

    def _are_apart(self, now_ms: int, sender: int, receiver: int, packet: Packet) -> bool:
        match self._plan.partitions:
            case Partitions.NONE:
                return False
            case Partitions.TIMED:
                split = self._split(now_ms // PARTITION_MS, -1)
            case Partitions.PER_ROUND:
                split = self._split(*_place_of(packet))
        return split[sender] != split[receiver]

    def _split(self, first: int, second: int) -> list[bool]:
        """Every place in the cluster is on one of two sides; a twin may be apart from its twin."""
        key = first, second
        if key not in self._splits:
            places = 2 * len(self._plan.powers)
            self._splits[key] = [self._random.random() < 0.5 for _ in range(places)]
        return self._splits[key]


def _place_of(packet: Packet) -> tuple[Height, Round]:
    if isinstance(packet, Decided):
        return packet.certificate.height, packet.certificate.round
    return packet.height, packet.round
