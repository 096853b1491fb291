"""A submission: checked, paid for, given its place in the tree, announced (facts §3, "submit")."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from eth_typing import Hash32

from precompiles import abi
from precompiles.solidity import prices
from precompiles.solidity.slots import item
from precompiles.solidity.work import Work, topic, word
from precompiles.storage_flow import gas, layout, market
from precompiles.storage_flow.accumulator import Accumulator
from precompiles.storage_flow.contexts import make_context, require_launched
from precompiles.storage_flow.pausing import require_running
from precompiles.storage_flow.submissions import Submission

SUBMIT: Final = topic(
    "Submit(address,bytes32,uint256,uint256,uint256,(uint256,bytes,(bytes32,uint256)[]))"
)
_SUBMIT_TYPES: Final = abi.parse_types(
    "(uint256,uint256,uint256,(uint256,bytes,(bytes32,uint256)[]))"
)

Place = tuple[int, Hash32, int, int]
"""Submission index, identity, first sector, number of sectors."""
PLACE_FIELDS: Final = 4


def submit(work: Work, values: tuple[Any, ...]) -> Place:
    """The form with a submitter."""
    return _submit(work, Submission.of(*values))


def submit_for_caller(work: Work, values: tuple[Any, ...]) -> Place:
    """The older form."""
    return _submit(work, Submission.of(values, work.call.caller))


def batch_submit(work: Work, values: Sequence[tuple[Any, ...]]) -> Sequence[Sequence[Any]]:
    return _submit_all(work, (Submission.of(*one) for one in values))


def batch_submit_for_caller(
    work: Work, values: Sequence[tuple[Any, ...]]
) -> Sequence[Sequence[Any]]:
    caller = work.call.caller
    return _submit_all(work, (Submission.of(one, caller) for one in values))


def _submit_all(work: Work, submissions: Iterable[Submission]) -> Sequence[Sequence[Any]]:
    """Columns of what each of them answers, paid together."""
    require_running(work)
    require_launched(work)
    places = [_submit(work, submission) for submission in submissions]
    return [[place[column] for place in places] for column in range(PLACE_FIELDS)]


def _submit(work: Work, submission: Submission) -> Place:
    """Raises `Refusal`."""
    require_running(work)
    require_launched(work)
    work.charge(gas.SUBMISSION)
    submission.check()
    sectors = submission.sectors
    fee = market.fee_of(work, sectors)
    make_context(work)
    tree = Accumulator(work)
    before = tree.length
    start = tree.insert(submission)
    market.collect(work, fee, padding=start - before)
    index = work.load(layout.SUBMISSION_INDEX)
    work.store(layout.SUBMISSION_INDEX, index + 1)
    root = tree.commit()
    work.store(item(layout.ROOT_BY_TX_SEQ, word(index)), int.from_bytes(root, "big"))
    return _announce(work, submission, index, start, sectors)


def _announce(work: Work, submission: Submission, index: int, start: int, sectors: int) -> Place:
    work.charge(prices.hashing(len(submission.nodes) * abi.WORD_BYTES))
    identity = submission.identity
    topics = (SUBMIT, word(submission.submitter), identity)
    values = (index, start, sectors, submission.data)
    work.emit(topics, abi.encode(_SUBMIT_TYPES, values))
    return index, identity, start, sectors
