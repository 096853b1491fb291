"""The core beside a second reading of the paper: after every input of many random scripts both have
said the same, in the same order, and stand at the same place.

`Paper` is slow and plain on purpose: it keeps every message in a list and works each guard out anew,
in sums of power, as L11–L67 have it. Where docs/consensus.md says that the core is not the paper's text,
`Paper` is neither.
"""

from dataclasses import replace
from random import Random

import pytest

from consensus.core import Consensus
from consensus.messages import (
    Broadcast,
    BuildValue,
    CheckValue,
    Decide,
    Learned,
    Persist,
    Publish,
    Received,
    Report,
    ScheduleTimeout,
    Started,
    TimeoutElapsed,
    ValueBuilt,
    ValueChecked,
)
from consensus.timeouts import Timeouts
from consensus.values import Certificate, Proposal, RoundCertificate, Step, ValueId, Vote, VoteKind

A, B, C = (ValueId(letter * 32) for letter in (b"a", b"b", b"c"))
PREVOTE, PRECOMMIT = VoteKind.PREVOTE, VoteKind.PRECOMMIT
TIMEOUTS = Timeouts(propose_ms=700, propose_growth_ms=300, prevote_ms=200, precommit_ms=400)
POWERS = ((1, 1, 1, 1), (1, 1, 1, 1), (1, 1, 1), (2, 1, 1, 1, 1), (3, 1, 2, 1, 1, 1), (1, 1, 4, 1))
INPUTS = 70
"""Of a script."""


class Paper:
    """One validator at height 1."""

    def __init__(self, own, validators) -> None:
        self.own, self.validators = own, validators
        self.total = sum(v.power for v in validators.validators)
        self.round, self.step = -1, Step.PROPOSE
        self.locked, self.valid = (None, -1), (None, -1)
        self.decision = None
        self.proposals, self.votes, self.early = [], [], []
        self.is_valid, self.is_timely, self.asked = {}, {}, {}
        self.reported = set()
        self.out, self.unwritten, self.reports = [], [], []

    # Sums.

    def power(self, who) -> int:
        return sum(self.validators.power_of(one) for one in set(who))

    def two_thirds(self, who) -> bool:
        return 3 * self.power(who) > 2 * self.total

    def one_third(self, who) -> bool:
        return 3 * self.power(who) > self.total

    def voters(self, kind, round, *values):
        """Of any value, or of this one."""
        return [
            v.validator
            for v in self.votes
            if (v.kind, v.round) == (kind, round) and (not values or v.value_id in values)
        ]

    def quorums(self, kind):
        """(round, value) with 2f+1, nil left out, in the order in which they came about."""
        found = []
        for count in range(1, len(self.votes) + 1):
            vote = self.votes[count - 1]
            key = vote.round, vote.value_id
            so_far = [
                v.validator
                for v in self.votes[:count]
                if v.kind is kind and (v.round, v.value_id) == key
            ]
            if vote.kind is kind and vote.value_id and key not in found and self.two_thirds(so_far):
                found.append(key)
        return found

    def proposed(self, round):
        return [p for p in self.proposals if p.round == round]

    def is_good(self, round, value) -> bool:
        here = any(p.value_id == value for p in self.proposed(round))
        return here and self.is_valid.get(value) is True

    # Inputs.

    def handle(self, input):
        self.out, self.reports = [], []
        if self.decision is None and self.take(input):
            while self.decision is None and self.fire():
                pass
        else:
            self.out = []
        return self.with_persist([*self.reports, *self.out])

    def with_persist(self, effects):
        for index, effect in enumerate(effects):
            if isinstance(effect, Broadcast | Publish | Decide):
                persist, self.unwritten = Persist(tuple(self.unwritten)), []
                return [*effects[:index], persist, *effects[index:]]
        return effects

    def take(self, input) -> bool:
        self.unwritten.append(input)
        is_news = self.is_news(input)
        if not is_news:
            self.unwritten.pop()
        return is_news

    def is_news(self, input) -> bool:
        match input:
            case Started():
                self.start(0)
                return True
            case Received(message):
                return self.receive(message)
            case Learned(Certificate() as proof) if proof.kind is PRECOMMIT:
                self.decide(proof)
                return True
            case Learned(proof):
                votes = proof.votes if isinstance(proof, RoundCertificate) else votes_in(proof)
                kept = [self.receive(vote, certified=True) for vote in votes]
                return any(kept)
            case ValueBuilt(_, round, value):
                if round != self.round or not self.is_asked_to_build or self.proposed(round):
                    return False
                self.is_asked_to_build = False
                self.is_valid[value] = True
                self.is_timely[round, value] = True
                self.say(Proposal(1, round, value, -1, self.own))
                return True
            case ValueChecked(_, _, value, answer):
                return self.answered(value, answer)
            case TimeoutElapsed(_, round, step):
                return round == self.round and self.timeout(step)

    def answered(self, value, answer) -> bool:
        if value not in self.asked:
            is_news = answer and value not in self.is_valid
            if is_news:
                self.is_valid[value] = True
            return is_news
        round, valid_round = self.asked.pop(value)
        if valid_round == -1:
            self.is_timely[round, value] = answer
        if answer or valid_round != -1:
            self.is_valid[value] = answer
        return True

    def timeout(self, step) -> bool:
        """L57–L67."""
        if step is Step.PROPOSE and self.step is Step.PROPOSE:
            is_checking = any(p.value_id in self.asked for p in self.proposed(self.round))
            if is_checking and not self.is_deferred:
                self.is_deferred = True
                self.out.append(ScheduleTimeout(1, self.round, Step.PROPOSE, TIMEOUTS.cap_ms))
                return True
            self.vote(PREVOTE, None)
            return True
        if step is Step.PREVOTE and self.step is Step.PREVOTE:
            self.vote(PRECOMMIT, None)
            return True
        if step is Step.PRECOMMIT:
            self.start(self.round + 1)
            return True
        return False

    # The message log.

    def receive(self, message, certified=False) -> bool:
        if message.validator not in self.validators:
            return False
        if message.round > self.round:
            return self.keep_for_later(message, certified)
        return self.count(message, certified)

    def keep_for_later(self, message, certified) -> bool:
        mine = [m for m in self.early if m.validator == message.validator]
        if any(unsigned(m) == unsigned(message) for m in mine):
            return False
        rounds = sorted({m.round for m in mine})
        if message.round not in rounds and not certified and len(rounds) >= 3:
            if message.round < rounds[0]:
                return False
            gone = [m for m in mine if m.round == rounds[0]]
            self.early = [m for m in self.early if m not in gone]
            self.unwritten = [
                i for i in self.unwritten if not (isinstance(i, Received) and i.message in gone)
            ]
        if not certified and sum(m.round == message.round for m in mine) >= 8:
            return False
        self.early.append(message)
        return True

    def count(self, message, certified=False) -> bool:
        if isinstance(message, Vote):
            alike = [
                v
                for v in self.votes
                if (v.validator, v.kind, v.round)
                == (message.validator, message.kind, message.round)
            ]
            if any(unsigned(v) == unsigned(message) for v in alike):
                return False
            if len(alike) >= 4 and not certified:
                return False
            self.votes.append(message)
            self.report(alike, message, (message.kind, message.validator, message.round))
            return True
        return self.count_proposal(message)

    def count_proposal(self, message) -> bool:
        if message.validator != self.validators.proposer(message.round):
            return False
        if not -1 <= message.valid_round < message.round:
            return False
        alike = self.proposed(message.round)
        if any(unsigned(p) == unsigned(message) for p in alike):
            return False
        vouched = any(
            self.one_third(self.voters(kind, message.round, message.value_id)) for kind in VoteKind
        )
        if len(alike) >= 4 and not vouched:
            return False
        self.proposals.append(message)
        self.report(alike, message, ("proposal", message.round))
        return True

    def report(self, alike, message, key) -> None:
        if alike and key not in self.reported:
            self.reported.add(key)
            self.reports.append(Report(alike[0], message))

    # Rules.

    def start(self, round) -> None:
        """L11–L21."""
        self.round, self.step = round, Step.PROPOSE
        self.is_asked_to_build = self.is_deferred = False
        self.is_prevote_timed = self.is_precommit_timed = False
        self.seen_polkas = set()
        reached = [m for m in self.early if m.round <= round]
        self.early = [m for m in self.early if m.round > round]
        for message in in_release_order(reached):
            self.count(message, certified=True)
        value, valid_round = self.valid
        is_turn = self.validators.proposer(round) == self.own
        if value is not None and (is_turn or round >= 10):
            self.out.append(Publish(self.certificate(PREVOTE, valid_round, value)))
        if not is_turn:
            self.schedule(Step.PROPOSE)
        elif value is not None:
            self.say(Proposal(1, round, value, valid_round, self.own))
        else:
            self.is_asked_to_build = True
            self.out.append(BuildValue(1, round))

    def fire(self) -> bool:
        return (
            self.rule_49()
            or self.rule_55()
            or self.rule_22()
            or self.rule_28()
            or self.rule_deferred_57()
            or self.rule_36()
            or self.rule_late_42()
            or self.rule_44()
            or self.rule_65_at_once()
            or self.rule_34()
            or self.rule_47()
            or self.question_of_proposal()
            or self.question_of_quorum()
        )

    def rule_49(self) -> bool:
        for round, value in self.quorums(PRECOMMIT):
            if self.is_good(round, value):
                self.decide(self.certificate(PRECOMMIT, round, value))
                return True
        return False

    def rule_55(self) -> bool:
        for round in sorted({m.round for m in self.early}, reverse=True):
            if self.one_third([m.validator for m in self.early if m.round == round]):
                self.start(round)
                return True
        return False

    def rule_22(self) -> bool:
        if self.step is not Step.PROPOSE:
            return False
        for p in self.proposed(self.round):
            if p.valid_round == -1:
                allowed = self.locked[1] == -1 or self.locked[0] == p.value_id
                if self.answer_to(p, allowed):
                    return True
        return False

    def rule_28(self) -> bool:
        if self.step is not Step.PROPOSE:
            return False
        for p in self.proposed(self.round):
            if p.valid_round >= 0 and self.two_thirds(
                self.voters(PREVOTE, p.valid_round, p.value_id)
            ):
                allowed = self.locked[1] <= p.valid_round or self.locked[0] == p.value_id
                if self.answer_to(p, allowed):
                    return True
        return False

    def answer_to(self, p, allowed) -> bool:
        if not allowed:
            self.vote(PREVOTE, None)
            return True
        good = self.is_valid.get(p.value_id)
        if p.valid_round == -1 and good is not False:
            good = self.is_timely.get((p.round, p.value_id))
        if good is None:
            return False
        self.vote(PREVOTE, *((p.value_id, p.valid_round) if good else (None,)))
        return True

    def rule_deferred_57(self) -> bool:
        if self.step is not Step.PROPOSE or not self.is_deferred:
            return False
        if any(p.value_id in self.asked for p in self.proposed(self.round)):
            return False
        if self.open_question() is not None:
            return False
        self.vote(PREVOTE, None)
        return True

    def rule_36(self) -> bool:
        if self.step is Step.PROPOSE:
            return False
        for round, value in self.quorums(PREVOTE):
            if round != self.round or value in self.seen_polkas or not self.is_good(round, value):
                continue
            self.seen_polkas.add(value)
            self.valid = value, round
            if self.step is Step.PREVOTE:
                self.locked = value, round
                self.vote(PRECOMMIT, value)
            return True
        return False

    def late_polkas(self):
        return [(r, v) for r, v in self.quorums(PREVOTE) if self.valid[1] < r < self.round]

    def rule_late_42(self) -> bool:
        for round, value in self.late_polkas():
            if self.is_good(round, value):
                self.valid = value, round
                return True
        return False

    def rule_44(self) -> bool:
        if self.step is not Step.PREVOTE:
            return False
        if not self.two_thirds(self.voters(PREVOTE, self.round, None)):
            return False
        self.vote(PRECOMMIT, None)
        return True

    def rule_65_at_once(self) -> bool:
        if not self.two_thirds(self.voters(PRECOMMIT, self.round, None)):
            return False
        self.start(self.round + 1)
        return True

    def rule_34(self) -> bool:
        if self.step is not Step.PREVOTE or self.is_prevote_timed:
            return False
        if not self.two_thirds(self.voters(PREVOTE, self.round)):
            return False
        self.is_prevote_timed = True
        self.schedule(Step.PREVOTE)
        return True

    def rule_47(self) -> bool:
        if self.is_precommit_timed or not self.two_thirds(self.voters(PRECOMMIT, self.round)):
            return False
        self.is_precommit_timed = True
        self.schedule(Step.PRECOMMIT)
        return True

    def open_question(self):
        for p in self.proposed(self.round)[:1]:
            if p.value_id in self.asked:
                return None
            good = self.is_valid.get(p.value_id)
            if self.step is Step.PROPOSE:
                is_fresh = p.valid_round == -1 and good is not False
                known = self.is_timely.get((p.round, p.value_id)) if is_fresh else good
                return None if known is not None else (p.value_id, p.valid_round)
            is_fresh = p.valid_round == -1 and good is not False
            judged = self.is_timely.get((p.round, p.value_id)) if is_fresh else good
            return None if good is not None or judged is not None else (p.value_id, self.round)
        return None

    def question_of_proposal(self) -> bool:
        question = self.open_question()
        if question is not None:
            self.ask(*question)
        return question is not None

    def question_of_quorum(self) -> bool:
        polkas = [(r, v) for r, v in self.quorums(PREVOTE) if r == self.round]
        for round, value in [*self.quorums(PRECOMMIT), *polkas, *self.late_polkas()]:
            known = self.is_valid.get(value) is not None or value in self.asked
            if not known and any(p.value_id == value for p in self.proposed(round)):
                self.ask(value, round)
                return True
        return False

    # What rules do.

    def ask(self, value, valid_round) -> None:
        self.asked[value] = self.round, valid_round
        self.out.append(CheckValue(1, self.round, value, valid_round))

    def vote(self, kind, value, valid_round=-1) -> None:
        self.step = Step.PREVOTE if kind is PREVOTE else Step.PRECOMMIT
        if self.own in self.validators:
            self.say(Vote(kind, 1, self.round, value, self.own, valid_round=valid_round))

    def say(self, message) -> None:
        self.out.append(Broadcast(message))

    def schedule(self, step) -> None:
        first, growth = {
            Step.PROPOSE: (700, 300),
            Step.PREVOTE: (200, 500),
            Step.PRECOMMIT: (400, 500),
        }[step]
        duration_ms = min(first + growth * self.round, 60_000)
        self.out.append(ScheduleTimeout(1, self.round, step, duration_ms))

    def decide(self, proof) -> None:
        self.decision = proof
        self.out.append(Decide(proof))

    def certificate(self, kind, round, value) -> Certificate:
        votes = {}
        for v in self.votes:
            if (v.kind, v.round, v.value_id) == (kind, round, value):
                votes.setdefault(v.validator, v)
        ordered = [votes[who] for who in sorted(votes)]
        valid_rounds = tuple(v.valid_round for v in ordered)
        pairs = tuple((v.validator, v.signature) for v in ordered)
        if set(valid_rounds) == {-1}:
            valid_rounds = ()
        return Certificate(kind, 1, round, value, pairs, valid_rounds)


def unsigned(message):
    return replace(message, signature=b"")


def in_release_order(messages):
    """Lower rounds first; in a round by sender, in order of each sender's first message there."""
    ordered = []
    for round in sorted({m.round for m in messages}):
        here = [m for m in messages if m.round == round]
        for sender in dict.fromkeys(m.validator for m in here):
            ordered += [m for m in here if m.validator == sender]
    return ordered


def votes_in(proof):
    rounds = proof.valid_rounds or (-1,) * len(proof.signatures)
    return [
        Vote(proof.kind, proof.height, proof.round, proof.value_id, who, signature, valid_round)
        for (who, signature), valid_round in zip(proof.signatures, rounds, strict=True)
    ]


class Author:
    """Writes a script: mostly what could happen, so that quorums come about, and some of what could not."""

    def __init__(self, random: Random, validators, own) -> None:
        self.random, self.validators, self.own = random, validators, own
        self.liked = {round: random.choice([A, A, B, None]) for round in range(40)}
        self.open = []

    def notice(self, effects) -> None:
        for effect in effects:
            if isinstance(effect, CheckValue | BuildValue | ScheduleTimeout):
                self.open.append(effect)

    def input(self, round):
        chance = self.random.random()
        if chance < 0.25 and self.open:
            return self.answer()
        if chance < 0.40:
            return Received(self.proposal(self.near(round)))
        if chance < 0.43:
            return self.unasked(round)
        if chance < 0.47:
            return Learned(self.proof(self.near(round)))
        return Received(self.vote(self.near(round)))

    def near(self, round):
        far = self.random.choice([2, 3, 5, 11]) if self.random.random() < 0.1 else 1
        return max(0, round + self.random.choice([-1, 0, 0, 0, 0, 0, far]))

    def answer(self):
        effect = self.open.pop(self.random.randrange(len(self.open)))
        match effect:
            case CheckValue(height, round, value, _):
                return ValueChecked(height, round, value, self.random.random() < 0.8)
            case BuildValue(height, round):
                return ValueBuilt(height, round, self.random.choice([A, B, C]))
            case ScheduleTimeout(height, round, step, _):
                return TimeoutElapsed(height, round, step)

    def unasked(self, round):
        value = self.random.choice([A, B, C])
        return self.random.choice(
            [
                ValueChecked(1, round, value, self.random.random() < 0.5),
                ValueBuilt(1, self.near(round), value),
                TimeoutElapsed(1, self.near(round), self.random.choice(list(Step))),
                Received(Vote(PREVOTE, 1, round, value, b"stranger".ljust(20))),
            ]
        )

    def some_value(self, round):
        if self.random.random() < 0.65:
            return self.liked[min(round, 39)]
        return self.random.choice([A, B, C, None])

    def proposal(self, round):
        value = self.some_value(round) or self.random.choice([A, B])
        proposer = self.validators.proposer(round)
        if self.random.random() < 0.05:
            proposer = self.random.choice(self.validators.addresses)
        valid_round = self.random.choice([-1, -1, round - 1, self.random.randrange(-2, round + 1)])
        return Proposal(1, round, value, valid_round, proposer, b"p%d" % self.random.randrange(3))

    def vote(self, round, kind=None, value=0, who=None):
        kind = kind or self.random.choice(list(VoteKind))
        value = self.some_value(round) if value == 0 else value
        valid_round = -1
        if kind is PREVOTE and value is not None and round and self.random.random() < 0.3:
            valid_round = self.random.randrange(-1, round)
        who = who or self.random.choice(self.validators.addresses)
        signature = b"s%d" % self.random.randrange(2)
        return Vote(kind, 1, round, value, who, signature, valid_round)

    def proof(self, round):
        """What its receiver has checked: of enough signers."""
        signers = sorted(self.random.sample(self.validators.addresses, len(self.validators) - 1))
        kind = self.random.choice([PREVOTE, PREVOTE, PREVOTE, PRECOMMIT])
        value = self.liked[min(round, 39)] or A
        if self.random.random() < 0.4 or not self.is_quorum(signers):
            votes = tuple(self.vote(round, who=one) for one in signers)
            return RoundCertificate(1, round, votes)
        votes = [self.vote(round, kind, value, one) for one in signers]
        valid_rounds = tuple(vote.valid_round for vote in votes)
        return Certificate(
            kind,
            1,
            round,
            value,
            tuple((vote.validator, vote.signature) for vote in votes),
            () if set(valid_rounds) == {-1} else valid_rounds,
        )

    def is_quorum(self, signers) -> bool:
        power = sum(self.validators.power_of(one) for one in signers)
        return 3 * power > 2 * sum(v.power for v in self.validators.validators)


def play(seed: int, set_of_powers) -> int:
    """One script; how many effects were compared."""
    random = Random(f"script {seed}")
    validators = set_of_powers(random.choice(POWERS))
    own = random.choice([*validators.addresses, None, b"outsider".ljust(20)])
    core, paper = Consensus(own, TIMEOUTS), Paper(own, validators)
    author = Author(random, validators, own)
    waiting, compared = [Started(1, validators)], 0
    for number in range(INPUTS):
        input = waiting.pop(0) if waiting else author.input(core.round)
        effects, expected = list(core.handle(input)), paper.handle(input)
        assert effects == expected, f"script {seed}, input {number}: {input}"
        assert state_of(core) == (paper.round, paper.step, *paper.locked, *paper.valid)
        compared += len(effects)
        author.notice(effects)
        waiting += [
            Received(effect.message.signed(b"own"))
            for effect in effects
            if isinstance(effect, Broadcast)
        ]
        if paper.decision is not None:
            break
    return compared


def state_of(core):
    state = core._state
    return (
        state.round,
        state.step,
        state.locked_value,
        state.locked_round,
        state.valid_value,
        state.valid_round,
    )


@pytest.mark.parametrize("first", range(0, 600, 50))
def test_the_core_does_what_the_paper_says(first, set_of_powers) -> None:
    """T1–T6, T19, T20, T23, T27: L11–L67, each guard from scratch."""
    compared = sum(play(seed, set_of_powers) for seed in range(first, first + 50))
    assert compared > 50 * 8


@pytest.mark.slow
@pytest.mark.parametrize("first", range(10_000, 40_000, 1_000))
def test_the_core_does_what_the_paper_says_in_many_more_scripts(first, set_of_powers) -> None:
    assert sum(play(seed, set_of_powers) for seed in range(first, first + 1_000)) > 8_000
