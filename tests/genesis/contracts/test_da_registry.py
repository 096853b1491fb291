"""The registry: signers register themselves, with votes for their native balance."""

from dataclasses import dataclass
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_utils import to_hex

from genesis.contracts import artifact
from genesis.predeploys import DA_REGISTRY_ADDRESS
from precompiles.da_signers.signatures import (
    epoch_registration_hash,
    hash_to_g1,
    public_keys,
    registration_message_hash,
    sign,
)

DA_SIGNERS = bytes(18) + b"\x10\x00"
CHAIN_ID = 16_601
COIN = 10**18
NOT_ORIGIN, NOT_SIGNER, NO_VOTES = "0f15d651", "4090e434", "2e9b1de8"


@dataclass
class Registrar:
    """Registers development account i with the secret key i + 1."""

    world: Any
    registry: Any
    signers: Any

    def detail(self, account: int, key: int) -> tuple[Any, ...]:
        g1, g2 = public_keys(key)
        return (to_hex(self.world.address(account)), "10.0.0.1:1234", g1, g2)

    def register(self, account: int, key: int | None = None, sender: int | None = None) -> Any:
        key = account + 1 if key is None else key
        digest = registration_message_hash(self.world.address(account), CHAIN_ID)
        signature = sign(key, hash_to_g1(digest))
        sender = account if sender is None else sender
        return self.registry.send(
            "registerSigner", self.detail(account, key), signature, sender=sender
        )

    def join(self, account: int, key: int | None = None, epoch: int = 1) -> Any:
        digest = epoch_registration_hash(self.world.address(account), epoch, CHAIN_ID)
        signature = sign(account + 1 if key is None else key, hash_to_g1(digest))
        return self.registry.send("registerNextEpoch", signature, sender=account)


@pytest.fixture
def registrar_of(world_of: Any, contract_at: Any) -> Any:
    def make(balance_wei: int) -> Registrar:
        world = world_of(balance_wei)
        return Registrar(
            world,
            contract_at(world, "DARegistry", DA_REGISTRY_ADDRESS),
            contract_at(world, "IDASigners", DA_SIGNERS),
        )

    return make


def test_a_signer_registers_itself(registrar_of: Any) -> None:
    registrar = registrar_of(100 * COIN)
    receipt = registrar.register(3)
    signer = to_hex(registrar.world.address(3))
    names = [name for name, _ in registrar.signers.events(receipt)]
    assert names == ["NewSigner", "SocketUpdated"]
    assert registrar.signers.read("isSigner", signer)
    [detail] = registrar.signers.read("getSigner", [signer])
    assert detail == registrar.detail(3, 4)


def test_nobody_registers_another(registrar_of: Any, refused: Any) -> None:
    with pytest.raises(refused) as refusal:
        registrar_of(100 * COIN).register(3, sender=4)
    assert refusal.value.reason == NOT_SIGNER


def test_a_contract_cannot_register(registrar_of: Any, refused: Any) -> None:
    registrar = registrar_of(100 * COIN)
    probe = registrar.world.deploy("TestProbe")
    for data in (
        registrar.registry.encode("registerSigner", registrar.detail(0, 1), (0, 0)),
        registrar.registry.encode("registerNextEpoch", (0, 0)),
    ):
        ok, answer = probe.read("forward", to_hex(DA_REGISTRY_ADDRESS), data)
        assert not ok
        assert answer.hex() == NOT_ORIGIN


def test_a_refusal_of_the_precompile_comes_back_with_the_registrys_text(
    registrar_of: Any, refused: Any
) -> None:
    registrar = registrar_of(100 * COIN)
    registrar.register(3)
    with pytest.raises(refused) as refusal:
        registrar.register(3)
    assert refusal.value.reason == "registerSigner call failed: "
    with pytest.raises(refused) as refusal:
        registrar.join(5)
    assert refusal.value.reason == "registerNextEpoch call failed: "


def test_a_signature_of_another_key_is_refused(registrar_of: Any, refused: Any) -> None:
    registrar = registrar_of(100 * COIN)
    registrar.register(3)
    with pytest.raises(refused) as refusal:
        registrar.join(3, key=9)
    assert refusal.value.reason == "registerNextEpoch call failed: "


def votes_of(world: Any, account: int, epoch: int) -> int:
    """Where the precompile keeps them (facts §1a-1): 03 ‖ epoch ‖ address, not hashed again."""
    key = keccak(b"\3" + epoch.to_bytes(8, "big") + world.address(account))
    slot: int = world.state.slot(DA_SIGNERS, int.from_bytes(key, "big"))
    return slot


@pytest.mark.parametrize(
    ("coins", "votes"),
    # Gas takes a little of the last coin.
    [(31, 1), (60, 1), (61, 2), (10_000, 333), (3_072_031, 102_400), (10_000_000, 102_400)],
)
def test_votes_follow_the_native_balance_up_to_a_cap(
    registrar_of: Any, coins: int, votes: int
) -> None:
    registrar = registrar_of(coins * COIN)
    registrar.register(2)
    registrar.join(2)
    assert votes_of(registrar.world, 2, 1) == votes
    assert registrar.signers.read("registeredEpoch", to_hex(registrar.world.address(2)), 1)


def test_each_vote_is_a_ballot_in_the_next_epoch(registrar_of: Any) -> None:
    registrar = registrar_of(61 * COIN)
    world = registrar.world
    for signer in range(3):
        registrar.register(signer)
        registrar.join(signer)
    registrar.signers.send("makeEpoch", gas=30_000_000, sender=5)
    quorum = registrar.signers.read("getQuorum", 1, 0)
    assert registrar.signers.read("epochNumber") == 1
    assert [quorum.count(to_hex(world.address(signer))) for signer in range(3)] == [1_024] * 3


def test_under_30_coins_there_is_no_vote(registrar_of: Any, refused: Any) -> None:
    registrar = registrar_of(30 * COIN)
    registrar.register(0)
    with pytest.raises(refused) as refusal:
        registrar.join(0)
    assert refusal.value.reason == NO_VOTES


def test_the_registrys_code_at_genesis_is_the_artifacts(registrar_of: Any) -> None:
    state = registrar_of(COIN).world.state
    code = state.code(state.accounts[DA_REGISTRY_ADDRESS].code_hash)
    assert code == artifact("DARegistry").runtime
