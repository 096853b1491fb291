"""A chain of three blocks at Osaka, and its files as geth would export them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_typing import Address, Hash32

from chain.building import PayloadAttributes
from chain.candidates import Candidates
from chain.chain import Chain
from chain.key_value import MemoryStore
from chain.pooled_transaction import PooledTransaction
from chain.py_evm import PyEvmEngine
from chain.transactions import decode_transaction, recover_sender
from genesis.block import genesis_block
from genesis.dev_accounts import dev_accounts
from genesis.document import load_chain_genesis

GENESIS: dict[str, Any] = {
    "config": {
        "chainId": 1337, "homesteadBlock": 0, "eip150Block": 0, "eip155Block": 0,
        "eip158Block": 0, "byzantiumBlock": 0, "constantinopleBlock": 0, "istanbulBlock": 0,
        "berlinBlock": 0, "londonBlock": 0, "terminalTotalDifficulty": 0, "shanghaiTime": 0,
        "cancunTime": 0, "pragueTime": 0, "osakaTime": 0,
    },
    "gasLimit": "0x2255100",
    "difficulty": "0x0",
    "timestamp": "0x64",
    "alloc": {},
}  # fmt: skip


@dataclass(frozen=True)
class ExportedChain:
    """Two files, and what is in them."""

    genesis: Path
    chain: Path
    payloads: list[bytes]
    hashes: list[Hash32]
    """Of blocks 0 to 3."""
    account: LocalAccount
    """Sent a transaction in each block."""

    def write(self, *payloads: bytes) -> None:
        """Another chain file."""
        self.chain.write_bytes(b"".join(payloads))


@pytest.fixture
def exported(tmp_path: Path) -> ExportedChain:
    account: LocalAccount = Account.from_key(dev_accounts()[0][1])
    document = GENESIS | {"alloc": {account.address: {"balance": hex(10**21)}}}
    genesis = load_chain_genesis(document)
    store = MemoryStore()
    Chain.initialize(store, *genesis_block(genesis))
    chain = Chain(store, genesis.config, PyEvmEngine())
    hashes, payloads = [chain.head.hash], []
    for nonce in range(3):
        executed = chain.build_payload(_attributes(chain), _offer(account, nonce), lambda: False)
        assert len(executed.block.transactions) == 1
        chain.commit(executed)
        payloads.append(executed.payload)
        hashes.append(chain.head.hash)
    found = ExportedChain(
        tmp_path / "genesis.json", tmp_path / "chain.rlp", payloads, hashes, account
    )
    found.genesis.write_text(json.dumps(document))
    found.write(*payloads)
    return found


def _attributes(chain: Chain) -> PayloadAttributes:
    return PayloadAttributes(
        timestamp=chain.head.timestamp + 12,
        prev_randao=Hash32(bytes(32)),
        coinbase=Address(b"\xc0" * 20),
        parent_beacon_block_root=Hash32(bytes(32)),
        gas_limit_target=36_000_000,
    )


def _offer(account: LocalAccount, nonce: int) -> Candidates:
    signed = account.sign_transaction(
        {
            "chainId": 1337, "nonce": nonce, "to": b"\xaa" * 20, "value": 1, "gas": 21_000,
            "maxFeePerGas": 3 * 10**9, "maxPriorityFeePerGas": 10**9,
        }
    )  # fmt: skip
    transaction = decode_transaction(bytes(signed.raw_transaction))
    pooled = PooledTransaction(transaction, recover_sender(transaction), 0)
    return Candidates([[pooled]], base_fee=0)
