"""The staking contract drives the validator set: joining, leaving, absence, slashing, rewards."""

from dataclasses import replace
from typing import Any

from chain.blocks import decode_block, encode_block
from chain.staking import STAKING_CONTRACT, WEI_PER_POWER
from chain.state import StateAt
from consensus.block_parts import evidence_hash
from consensus.evidence import encode_evidence
from consensus.header import ConsensusBlock
from consensus.signatures import public_key_of
from consensus.validators import address_of
from genesis.staking.layout import Status

SECRETS = [bytes([index]) * 32 for index in (1, 2, 3, 4)]
ADDRESSES = [address_of(public_key_of(secret)) for secret in SECRETS]
NEWCOMER = bytes([9]) * 32
NEW_ADDRESS = address_of(public_key_of(NEWCOMER))
TOKEN = WEI_PER_POWER


def hex_of(address: bytes) -> str:
    return f"0x{address.hex()}"


def slashed(block: ConsensusBlock) -> list[tuple[bytes, int]]:
    return [(entry.address, entry.amount) for entry in decode_block(block.payload).slashed]


def test_a_change_in_block_h_takes_part_from_h_plus_2(cluster: Any, run: Any) -> None:
    async def main() -> None:
        await cluster.decide()
        await cluster.create(NEWCOMER, 2_000 * TOKEN)
        joined_in = (await cluster.decide()).header.height
        for _ in range(8):
            await cluster.decide()
        members = [NEW_ADDRESS in validators for validators in cluster.sets]
        assert members == [height >= joined_in + 2 for height in range(1, cluster.height + 1)]
        newest = cluster.sets[-1]
        assert newest.power_of(NEW_ADDRESS) == 2_000
        assert newest.total_power == 6_000
        proposers = [block.header.proposer for block in cluster.blocks[joined_in + 1 :]]
        assert proposers.count(NEW_ADDRESS) == 2, "two turns of six, by its power"

    run(main)


def test_headers_name_this_set_and_the_next(cluster: Any, run: Any) -> None:
    async def main() -> None:
        await cluster.create(NEWCOMER, 500 * TOKEN)
        for _ in range(4):
            await cluster.decide()
        hashes = [validators.hash() for validators in cluster.sets]
        headers = [block.header for block in cluster.blocks]
        assert [header.validators_hash for header in headers] == hashes
        assert [h.next_validators_hash for h in headers[:-1]] == hashes[1:]
        assert len(set(hashes)) == 2

    run(main)


def test_a_block_that_names_another_next_set_is_refused(cluster: Any, run: Any) -> None:
    async def main() -> str:
        await cluster.create(NEWCOMER, 500 * TOKEN)
        await cluster.decide()
        block = await cluster.propose()
        own = cluster.any_host.next_validators.hash()
        wrong = replace(block, header=replace(block.header, next_validators_hash=own))
        verdict = await cluster.any_host.check(wrong)
        assert verdict is not None
        return str(verdict)

    assert run(main).startswith("next validators hash")


def test_a_restarted_node_knows_the_sets(cluster: Any, run: Any) -> None:
    async def main() -> None:
        await cluster.create(NEWCOMER, 500 * TOKEN)
        await cluster.decide()
        for _ in range(3):
            again = cluster.open_host(ADDRESSES[1])
            assert again.next_validators == cluster.any_host.next_validators
            cluster.hosts[ADDRESSES[1]] = again
            await cluster.decide(absent=SECRETS[3:])
        assert cluster.any_host.set_of(1).hash() == cluster.sets[0].hash()
        assert cluster.any_host.set_of(4).hash() == cluster.sets[3].hash()
        assert cluster.any_host.set_of(99) is None

    run(main)


def test_an_exit_takes_effect_two_blocks_later(cluster: Any, run: Any) -> None:
    async def main() -> None:
        await cluster.send("exit", hex_of(ADDRESSES[2]))
        for _ in range(4):
            await cluster.decide()
        assert [ADDRESSES[2] in validators for validators in cluster.sets] == [
            True, True, False, False,
        ]  # fmt: skip

    run(main)


def test_who_misses_too_many_blocks_in_a_row_is_left_out_and_comes_back(
    cluster: Any, run: Any
) -> None:
    """The limit is three; certificates of heights 1 to 3 lack it, block 4 tells."""
    absent = SECRETS[3]

    async def main() -> None:
        for _ in range(3):
            assert slashed(await cluster.decide(absent=[absent])) == []
        fourth = await cluster.decide(absent=[absent])
        assert slashed(fourth) == [(ADDRESSES[3], 1)]
        assert cluster.staked(ADDRESSES[3]).status is Status.ABSENT
        assert cluster.staked(ADDRESSES[3]).stake_wei == 1_000 * TOKEN, "nothing is taken"
        for _ in range(3):
            assert slashed(await cluster.decide(absent=[absent])) == []
        await cluster.send("rejoin", hex_of(ADDRESSES[3]))
        for _ in range(5):
            assert slashed(await cluster.decide()) == []
        members = [ADDRESSES[3] in validators for validators in cluster.sets]
        assert members == [True] * 5 + [False] * 4 + [True] * 3

    run(main)


def test_who_comes_back_at_once_begins_with_no_absences(cluster: Any, run: Any) -> None:
    absent = SECRETS[3]

    async def main() -> None:
        for _ in range(3):
            await cluster.decide(absent=[absent])
        assert slashed(await cluster.decide(absent=[absent])) == [(ADDRESSES[3], 1)]
        await cluster.send("rejoin", hex_of(ADDRESSES[3]))
        assert slashed(await cluster.decide(absent=[absent])) == []
        for _ in range(4):
            assert slashed(await cluster.decide()) == []
        assert cluster.staked(ADDRESSES[3]).status is Status.RANKED

    run(main)


def test_whose_blocks_are_decided_is_present_though_its_votes_come_too_late(
    cluster: Any, make_cluster: Any, run: Any
) -> None:
    """Of four it has one turn in four heights, so three in a row are its longest absence."""
    slow = ADDRESSES[3]
    cluster = make_cluster(replace(cluster.document.config.staking, missed_blocks_limit=4))

    async def main() -> None:
        for _ in range(12):
            block = await cluster.propose()
            validators = cluster.any_host.next_validators
            certificate = cluster.certificate(block, validators, [SECRETS[3]])
            for host in cluster.hosts.values():
                assert await host.check(block) is None
                await host.commit(block, certificate)
            cluster.last = certificate
        assert cluster.staked(slow).status is Status.RANKED

    run(main)


def test_signing_once_or_proposing_begins_the_count_anew(cluster: Any, run: Any) -> None:
    async def main() -> None:
        for number in range(9):
            await cluster.decide(absent=[] if number % 3 == 2 else [SECRETS[3]])
        assert cluster.staked(ADDRESSES[3]).status is Status.RANKED

    run(main)


def test_a_restart_forgets_no_absence(cluster: Any, run: Any) -> None:
    async def main() -> None:
        for _ in range(3):
            await cluster.decide(absent=[SECRETS[3]])
        cluster.hosts[ADDRESSES[0]] = cluster.open_host(ADDRESSES[0])
        assert slashed(await cluster.decide(absent=[SECRETS[3]])) == [(ADDRESSES[3], 1)]

    run(main)


def test_evidence_slashes_the_offender_once_and_it_leaves(cluster: Any, run: Any) -> None:
    """2 % of 1,000 0G."""
    offender = ADDRESSES[1]

    async def main() -> None:
        await cluster.decide()
        piece = cluster.evidence(offender, 1)
        for host in cluster.hosts.values():
            host.judge_evidence(piece)
            host.evidence.add(piece)
        block = await cluster.decide()
        assert block.evidence == (encode_evidence(piece),)
        assert slashed(block) == [(offender, 20 * 10**9)]
        assert cluster.staked(offender).status is Status.SLASHED
        assert cluster.staked(offender).stake_wei == 980 * TOKEN
        assert all(host.evidence.all() == () for host in cluster.hosts.values())
        for _ in range(3):
            assert (await cluster.decide()).evidence == ()
        members = [offender in validators for validators in cluster.sets]
        assert members == [True, True, True, False, False]

    run(main)


async def verdict_on(cluster: Any, *pieces: bytes) -> str:
    """What a validator says of the next block with that evidence."""
    block = await cluster.propose()
    header = replace(block.header, evidence_hash=evidence_hash(pieces))
    return str(await cluster.any_host.check(replace(block, header=header, evidence=pieces)))


def test_evidence_that_no_block_may_carry_makes_it_invalid(cluster: Any, run: Any) -> None:
    async def main() -> None:
        for _ in range(8):
            await cluster.decide()
        good = [encode_evidence(cluster.evidence(who, 8)) for who in sorted(ADDRESSES)]
        early = encode_evidence(cluster.evidence(ADDRESSES[0], 9))
        late = encode_evidence(cluster.evidence(ADDRESSES[0], 2))
        stranger = encode_evidence(cluster.evidence(NEW_ADDRESS, 8))
        forged = bytearray(good[0])
        forged[-1] ^= 1
        assert "of height 9, expected 3 to 8" in await verdict_on(cluster, early)
        assert "of height 2, expected 3 to 8" in await verdict_on(cluster, late)
        assert "is unknown: there is nobody to slash" in await verdict_on(cluster, stranger)
        assert "ascending order" in await verdict_on(cluster, good[1], good[0])
        assert "ascending order" in await verdict_on(cluster, good[0], good[0])
        assert (await verdict_on(cluster, bytes(forged))).startswith("its evidence: ")
        assert "its evidence: " in await verdict_on(cluster, b"it was him")
        slashes = await verdict_on(cluster, good[0])
        assert "slashed: got" in slashes, "evidence without the slashing that follows"

    run(main)


def test_an_entry_that_nothing_prescribes_makes_the_block_invalid(cluster: Any, run: Any) -> None:
    async def main() -> None:
        block = await cluster.propose()
        payload = decode_block(block.payload)
        [reward] = payload.withdrawals
        assert (reward.address, reward.amount) == (STAKING_CONTRACT, 10**9)
        for changed in (
            replace(payload, withdrawals=()),
            replace(payload, withdrawals=(replace(reward, amount=2 * 10**9),)),
            replace(payload, slashed=(reward,)),
        ):
            assert await verdict_with_payload(cluster, block, encode_block(changed)) is not None
        assert await cluster.any_host.check(block) is None

    run(main)


async def verdict_with_payload(cluster: Any, block: ConsensusBlock, payload: bytes) -> Any:
    return await cluster.any_host.check(replace(block, payload=payload))


def test_rewards_of_every_block_are_the_stakers(cluster: Any, run: Any) -> None:
    async def main() -> int:
        for _ in range(4):
            await cluster.decide()
        with cluster.stores[ADDRESSES[0]].snapshot() as snapshot:
            return int(StateAt(snapshot).account(STAKING_CONTRACT).balance)

    assert run(main) == 4_000 * TOKEN + 4 * TOKEN


def test_without_staking_the_set_is_fixed_and_evidence_is_refused(
    make_cluster: Any, run: Any
) -> None:
    cluster = make_cluster(rules=None)

    async def main() -> str:
        for _ in range(5):
            block = await cluster.decide(absent=[SECRETS[3]])
            assert decode_block(block.payload).withdrawals == ()
        assert len(cluster.sets[-1]) == 4
        return await verdict_on(cluster, encode_evidence(cluster.evidence(ADDRESSES[0], 5)))

    assert "takes no evidence" in run(main)


def test_when_everybody_active_was_slashed_the_old_set_goes_on(cluster: Any, run: Any) -> None:
    async def main() -> None:
        await cluster.decide()
        for who in ADDRESSES:
            cluster.hosts[who].evidence.add(cluster.evidence(who, 1))
            for host in cluster.hosts.values():
                host.evidence.add(cluster.evidence(who, 1))
        assert len(slashed(await cluster.decide())) == 4
        for _ in range(3):
            await cluster.decide()
        assert len(cluster.sets[-1]) == 4

    run(main)
