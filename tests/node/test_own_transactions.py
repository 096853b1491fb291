"""Our own users' transactions come back: from the journal after a restart, and when the pool let them go."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
from eth_account import Account
from eth_typing import Address

from chain.account_records import EMPTY_CODE_HASH
from chain.engine import Account as ChainAccount
from chain.engine import AccountChange
from chain.pool_admission import PoolSettings
from chain.transaction_pool import TransactionPool
from consensus.signatures import public_key_of
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import load_document
from genesis.networks import devnet_document
from node import own_transactions, transaction_journal
from node.config import NodeConfig, with_settings
from node.devnet.settings import DEFAULT_MNEMONIC
from node.durable_files import DiskFiles
from node.layout import DataDirectory
from node.local_socket import Accepted
from node.own_transactions import OwnTransactions
from node.pool_config import open_journal, pool_settings
from node.transaction_intake import (
    JOURNAL_SYNC_S,
    OFFER_AGAIN_S,
    TransactionIntake,
    look_after_own,
)
from node.transaction_journal import TransactionJournal

CHAIN_ID = 16_601
GWEI = 10**9
[(SENDER, KEY), (OTHER, OTHER_KEY)] = dev_accounts(DEFAULT_MNEMONIC, 2)


class Node:
    """A pool, an intake and a journal; `restart` is what another process finds."""

    def __init__(self, folder: Path, **limits: Any) -> None:
        self._folder, self._limits = folder, limits
        self.nonces = {SENDER: 0, OTHER: 0}
        document = load_document(devnet_document([(public_key_of(b"\x01" * 32), "one")], CHAIN_ID))
        self._config, (self.head, _) = document.config, genesis_block(document)
        self.restart()

    def restart(self) -> None:
        self.journal = TransactionJournal(DiskFiles(self._folder), "transactions.rlp")
        settings = PoolSettings(**self._limits)
        pool = TransactionPool(self._config, self.head, self._account, settings)
        self.intake = TransactionIntake(pool, journal=self.journal)
        run(self.intake.load_own)

    def _account(self, address: Address) -> ChainAccount | None:
        nonce = self.nonces.get(address)
        return None if nonce is None else ChainAccount(nonce, 10**21, EMPTY_CODE_HASH)

    def submit(self, *encoded: bytes) -> list[bool]:
        return [isinstance(result, Accepted) for result in run(lambda: self.intake.submit(encoded))]

    def use(self, sender: Address, nonces: int) -> None:
        """A block has so many of the sender's."""
        self.nonces[sender] += nonces
        account = self._account(sender)
        self.head = replace(self.head, number=self.head.number + 1)
        self.intake.on_new_head(self.head, [AccountChange(sender, account)])


def run(main: Callable[[], Awaitable[Any]]) -> Any:
    async def limited() -> Any:
        with trio.fail_after(20):
            return await main()

    return trio.run(limited)


def transfer(nonce: int, key: bytes = KEY, tip: int = 1) -> bytes:
    fields = {
        "chainId": CHAIN_ID, "nonce": nonce, "gas": 21_000, "value": 1, "to": "0x" + "99" * 20,
        "maxFeePerGas": (2 + tip) * GWEI, "maxPriorityFeePerGas": tip * GWEI,
    }  # fmt: skip
    return bytes(Account.from_key(key).sign_transaction(fields).raw_transaction)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_after_a_restart_the_pool_has_what_its_own_users_sent_and_nothing_of_peers(
    node: Node,
) -> None:
    assert node.submit(transfer(0), transfer(1), transfer(3)) == [True] * 3
    run(lambda: node.intake.take_from_peer([transfer(0, OTHER_KEY)]))
    assert node.intake.counts == (3, 1)
    node.restart()
    assert node.intake.counts == (2, 1)
    assert list(node.intake.content().pending) == [transfer(0), transfer(1)]
    assert node.intake.due_again() == []


def test_what_blocks_have_is_not_in_the_journal_of_the_next_start(node: Node) -> None:
    node.submit(transfer(0), transfer(1), transfer(2))
    node.use(SENDER, 2)
    node.restart()
    assert node.journal.load() == [transfer(2)]
    assert node.intake.counts == (1, 0)


def test_a_refused_transaction_is_not_kept(node: Node) -> None:
    assert node.submit(transfer(0), b"\xde\xad", transfer(0)) == [True, False, False]
    assert node.journal.load() == [transfer(0)]


def test_what_the_pool_let_go_is_offered_again_until_a_block_has_it(tmp_path: Path) -> None:
    node = Node(tmp_path, pending_max=2, queued_max=1)
    node.submit(transfer(0), transfer(1))
    richer = [transfer(nonce, OTHER_KEY, tip=9) for nonce in range(3)]
    run(lambda: node.intake.take_from_peer(richer))
    node.use(OTHER, 0)
    assert transfer(1) not in node.intake.content().pending
    run(node.intake.offer_own_again)
    assert transfer(1) not in node.intake.content().pending, "still no room"
    node.use(OTHER, 3)
    run(node.intake.offer_own_again)
    assert list(node.intake.content().pending) == [transfer(0), transfer(1)]
    node.use(SENDER, 2)
    run(node.intake.offer_own_again)
    run(node.intake.rotate_journal)
    assert node.journal.load() == []


def test_the_journal_is_written_anew_when_its_time_has_come(node: Node) -> None:
    node.submit(transfer(0), transfer(1))
    node.use(SENDER, 1)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(look_after_own, node.intake, 3 * OFFER_AGAIN_S)
            await trio.sleep(2 * OFFER_AGAIN_S + 2 * JOURNAL_SYNC_S)
            assert node.journal.load() == [transfer(0), transfer(1)]
            await trio.sleep(2 * OFFER_AGAIN_S)
            assert node.journal.load() == [transfer(1)]
            nursery.cancel_scope.cancel()

    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0.05))


def test_a_long_journal_is_written_anew_before_its_time(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction_journal, "APPENDED_BYTES_MAX", 5 * len(transfer(0)) // 2)

    async def content_after_a_while() -> list[bytes]:
        with trio.move_on_after(2 * JOURNAL_SYNC_S):
            await look_after_own(node.intake, 3 * OFFER_AGAIN_S)
        return node.journal.load()

    def look() -> list[bytes]:
        clock = trio.testing.MockClock(autojump_threshold=0.05)
        return trio.run(content_after_a_while, clock=clock)

    node.submit(transfer(0), transfer(1))
    node.use(SENDER, 1)
    assert look() == [transfer(0), transfer(1)]
    node.submit(transfer(2))
    assert look() == [transfer(1), transfer(2)]


def test_what_comes_after_a_journal_torn_at_its_first_transaction_is_kept(
    node: Node, tmp_path: Path
) -> None:
    node.submit(transfer(0))
    path = tmp_path / "transactions.rlp"
    path.write_bytes(path.read_bytes()[:50])
    node.restart()
    assert node.intake.counts == (0, 0)
    node.submit(transfer(0), transfer(1))
    node.restart()
    assert node.intake.counts == (2, 0)


def test_no_more_bytes_are_looked_after_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_transactions, "MISSING_BYTES_MAX", 2 * len(transfer(0)))
    own = OwnTransactions(lifetime_s=10)
    intake = [own_transaction(nonce) for nonce in range(3)]
    for second, transaction in enumerate(intake):
        own.add(transaction, SENDER, second)
    assert len(own) == 3, "the pool bounds those that it has"
    own.on_new_head(lambda key: False)
    assert own.kept() == [transaction.encoded for transaction in intake[1:]]


def test_no_more_are_looked_after_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_transactions, "OWN_MAX", 2)
    own = OwnTransactions(lifetime_s=10)
    intake = [own_transaction(nonce) for nonce in range(3)]
    for second, transaction in enumerate(intake):
        own.add(transaction, SENDER, second)
    assert own.kept() == [transaction.encoded for transaction in intake[1:]]
    own.on_new_head(lambda key: False)
    assert [found for found, _ in own.missing(11)] == intake[1:]
    assert [found for found, _ in own.missing(12)] == intake[2:]


def own_transaction(nonce: int) -> Any:
    from chain.transactions import decode_transaction

    return decode_transaction(transfer(nonce))


def test_flags_of_geth_bound_the_pool(tmp_path: Path) -> None:
    config = with_settings(
        NodeConfig(DataDirectory(tmp_path)),
        {"txpool_globalslots": "7", "txpool_lifetime": "1h30m0s", "txpool_pricebump": 25},
    )
    settings = pool_settings(config)
    assert (settings.pending_max, settings.queued_lifetime_s) == (7, 5_400)
    assert settings.price_bump_percent == 25
    assert pool_settings(NodeConfig(DataDirectory(tmp_path))) == PoolSettings()
    assert open_journal(config) is not None
    assert open_journal(replace(config, txpool_nolocals=True)) is None
    assert open_journal(replace(config, txpool_journal="")) is None
