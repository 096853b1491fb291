"""The Submit event: its topic, what is read from it, and that nothing else is taken for one."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from node.storage.errors import InvalidSubmission
from node.storage.file_merkle import Node
from node.storage.flow import submit_data
from node.storage.submissions import (
    SUBMIT_TOPIC,
    Submission,
    from_record,
    identity,
    parse_log,
    to_record,
)

LogOf = Callable[..., dict[str, Any]]
ROOT = keccak(b"zerog")


def test_topic_and_selector_are_those_of_the_facts() -> None:
    assert SUBMIT_TOPIC == "0x167ce04d2aa1981994d3a31695da0d785373335b1078cec239a1a3a2c7675555"
    assert submit_data(1, (), "0x" + "11" * 20)[:4].hex() == "bc8c11f8"


def test_a_submission_is_read_and_kept_as_it_was_announced(cut: Any, log_of: LogOf) -> None:
    submission = cut(1_500_000).submission(3, 4096)
    assert parse_log(log_of(submission)) == submission
    assert from_record(to_record(submission)) == submission
    assert submission.root == cut(1_500_000).tree.root
    assert identity(submission.nodes) == keccak(b"".join(node.root for node in submission.nodes))


@pytest.mark.parametrize(
    ("size", "heights"),
    [(1, []), (256, [0, 1]), (256, [1, 1]), (0, [0]), (257, [0]), (1, [64])],
)
def test_what_the_flow_would_refuse_is_no_submission(
    size: int, heights: list[int], log_of: LogOf
) -> None:
    nodes = tuple(Node(ROOT, height) for height in heights)  # type: ignore[arg-type]
    with pytest.raises(InvalidSubmission):
        parse_log(log_of(Submission(0, 0, size, b"", nodes, 1)))


@given(st.binary(max_size=400))
def test_any_log_is_a_submission_or_one_named_error(data: bytes) -> None:
    try:
        parse_log({"data": "0x" + data.hex(), "blockNumber": "0x1"})
    except InvalidSubmission:
        return


def test_a_log_without_its_fields_is_no_submission() -> None:
    for log in ({}, {"data": None}, {"data": "0xzz", "blockNumber": "0x1"}):
        with pytest.raises(InvalidSubmission):
            parse_log(log)
