"""node/transaction_intake.py over a real pool."""

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing
from eth_account import Account
from eth_typing import Address
from eth_utils import to_checksum_address

from chain.account_records import EMPTY_CODE_HASH
from chain.engine import Account as ChainAccount
from chain.pool_admission import PoolSettings
from chain.transaction_pool import TransactionPool
from chain.transactions import decode_transaction
from consensus.signatures import public_key_of
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import load_document
from genesis.networks import devnet_document
from node import own_transactions
from node.devnet.settings import DEFAULT_MNEMONIC
from node.local_socket import Accepted, Refused
from node.transaction_intake import WAITING_BATCHES_MAX, TransactionIntake

CHAIN_ID = 16_601
GWEI = 10**9
[(SENDER, KEY), (OTHER, OTHER_KEY)] = dev_accounts(DEFAULT_MNEMONIC, 2)


class Accounts:
    """Balances that a test can hold back, to keep the intake's thread busy."""

    def __init__(self, code_hash: bytes) -> None:
        self._code_hash = code_hash
        self.is_open = threading.Event()
        self.is_open.set()

    def __call__(self, address: Address) -> ChainAccount | None:
        self.is_open.wait(10)
        if address in (SENDER, OTHER):
            return ChainAccount(0, 10**21, self._code_hash)
        return None


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(EMPTY_CODE_HASH)


@pytest.fixture
def intake(accounts: Accounts) -> TransactionIntake:
    document = load_document(devnet_document([(public_key_of(b"\x01" * 32), "one")], CHAIN_ID))
    head, _ = genesis_block(document)
    return TransactionIntake(TransactionPool(document.config, head, accounts, PoolSettings()))


def transfer(nonce: int = 0, key: bytes = KEY, **changes: Any) -> bytes:
    fields = {
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": 21_000,
        "maxFeePerGas": 3 * GWEI,
        "maxPriorityFeePerGas": GWEI,
        "value": 1,
        "to": to_checksum_address(OTHER),
    }
    return bytes(Account.from_key(key).sign_transaction(fields | changes).raw_transaction)


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        with trio.fail_after(20):
            return await main()

    return trio.run(limited)


def test_transactions_of_our_users_are_answered_one_by_one(intake: TransactionIntake) -> None:
    good, poor = transfer(), transfer(key=b"\x07" * 32)

    async def main() -> list[Any]:
        return await intake.submit([good, b"\xde\xad", poor, transfer(chainId=1), good])

    accepted, undecodable, without_funds, elsewhere, again = run(main)
    assert accepted == Accepted(decode_transaction(good).hash)
    assert isinstance(undecodable, Refused)
    assert without_funds.message.startswith("insufficient funds for gas * price + value")
    assert elsewhere.message == "invalid chain id for signer: have 1 want 16601"
    assert again == Refused("already known")
    assert intake.counts == (1, 0)
    assert intake.pending_nonce(SENDER) == 1
    assert intake.pending_transaction(decode_transaction(good).hash) == good
    assert list(intake.content().pending) == [good]


def test_what_the_pool_holds_is_neither_decoded_nor_recovered_again(
    intake: TransactionIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def recover(transactions: Any) -> Any:
        assert not transactions, "recovered again"
        return []

    encoded = transfer(nonce=0)
    run(lambda: intake.submit([encoded]))
    known = intake.known_transaction(decode_transaction(encoded).hash)
    monkeypatch.setattr(intake, "_recover", recover)
    assert known is not None
    assert known.encoded == encoded
    assert intake.known_transaction(known.hash) is known
    assert intake.senders_of([known]) == [SENDER]
    assert intake.known_transaction(decode_transaction(transfer(nonce=1)).hash) is None


def test_what_a_nonce_gap_holds_back_is_queued(intake: TransactionIntake) -> None:
    run(lambda: intake.submit([transfer(nonce=2)]))
    assert intake.counts == (0, 1)
    assert list(intake.content().queued) == [transfer(nonce=2)]
    run(lambda: intake.submit([transfer(nonce=0), transfer(nonce=1)]))
    assert intake.counts == (3, 0)


def test_a_peer_is_blamed_for_what_cannot_be_decoded_and_for_nothing_else(
    intake: TransactionIntake,
) -> None:
    refused, too_poor = transfer(chainId=5), transfer(key=b"\x07" * 32)
    assert run(lambda: intake.take_from_peer([transfer(), transfer(), refused])) == [refused]
    assert run(lambda: intake.take_from_peer([too_poor])) == [too_poor]
    assert intake.counts == (1, 0)
    assert run(lambda: intake.take_from_peer([transfer(nonce=1), b"\x02\xc0"])) is None
    assert intake.counts == (2, 0), "what came before is kept"


def test_peers_cannot_pile_up_batches_without_limit(
    intake: TransactionIntake, accounts: Accounts
) -> None:
    async def main() -> None:
        accounts.is_open.clear()
        async with trio.open_nursery() as nursery:
            for nonce in range(WAITING_BATCHES_MAX):
                nursery.start_soon(intake.take_from_peer, [transfer(nonce)])
            await trio.testing.wait_all_tasks_blocked()
            # Answered at once, without having been looked at.
            assert await intake.take_from_peer([b"garbage"]) == [b"garbage"]
            accounts.is_open.set()
        assert await intake.take_from_peer([b"garbage"]) is None

    run(main)
    assert intake.counts[0] + intake.counts[1] == WAITING_BATCHES_MAX


def test_only_our_own_users_transactions_are_told_again_and_only_when_they_waited(
    intake: TransactionIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lambda: intake.submit([transfer()]))
    run(lambda: intake.take_from_peer([transfer(key=OTHER_KEY)]))
    assert intake.due_again() == []
    monkeypatch.setattr(own_transactions, "BROADCAST_AGAIN_S", 0.0)
    assert intake.due_again() == [transfer()]


def test_a_sender_is_recovered_once_and_remembered_by_the_pool(intake: TransactionIntake) -> None:
    transaction = decode_transaction(transfer())
    assert intake.senders_of([transaction]) == [SENDER]
    run(lambda: intake.submit([transfer()]))
    assert intake.senders_of([transaction]) == [SENDER]
    best = intake.candidates(GWEI).best()
    assert best is not None
    assert best.transaction == transaction
