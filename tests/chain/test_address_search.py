"""Transactions by address: what a search finds is what tracing every transaction tells."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from eth_typing import Address

from chain.address_index import address_index_rows, indexed_transactions
from chain.address_search import AddressPage
from chain.contract_addresses import created_address
from chain.key_value import Table
from chain.queries import ChainView
from chain.tracing.budget import TraceBudget
from chain.tracing.call_tree import CallTreeTracer, in_order

LOGGER, PAYER, FAILER, RELAY, MAKER, ENDER, READER = (
    Address(bytes((number,)) * 20) for number in range(0x41, 0x48)
)
STRANGERS = tuple(Address(bytes((number,)) * 20) for number in range(0x61, 0x65))
PROPOSER = Address(b"\xc0" * 20)
OWN_CALLS = ("CALL", "STATICCALL", "CREATE", "CREATE2", "SELFDESTRUCT")
"""Kinds of frames that concern an account of their own."""


def calling(opcode: int, to: bytes, value: int | None) -> bytes:
    code = b"\x5f" * 4 + (b"" if value is None else b"\x60" + bytes((value,)))
    return code + b"\x73" + to + bytes.fromhex("61c350") + bytes((opcode,)) + b"\x50"


def logging_topic(word: bytes) -> bytes:
    return b"\x7f" + word.rjust(32, b"\0") + b"\x60\x01\x5f\x5f\xa2"


CODES = {
    LOGGER: logging_topic(STRANGERS[0]),
    PAYER: calling(0xF1, STRANGERS[1], 1),
    FAILER: calling(0xF1, STRANGERS[2], 1) + b"\xfe",
    RELAY: calling(0xF1, LOGGER, 0) + calling(0xF1, FAILER, 0) + calling(0xF4, PAYER, None),
    MAKER: bytes.fromhex("60015f5ff0"),
    ENDER: calling(0xFA, READER, None) + b"\x73" + STRANGERS[3] + b"\xff",
    READER: calling(0xFA, bytes(19) + b"\x02", None),
}


def grow(setting: Any, seed: int) -> None:
    """Twelve blocks of transactions to the contracts above and to nobody in particular."""
    random, nonces = Random(seed), dict.fromkeys(range(3), 0)
    for _ in range(12):
        transactions = []
        for _ in range(random.randrange(4)):
            sender = random.randrange(3)
            to = random.choice((*CODES, *STRANGERS, None, setting.keys[4].address))
            transactions.append(
                setting.keys[sender].sign(
                    nonces[sender],
                    to=to,
                    value=random.choice((0, 5)),
                    gas_limit=random.choice((250_000, 55_000)) if to else 60_000,
                    data=b"" if to else bytes.fromhex("60015ff3"),
                )
            )
            nonces[sender] += 1
        setting.extend(*transactions)


def parties(view: ChainView) -> Iterator[tuple[Address, int, int]]:
    """Address, block, index: by tracing everything."""
    for number in range(1, view.head_number + 1):
        block, receipts = view.find_block(number), view.find_receipts(number)
        assert block is not None
        assert receipts is not None
        tracers = [CallTreeTracer(TraceBudget()) for _ in receipts]
        view.replay(block).trace_all(tracers.__getitem__)
        for placed, tracer in zip(receipts, tracers, strict=True):
            for address in set(_of_receipt(placed)) | set(_of_frames(tracer)):
                yield address, number, placed.placed.index


def _of_receipt(placed: Any) -> Iterator[Address]:
    transaction, receipt = placed.placed.transaction, placed.receipt
    yield placed.placed.sender
    for address in (transaction.to, receipt.contract_address):
        if address is not None:
            yield address
    for log in receipt.logs:
        yield log.address
        yield from (Address(topic[12:]) for topic in log.topics[1:])


def _of_frames(tracer: CallTreeTracer) -> Iterator[Address]:
    for frame in in_order(tracer.root):
        start = frame.node.start
        if start.kind in OWN_CALLS and not frame.is_undone and not start.is_precompile:
            yield start.to


@pytest.fixture(params=range(4))
def view(make_setting: Any, request: pytest.FixtureRequest) -> Iterator[ChainView]:
    setting = make_setting(codes=CODES)
    grow(setting, request.param)
    with setting.queries.view() as found:
        yield found


def test_a_search_finds_what_tracing_every_transaction_tells(view: ChainView) -> None:
    expected: dict[Address, set[tuple[int, int]]] = defaultdict(set)
    for address, number, index in parties(view):
        expected[address].add((number, index))
    assert len(expected) > 8
    for address, places in expected.items():
        if address == PROPOSER:
            continue
        newest_first = sorted(places, reverse=True)
        assert all_pages(view, address, 1) == newest_first
        page = view.search(address).before(None, 1_000)
        assert page == AddressPage(tuple(newest_first), is_newest=True, is_oldest=True)


def all_pages(view: ChainView, address: Address, size: int) -> list[tuple[int, int]]:
    """Through both directions, which agree."""
    search, down, up = view.search(address), [], []
    page = search.before(None, size)
    down += page.places
    while not page.is_oldest:
        page = search.before(page.places[-1][0], size)
        down += page.places
    page = search.after(None, size)
    up += page.places
    while not page.is_newest:
        page = search.after(page.places[0][0], size)
        up = [*page.places, *up]
    assert up == down
    return down


def test_an_address_without_transactions_has_an_empty_page(view: ChainView) -> None:
    empty = AddressPage((), is_newest=True, is_oldest=True)
    assert view.search(Address(b"\x99" * 20)).before(None, 5) == empty
    assert view.search(Address(b"\x99" * 20)).after(None, 5) == empty
    assert view.search(LOGGER).before(0, 5).places == ()


def test_behind_the_head_there_is_nothing_however_far(view: ChainView) -> None:
    search = view.search(LOGGER)
    for number in (view.head_number, view.head_number + 1, 2**64 - 1):
        assert search.after(number, 5).places == ()
        assert search.before(number + 1, 1_000).places == search.before(None, 1_000).places


def test_plain_and_token_transfers_write_no_row(make_setting: Any) -> None:
    """The history of accounts and the index of logs know them."""
    setting = make_setting(codes={LOGGER: CODES[LOGGER] + bytes.fromhex("5f54600101 5f55")})
    executed = setting.extend(
        setting.keys[0].sign(0, to=STRANGERS[0], value=1),
        setting.keys[1].sign(0, to=LOGGER, gas_limit=100_000),
    )
    assert address_index_rows(executed) == {}


def test_a_row_names_the_recipient_that_nothing_was_changed_of(make_setting: Any) -> None:
    setting = make_setting(codes=CODES)
    executed = setting.extend(
        setting.keys[0].sign(0, to=FAILER, gas_limit=100_000),
        setting.keys[1].sign(0, to=STRANGERS[0], value=1),
        setting.keys[2].sign(0, to=FAILER, gas_limit=100_000),
    )
    assert set(address_index_rows(executed)) == {FAILER}
    with setting.store.snapshot() as snapshot:
        assert indexed_transactions(snapshot, FAILER, 1) == [0, 2]
        assert indexed_transactions(snapshot, FAILER, 2) == []


def test_a_contract_made_by_a_contract_is_found(make_setting: Any) -> None:
    setting = make_setting(codes=CODES)
    setting.extend(setting.keys[0].sign(0, to=MAKER, gas_limit=100_000))
    with setting.queries.view() as view:
        made = created_address(MAKER, 1)
        assert view.search(made).before(None, 5).places == ((1, 0),)


def test_the_proposer_is_found_for_what_it_sends_and_not_for_its_fees(make_setting: Any) -> None:
    setting = make_setting(codes=CODES)
    setting.extend(setting.keys[0].sign(0, to=STRANGERS[0], value=1))
    setting.extend(setting.keys[0].sign(1, to=PROPOSER, value=1))
    with setting.queries.view() as view:
        assert view.search(PROPOSER).before(None, 5).places == ((2, 0),)
    with setting.store.snapshot() as snapshot:
        assert list(snapshot.scan(Table.ADDRESS_INDEX, b"")) == []
