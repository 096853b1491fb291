"""One validator whose state was changed on disk: it alone refuses, loudly, and the others go on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from localnet import START_MAX_S, Network, Node, wait_until

from chain.account_records import decode_record, encode_record, storage_root_of
from chain.key_value import Table
from genesis.dev_accounts import dev_accounts
from node.database import LmdbStore
from node.devnet.settings import DEFAULT_CHAIN_ID, DEFAULT_MNEMONIC

pytestmark = pytest.mark.localnet

GWEI = 10**9
[(CHANGED_ADDRESS, CHANGED_KEY), *_] = dev_accounts(DEFAULT_MNEMONIC, 1)


def change_balance(database: Path, by: int) -> None:
    """In the flat state alone, as a disk or a bug would: the trie and its root stay as they are."""
    with LmdbStore(database) as store, store.write() as batch:
        record = batch.get(Table.ACCOUNTS, CHANGED_ADDRESS)
        assert record is not None
        account = decode_record(record)
        changed = replace(account, balance=account.balance + by)
        batch.put(Table.ACCOUNTS, CHANGED_ADDRESS, encode_record(changed, storage_root_of(record)))


def touch(node: Node) -> Any:
    """A transaction of the account that was changed; its receipt."""
    account = Account.from_key(CHANGED_KEY)
    raw = account.sign_transaction(
        {
            "chainId": DEFAULT_CHAIN_ID,
            "nonce": node.rpc.number("eth_getTransactionCount", account.address, "pending"),
            "gas": 21_000,
            "gasPrice": 3 * GWEI,
            "value": 1,
            "to": account.address,
        }
    ).raw_transaction
    sent = node.rpc.call("eth_sendRawTransaction", "0x" + bytes(raw).hex())
    return node.rpc.receipt(sent, START_MAX_S)


def test_a_validator_with_another_state_refuses_alone_and_stops(network: Network) -> None:
    *sound, changed = network.nodes
    network.wait_for_height(2)
    changed.stop()
    change_balance(changed.directory / "db", by=1)
    log_end = len(changed.log)
    changed.start()
    network.wait_for_blocks(2)

    receipt = touch(sound[0])
    assert receipt["status"] == "0x1"
    at = int(receipt["blockNumber"], 16)
    network.wait_for_height(at + 4, sound)
    assert len({node.block(at)["stateRoot"] for node in sound}) == 1

    # Not one block further than what it could vouch for, and it says what it got and expected.
    wait_until(lambda: "takes no part any more" in changed.log[log_end:], START_MAX_S)
    said = changed.log[log_end:]
    refusals = [line for line in said.splitlines() if "state_root: got 0x" in line]
    print(*refusals, sep="\n")
    assert refusals
    assert all(", expected 0x" in line for line in refusals)
    assert changed.height() == at - 1
    assert "Traceback" not in said
    changed.stop()

    # The change undone, it follows again.
    change_balance(changed.directory / "db", by=-1)
    changed.start()
    network.wait_for_blocks(3)
    assert changed.block(at)["hash"] == sound[0].block(at)["hash"]
