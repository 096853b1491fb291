"""Takes in what peers send: checked, then fed to the core; summaries answered with what they lack."""

from dataclasses import dataclass, field

import trio

from consensus.certificates import votes_of
from consensus.messages import Learned, Received
from consensus.repair import Summary, lacking, summarize
from consensus.values import Certificate, Proposal, RoundCertificate, Vote, VoteKind
from node.height_state import HeightState
from node.height_values import BLOCKS_PER_SENDER_MAX, EARLY_BLOCKS_PER_SENDER_MAX
from node.late_precommits import LatePrecommits, OnConflict
from node.network.block_transfer import ProposedBlock
from node.network.interface import ConsensusNetwork, PeerName
from node.network.messages import WireMessage
from node.network.own_messages import OwnMessagesAnswer, OwnMessagesQuestion
from node.own_messages import Recollection, SeenMessages
from node.peer_messages import (
    Misbehaviour,
    Place,
    check_peer_certificate,
    check_peer_round_certificate,
    check_signature,
    decode_proposed_block,
    is_turn_of_sender,
    is_wanted,
)
from node.value_work import ValueWork

NUDGE_INTERVAL_S = 0.1
"""Between two answers to one peer that is behind."""
BLOCK_RESEND_INTERVAL_S = 1.0
"""Between sending one peer the same block twice: the first may be on its way."""
BLOCKS_SENT_MAX = 256


@dataclass(slots=True)
class _PeerState:
    committed: int
    nudged_at: float = float("-inf")
    blocks_sent: dict[tuple[int, bytes], float] = field(default_factory=dict)


class PeerIntake:
    """Everything the consensus host knows of its peers."""

    def __init__(
        self,
        state: HeightState,
        work: ValueWork,
        network: ConsensusNetwork,
        on_conflict: OnConflict,
        recollection: Recollection | None,
    ) -> None:
        self.seen = SeenMessages()
        self._recollection = recollection
        self.late = LatePrecommits(state, on_conflict)
        self._state = state
        self._work = work
        self._network = network
        self._peers: dict[PeerName, _PeerState] = {}
        self._unfounded: Certificate | None = None

    def heights(self) -> dict[PeerName, int]:
        """The highest height each peer claims to have committed."""
        return {name: peer.committed for name, peer in self._peers.items()}

    def begin_height(self) -> None:
        """Forget what was of the old one."""
        self._unfounded = None
        for peer in self._peers.values():
            peer.blocks_sent.clear()

    def join(self, peer: PeerName, committed: int) -> None:
        """A peer has come: tell it what we hold."""
        self._peers[peer] = _PeerState(committed)
        self.send_summary(peer)

    def leave(self, peer: PeerName) -> None:
        self._peers.pop(peer, None)

    def send_summary(self, peer: PeerName | None = None) -> None:
        """To one peer, or to all: they send what we lack."""
        if not self._state.height:
            return
        summary = summarize(self._state.core.view())
        if peer is None:
            self._network.broadcast(summary)
        else:
            self._network.send(peer, summary)

    def take(self, peer: PeerName, message: WireMessage) -> None:
        """One message; a peer that misbehaves is dropped."""
        if peer not in self._peers:
            return
        try:
            match message:
                case Vote():
                    self._note_height(peer, message.height)
                    self._take_vote(message)
                case ProposedBlock():
                    self._note_height(peer, message.proposal.height)
                    self._take_proposal(message)
                case Summary():
                    self._note_height(peer, message.height)
                    self._answer_summary(peer, message)
                case Certificate():
                    self._take_certificate(message)
                case RoundCertificate():
                    self._take_round_certificate(message)
                case OwnMessagesQuestion(validator):
                    newest = self.seen.newest(validator)
                    committed = self._state.height - 1
                    self._network.send(peer, OwnMessagesAnswer(validator, committed, newest))
                case OwnMessagesAnswer():
                    if self._recollection is not None:
                        self._recollection.take(peer, message, self._state.height)
        except Misbehaviour as error:
            self.leave(peer)
            self._network.drop(peer, str(error))

    def _note_height(self, peer: PeerName, height: int) -> None:
        """Who speaks of a height has committed the one before."""
        state = self._peers[peer]
        state.committed = max(state.committed, height - 1)

    def _place(self) -> Place:
        validators = self._state.validators
        assert validators is not None, "a height has begun before peers are heard"
        return Place(self._state.chain_identity, self._state.height, validators)

    def _take_vote(self, vote: Vote) -> None:
        if self.late.is_late(vote):
            self.late.take(vote)
            return
        if self._state.core.holds(vote) or not is_wanted(vote, self._place()):
            return
        check_signature(vote, self._state.chain_identity)
        self.seen.note(vote)
        self._state.feedback.append(Received(vote))

    def _take_proposal(self, message: ProposedBlock) -> None:
        proposal = message.proposal
        round = self._state.core.round
        if not is_wanted(proposal, self._place()):
            return
        if not is_turn_of_sender(proposal, self._place(), round):
            return
        values = self._state.values_of(proposal.height)
        is_known = values.get(proposal.value_id) is not None
        if is_known and self._state.core.holds(proposal):
            return
        is_early = proposal.height > self._state.height
        blocks_max = EARLY_BLOCKS_PER_SENDER_MAX if is_early else BLOCKS_PER_SENDER_MAX
        if not is_known and not values.has_room_for(proposal.validator, blocks_max):
            return
        check_signature(proposal, self._state.chain_identity)
        self.seen.note(proposal)
        if not is_known:
            block = decode_proposed_block(message)
            values.add(block, proposal.validator, message.block)
            if not is_early:
                self._state.journal.remember_block(block)
        self._work.note_arrival(proposal)
        self._state.feedback.append(Received(proposal))
        self._found_decision()

    def _take_certificate(self, certificate: Certificate) -> None:
        if certificate.height != self._state.height or self._state.decision is not None:
            return
        is_polka = certificate.kind is VoteKind.PREVOTE
        if is_polka and all(map(self._state.core.holds, votes_of(certificate))):
            return
        check_peer_certificate(certificate, self._place())
        self.seen.note(*votes_of(certificate))
        if is_polka:
            self._state.feedback.append(Learned(certificate))
        else:
            self._unfounded = certificate
            self._found_decision()

    def _take_round_certificate(self, certificate: RoundCertificate) -> None:
        if certificate.height != self._state.height or self._state.decision is not None:
            return
        if certificate.round <= self._state.core.round:
            return
        check_peer_round_certificate(certificate, self._place())
        self.seen.note(*certificate.votes)
        self._state.feedback.append(Learned(certificate))

    def _found_decision(self) -> None:
        """A commit certificate counts once its block is at hand."""
        certificate = self._unfounded
        if certificate is None or self._state.values.get(certificate.value_id) is None:
            return
        self._unfounded = None
        self._state.feedback.append(Learned(certificate))

    def _answer_summary(self, peer: PeerName, summary: Summary) -> None:
        if summary.height != self._state.height:
            self._nudge(peer, summary.height)
            return
        for message in lacking(self._state.core.view(), summary):
            if isinstance(message, Proposal):
                self._send_block(peer, message)
            else:
                self._network.send(peer, message)

    def _send_block(self, peer: PeerName, proposal: Proposal) -> None:
        value = self._state.values.get(proposal.value_id)
        sent, now = self._peers[peer].blocks_sent, trio.current_time()
        key = proposal.round, proposal.value_id
        is_recent = now - sent.get(key, float("-inf")) < BLOCK_RESEND_INTERVAL_S
        if value is None or is_recent or len(sent) >= BLOCKS_SENT_MAX:
            return
        sent[key] = now
        self._network.send(peer, ProposedBlock(proposal, value.encoded))

    def _nudge(self, peer: PeerName, height: int) -> None:
        """A peer behind us hears of our height; it fetches what it missed."""
        state, now = self._peers[peer], trio.current_time()
        if height < self._state.height and now - state.nudged_at >= NUDGE_INTERVAL_S:
            state.nudged_at = now
            self.send_summary(peer)
