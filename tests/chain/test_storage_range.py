"""Parts of a contract's storage: in the trie's order, at any block, complete."""

from random import Random
from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from chain import storage_range as module
from chain.storage_range import StorageRange, TooManySlots

KEEPER = Address(b"\x55" * 20)
# Slot and value from the call data.
KEEPING = bytes.fromhex("602035 5f35 55")


def keep(slot: int, value: int) -> bytes:
    return slot.to_bytes(32, "big") + value.to_bytes(32, "big")


@pytest.fixture
def kept(make_setting: Any) -> tuple[Any, list[dict[int, int]]]:
    """Blocks of random writes, and the storage after each."""
    setting, random = make_setting(codes={KEEPER: KEEPING}), Random(4)
    storage: dict[int, int] = {}
    after = [{}]
    for nonce in range(0, 24, 2):
        calls = []
        for offset in range(2):
            slot, value = random.randrange(8), random.choice((0, 1, 2**255))
            storage[slot] = value
            data = keep(slot, value)
            calls.append(
                setting.keys[0].sign(nonce + offset, to=KEEPER, data=data, gas_limit=100_000)
            )
        setting.extend(*calls)
        after.append({slot: value for slot, value in storage.items() if value})
    return setting, after


def whole(view: Any, number: int, index: int, size: int) -> dict[int, int]:
    """In parts of that size, each beginning where the last one said."""
    found: list[tuple[bytes, int, int]] = []
    first: bytes | None = b""
    while first is not None:
        part: StorageRange = view.storage_range(number, index, KEEPER, first, size)
        assert len(part.slots) <= size
        found += part.slots
        first = part.next_hash
    assert found == sorted(found)
    assert all(name == keccak(slot.to_bytes(32, "big")) for name, slot, _ in found)
    return {slot: value for _, slot, value in found}


def test_parts_make_the_storage_before_any_transaction(kept: Any) -> None:
    setting, after = kept
    with setting.queries.view() as view:
        for number in range(1, len(after)):
            for size in (1, 3, 100):
                assert whole(view, number, 0, size) == after[number - 1]
            halfway = whole(view, number, 1, 2)
            block = view.find_block(number)
            data = block.transactions[0].data
            expected = after[number - 1] | {data[31]: int.from_bytes(data[32:], "big")}
            assert halfway == {slot: value for slot, value in expected.items() if value}


def test_a_contract_with_too_many_slots_is_refused(
    kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    setting, _ = kept
    monkeypatch.setattr(module, "SLOTS_MAX", 3)
    with setting.queries.view() as view, pytest.raises(TooManySlots):
        view.storage_range(5, 0, KEEPER, b"", 1)
