"""Frames and messages: what is sent comes out again, and no bytes make anything but a named error."""

from collections.abc import Awaitable, Callable

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from consensus.repair import RoundSummary, Summary
from consensus.values import (
    NO_ROUND,
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
from node.network.block_transfer import PIECE_BYTES_MAX, BlockAssembly, ProposedBlock
from node.network.frames import BrokenProtocol, FrameReader, StreamEnded, frame
from node.network.messages import MessageReader, WireMessage, frames_of
from node.network.outbox import BULK_BYTES_MAX, URGENT_FRAMES_MAX, Outbox
from node.network.status import INSTANCE_BYTES, Status, decode_status, encode_status
from node.network.transaction_batch import TransactionBatch
from node.sync.protocol import (
    BLOCKS_PER_REQUEST_MAX,
    SyncRequest,
    decode_decision,
    decode_request,
    encode_request,
)

VALIDATOR = ValidatorAddress(b"\x0a" * 20)
VALUE = ValueId(b"\x0b" * 32)
PROPOSAL = Proposal(Height(3), Round(1), VALUE, NO_ROUND, VALIDATOR, b"\x0c" * 65)
MESSAGES: list[WireMessage] = [
    Vote(VoteKind.PREVOTE, Height(3), Round(0), None, VALIDATOR, b"\x0c" * 65),
    ProposedBlock(PROPOSAL, b"a small block"),
    ProposedBlock(PROPOSAL, bytes(range(256)) * 1_000),
    Summary(Height(3), Round(1), (RoundSummary(Round(1), (VALUE,), 5, 1 << 90, VALUE, None),)),
    Certificate(VoteKind.PREVOTE, Height(3), Round(0), VALUE, ((VALIDATOR, b"\x0c" * 65),)),
    Certificate(
        VoteKind.PREVOTE, Height(3), Round(2), VALUE, ((VALIDATOR, b"\x0c" * 65),), (Round(1),)
    ),
    RoundCertificate(
        Height(3),
        Round(2),
        (Vote(VoteKind.PREVOTE, Height(3), Round(2), VALUE, VALIDATOR, b"\x0c" * 65, Round(1)),),
    ),
    TransactionBatch((b"one", b"two")),
]


class Bytes:
    """A `ByteStream` that gives bytes in pieces, then ends."""

    def __init__(self, data: bytes, piece: int = 7) -> None:
        self._data, self._piece = data, piece

    async def read(self, n: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        piece, self._data = self._data[: self._piece], self._data[self._piece :]
        return piece

    async def write(self, data: bytes) -> None:
        raise AssertionError("nothing is written here")

    async def close(self) -> None:
        await trio.lowlevel.checkpoint()


async def messages_in(data: bytes) -> list[WireMessage]:
    frames, reader = FrameReader(Bytes(data, 5_000), 160 * 1024), MessageReader()
    found = []
    while True:
        try:
            message = reader.message(await frames.next())
        except StreamEnded:
            return found
        if message is not None:
            found.append(message)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: type(message).__name__)
def test_a_message_comes_out_as_it_went_in(message: WireMessage) -> None:
    assert trio.run(messages_in, b"".join(frames_of(message))) == [message]


def test_a_vote_may_come_between_the_pieces_of_a_block() -> None:
    vote, block = MESSAGES[0], MESSAGES[2]
    first, *pieces = frames_of(block)
    data = first + pieces[0] + frames_of(vote)[0] + b"".join(pieces[1:])
    assert trio.run(messages_in, data) == [vote, block]


@given(st.binary(max_size=300))
def test_no_bytes_make_the_reader_do_anything_but_refuse(data: bytes) -> None:
    try:
        MessageReader().message(data)
    except BrokenProtocol:
        return


@given(st.integers(0, 7), st.binary(max_size=200))
def test_no_fields_of_a_known_kind_do_either(kind: int, fields: bytes) -> None:
    try:
        MessageReader().message(bytes([kind]) + fields)
    except BrokenProtocol:
        return


@given(st.binary(max_size=200))
def test_status_and_sync_decoders_refuse_or_decode(data: bytes) -> None:
    for decode in (decode_status, decode_request, decode_decision):
        try:
            decode(data)
        except BrokenProtocol:
            continue


@given(st.integers(0, len(frames_of(MESSAGES[1])[0]) - 5), st.integers(0, 255))
def test_a_changed_byte_gives_another_message_or_is_refused(position: int, value: int) -> None:
    body = bytearray(frames_of(MESSAGES[1])[0][4:])
    body[position] = value
    try:
        MessageReader().message(bytes(body))
    except BrokenProtocol:
        return


def test_pieces_out_of_order_unannounced_or_too_long_are_refused() -> None:
    big = ProposedBlock(PROPOSAL, bytes(3 * PIECE_BYTES_MAX))
    first, second, third = [data[5:] for data in frames_of(big)]
    with pytest.raises(BrokenProtocol, match="not the next one"):
        BlockAssembly().add(second)
    assembly = BlockAssembly()
    assert assembly.begin(first) is None
    with pytest.raises(BrokenProtocol, match="not the next one"):
        assembly.add(third)


def test_a_frame_over_the_limit_is_refused_before_its_body_comes() -> None:
    async def read() -> None:
        with pytest.raises(BrokenProtocol, match="the limit is 10"):
            await FrameReader(Bytes((11).to_bytes(4, "big")), 10).next()

    trio.run(read)


def test_a_stream_that_ends_within_a_frame_has_ended() -> None:
    async def read() -> None:
        reader = FrameReader(Bytes(frame(b"whole") + frame(b"half")[:-1]), 10)
        assert await reader.next() == b"whole"
        with pytest.raises(StreamEnded):
            await reader.next()

    trio.run(read)


def test_a_status_comes_out_as_it_went_in() -> None:
    status = Status(b"\x01" * 32, "0.1.0", 77, b"\x02" * INSTANCE_BYTES)
    assert decode_status(encode_status(status)) == status


def test_a_sync_request_is_bounded() -> None:
    request = SyncRequest(5, BLOCKS_PER_REQUEST_MAX)
    assert decode_request(encode_request(request)) == request
    for bad in (SyncRequest(0, 1), SyncRequest(1, 0), SyncRequest(1, BLOCKS_PER_REQUEST_MAX + 1)):
        with pytest.raises(BrokenProtocol):
            decode_request(encode_request(bad))


def in_trio(scenario: Callable[[], Awaitable[None]]) -> None:
    trio.run(scenario)


def test_votes_overtake_the_pieces_of_a_block() -> None:
    async def scenario() -> None:
        outbox = Outbox()
        outbox.put_bulk([b"piece one", b"piece two"])
        outbox.put(b"vote one ")
        outbox.put(b"vote two ")
        assert await outbox.take() == b"vote one vote two "
        assert await outbox.take() == b"piece one"
        outbox.put(b"vote three")
        assert await outbox.take() == b"vote three"
        assert await outbox.take() == b"piece two"

    in_trio(scenario)


def test_a_full_outbox_takes_no_more_and_no_half_of_a_block() -> None:
    async def scenario() -> None:
        outbox = Outbox()
        assert all(outbox.put(b"v") for _ in range(URGENT_FRAMES_MAX))
        assert not outbox.put(b"v")
        assert outbox.put_bulk([bytes(BULK_BYTES_MAX - 1)])
        assert not outbox.put_bulk([b"a", b"b"])
        assert outbox.put_bulk([b"c"])

    in_trio(scenario)
