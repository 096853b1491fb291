"""What each validator was last seen to sign, and how one that has forgotten it finds out.

A validator whose sign state is lost signs nothing until every other validator has said what it has
of it, and then only in rounds above the highest found. Where somebody does not answer, it waits for
its operator.
"""

import logging
from collections.abc import Callable, Iterable

from consensus.certificates import votes_of
from consensus.messages import Input, Learned, Received
from consensus.validators import ValidatorSet
from consensus.values import (
    Certificate,
    Proposal,
    RoundCertificate,
    ValidatorAddress,
    Vote,
    VoteKind,
)
from node.network.interface import ConsensusNetwork, PeerName
from node.network.own_messages import OwnMessagesAnswer, OwnMessagesQuestion
from node.peer_messages import Misbehaviour, check_signature
from node.signing import Signer

ASK_INTERVAL_S = 0.5
"""Between two times that the peers are asked."""
ACCEPTED_AFTER_ASKING = 10
"""Times that peers are asked before `--accept-lost-sign-state` is made use of."""
SAID_EVERY = 20
"""Times of asking between two lines that say who has not answered."""
ValidatorOf = Callable[[PeerName], ValidatorAddress | None]
"""Whose node a peer is, by its signed record; None while that is not known."""
_log = logging.getLogger("zerog.consensus")


class SeenMessages:
    """The newest message of each validator, its signature checked: one each."""

    def __init__(self) -> None:
        self._newest: dict[ValidatorAddress, Proposal | Vote] = {}

    def newest(self, validator: ValidatorAddress) -> Proposal | Vote | None:
        """By height and round; None if none was seen."""
        return self._newest.get(validator)

    def note(self, *messages: Proposal | Vote) -> None:
        """Their signatures are right, and their senders validators."""
        for message in messages:
            known = self._newest.get(message.validator)
            if known is None or _place(message) > _place(known):
                self._newest[message.validator] = message

    def note_journal(self, inputs: Iterable[Input]) -> None:
        """What was seen before a restart."""
        for input in inputs:
            match input:
                case Received(message):
                    self.note(message)
                case Learned(RoundCertificate(votes=votes)):
                    self.note(*votes)
                case Learned(Certificate() as certificate):
                    self.note(*votes_of(certificate))


class Recollection:
    """Finds out what the own key has signed, where the sign state does not say it."""

    def __init__(
        self,
        signer: Signer,
        chain_identity: bytes,
        network: ConsensusNetwork,
        validator_of: ValidatorOf,
        *,
        is_loss_accepted: bool = False,
    ) -> None:
        """`is_loss_accepted`: the operator says to go on with what those say who answer."""
        self._signer = signer
        self._chain_identity = chain_identity
        self._network = network
        self._validator_of = validator_of
        self._is_loss_accepted = is_loss_accepted
        self._answers: dict[ValidatorAddress, Proposal | Vote | None] = {}
        self._from_others: list[Proposal | Vote] = []
        self._asked = 0

    @property
    def is_open(self) -> bool:
        """Nothing is to be signed yet."""
        return self._signer.is_state_lost

    def note_decision(self, certificate: Certificate) -> None:
        """Of the newest block: with our precommit in it that we do not know of, our file is an old one."""
        for vote in votes_of(certificate):
            if vote.validator == self._signer.address and vote.kind is VoteKind.PRECOMMIT:
                self._signer.note_on_chain(vote.height, vote.round)

    def ask(self, validators: ValidatorSet) -> None:
        """Everybody; and say now and then who has not answered."""
        if self._asked % SAID_EVERY == 0:
            missing = set(self._missing(validators))
            named = zip(validators.addresses, validators.validators, strict=True)
            names = [v.name or f"0x{at.hex()}" for at, v in named if at in missing]
            _log.warning(
                "what this validator has signed is lost, or older than the chain: it signs nothing "
                "until all other validators have told what they have of it; missing: %s. Without "
                "them: zerog run --accept-lost-sign-state",
                ", ".join(names) or "nobody",
            )
        self._asked += 1
        self._network.broadcast(OwnMessagesQuestion(self._signer.address))

    def take(self, peer: PeerName, answer: OwnMessagesAnswer, height: int) -> None:
        """Raises `Misbehaviour`. Who is ahead of `height`, ours, is asked again when we are there:
        it may have forgotten what it has of a height that it has committed."""
        newest = answer.newest
        if not self.is_open or answer.validator != self._signer.address:
            return
        if newest is not None:
            if newest.validator != self._signer.address:
                raise Misbehaviour("an answer about another validator's messages")
            check_signature(newest, self._chain_identity)
            self._from_others.append(newest)
            self._from_others = [max(self._from_others, key=_place)]
        validator = self._validator_of(peer)
        if validator is not None and answer.committed < height:
            self._answers[validator] = newest

    def highest(self, validators: ValidatorSet, seen: SeenMessages) -> tuple[int, int] | None:
        """Height and round up to which nothing is to be signed; (0, 0) where nothing was found.

        None while somebody has yet to answer.
        """
        is_waived = self._is_loss_accepted and self._asked >= ACCEPTED_AFTER_ASKING
        if self._missing(validators) and not is_waived:
            return None
        own = seen.newest(self._signer.address)
        found = [*self._from_others, *([] if own is None else [own])]
        return max(map(_place, found), default=(0, 0))

    def close(self, height: int, round: int) -> None:
        """From here on signatures are made above this place."""
        _log.warning(
            "what was signed is known again: this validator signs above height %d round %d",
            height,
            round,
        )
        self._signer.forgive(height, round)
        self._answers.clear()
        self._from_others.clear()
        self._asked = 0

    def _missing(self, validators: ValidatorSet) -> list[ValidatorAddress]:
        own = self._signer.address
        return [v for v in validators.addresses if v != own and v not in self._answers]


def _place(message: Proposal | Vote) -> tuple[int, int]:
    return message.height, message.round
