"""Filters at the node: cursors, expiry, bounds."""

import pytest

from node import filter_book
from node.filter_book import BLOCKS, FILTER_LIFE_S, LOGS, PENDING, FilterBook, Poll


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def installed(book: FilterBook, kind: str, criteria: str = "", head: int = 0) -> str:
    identity = book.install(kind, criteria, head)
    assert identity is not None
    return identity


def test_what_was_told_is_not_told_again() -> None:
    book = FilterBook()
    identity = installed(book, BLOCKS, head=5)
    assert book.take(identity, 8) == Poll(BLOCKS, "", 5)
    assert book.take(identity, 8) == Poll(BLOCKS, "", 8)


def test_a_process_that_sees_an_older_head_does_not_move_the_cursor_back() -> None:
    book = FilterBook()
    identity = installed(book, LOGS, "{}", 5)
    book.take(identity, 9)
    book.take(identity, 7)
    assert book.take(identity, 9) == Poll(LOGS, "{}", 9)


def test_what_could_not_be_told_is_given_back() -> None:
    book = FilterBook()
    identity = installed(book, LOGS, "{}", 5)
    poll = book.take(identity, 9)
    assert poll is not None
    book.give_back(identity, poll.cursor)
    assert book.take(identity, 9) == Poll(LOGS, "{}", 5)


def test_pending_transactions_are_told_once_to_each_filter() -> None:
    book = FilterBook()
    book.add_pending(b"before")
    first = installed(book, PENDING)
    book.add_pending(b"a")
    second = installed(book, PENDING)
    book.add_pending(b"b")
    assert book.take(first, 0) == Poll(PENDING, "", 1, (b"a", b"b"))
    assert book.take(second, 0) == Poll(PENDING, "", 2, (b"b",))
    assert book.take(first, 0) == Poll(PENDING, "", 3)


def test_only_so_many_pending_transactions_are_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(filter_book, "PENDING_REMEMBERED", 2)
    book = FilterBook()
    identity = installed(book, PENDING)
    for name in (b"a", b"b", b"c"):
        book.add_pending(name)
    poll = book.take(identity, 0)
    assert poll is not None
    assert poll.hashes == (b"b", b"c")


def test_a_filter_that_nobody_polls_expires() -> None:
    clock = Clock()
    book = FilterBook(clock)
    polled, forgotten = installed(book, BLOCKS), installed(book, BLOCKS)
    clock.now = FILTER_LIFE_S - 1
    assert book.look(polled) is not None
    clock.now = FILTER_LIFE_S + 1
    assert book.take(forgotten, 0) is None
    assert book.remove(forgotten) is False
    assert book.take(polled, 0) is not None
    assert len(book) == 1


def test_filters_are_bounded_and_the_expired_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_book, "FILTERS_MAX", 2)
    clock = Clock()
    book = FilterBook(clock)
    installed(book, BLOCKS)
    installed(book, BLOCKS)
    assert book.install(BLOCKS, "", 0) is None
    clock.now = FILTER_LIFE_S + 1
    installed(book, BLOCKS)


def test_criteria_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_book, "CRITERIA_BYTES_MAX", 10)
    monkeypatch.setattr(filter_book, "ALL_CRITERIA_BYTES_MAX", 15)
    book = FilterBook()
    assert book.install(LOGS, "x" * 11, 0) is None
    first = installed(book, LOGS, "x" * 10)
    assert book.install(LOGS, "x" * 10, 0) is None
    assert book.remove(first)
    installed(book, LOGS, "x" * 10)
