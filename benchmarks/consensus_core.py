"""What the consensus core costs: `handle` per vote at 4 and at 100 validators, certificates, decoding.

Guards: under 50 µs a vote at 4 validators.

    python benchmarks/consensus_core.py
"""

import os
import sys
import time
from collections.abc import Callable

sys.path.append(sys.path.pop(0))  # `precompiles.py` in this folder would hide the package.
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")

from consensus.certificates import build_certificate, check_certificate
from consensus.core import Consensus
from consensus.encoding import decode_vote, encode_vote, signing_digest
from consensus.messages import Received, Started, ValueChecked
from consensus.repair import summarize
from consensus.signatures import public_key_of, recover, sign
from consensus.timeouts import Timeouts
from consensus.validators import ValidatorSet, address_of
from consensus.values import NO_ROUND, Height, Proposal, Round, Validator, ValueId, Vote, VoteKind

CHAIN = b"benchmark".ljust(32)
VALUE = ValueId(b"v" * 32)
HEIGHT, ROUND = Height(1), Round(0)


def microseconds(work: Callable[[], object], times: int) -> float:
    """Per call, the best of five runs."""
    best = float("inf")
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(times):
            work()
        best = min(best, (time.perf_counter() - began) / times)
    return best * 1e6


def validator_set(count: int) -> tuple[ValidatorSet, dict[bytes, bytes]]:
    secrets = [number.to_bytes(32, "big") for number in range(1, count + 1)]
    keys = {address_of(public_key_of(secret)): secret for secret in secrets}
    return ValidatorSet.of(Validator(public_key_of(secret), 1) for secret in secrets), keys


def signed_votes(validators: ValidatorSet, keys: dict[bytes, bytes]) -> list[Vote]:
    votes = []
    for kind in VoteKind:
        for address in validators.addresses:
            vote = Vote(kind, HEIGHT, ROUND, VALUE, address)
            votes.append(vote.signed(sign(keys[address], signing_digest(CHAIN, vote))))
    return votes


def handle_microseconds(validators: ValidatorSet, votes: list[Vote]) -> float:
    """Over all votes of one height; the best of thirty heights."""
    best = float("inf")
    for _ in range(30):
        core = Consensus(validators.addresses[-1], Timeouts())
        core.handle(Started(HEIGHT, validators))
        proposer = validators.proposer(ROUND)
        core.handle(Received(Proposal(HEIGHT, ROUND, VALUE, NO_ROUND, proposer)))
        core.handle(ValueChecked(HEIGHT, ROUND, VALUE, True))
        inputs = [Received(vote) for vote in votes]
        began = time.perf_counter()
        for input in inputs:
            core.handle(input)
        best = min(best, (time.perf_counter() - began) / len(inputs))
        assert core.view().decision is not None
    return best * 1e6


def measure(count: int) -> list[tuple[str, float]]:
    """(what, microseconds)."""
    validators, keys = validator_set(count)
    votes = signed_votes(validators, keys)
    precommits = [vote for vote in votes if vote.kind is VoteKind.PRECOMMIT]
    certificate = build_certificate(VoteKind.PRECOMMIT, HEIGHT, ROUND, VALUE, precommits)
    core = Consensus(None, Timeouts())
    core.handle(Started(HEIGHT, validators))
    for vote in votes:
        core.handle(Received(vote))
    encoded = encode_vote(votes[0])
    digest = signing_digest(CHAIN, votes[0])
    return [
        ("handle, per vote", handle_microseconds(validators, votes)),
        ("view and summary", microseconds(lambda: summarize(core.view()), 50)),
        ("next height's set", microseconds(validators.advanced, 200)),
        ("decode a vote", microseconds(lambda: decode_vote(encoded), 2_000)),
        ("digest of a vote", microseconds(lambda: signing_digest(CHAIN, votes[0]), 2_000)),
        ("recover a signer", microseconds(lambda: recover(digest, votes[0].signature), 100)),
        (
            "check a certificate",
            microseconds(lambda: check_certificate(certificate, validators, CHAIN, recover), 3),
        ),
    ]


def main() -> int:
    for count in (4, 100):
        sys.stdout.write(f"{count} validators\n")
        for what, cost in measure(count):
            sys.stdout.write(f"  {what:22} {cost:10.1f} µs\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
