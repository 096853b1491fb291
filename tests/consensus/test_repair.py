"""What one validator holds and another lacks."""

from consensus.messages import Learned, Received
from consensus.repair import lacking, summarize
from consensus.values import Certificate, RoundCertificate, Step, ValueId, VoteKind

A = ValueId(b"a" * 32)
B = ValueId(b"b" * 32)


def bring_up_to_date(helper, lagging) -> None:
    """One exchange, as the host does it."""
    for message in lacking(helper.core.view(), summarize(lagging.core.view())):
        is_certificate = isinstance(message, Certificate)
        lagging.feed(Learned(message) if is_certificate else Received(message))


def test_a_peer_that_holds_the_same_is_sent_nothing(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), *s.prevotes(A, 0, 1), *s.precommits(None, 2))
    view = s.core.view()
    assert lacking(view, summarize(view)) == ()


def test_a_peer_is_sent_proposals_and_votes_that_it_lacks(script) -> None:
    s, peer = script().start(), script(own=2).start()
    s.feed(s.proposal(A), *s.prevotes(A, 0, 1))
    peer.feed(*s.prevotes(A, 1))
    bring_up_to_date(s, peer)
    assert summarize(peer.core.view()) == summarize(s.core.view())
    assert lacking(s.core.view(), summarize(peer.core.view())) == ()


def test_a_peer_at_another_height_is_sent_nothing(script) -> None:
    """It needs decided blocks, or has them."""
    s, peer = script().start(2), script().start(1)
    s.feed(s.proposal(A))
    assert lacking(s.core.view(), summarize(peer.core.view())) == ()
    assert lacking(peer.core.view(), summarize(s.core.view())) == ()


def test_a_quorum_goes_as_one_unit(script) -> None:
    """T6: bitmaps cannot say which of an equivocator's votes a peer has."""
    s, peer = script().start(), script(own=2).start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1))
    peer.feed(s.proposal(A), s.checked(A), *s.prevotes(B, 0), *s.prevotes(A, 1))
    peer_bits = summarize(peer.core.view()).rounds[0].prevotes
    assert peer_bits & 1
    (proof,) = lacking(s.core.view(), summarize(peer.core.view()))[:1]
    peer.feed(Learned(proof))
    assert peer.core.view().locked_value == A
    assert [report.first.value_id for report in peer.reports()] == [B]


def test_a_peer_in_an_earlier_round_is_brought_along(script) -> None:
    """T7: with the polka of the locked round, so that it can prevote for a re-proposal."""
    s, peer = script().locked_on(A), script(own=2).start()
    s.feed(*s.prevotes(None, 0, 1, 3, round=1), *s.precommits(None, 0, 1, 3, round=1))
    bring_up_to_date(s, peer)
    view = peer.core.view()
    assert view.round == 2
    assert view.rounds[0].polka.value_id == A


def test_a_hidden_decision_is_passed_on(script) -> None:
    """T20: one saw the quorum of precommits; the other went on to a later round."""
    s, peer = script().start(), script(own=2).start()
    s.feed(s.proposal(A), s.checked(A), *s.precommits(A, 0, 1, 2))
    peer.feed(*s.precommits(None, 0, 1, 2), *s.prevotes(None, 0, 1, 3, round=1))
    bring_up_to_date(s, peer)
    assert peer.decisions() == [(0, A)]


def test_many_rounds_are_summed_up_within_limits(script) -> None:
    s = script().locked_on(A)
    for number in range(1, 50):
        s.feed(*s.precommits(None, 0, 1, 2, round=number))
    summary = summarize(s.core.view())
    rounds = [round.round for round in summary.rounds]
    assert rounds == [0, *range(43, 51)]
    assert summary.rounds[0].polka == A


def test_a_certificate_kind_that_the_peer_has_is_not_sent(script) -> None:
    s = script().start()
    s.feed(s.proposal(A), s.checked(A), *s.prevotes(A, 0, 1))
    kinds = [
        message.kind
        for message in lacking(s.core.view(), summarize(script(own=2).start().core.view()))
        if isinstance(message, Certificate)
    ]
    assert kinds == [VoteKind.PREVOTE]


def test_a_decision_learned_from_a_certificate_is_passed_on(script) -> None:
    s, peer = script().start(), script(own=2).start()
    signatures = tuple((address, b"s" * 65) for address in s.validators.addresses[:3])
    proof = Certificate(VoteKind.PRECOMMIT, s.height, 5, A, signatures)
    s.feed(Learned(proof))
    assert proof in lacking(s.core.view(), summarize(peer.core.view()))
    bring_up_to_date(s, peer)
    assert peer.decisions() == [(5, A)]


def test_a_peer_in_an_earlier_round_is_sent_a_proof_of_ours(script) -> None:
    """T5: as one unit, of the votes of more than a third, one of each sender."""
    s, peer = script().start(), script(own=2).start()
    s.feed(*s.prevotes(A, 0, round=4), *s.precommits(B, 0, 1, round=4))
    for round in range(10, 13):
        peer.feed(*peer.prevotes(None, 0, round=round))
    messages = lacking(s.core.view(), summarize(peer.core.view()))
    (proof,) = (message for message in messages if isinstance(message, RoundCertificate))
    assert (proof.height, proof.round) == (1, 4)
    assert [vote.validator for vote in proof.votes] == list(s.validators.addresses[:2])
    assert not set(proof.votes) & set(messages)
    peer.feed(Learned(proof))
    assert peer.core.view().round == 4


def test_a_peer_in_the_same_round_or_a_later_one_is_sent_no_proof(script) -> None:
    s, peer = script().start(), script(own=2).start()
    s.feed(*s.precommits(B, 0, 1, round=4))
    for round in (4, 5):
        peer.feed(*peer.precommits(None, 0, 1, round=round))
        messages = lacking(s.core.view(), summarize(peer.core.view()))
        assert not [m for m in messages if isinstance(m, RoundCertificate)]


def test_a_round_that_hardly_anybody_is_in_is_not_proven(script) -> None:
    """T5, T27: our own vote and nobody else's; one of three is a third."""
    s, peer = script(own=2, powers=(1, 1, 1)).start(), script(own=1, powers=(1, 1, 1)).start()
    s.feed(*s.precommits(None, 0, 1), s.elapsed(Step.PRECOMMIT), s.elapsed(Step.PROPOSE, round=1))
    assert s.core.view().round == 1
    messages = lacking(s.core.view(), summarize(peer.core.view()))
    assert not [m for m in messages if isinstance(m, RoundCertificate)]


def test_a_hidden_decision_of_an_old_round_is_passed_on(script) -> None:
    """T20, T21: its proposal never came, and many rounds have gone by."""
    s, peer = script().start(), script(own=2).start()
    s.feed(*s.precommits(A, 0, 1, 2), s.elapsed(Step.PRECOMMIT))
    for round in range(1, 20):
        s.feed(*s.precommits(None, 0, 1, 2, round=round))
    peer.feed(*peer.prevotes(None, 0, 1, round=20))
    commits = [
        message
        for message in lacking(s.core.view(), summarize(peer.core.view()))
        if isinstance(message, Certificate) and message.kind is VoteKind.PRECOMMIT
    ]
    assert [(commit.round, commit.value_id) for commit in commits] == [(0, A)]
