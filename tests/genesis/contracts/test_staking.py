"""The staking contract: joining, stake in and out, rewards, the ranking, slashing."""

from collections.abc import Callable
from typing import Any

import pytest
from coincurve import PrivateKey
from eth_typing import Address
from eth_utils import to_hex

from chain.engine import Withdrawal
from chain.staking import SENTINEL_VALIDATOR_INDEX, STAKING_CONTRACT, WEI_PER_POWER, Staking
from consensus.signatures import sign
from consensus.validators import address_of
from consensus.values import ValidatorAddress
from genesis.document import load_document
from genesis.networks import devnet_document
from genesis.staking.layout import Status
from genesis.staking.reading import active_validators, revision_of, staked_validator

TOKEN = WEI_PER_POWER
GWEI = 10**9
RULES = Staking(
    max_active=2,
    min_stake=100 * TOKEN,
    unbonding_blocks=5,
    reward_per_block=0,
    missed_blocks_limit=10,
)
FIRST_KEY = PrivateKey(bytes(31) + b"\1").public_key.format()
FIRST = address_of(FIRST_KEY)
OWNER, ALICE, BOB, CAROL = 0, 1, 2, 3
GAS = 3_000_000
ABSENCE_GWEI = 1


class Validators:
    """The contract, and what the protocol does with it."""

    def __init__(self, contract: Any) -> None:
        self.contract, self.world = contract, contract.world

    def create(self, secret: int, amount: int, sender: int, **changes: Any) -> ValidatorAddress:
        """A validator with the key of that number; `changes` replaces arguments."""
        key = PrivateKey(secret.to_bytes(32, "big"))
        point = key.public_key.format(compressed=False)[1:]
        digest = self.contract.read("possessionDigest", to_hex(self.world.address(sender)))
        signature = sign(key.secret, changes.get("digest", digest))
        words = [point[:32], point[32:], signature[64] + 27, signature[:32], signature[32:64]]
        self.contract.send("createValidator", *words, sender=sender, value=amount, gas=GAS)
        return address_of(key.public_key.format())

    def end_block(
        self, reward_gwei: int = 0, *slashed: tuple[ValidatorAddress, int]
    ) -> tuple[str, ...]:
        """An empty block with these system calls at its end, amounts in gwei; their errors."""
        self.world.number += 1
        withdrawals = [Withdrawal(0, SENTINEL_VALIDATOR_INDEX, STAKING_CONTRACT, reward_gwei)]
        entries = [Withdrawal(0, 0, Address(who), amount) for who, amount in slashed]
        result = self.world.engine.execute_block(
            self.world.environment(),
            [],
            [],
            withdrawals if reward_gwei else [],
            entries,
            self.world.state,
        )
        self.world.state.apply(result.changes)
        return tuple(result.system_errors)

    def active(self) -> list[tuple[bytes, int]]:
        return [(v.public_key, v.power) for v in active_validators(self.world.state)]

    def ranked(self) -> list[bytes]:
        return [bytes.fromhex(each[2:]) for each in self.contract.read("ranked")]

    def status(self, validator: ValidatorAddress) -> Status:
        return staked_validator(self.world.state, validator).status

    def delegation(self, validator: ValidatorAddress, account: int) -> Any:
        """(stake, reward, unbonding amounts, their blocks)."""
        who = to_hex(self.world.address(account))
        return self.contract.read("delegationOf", to_hex(validator), who)

    def send(self, function: str, validator: ValidatorAddress, *rest: int, **how: Any) -> Any:
        return self.contract.send(function, to_hex(validator), *rest, gas=GAS, **how)


@pytest.fixture
def staking(at: Any) -> Validators:
    """One validator of the genesis with 1,000 0G; at most two are active."""
    contract = at("Staking", STAKING_CONTRACT)
    document = load_document(
        devnet_document([(FIRST_KEY, "one")], accounts=12, balance_wei=10**24, staking=RULES)
    )
    contract.world.document = document
    contract.world.state.apply(document.alloc)
    return Validators(contract)


def public_key(secret: int) -> bytes:
    return PrivateKey(secret.to_bytes(32, "big")).public_key.format()


def test_the_genesis_validators_stake_is_its_owners(staking: Validators) -> None:
    assert staking.active() == [(FIRST_KEY, 1_000)]
    assert staking.delegation(FIRST, OWNER) == (1_000 * TOKEN, 0, (), ())
    assert staking.contract.read("activeStake") == 1_000 * TOKEN
    assert staking.contract.read("maxActive") == 2
    assert staking.contract.read("unbondingBlocks") == 5
    assert staking.contract.read("minStake") == 100 * TOKEN
    assert staking.world.balance(STAKING_CONTRACT) == 1_000 * TOKEN


@pytest.mark.parametrize("secret", [2, 3, 5, 6, 9])
def test_a_validator_joins_with_its_key_and_stake(staking: Validators, secret: int) -> None:
    """Keys with even and with odd y are read back as they are."""
    before = revision_of(staking.world.state)
    created = staking.create(secret, 2_000 * TOKEN, ALICE)
    assert staking.active() == [(public_key(secret), 2_000), (FIRST_KEY, 1_000)]
    assert staking.status(created) is Status.RANKED
    assert staking.delegation(created, ALICE)[0] == 2_000 * TOKEN
    assert revision_of(staking.world.state) > before


def test_nobody_joins_with_a_key_that_is_not_his(staking: Validators, refused: Any) -> None:
    """The signature is over the owner: another's cannot be used again by somebody else."""
    other = staking.contract.read("possessionDigest", to_hex(staking.world.address(BOB)))
    with pytest.raises(refused, match="not signed by the consensus key"):
        staking.create(2, 100 * TOKEN, ALICE, digest=other)


def test_a_key_joins_once_and_with_the_minimum_stake(staking: Validators, refused: Any) -> None:
    with pytest.raises(refused, match="less than the minimum stake"):
        staking.create(2, 100 * TOKEN - 1, ALICE)
    staking.create(2, 100 * TOKEN, ALICE)
    with pytest.raises(refused, match="a validator's already"):
        staking.create(2, 100 * TOKEN, ALICE)


def test_the_most_stake_is_active_and_delegating_moves_a_validator_up(staking: Validators) -> None:
    second = staking.create(2, 300 * TOKEN, ALICE)
    third = staking.create(3, 300 * TOKEN, BOB)
    assert staking.ranked() == [FIRST, second, third]
    assert staking.active() == [(FIRST_KEY, 1_000), (public_key(2), 300)]
    staking.send("delegate", third, sender=CAROL, value=1)
    assert staking.ranked() == [FIRST, third, second]
    assert staking.contract.read("activeStake") == 1_300 * TOKEN + 1
    staking.send("delegate", second, sender=CAROL, value=1_000 * TOKEN)
    assert staking.active() == [(public_key(2), 1_300), (FIRST_KEY, 1_000)]
    assert staking.contract.read("activeStake") == 2_300 * TOKEN


def test_undelegated_stake_is_paid_after_the_delay(staking: Validators, refused: Any) -> None:
    staking.send("delegate", FIRST, sender=ALICE, value=50 * TOKEN)
    receipt = staking.send("undelegate", FIRST, 30 * TOKEN, sender=ALICE)
    release = staking.world.number + RULES.unbonding_blocks
    [(_, event)] = staking.contract.events(receipt)
    assert event["releaseBlock"] == release
    assert staking.delegation(FIRST, ALICE) == (20 * TOKEN, 0, (30 * TOKEN,), (release,))
    staking.world.mine(RULES.unbonding_blocks - 2)
    with pytest.raises(refused, match="nothing to withdraw yet"):
        staking.send("withdraw", FIRST, sender=ALICE)
    before = staking.world.balance(staking.world.address(ALICE))
    receipt = staking.send("withdraw", FIRST, sender=ALICE)
    paid = receipt.gas_used * receipt.effective_gas_price
    assert staking.world.balance(staking.world.address(ALICE)) == before + 30 * TOKEN - paid
    assert staking.delegation(FIRST, ALICE) == (20 * TOKEN, 0, (), ())


def test_nobody_undelegates_anothers_stake(staking: Validators, refused: Any) -> None:
    with pytest.raises(refused, match="nothing to undelegate"):
        staking.send("undelegate", FIRST, TOKEN, sender=ALICE)
    staking.send("delegate", FIRST, sender=ALICE, value=TOKEN)
    staking.send("undelegate", FIRST, 500 * TOKEN, sender=ALICE)
    assert staking.delegation(FIRST, ALICE)[0] == 0
    assert staking.delegation(FIRST, ALICE)[2] == (TOKEN,)


def test_at_most_sixteen_withdrawals_are_on_their_way(staking: Validators, refused: Any) -> None:
    for _ in range(16):
        staking.send("undelegate", FIRST, TOKEN, sender=OWNER)
        staking.world.number -= 1
    with pytest.raises(refused, match="withdraw first"):
        staking.send("undelegate", FIRST, TOKEN, sender=OWNER)


def test_below_the_minimum_a_validator_waits_and_comes_back_by_itself(staking: Validators) -> None:
    second = staking.create(2, 100 * TOKEN, ALICE)
    staking.send("undelegate", second, 1, sender=ALICE)
    assert staking.status(second) is Status.WAITING
    assert staking.active() == [(FIRST_KEY, 1_000)]
    staking.send("delegate", second, sender=BOB, value=1)
    assert staking.status(second) is Status.RANKED
    assert staking.active() == [(FIRST_KEY, 1_000), (public_key(2), 100)]


def test_an_exit_takes_the_owners_stake_out_and_another_moves_up(
    staking: Validators, refused: Any
) -> None:
    second, third = staking.create(2, 300 * TOKEN, ALICE), staking.create(3, 200 * TOKEN, BOB)
    with pytest.raises(refused, match="not the validator's owner"):
        staking.send("exit", second, sender=BOB)
    staking.send("exit", second, sender=ALICE)
    assert staking.status(second) is Status.EXITED
    assert staking.ranked() == [FIRST, third]
    assert staking.active() == [(FIRST_KEY, 1_000), (public_key(3), 200)]
    assert staking.contract.read("activeStake") == 1_200 * TOKEN
    assert staking.delegation(second, ALICE)[2] == (300 * TOKEN,)


def test_the_last_validator_cannot_leave(staking: Validators, refused: Any) -> None:
    with pytest.raises(refused, match="the last validator cannot leave"):
        staking.send("exit", FIRST, sender=OWNER)
    with pytest.raises(refused, match="the last validator cannot leave"):
        staking.send("undelegate", FIRST, 901 * TOKEN, sender=OWNER)
    staking.send("undelegate", FIRST, 900 * TOKEN, sender=OWNER)
    assert staking.active() == [(FIRST_KEY, 100)]


def test_rewards_go_to_active_stake_by_its_size(staking: Validators) -> None:
    second, third = staking.create(2, 600 * TOKEN, ALICE), staking.create(3, 200 * TOKEN, BOB)
    staking.send("delegate", FIRST, sender=CAROL, value=400 * TOKEN)
    assert staking.end_block(2_000 * GWEI) == ()
    rewards = [
        staking.delegation(validator, who)[1]
        for validator, who in ((FIRST, OWNER), (FIRST, CAROL), (second, ALICE), (third, BOB))
    ]
    assert rewards == [1_000 * TOKEN, 400 * TOKEN, 600 * TOKEN, 0]
    before = staking.world.balance(staking.world.address(CAROL))
    receipt = staking.send("withdraw", FIRST, sender=CAROL)
    paid = receipt.gas_used * receipt.effective_gas_price
    assert staking.world.balance(staking.world.address(CAROL)) == before + 400 * TOKEN - paid
    assert staking.delegation(FIRST, CAROL)[1] == 0


def test_who_becomes_active_later_has_no_part_in_earlier_rewards(staking: Validators) -> None:
    second = staking.create(2, 600 * TOKEN, ALICE)
    third = staking.create(3, 200 * TOKEN, BOB)
    staking.end_block(1_600)
    staking.send("exit", second, sender=ALICE)
    staking.end_block(1_200)
    assert staking.delegation(second, ALICE)[1] == 600 * GWEI
    assert staking.delegation(third, BOB)[1] == 200 * GWEI
    assert staking.delegation(FIRST, OWNER)[1] == 2_000 * GWEI


def test_only_the_protocol_distributes_and_slashes(staking: Validators, refused: Any) -> None:
    with pytest.raises(refused, match="only the protocol"):
        staking.send("slashValidator", FIRST, TOKEN, sender=OWNER)
    assert not staking.world.transact(STAKING_CONTRACT, (1).to_bytes(32, "big")).succeeded
    assert not staking.world.transact(STAKING_CONTRACT, value=1).succeeded


def test_a_slashed_validator_loses_stake_and_never_comes_back(
    staking: Validators, refused: Any
) -> None:
    second = staking.create(2, 300 * TOKEN, ALICE)
    staking.send("delegate", second, sender=BOB, value=100 * TOKEN)
    staking.send("undelegate", second, 100 * TOKEN, sender=ALICE)
    held = staking.world.balance(STAKING_CONTRACT)
    assert staking.end_block(0, (second, 40 * GWEI)) == ()
    assert staking.status(second) is Status.SLASHED
    assert staking.active() == [(FIRST_KEY, 1_000)]
    assert staking.contract.read("activeStake") == 1_000 * TOKEN
    assert staking.delegation(second, ALICE)[:3] == (180 * TOKEN, 0, (90 * TOKEN,))
    assert staking.delegation(second, BOB)[0] == 90 * TOKEN
    assert staking.world.balance(STAKING_CONTRACT) == held - 40 * TOKEN
    for function in ("rejoin", "exit"):
        with pytest.raises(refused, match=r"slashed key|left already"):
            staking.send(function, second, sender=ALICE)
    with pytest.raises(refused, match="takes no stake"):
        staking.send("delegate", second, sender=BOB, value=TOKEN)
    staking.send("undelegate", second, 10**30, sender=BOB)
    staking.world.mine(RULES.unbonding_blocks)
    staking.send("withdraw", second, sender=BOB)


def test_dust_that_slashing_made_worthless_locks_nothing_up(staking: Validators) -> None:
    """One wei less 2 % is none: it is on its way as no share of what is on its way."""
    second = staking.create(2, 300 * TOKEN, ALICE)
    staking.send("delegate", second, sender=BOB, value=10 * TOKEN)
    staking.send("undelegate", second, 10 * TOKEN - 1, sender=BOB)
    assert staking.end_block(0, (second, 6 * GWEI)) == ()
    staking.send("undelegate", second, 10**30, sender=BOB)
    staking.world.mine(RULES.unbonding_blocks)
    before = staking.world.balance(STAKING_CONTRACT)
    staking.send("withdraw", second, sender=BOB)
    assert before - staking.world.balance(STAKING_CONTRACT) > 9 * TOKEN
    assert staking.delegation(second, BOB) == (0, 0, (), ())


def test_an_absent_validator_loses_nothing_and_comes_back(staking: Validators) -> None:
    second = staking.create(2, 300 * TOKEN, ALICE)
    assert staking.end_block(0, (second, ABSENCE_GWEI)) == ()
    assert staking.status(second) is Status.ABSENT
    assert staking.active() == [(FIRST_KEY, 1_000)]
    assert staking.delegation(second, ALICE)[0] == 300 * TOKEN
    staking.send("rejoin", second, sender=ALICE)
    assert staking.active() == [(FIRST_KEY, 1_000), (public_key(2), 300)]


def test_slashing_a_known_validator_never_fails(staking: Validators) -> None:
    """0G's protocol stops at the first failure, so one must not shield those behind it."""
    second = staking.create(2, 300 * TOKEN, ALICE)
    staking.send("exit", second, sender=ALICE)
    ends = [(second, 1), (second, 10**15), (second, ABSENCE_GWEI), (FIRST, 10 * GWEI)]
    assert staking.end_block(0, *ends) == ()
    assert staking.status(FIRST) is Status.SLASHED
    assert staking.active() == []


def test_with_nobody_active_the_reward_stays_undistributed(staking: Validators) -> None:
    staking.end_block(0, (FIRST, 10 * GWEI))
    assert staking.end_block(5) == ()
    assert staking.contract.read("rewardPerStake") == 0


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_the_contract_can_pay_everybody(
    staking: Validators, seed: int, refused: Any
) -> None:
    """Random steps; balance covers stake, unbonding and rewards, and the ranking stays in order."""
    from random import Random

    random = Random(seed)
    known = [FIRST]
    steps: list[Callable[[], Any]] = [
        lambda: known.append(
            staking.create(len(known) + 1, random.randrange(100, 500) * TOKEN, random.randrange(4))
        ),
        lambda: staking.send(
            "delegate",
            random.choice(known),
            sender=random.randrange(4),
            value=random.randrange(1, 10**20),
        ),
        lambda: staking.send(
            "undelegate",
            random.choice(known),
            random.randrange(1, 10**20),
            sender=random.randrange(4),
        ),
        lambda: staking.send("exit", random.choice(known), sender=random.randrange(4)),
        lambda: staking.send("rejoin", random.choice(known), sender=random.randrange(4)),
        lambda: staking.send("withdraw", random.choice(known), sender=random.randrange(4)),
        lambda: staking.end_block(
            random.randrange(1, 10**9),
            *([(random.choice(known), random.choice((1, 10**9)))] if random.random() < 0.3 else []),
        ),
    ]
    for _ in range(60):
        try:
            random.choice(steps)()
        except refused:
            continue
        _check_books(staking, known)


def _check_books(staking: Validators, known: list[ValidatorAddress]) -> None:
    ranked = staking.ranked()
    standings = {who: staked_validator(staking.world.state, who) for who in known}
    stakes = [standings[ValidatorAddress(who)].stake_wei for who in ranked]
    assert stakes == sorted(stakes, reverse=True)
    assert {who for who in known if standings[who].status is Status.RANKED} == set(ranked)
    active = set(ranked[: RULES.max_active])
    assert {who for who in known if standings[who].standing.is_active} == active
    assert staking.contract.read("activeStake") == sum(stakes[: RULES.max_active])
    owed = sum(standing.effective_stake_wei for standing in standings.values())
    owed += sum(staking.delegation(who, account)[1] for who in known for account in range(4))
    assert owed <= staking.world.balance(STAKING_CONTRACT)
