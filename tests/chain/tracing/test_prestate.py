"""prestateTracer: what a transaction found, and what it left."""

from typing import Any

from eth_hash.auto import keccak

from chain.forks.fork import Fork
from chain.transactions import decode_transaction

ETHER = 10**18


def hexed(address: bytes) -> str:
    return "0x" + address.hex()


def word(number: int) -> str:
    return f"0x{number:064x}"


def test_accounts_and_slots_are_as_they_were_before_anything_was_charged(stage: Any) -> None:
    code = bytes.fromhex("6005600155600254")
    stage.put({stage.ONE: code}, balance=2, nonce=1, slots={1: 9})
    assert stage.trace("prestateTracer", value=7) == {
        hexed(stage.alice): {"balance": hex(1_000 * ETHER)},
        hexed(stage.ONE): {
            "balance": "0x2",
            "nonce": 1,
            "code": hexed(code),
            "codeHash": hexed(keccak(code)),
            "storage": {word(1): word(9), word(2): word(0)},
        },
    }


def test_options_leave_out_code_and_storage_and_let_empty_accounts_in(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("600154") + stage.push(stage.TWO) + b"\x31"})
    trace = stage.trace("prestateTracer", {"disableCode": True, "disableStorage": True})
    assert trace[hexed(stage.ONE)].keys() == {"balance", "codeHash"}
    assert hexed(stage.TWO) not in trace
    trace = stage.trace("prestateTracer", {"includeEmpty": True})
    assert trace[hexed(stage.TWO)] == {"balance": "0x0"}
    assert hexed(stage.world.environment.coinbase) in trace


def test_calls_look_at_their_targets_and_at_delegates(stage: Any) -> None:
    stage.put(
        {
            stage.ONE: stage.calling(0xFA, stage.TWO),
            stage.TWO: b"\xef\x01\x00" + stage.THREE,
            stage.THREE: b"\x00",
        }
    )
    assert hexed(stage.THREE) in stage.trace("prestateTracer")


def test_an_opcode_that_could_not_be_paid_has_looked_at_nothing(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("600154")}, slots={1: 9})
    trace = stage.trace("prestateTracer", gas_limit=stage.INTRINSIC + 1_000)
    assert "storage" not in trace[hexed(stage.ONE)]
    trace = stage.trace("prestateTracer")
    assert trace[hexed(stage.ONE)]["storage"] == {word(1): word(9)}


def test_differences_name_what_changed_alone(stage: Any) -> None:
    """Slot 1 changes, 2 is read, 3 is cleared, 4 is set and set back."""
    code = bytes.fromhex("60056001556002545f6003556009600455600460045500")
    stage.put({stage.ONE: code}, balance=2, slots={1: 9, 2: 8, 3: 7, 4: 4})
    trace = stage.trace("prestateTracer", {"diffMode": True})
    one = hexed(stage.ONE)
    assert trace["pre"][one] == {
        "balance": "0x2",
        "code": hexed(code),
        "codeHash": hexed(keccak(code)),
        "storage": {word(1): word(9), word(3): word(7)},
    }
    assert trace["post"][one] == {"storage": {word(1): word(5)}}
    assert trace["post"][hexed(stage.alice)] == {"nonce": 1}
    assert hexed(stage.world.environment.coinbase) not in trace["pre"]


def test_what_a_failed_transaction_changed_is_no_difference(stage: Any) -> None:
    stage.put({stage.ONE: bytes.fromhex("6005600155fe")}, slots={1: 9})
    trace = stage.trace("prestateTracer", {"diffMode": True})
    assert hexed(stage.ONE) not in trace["pre"]
    assert hexed(stage.ONE) not in trace["post"]


def test_a_new_contract_is_in_post_alone_and_a_destroyed_one_in_pre_alone(stages: Any) -> None:
    stage = stages(Fork.SHANGHAI)
    # One byte of code, in an account made by CREATE; then the creator destroys itself.
    creation = stage.push(bytes.fromhex("60015ff3")) + b"\x5f\x52" + bytes.fromhex("6004601c5ff050")
    stage.put({stage.ONE: creation + stage.push(stage.TWO) + b"\xff"}, nonce=1, balance=5)
    trace = stage.trace("prestateTracer", {"diffMode": True}, gas_limit=200_000)
    assert hexed(stage.ONE) in trace["pre"]
    assert hexed(stage.ONE) not in trace["post"]
    assert trace["post"][hexed(stage.TWO)] == {"balance": "0x5"}
    (made,) = [address for address, after in trace["post"].items() if after.get("code") == "0x00"]
    assert trace["post"][made]["nonce"] == 1
    assert made not in trace["pre"]


def test_since_cancun_an_old_contract_stays_and_is_different(stage: Any) -> None:
    """EIP-6780."""
    stage.put({stage.ONE: stage.push(stage.TWO) + b"\xff"}, balance=5)
    trace = stage.trace("prestateTracer", {"diffMode": True})
    assert trace["post"][hexed(stage.ONE)] == {"balance": "0x0"}


def test_create2_looks_where_its_contract_will_be(stage: Any) -> None:
    """Init code from memory that has not grown yet."""
    stage.put({stage.ONE: bytes.fromhex("600760205f5ff5")})
    trace = stage.trace("prestateTracer", {"includeEmpty": True})
    salt, init = (7).to_bytes(32, "big"), bytes(32)
    made = keccak(b"\xff" + stage.ONE + salt + keccak(init))[-20:]
    assert trace[hexed(made)] == {"balance": "0x0"}


def test_those_who_authorize_are_looked_at(stage: Any) -> None:
    signed = stage.world.alice.sign(
        0,
        stage.ONE,
        gas=100_000,
        authorizations=[stage.world.bob.authorize(stage.TWO, 0)],
    )
    authorizations = decode_transaction(signed.encoded).authorization_list
    bob = hexed(stage.world.bob.address)
    stage.world.ledger.put(stage.world.bob.address, balance=3)
    trace = stage.trace("prestateTracer", {"diffMode": True}, authorization_list=authorizations)
    assert trace["pre"][bob] == {"balance": "0x3"}
    assert trace["post"][bob]["nonce"] == 1
    assert trace["post"][bob]["code"] == "0xef0100" + stage.TWO.hex()
