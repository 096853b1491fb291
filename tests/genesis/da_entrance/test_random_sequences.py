"""Random sequences of right, tampered and malformed calls of every function, on precompile and contract."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

ROOTS = [bytes([n]) * 32 for n in (1, 2)]
WORDS = st.one_of(st.integers(0, 3), st.integers(0, 2**256 - 1), st.just(2**256 - 1))
SMALL = st.one_of(st.integers(0, 100), st.sampled_from([2**32 - 1, 2**64 - 1]))
SIGNERS = st.sampled_from([(0, 1, 2), (0, 1, 2), (0, 1, 2, 3), (1, 2, 3), (0, 1), (3,)])
BLOCKS = st.sampled_from([0] * 24 + [1, 1, 10, 30, 31, 41, 100])
QUICK, LONG = 20, 400
STEPS_MAX = 14

Draw = Callable[[st.SearchStrategy[Any]], Any]


def tampered(draw: Draw, submission: Any) -> Any:
    """Mostly as it was signed."""
    x, y = submission.signature
    (a, b), (c, d) = submission.key_g2
    changes: list[dict[str, Any]] = [
        {"signature": (x, y + 1)},
        {"signature": draw(st.tuples(WORDS, WORDS))},
        {"key_g2": ((a, b), (c, draw(WORDS)))},
        {"key_g2": ((b, a), (d, c))},
        {"bitmap": submission.bitmap[draw(st.sampled_from([1, 48])) :]},
        {"bitmap": bytes([submission.bitmap[0] ^ 0xFF]) + submission.bitmap[1:]},
        {"commitment": draw(st.tuples(WORDS, WORDS))},
        {"epoch": draw(st.integers(0, 3))},
        {"epoch": 2**64 + 1},
        {"quorum_id": draw(st.integers(0, 3))},
        {"data_root": draw(st.sampled_from(ROOTS))},
    ]
    return replace(submission, **draw(st.sampled_from([{}] * 12 + changes)))


class Steps:
    """Draws calls that make sense in the state in which the chains are."""

    def __init__(self, entrances: Any, pair: Any, piece: Any, draw: Draw) -> None:
        self._entrances, self._pair, self._piece, self._draw = entrances, pair, piece, draw

    def next(self) -> tuple[str, list[Any], int]:
        """Function, arguments, value."""
        groups = [self._commit, self._sample, self._pay, self._set, self._role, self._read]
        name, arguments, value = self._draw(st.sampled_from(groups))()
        return name, arguments, value

    def _submission(self) -> Any:
        draw = self._draw
        epoch = draw(st.sampled_from([1, 1, max(1, self._epoch())]))
        root = draw(st.sampled_from([*ROOTS, self._piece.data_root]))
        submission = self._entrances.signed(
            self._pair, root, epoch, draw(st.integers(0, 1)), draw(SIGNERS)
        )
        return tampered(draw, submission).arguments()

    def _epoch(self) -> int:
        ledger = self._pair.native.ledger
        return int(self._entrances.epochs.current_epoch(ledger))

    def _commit(self) -> tuple[str, list[Any], int]:
        if self._draw(st.booleans()):
            return "verify", [self._submission()], 0
        count = self._draw(st.integers(0, 2))
        return "submitVerifiedCommitRoots", [[self._submission() for _ in range(count)]], 0

    def _sample(self) -> tuple[str, list[Any], int]:
        layout = self._entrances.layout
        seed = self._pair.native.ledger.slot(self._entrances.ENTRANCE, layout.SAMPLE_SEED)
        fields = list(
            self._piece.response(
                seed.to_bytes(32, "big"), 1, self._draw(st.sampled_from([0, 0, 1]))
            )
        )
        place = self._draw(st.sampled_from([None] * 15 + list(range(10))))
        if place is not None:
            fields[place] = self._other_field(place, fields[place])
        return "submitSamplingResponse", [tuple(fields)], 0

    def _other_field(self, place: int, value: Any) -> Any:
        draw = self._draw
        if place in (0, 6):
            return draw(st.sampled_from([*ROOTS, bytes(32)]))
        if place in (1, 2, 3, 4):
            return draw(st.one_of(st.integers(0, 40), st.sampled_from([3_072, 2**32 - 1])))
        if place == 5:
            return draw(WORDS)
        if place in (7, 8):
            return value[1:] + (value[:1] if place == 7 else [])
        return draw(st.sampled_from([value[:-1], value + b"\0", b"", value[:-1] + b"\0"]))

    def _pay(self) -> tuple[str, list[Any], int]:
        draw, account = self._draw, self._account()
        value = draw(st.sampled_from([0, 1, 1_000, 10**7]))
        return draw(
            st.sampled_from(
                [
                    (
                        "submitOriginalData",
                        [draw(st.lists(st.sampled_from(ROOTS), max_size=3))],
                        value,
                    ),
                    ("donate", [], value),
                    ("sync", [], 0),
                    ("syncFixedTimes", [draw(st.integers(0, 3))], 0),
                    ("sampleTask", [], 0),
                    ("sampleRange", [], 0),
                    ("withdrawPayments", [account], 0),
                ]
            )
        )

    def _set(self) -> tuple[str, list[Any], int]:
        draw = self._draw
        small = ["setRoundSubmissions", "setEpochWindowSize", "setRewardRatio", "setSamplePeriod"]
        large = ["setBaseReward", "setBlobPrice", "setServiceFeeRate"]
        name = draw(st.sampled_from([*small, *large, "setTreasury", "initialize"]))
        if name == "setTreasury":
            return name, [self._account()], 0
        if name == "initialize":
            return name, [], 0
        # A period of 0 makes the next sync use up all gas, on both sides, and take its time for it.
        values = st.one_of(SMALL, st.just(3)) if name in small else st.one_of(SMALL, WORDS)
        return name, [max(1, draw(values)) if name == "setSamplePeriod" else draw(values)], 0

    def _role(self) -> tuple[str, list[Any], int]:
        draw, role = self._draw, self._role_id()
        name = draw(st.sampled_from(["grantRole", "revokeRole", "renounceRole"]))
        return name, [role, self._account()], 0

    def _read(self) -> tuple[str, list[Any], int]:
        draw, root = self._draw, self._draw(st.sampled_from([*ROOTS, self._piece.data_root]))
        place = [root, draw(st.integers(0, 2)), draw(st.integers(0, 2))]
        return draw(
            st.sampled_from(
                [
                    ("verifiedErasureCommitment", place, 0),
                    ("commitmentExists", place, 0),
                    ("latestCommitment", [root], 0),
                    ("payments", [self._account()], 0),
                    ("hasRole", [self._role_id(), self._account()], 0),
                    ("getRoleAdmin", [self._role_id()], 0),
                    ("getRoleMember", [self._role_id(), draw(st.integers(0, 3))], 0),
                    ("getRoleMemberCount", [self._role_id()], 0),
                    ("getRoleMembers", [self._role_id()], 0),
                    ("supportsInterface", [draw(st.binary(min_size=4, max_size=4))], 0),
                    (
                        "verifyChunk",
                        [root, ROOTS + ROOTS[:1], 5, ROOTS * 8 + ROOTS[:1], root * 8],
                        0,
                    ),
                ]
            )
        )

    def _account(self) -> str:
        entrances = self._entrances
        signers = [entrances.signer_address(one) for one in range(2)]
        known = [entrances.ADMIN, entrances.STRANGER, *signers]
        return str(entrances.checksummed(self._draw(st.sampled_from(known))))

    def _role_id(self) -> bytes:
        admin = self._entrances.keccak(b"PARAMS_ADMIN_ROLE")
        return bytes(self._draw(st.sampled_from([admin, admin, bytes(32), b"\x05" * 32])))


def malformed(draw: Draw, data: bytes) -> bytes:
    """Mostly as it was; sometimes cut, lengthened, or with a word that is another."""
    kind = draw(st.sampled_from(["right"] * 30 + ["cut", "longer", "word", "word", "bit"]))
    if kind == "cut":
        return data[: draw(st.integers(0, len(data)))]
    if kind == "longer":
        return data + draw(st.binary(max_size=40))
    if len(data) < 36 or kind == "right":
        return data
    at = 4 + 32 * draw(st.integers(0, (len(data) - 36) // 32))
    if kind == "word":
        value = draw(st.one_of(WORDS, st.sampled_from([2**63, 2**64, 2**160, 32, 64, 384])))
        return data[:at] + encode(["uint256"], [value]) + data[at + 32 :]
    bit = draw(st.integers(0, 255))
    flipped = int.from_bytes(data[at : at + 32], "big") ^ (1 << bit)
    return data[:at] + flipped.to_bytes(32, "big") + data[at + 32 :]


def run_sequence(entrances: Any, sampling: tuple[Any, Any], data: st.DataObject) -> None:
    """Everything is compared after every call: answers, logs, storage, balances; gas is below."""
    prepared, piece = sampling
    pair = prepared.copy()
    steps = Steps(entrances, pair, piece, data.draw)
    for _ in range(data.draw(st.integers(1, STEPS_MAX))):
        pair.number += data.draw(BLOCKS)
        name, arguments, value = steps.next()
        call = malformed(data.draw, entrances.call_data(name, *arguments))
        likely = [entrances.ADMIN] * 6 + [entrances.STRANGER, entrances.HELPER]
        is_static = value == 0 and data.draw(st.sampled_from([False] * 7 + [True]))
        receipt = pair.agree(
            call,
            sender=data.draw(st.sampled_from(likely)),
            value=data.draw(st.sampled_from([value] * 15 + [1])) if not is_static else 0,
            to=entrances.FORWARDER if is_static else entrances.ENTRANCE,
        )
        event(f"{name}: {'answered' if receipt.succeeded else receipt.error}")
    for name, entry in entrances.FUNCTIONS.items():
        if not entry["inputs"] and entry["stateMutability"] in ("view", "pure"):
            pair.call(name)


@given(st.data())
@settings(
    max_examples=QUICK, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
def test_precompile_and_contract_do_the_same(
    entrances: Any, sampling_start: tuple[Any, Any], data: st.DataObject
) -> None:
    run_sequence(entrances, sampling_start, data)
    assert sampling_start[0].number == 60


@pytest.mark.slow
@given(st.data())
@settings(max_examples=LONG, deadline=None, suppress_health_check=list(HealthCheck))
def test_precompile_and_contract_do_the_same_for_long(
    entrances: Any, sampling_start: tuple[Any, Any], data: st.DataObject
) -> None:
    run_sequence(entrances, sampling_start, data)
    assert sampling_start[0].number == 60
