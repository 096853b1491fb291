"""What one validator holds and another lacks: nothing is relayed while a step progresses, so peers
that stall, or have just met, exchange summaries and send each other what is missing.
"""

from dataclasses import dataclass

from consensus.certificates import votes_of
from consensus.encoding import HEIGHT_MAX, ROUND_MAX
from consensus.errors import Undecodable
from consensus.recursive_length_prefix import decode, decode_integer, encode, encode_integer
from consensus.validators import VALIDATORS_MAX, ValidatorSet
from consensus.values import (
    Certificate,
    Height,
    Proposal,
    Round,
    RoundCertificate,
    ValidatorAddress,
    ValueId,
    Vote,
    VoteKind,
)
from consensus.view import CoreView, RoundView

ROUNDS_PER_SUMMARY_MAX = 32
PROPOSALS_PER_SUMMARY_MAX = 16
"""In one round."""
MESSAGES_PER_REPAIR_MAX = 4_096
SUMMARY_BYTES_MAX = 64 * 1024
_BITMAP_BYTES_MAX = (VALIDATORS_MAX + 7) // 8

RepairMessage = Proposal | Vote | Certificate | RoundCertificate


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """What is held of one round. Bit i of a bitmap: a vote of the i-th validator of the set."""

    round: Round
    proposals: tuple[ValueId, ...]
    prevotes: int
    precommits: int
    polka: ValueId | None
    """The value of the polka that is held, which may rest on votes that the bitmap cannot tell apart."""
    commit: ValueId | None


@dataclass(frozen=True, slots=True)
class Summary:
    """What is held of one height."""

    height: Height
    round: Round
    rounds: tuple[RoundSummary, ...]


def summarize(view: CoreView) -> Summary:
    """What to tell a peer."""
    newest = view.rounds[-ROUNDS_PER_SUMMARY_MAX:]
    rounds = tuple(_summarize_round(round, view.validators) for round in newest)
    return Summary(view.height, view.round, rounds)


def lacking(view: CoreView, summary: Summary) -> tuple[RepairMessage, ...]:
    """What to send the peer of this summary: proposals first, then certificates, then single votes.

    Nothing when the peer is at another height: then it needs decided blocks, or we do.
    """
    if summary.height != view.height or view.validators is None:
        return ()
    held = {round.round: round for round in summary.rounds}
    proposals: list[Proposal] = []
    certificates: list[Certificate] = []
    votes: list[Vote] = []
    for round in view.rounds:
        peer = held.get(round.round) or RoundSummary(round.round, (), 0, 0, None, None)
        proposals += [p for p in round.proposals if p.value_id not in peer.proposals]
        for certificate, theirs in ((round.polka, peer.polka), (round.commit, peer.commit)):
            if certificate is not None and certificate.value_id != theirs:
                certificates.append(certificate)
        votes += _lacking_votes(round.prevotes, peer.prevotes, view.validators)
        votes += _lacking_votes(round.precommits, peer.precommits, view.validators)
    decided = {round.commit for round in summary.rounds}
    if view.decision is not None and view.decision.value_id not in decided:
        certificates = [view.decision, *(c for c in certificates if c.kind is VoteKind.PREVOTE)]
    in_certificates = {vote for certificate in certificates for vote in votes_of(certificate)}
    proof = _proof_of_round(view) if summary.round < view.round else None
    if proof is not None:
        in_certificates |= set(proof.votes)
    single = [vote for vote in votes if vote not in in_certificates]
    proofs = [] if proof is None else [proof]
    messages: list[RepairMessage] = [*proposals, *certificates, *proofs, *single]
    return tuple(messages[:MESSAGES_PER_REPAIR_MAX])


def _proof_of_round(view: CoreView) -> RoundCertificate | None:
    """That the round has begun, for a peer in an earlier one; None while too few have voted in it."""
    assert view.validators is not None, "a view with rounds has a validator set"
    votes: dict[ValidatorAddress, Vote] = {}
    for vote in (*view.rounds[-1].precommits, *view.rounds[-1].prevotes):
        votes.setdefault(vote.validator, vote)
    power = sum(view.validators.power_of(validator) for validator in votes)
    if not view.validators.exceeds_third(power):
        return None
    return RoundCertificate(view.height, view.round, tuple(votes[v] for v in sorted(votes)))


def encode_summary(summary: Summary) -> bytes:
    """RLP; what `decode_summary` reads."""
    return encode(
        [
            encode_integer(summary.height),
            encode_integer(summary.round),
            [
                [
                    encode_integer(round.round),
                    round.proposals,
                    encode_integer(round.prevotes),
                    encode_integer(round.precommits),
                    round.polka or b"",
                    round.commit or b"",
                ]
                for round in summary.rounds
            ],
        ]
    )


def decode_summary(data: bytes) -> Summary:
    """Raises Undecodable."""
    if len(data) > SUMMARY_BYTES_MAX:
        raise Undecodable(f"summary of {len(data)} bytes, at most {SUMMARY_BYTES_MAX}")
    match decode(data):
        case [bytes(height), bytes(round), [*rounds]] if len(rounds) <= ROUNDS_PER_SUMMARY_MAX:
            return Summary(
                Height(_integer(height, HEIGHT_MAX)),
                Round(_integer(round, ROUND_MAX)),
                tuple(_decode_round(item) for item in rounds),
            )
        case _:
            raise Undecodable("no summary looks like this")


def _decode_round(item: object) -> RoundSummary:
    match item:
        case [
            bytes(round),
            [*proposals],
            bytes(prevotes),
            bytes(precommits),
            bytes(polka),
            bytes(commit),
        ] if len(proposals) <= PROPOSALS_PER_SUMMARY_MAX:
            return RoundSummary(
                Round(_integer(round, ROUND_MAX)),
                tuple(_value_id(value) for value in proposals),
                decode_integer(prevotes, _BITMAP_BYTES_MAX),
                decode_integer(precommits, _BITMAP_BYTES_MAX),
                _value_id(polka) if polka else None,
                _value_id(commit) if commit else None,
            )
        case _:
            raise Undecodable("no summary of a round looks like this")


def _summarize_round(round: RoundView, validators: ValidatorSet | None) -> RoundSummary:
    assert validators is not None, "a view with rounds has a validator set"
    return RoundSummary(
        round=round.round,
        proposals=tuple(dict.fromkeys(proposal.value_id for proposal in round.proposals))[
            :PROPOSALS_PER_SUMMARY_MAX
        ],
        prevotes=_bitmap(round.prevotes, validators),
        precommits=_bitmap(round.precommits, validators),
        polka=None if round.polka is None else round.polka.value_id,
        commit=None if round.commit is None else round.commit.value_id,
    )


def _bitmap(votes: tuple[Vote, ...], validators: ValidatorSet) -> int:
    bits = 0
    for vote in votes:
        bits |= 1 << validators.indexes[vote.validator]
    return bits


def _lacking_votes(votes: tuple[Vote, ...], bitmap: int, validators: ValidatorSet) -> list[Vote]:
    return [vote for vote in votes if not bitmap >> validators.indexes[vote.validator] & 1]


def _integer(data: bytes, largest: int) -> int:
    number = decode_integer(data)
    if number > largest:
        raise Undecodable(f"{number} is above {largest}")
    return number


def _value_id(item: object) -> ValueId:
    if not isinstance(item, bytes) or len(item) != 32:
        raise Undecodable("a value id has 32 bytes")
    return ValueId(item)
