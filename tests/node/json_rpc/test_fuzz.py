"""Whatever anybody sends, every method answers: no 500, no crash in the log, no hang, JSON-RPC's shape.

Arguments come from the schemas of the OpenRPC document, from values that mean something on this chain,
and from garbage.
"""

import http.client
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.sync.client import connect

from chain.transactions import decode_transaction
from node.json_rpc.openrpc import openrpc_document
from node.json_rpc.table import all_methods

CALLS_PER_BATCH = 12
EXAMPLES = int(os.environ.get("ZEROG_FUZZ_EXAMPLES", "4"))
SLOW_EXAMPLES = 150
ANSWER_SECONDS_MAX = 60.0
INTERNAL_ERROR = -32603
PROBE = "0x" + "77" * 20
DOCUMENT = openrpc_document(list(all_methods().values()), "1")
PARAMS = {method["name"]: method["params"] for method in DOCUMENT["methods"]}
numbers = st.one_of(
    st.integers(0, 40), st.sampled_from([2**32, 2**63 - 1, 2**64 - 1, 2**64, 2**256 - 1, 2**256])
).map(hex)
meaningful = st.one_of(
    numbers,
    st.sampled_from(["latest", "earliest", "pending", "safe", "finalized", "newHeads", "logs"]),
    st.sampled_from([PROBE, "0x" + "00" * 20, "0x" + "00" * 19 + "01", "0x" + "0f" * 20]),
    st.sampled_from(["0x", "0x00", "0x" + "ab" * 32, "0x" + "00" * 32, "0x5b600056", "0xc0"]),
    st.sampled_from(["callTracer", "prestateTracer", "4byteTracer", "muxTracer", "flatCallTracer"]),
    st.booleans(),
)
garbage = st.one_of(
    st.none(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.just("0x" + "f" * 5_000),
    st.from_regex(r"0[xX][0-9a-fA-F]{0,70}", fullmatch=True),
    st.binary(max_size=80).map(lambda raw: "0x" + raw.hex()),
)
leaves = st.one_of(meaningful, garbage)
keys = st.one_of(st.sampled_from([PROBE, "0x0", "from", "data", "tracer"]), st.text(max_size=8))
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=12,
)
addresses = st.sampled_from(
    [PROBE, "0x" + "00" * 20, "0x" + "00" * 19 + "01", "0x" + "0f" * 20, "0x" + "00" * 18 + "1000"]
)
words = st.one_of(st.integers(0, 3), st.integers(0, 2**256 - 1)).map(lambda word: f"0x{word:064x}")
code = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from(list(range(0x60)) + [0x5F] * 40 + list(range(0xF0, 256))), max_size=60
    ).map(bytes),
).map(lambda raw: "0x" + raw.hex())
flags = st.booleans()


def one_of_many(item: st.SearchStrategy[Any], most: int = 3) -> st.SearchStrategy[Any]:
    return st.lists(item, max_size=most)


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """An object with some of these fields; now and then one of them is anything."""
    spoiled = {name: st.one_of(item, item, item, item, values) for name, item in fields.items()}
    return st.one_of(
        st.fixed_dictionaries({}, optional=fields), st.fixed_dictionaries({}, optional=spoiled)
    )


ACCESS_LISTS = one_of_many(record(address=addresses, storageKeys=one_of_many(words)))
AUTHORIZATIONS = one_of_many(
    record(chainId=numbers, address=addresses, nonce=numbers, yParity=numbers, r=words, s=numbers)
)
FEES = {
    "gas": numbers, "gasPrice": numbers, "maxFeePerGas": numbers, "maxPriorityFeePerGas": numbers,
    "maxFeePerBlobGas": numbers, "value": numbers, "nonce": numbers,
}  # fmt: skip
CALLS = st.one_of(
    record(to=addresses, data=code),
    record(**FEES, to=addresses, input=code, accessList=ACCESS_LISTS),
    record(
        **{"from": addresses}, **FEES, to=addresses, data=code, authorizationList=AUTHORIZATIONS,
        blobVersionedHashes=one_of_many(words), chainId=st.sampled_from(["0x40d9", "0x1"]),
    ),
)  # fmt: skip
SLOTS = st.dictionaries(words, words, max_size=3)
OVERRIDES = st.dictionaries(
    addresses,
    record(
        balance=numbers, nonce=numbers, code=code, state=SLOTS, stateDiff=SLOTS,
        movePrecompileToAddress=addresses,
    ),
    max_size=3,
)  # fmt: skip
BLOCK_OVERRIDES = record(
    number=numbers, time=numbers, gasLimit=numbers, feeRecipient=addresses, prevRandao=words,
    baseFeePerGas=numbers, blobBaseFee=numbers, difficulty=numbers,
)  # fmt: skip
PAYLOADS = record(
    blockStateCalls=one_of_many(
        record(
            blockOverrides=st.one_of(st.just({}), BLOCK_OVERRIDES),
            stateOverrides=OVERRIDES,
            calls=one_of_many(CALLS),
        )
    ),
    traceTransfers=flags,
    validation=flags,
    returnFullTransactions=flags,
)
FILTERS = record(
    fromBlock=numbers, toBlock=st.one_of(numbers, st.just("latest")), blockHash=words,
    address=st.one_of(addresses, one_of_many(addresses)),
    topics=one_of_many(st.one_of(st.none(), words, one_of_many(words)), 5),
)  # fmt: skip
TRACERS = [
    "callTracer",
    "prestateTracer",
    "4byteTracer",
    "muxTracer",
    "flatCallTracer",
    "noopTracer",
]
TRACES = record(
    tracer=st.sampled_from(TRACERS),
    tracerConfig=record(onlyTopCall=flags, withLog=flags, diffMode=flags, callTracer=st.just({})),
    timeout=st.sampled_from(["1s", "300ms", "never"]),
    enableMemory=flags,
    disableStack=flags,
    limit=st.integers(0, 5),
    stateOverrides=OVERRIDES,
    blockOverrides=BLOCK_OVERRIDES,
)
OBJECTS = {
    "transaction": CALLS,
    "stateOverrides": OVERRIDES,
    "blockOverrides": BLOCK_OVERRIDES,
    "payload": PAYLOADS,
    "filter": FILTERS,
    "slotsByAccount": st.dictionaries(addresses, one_of_many(words), max_size=3),
}
"""By what the OpenRPC document calls the parameter."""
objects = st.one_of(TRACES, CALLS, st.dictionaries(keys, values, max_size=6))


def fitting(schema: Any) -> st.SearchStrategy[Any]:
    """Values that the schema allows, most of the time."""
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    choices: list[st.SearchStrategy[Any]] = [meaningful]
    if "pattern" in schema:
        pattern = re.sub(r"\*\$$", "{0,80}$", schema["pattern"])
        choices.append(st.from_regex(pattern, fullmatch=True).map(str.strip))
    if "object" in kinds:
        choices.append(objects)
    if "array" in kinds:
        choices.append(st.lists(fitting(schema.get("items", {})), max_size=4))
    if "integer" in kinds or "number" in kinds:
        choices.append(st.integers(0, 100))
    return st.one_of(*choices)


def arguments(name: str) -> st.SearchStrategy[Any]:
    """Of one call: as described, with one of them anything, or anything at all."""
    described = [
        OBJECTS[param["name"]] if param["name"] in OBJECTS else fitting(param["schema"])
        for param in PARAMS[name]
    ]
    fits = st.tuples(*described).map(list)
    spoiled = st.tuples(*(st.one_of(item, values) for item in described)).map(list)
    shorter = st.tuples(fits, st.integers(0, 5)).map(lambda pair: pair[0][: pair[1]])
    return st.one_of(fits, fits, shorter, spoiled, st.lists(values, max_size=5), values)


class Server:
    """The JSON-RPC process over a chain with blocks, and its log."""

    def __init__(self, port: int, log: Path, head_hash: str) -> None:
        self.log, self.port, self.head_hash = log, port, head_hash
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS_MAX)

    def post(self, body: bytes) -> bytes:
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        return answer

    def check_log(self) -> None:
        logged = self.log.read_text()
        assert "Traceback" not in logged, logged[-4_000:]
        assert " failed" not in logged, logged[-4_000:]


@pytest.fixture(scope="module")
def server(node: Any, tmp_path_factory: pytest.TempPathFactory) -> Server:
    account = node.accounts[0]
    for nonce, to in enumerate((PROBE, None, "0x" + "99" * 20)):
        fields = {"to": to, "value": 0, "gas": 100_000, "data": "0x5f5ff3", "nonce": nonce}
        fees = {"chainId": 16_601, "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 10**9}
        signed = account.sign_transaction(
            {k: v for k, v in (fields | fees).items() if v is not None}
        )
        transaction = decode_transaction(bytes(signed.raw_transaction))
        node.pool.submit(transaction, bytes.fromhex(account.address[2:]), 0.0)
        node.mine()
    log = tmp_path_factory.mktemp("fuzz") / "rpc.log"
    key = account.key.hex().removeprefix("0x")
    started = node.rpc(
        log, evm_timeout_ms=200, unlocked_keys=[key], allow_unprotected_transactions=True
    )
    return Server(started.port, log, "0x" + node.chain.head.hash.hex())


def check_answer(answer: Any, identity: int, call: Any) -> None:
    assert answer.get("jsonrpc") == "2.0", (call, answer)
    assert answer["id"] == identity, (call, answer)
    assert ("result" in answer) != ("error" in answer), (call, answer)
    if "error" in answer:
        error = answer["error"]
        assert isinstance(error["code"], int)
        assert isinstance(error["message"], str)
        assert error["code"] != INTERNAL_ERROR, (call, answer)


def check_batch(server: Server, name: str, many: list[Any]) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": index, "method": name, "params": params}
        for index, params in enumerate(many)
    ]
    answers = json.loads(server.post(json.dumps(calls).encode()))
    assert len(answers) == len(calls)
    for index, (call, answer) in enumerate(zip(calls, answers, strict=True)):
        check_answer(answer, index, call)
    server.check_log()


def fuzz(server: Server, name: str, examples: int) -> None:
    many = st.lists(arguments(name), min_size=CALLS_PER_BATCH, max_size=CALLS_PER_BATCH)

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(many)
    def run(drawn: list[Any]) -> None:
        check_batch(server, name, drawn)

    run()


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_every_method_answers_whatever_it_is_asked(server: Server, name: str) -> None:
    fuzz(server, name, EXAMPLES)


USUAL: dict[str, Any] = {
    "address": PROBE, "block": "latest", "number": "0x1", "count": "0x1", "data": "0x", "flag": False,
    "transaction": {"to": PROBE}, "slot": "0x0", "slots": ["0x0"], "percentiles": [50],
    "payload": {"blockStateCalls": [{}]}, "slotsByAccount": {PROBE: ["0x0"]}, "name": "newHeads",
}  # fmt: skip
"""By parameter; an empty object for any other."""
EXTREMES: list[Any] = [
    *(hex(1 << bits) for bits in (31, 32, 63, 64, 256)),
    *(hex((1 << bits) - 1) for bits in (31, 32, 63, 64, 256)),
    "0x0", "0x" + "ff" * 20, "0x" + "00" * 20, "0x" + "ff" * 32, 0, -1, 2**63, 2**64, 1e308, "", [], {},
    [[]], [{}], None, True, "0x", "earliest", "pending",
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(PARAMS))
def test_no_extreme_value_at_any_place_breaks_a_method(server: Server, name: str) -> None:
    params = PARAMS[name]
    usual = [
        server.head_hash if param["name"] == "hash" else USUAL.get(param["name"], {})
        for param in params
    ]
    for position in range(len(params)):
        check_batch(
            server,
            name,
            [[*usual[:position], extreme, *usual[position + 1 :]] for extreme in EXTREMES],
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PARAMS))
def test_every_method_answers_whatever_it_is_asked_for_long(server: Server, name: str) -> None:
    fuzz(server, name, SLOW_EXAMPLES)


requests = st.one_of(
    values,
    st.fixed_dictionaries(
        {},
        optional={
            "jsonrpc": st.one_of(st.just("2.0"), leaves),
            "id": leaves,
            "method": st.one_of(st.sampled_from(sorted(PARAMS)), leaves),
            "params": values,
        },
    ),
)
bodies = st.one_of(
    st.binary(max_size=200),
    requests.map(lambda value: json.dumps(value).encode()),
    st.lists(requests, max_size=6).map(lambda value: json.dumps(value).encode()),
    st.tuples(requests, st.integers(1, 60)).map(
        lambda pair: json.dumps(pair[0]).encode()[: -pair[1]]
    ),
    st.sampled_from(
        [b"[" * 100_000, b'{"a":' * 100_000, b"[]", b"", b"null", b"1e999", b'"\\ud800"']
    ),
)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies)
def test_every_body_is_answered(server: Server, body: bytes) -> None:
    answer = server.post(body)
    if answer:
        parsed = json.loads(answer)
        for each in parsed if isinstance(parsed, list) else [parsed]:
            assert each["jsonrpc"] == "2.0"
            assert ("result" in each) != ("error" in each)
            if "error" in each:
                assert each["error"]["code"] != INTERNAL_ERROR, (body, each)
    server.check_log()


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(bodies.filter(lambda body: len(body) < 10_000), max_size=6))
def test_every_message_on_a_websocket_leaves_the_connection_open(
    server: Server, messages: list[bytes]
) -> None:
    last = {"jsonrpc": "2.0", "id": "the last one", "method": "eth_chainId"}
    with connect(f"ws://127.0.0.1:{server.port}", max_size=None) as connection:
        for message in messages:
            connection.send(message.decode("utf-8", "replace"))
        connection.send(json.dumps(last))
        while True:
            answer = json.loads(connection.recv(ANSWER_SECONDS_MAX))
            if isinstance(answer, dict) and answer.get("id") == last["id"]:
                break
    server.check_log()
