"""Epochs: who registered for the next one, and how its quorums are drawn (facts §1a-1)."""

from eth_hash.auto import keccak
from eth_typing import Address

from precompiles.da_signers import records
from precompiles.da_signers.ballot_order import ballot_order
from precompiles.errors import CorruptStorage
from precompiles.interface import Storage, StorageReader
from precompiles.storage import UINT64_MASK, as_int64, load_uint64, slot_of, store_uint64

MAX_VOTES_PER_SIGNER = 102_400
MAX_QUORUMS = 10
ROWS_PER_QUORUM = 3_072
REGISTRATIONS_MAX = 1 << 24
"""More registrations than the blocks of an epoch can hold: a faulty genesis, where 0g-geth hangs."""


def current_epoch(storage: StorageReader) -> int:
    return load_uint64(storage, records.epoch_number_key())


def is_epoch_over(storage: StorageReader, epoch: int, block_number: int, epoch_blocks: int) -> bool:
    """Epoch 0 has no block, and an epoch begun in block 0 looks the same (facts [O13])."""
    started = load_uint64(storage, records.epoch_block_key(epoch))
    return not started or block_number >= (started + epoch_blocks) & UINT64_MASK


def registration_of(storage: Storage, epoch: int, signer: Address) -> int:
    """The hash of the signature that the signer registered with, 0 where it did not."""
    return storage.load(slot_of(records.registration_key(epoch, signer)))


def register(storage: Storage, epoch: int, signer: Address, signature: bytes, votes: int) -> None:
    """Register a signer for an epoch; who is registered already stays as it is."""
    if registration_of(storage, epoch, signer):
        return
    storage.store(slot_of(records.registration_key(epoch, signer)), slot_of(keccak(signature)))
    storage.store(slot_of(records.votes_key(epoch, signer)), votes)
    index = load_uint64(storage, records.registration_count_key(epoch))
    store_uint64(storage, records.registration_count_key(epoch), index + 1)
    storage.store(slot_of(records.registered_signer_key(epoch, index)), slot_of(signer))


def begin_epoch(storage: Storage, epoch: int, block_number: int) -> None:
    """Draw the quorums of an epoch and make it the current one."""
    quorums = draw_quorums(*_ballots(storage, epoch))
    records.store_quorums(storage, epoch, quorums)
    store_uint64(storage, records.quorum_count_key(epoch), len(quorums))
    store_uint64(storage, records.epoch_number_key(), epoch)
    store_uint64(storage, records.epoch_block_key(epoch), block_number)


def _ballots(storage: Storage, epoch: int) -> tuple[list[bytes], list[Address]]:
    """Every ballot of the registered signers, and whose it is: a hash chain for each registration."""
    count = load_uint64(storage, records.registration_count_key(epoch))
    if count > REGISTRATIONS_MAX:
        raise CorruptStorage(f"{count} registrations, at most {REGISTRATIONS_MAX}")
    chains: dict[int, list[bytes]] = {}
    ballots: list[bytes] = []
    owners: list[Address] = []
    for index in range(count):
        word = storage.load(slot_of(records.registered_signer_key(epoch, index)))
        signer = Address(word.to_bytes(32, "big")[12:])
        # Stored as 256 bits, read as a signed 64-bit number.
        votes = as_int64(storage.load(slot_of(records.votes_key(epoch, signer))))
        votes = max(0, min(votes, MAX_VOTES_PER_SIGNER))
        registration = registration_of(storage, epoch, signer)
        chain = chains.setdefault(registration, [])
        _lengthen(chain, registration, votes)
        ballots += chain[:votes]
        owners += [signer] * votes
    return ballots, owners


def _lengthen(chain: list[bytes], registration: int, length: int) -> None:
    if not chain:
        chain.append(registration.to_bytes(32, "big") if registration else b"")
    ballot, append = chain[-1], chain.append
    for _ in range(length - len(chain)):
        ballot = keccak(ballot)
        append(ballot)


def draw_quorums(ballots: list[bytes], owners: list[Address]) -> list[list[Address]]:
    """Sort the ballots and cut them into quorums: full groups from the front, the remainder made full.

    Too few ballots for one quorum fill its rows over and over.
    """
    count = len(ballots)
    # Whatever lies behind ten full quorums is in none.
    order = ballot_order(ballots, MAX_QUORUMS * ROWS_PER_QUORUM)
    rows = [owners[index] for index in order]
    if not count:
        return []
    if count < ROWS_PER_QUORUM:
        return [[rows[index % count] for index in range(ROWS_PER_QUORUM)]]
    starts = range(0, len(rows) - ROWS_PER_QUORUM + 1, ROWS_PER_QUORUM)
    quorums = [rows[start : start + ROWS_PER_QUORUM] for start in starts]
    if count % ROWS_PER_QUORUM and len(quorums) < MAX_QUORUMS:
        quorums.append(rows[-ROWS_PER_QUORUM:])
    return quorums
