"""Becoming a DA signer and staying one: registration, registration for each epoch, makeEpoch."""

from dataclasses import dataclass

from eth_typing import Address
from eth_utils import to_canonical_address

from genesis.contracts import artifact
from node.client.contract_calls import Contract, gas_for, reason_of
from node.client.json_rpc import RpcError
from node.client.wallet import Wallet
from node.da.da_signers import DA_SIGNERS, DaSigners
from node.da.errors import (
    AlreadyASigner,
    AnotherKey,
    NoRegistry,
    NotASigner,
    NoVotes,
    Reverted,
)
from node.da.json_forms import address_text
from node.da.keys import BlsKey

REGISTRY = "0x20f30b2584f3096ea0d6c18c3b5cacc0585e12fc"
"""Through which alone the precompile takes registrations (facts §1a-1)."""
ATTEMPTS_MAX = 3
"""A registration signs the next epoch's number; an epoch that begins meanwhile makes it void."""
SOCKET_BYTES_MAX = 96
"""What 0G's newer registry takes (facts §2)."""


@dataclass(frozen=True, slots=True)
class EpochRegistration:
    """A signer is in the draw of an epoch."""

    epoch: int
    votes: int
    """By the balance now; the registry counted when the transaction ran."""
    transaction_hash: str | None
    """None: it was registered already."""


@dataclass(frozen=True, slots=True)
class MadeEpoch:
    """What makeEpoch came to."""

    epoch: int
    has_begun: bool
    """False: the current epoch goes on, nothing was sent."""
    due_block: int
    """From which block on the next can begin."""
    quorums: int
    transaction_hash: str | None


def register(signers: DaSigners, wallet: Wallet, key: BlsKey, socket: str) -> str:
    """Register the wallet's account as a signer with that key; the transaction's hash.

    `socket` is where others reach the signer, as text. Raises `AlreadyASigner`, `NoRegistry`
    (no registry) or `Reverted`.
    """
    if signers.is_signer(_account(wallet)):
        raise AlreadyASigner(wallet.address)
    sent = send_registration(signers, wallet, key, socket)
    succeeded(signers, sent, "registerSigner")
    return sent


def send_registration(signers: DaSigners, wallet: Wallet, key: BlsKey, socket: str) -> str:
    """`register` of an account that is no signer yet, without waiting for the block."""
    detail = (wallet.address, socket, key.g1, key.g2)
    signature = key.registration_signature(_account(wallet), signers.chain_id)
    return _sent(signers, wallet, "registerSigner", detail, signature)


def register_epoch(signers: DaSigners, wallet: Wallet, key: BlsKey) -> EpochRegistration:
    """Put the wallet's account into the draw of the next epoch; nothing is sent if it is in it.

    Raises `NotASigner`, `AnotherKey`, `NoVotes`, `NoRegistry` or `Reverted`.
    """
    account = _account(wallet)
    check_key(signers, account, key)
    votes = votes_of(signers, account)
    for attempt in range(1, ATTEMPTS_MAX + 1):
        epoch = signers.epoch_number() + 1
        if signers.is_registered(account, epoch):
            return EpochRegistration(epoch, votes, None)
        try:
            sent = send_epoch_registration(signers, wallet, key, epoch)
            succeeded(signers, sent, "registerNextEpoch")
        except Reverted:
            if attempt == ATTEMPTS_MAX or signers.epoch_number() + 1 == epoch:
                raise
        else:
            return EpochRegistration(epoch, votes, sent)
    raise AssertionError("unreachable")


def send_epoch_registration(signers: DaSigners, wallet: Wallet, key: BlsKey, epoch: int) -> str:
    """Register a signer for the epoch after the current, without waiting for the block."""
    signature = key.epoch_signature(_account(wallet), epoch, signers.chain_id)
    return _sent(signers, wallet, "registerNextEpoch", signature)


def check_key(signers: DaSigners, account: Address, key: BlsKey) -> None:
    """Raises `NotASigner` or `AnotherKey` unless the account is registered with this key."""
    address = address_text(account)
    if not signers.is_signer(account):
        raise NotASigner(address)
    if signers.details([account])[account].key_g1 != key.g1:
        raise AnotherKey(address)


def votes_of(signers: DaSigners, account: Address) -> int:
    """How many votes the account's balance gives now; raises `NoVotes` where it is none."""
    parameters = signers.parameters()
    balance = signers.client.number("eth_getBalance", address_text(account), "latest")
    if balance < parameters.vote_wei:
        raise NoVotes(address_text(account), balance, parameters.vote_wei)
    return min(balance // parameters.vote_wei, parameters.votes_max)


def make_epoch(signers: DaSigners, wallet: Wallet) -> MadeEpoch:
    """Begin the next epoch if it is due. Raises `Reverted`, also where makeEpoch did nothing."""
    before = signers.epoch_state()
    if not before.is_due:
        count = signers.quorum_count(before.number)
        return MadeEpoch(before.number, False, before.due_block, count, None)
    data = signers.make_epoch_data()
    gas = _estimated(signers, wallet, DA_SIGNERS, data, "makeEpoch")
    sent = wallet.send(DA_SIGNERS, data, gas=gas)
    succeeded(signers, sent, "makeEpoch")
    after = signers.epoch_state()
    if after.number == before.number:
        raise Reverted("makeEpoch", f"epoch {before.number} still goes on; try again in a block")
    return MadeEpoch(after.number, True, after.due_block, signers.quorum_count(after.number), sent)


def succeeded(signers: DaSigners, transaction_hash: str, what: str) -> int:
    """Wait for the receipt; the gas used. Raises `Reverted`."""
    receipt = signers.client.receipt(transaction_hash)
    if receipt["status"] != "0x1":
        block = int(receipt["blockNumber"], 16)
        raise Reverted(what, f"transaction {transaction_hash} failed in block {block}")
    return int(receipt["gasUsed"], 16)


def _account(wallet: Wallet) -> Address:
    return Address(to_canonical_address(wallet.address))


def _sent(signers: DaSigners, wallet: Wallet, function: str, *arguments: object) -> str:
    """A transaction to the registry; its hash. Raises `NoRegistry` or `Reverted`."""
    if signers.client.call("eth_getCode", REGISTRY, "latest") == "0x":
        raise NoRegistry(REGISTRY)
    data = Contract(signers.client, REGISTRY, artifact("DARegistry")).data(function, *arguments)
    return wallet.send(REGISTRY, data, gas=_estimated(signers, wallet, REGISTRY, data, function))


def _estimated(signers: DaSigners, wallet: Wallet, to: str, data: bytes, what: str) -> int:
    try:
        return gas_for(signers.client, wallet.address, to, data)
    except RpcError as error:
        raise Reverted(what, reason_of(error)) from None
