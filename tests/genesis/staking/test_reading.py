"""The set that is read from the contract's storage is the one that the document names."""

from coincurve import PrivateKey

from chain.key_value import MemoryStore
from chain.state import StateAt, prepare_update, write_update
from consensus.validators import TOTAL_POWER_MAX, ValidatorSet
from consensus.values import ValidatorAddress
from genesis.document import load_document
from genesis.networks import devnet_document
from genesis.staking.layout import Status
from genesis.staking.reading import active_validators, powers_of, revision_of, staked_validator

KEYS = [PrivateKey(number.to_bytes(32, "big")).public_key.format() for number in range(1, 9)]


def test_the_first_set_is_the_documents() -> None:
    document = load_document(devnet_document([(key, "") for key in KEYS]))
    store = MemoryStore()
    with store.write() as batch:
        write_update(batch, 0, prepare_update(batch, document.alloc))
    with store.snapshot() as snapshot:
        reader = StateAt(snapshot)
        assert ValidatorSet.of(active_validators(reader)).hash() == document.validators.hash()
        standing = staked_validator(reader, document.validators.addresses[0])
        stranger = staked_validator(reader, ValidatorAddress(bytes(20)))
        assert revision_of(reader) == 1
    assert standing.status is Status.RANKED
    assert standing.owner == document.config.owner
    assert standing.effective_stake_wei == 1_000 * 10**18
    assert stranger.status is Status.UNKNOWN


def test_power_is_whole_0g_and_never_too_much_to_count() -> None:
    assert powers_of([5 * 10**18 + 1, 10**18 - 1]) == [5, 1]
    huge = powers_of([2**250, 2**249, 10**18])
    assert sum(huge) <= TOTAL_POWER_MAX
    assert huge[0] == 2 * huge[1]
    assert huge[2] == 1
