"""What lies in the consensus host's inbox."""

from dataclasses import dataclass

from consensus.header import ConsensusBlock
from consensus.messages import TimeoutElapsed
from consensus.validators import ValidatorSet
from consensus.values import Certificate
from node.network.interface import PeerName
from node.network.messages import WireMessage


@dataclass(frozen=True, slots=True)
class FromPeer:
    peer: PeerName
    message: WireMessage


@dataclass(frozen=True, slots=True)
class PeerJoined:
    peer: PeerName
    committed: int


@dataclass(frozen=True, slots=True)
class PeerLeft:
    peer: PeerName


@dataclass(frozen=True, slots=True)
class Built:
    height: int
    block: ConsensusBlock


@dataclass(frozen=True, slots=True)
class Checked:
    """`verdict` None: valid."""

    block: ConsensusBlock
    verdict: str | None


@dataclass(frozen=True, slots=True)
class Committed:
    """`validators` decide the next height."""

    certificate: Certificate
    validators: ValidatorSet


@dataclass(frozen=True, slots=True)
class Fetched:
    """A decision out of a peer's store."""

    block: ConsensusBlock
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Hold:
    """Sign and build nothing up to this height."""

    height: int


@dataclass(frozen=True, slots=True)
class LookBack:
    """Time to ask for what was signed, if that is not known."""


Item = (
    FromPeer | PeerJoined | PeerLeft | Built | Checked | Committed | Fetched | Hold | LookBack
    | TimeoutElapsed
)  # fmt: skip
