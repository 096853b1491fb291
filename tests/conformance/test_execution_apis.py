"""Every request of ethereum/execution-apis' `.io` files, put to a real `zerog rpc --import` of its chain.

    pytest tests/conformance/test_execution_apis.py                       all of them
    pytest tests/conformance/test_execution_apis.py -k eth_simulateV1     one method's, or one file's
    python tests/conformance/test_execution_apis.py [METHOD …]            passed and failed by method, and
                                                                          what differs in the failed ones

The files are looked for under `$ZEROG_SHARED/execution-apis/tests`. An answer is compared as hive's
rpc-compat does: all of it, but the message of an error. Of files marked `speconly` the recorded answer is
taken for an example: ours must have its shape, not its values (`Shape`).

`EXCEPTIONS` names each file that does not pass and says why; one that passes must leave the list.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("ZEROG_SHARED", ROOT.parent / "shared")) / "execution-apis" / "tests"
FILES = sorted(FOLDER.rglob("*.io"))
SHARE_MIN = 0.95
START_SECONDS_MAX = 60.0
ANSWER_SECONDS_MAX = 30.0

EXCEPTIONS = {
    "eth_sendRawTransaction/send-blob-tx": "rule: this chain's pool takes no blobs, 0G DA does",
}
"""`method/file` → which rule of this chain, or what is missing."""

pytestmark = [
    pytest.mark.localnet,
    pytest.mark.skipif(not FILES, reason=f"no .io files in {FOLDER}: set ZEROG_SHARED"),
]


@dataclass(frozen=True)
class Exchange:
    """One request and the answer recorded for it."""

    request: str
    answer: Any


@dataclass(frozen=True)
class Recording:
    """A file."""

    exchanges: tuple[Exchange, ...]
    is_shape_only: bool

    @classmethod
    def read(cls, path: Path) -> "Recording":
        """Lines `>> request` and `<< answer`, and comments."""
        exchanges: list[Exchange] = []
        request = ""
        text = path.read_text()
        for line in text.splitlines():
            if line.startswith(">>"):
                request = line[2:].strip()
            elif line.startswith("<<"):
                exchanges.append(Exchange(request, json.loads(line[2:])))
        assert exchanges, f"{path}: no exchange"
        return cls(tuple(exchanges), re.search(r"^// speconly:", text, re.MULTILINE) is not None)


def name_of(path: Path) -> str:
    """`method/file`."""
    return path.relative_to(FOLDER).with_suffix("").as_posix()


def differences(path: Path, url: str) -> list[str]:
    """What is wrong with our answers to a file's requests; empty where nothing is."""
    recording = Recording.read(path)
    found: list[str] = []
    for exchange in recording.exchanges:
        ours = _without_message(_ask(url, exchange.request))
        recorded = _without_message(exchange.answer)
        if recording.is_shape_only:
            found += Shape(recorded).misfits(ours, "answer")
        else:
            found += _unequal(ours, recorded, "answer")
    return found


def _ask(url: str, request: str) -> Any:
    asked = urllib.request.Request(url, request.encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=ANSWER_SECONDS_MAX) as answer:
        return json.load(answer)


def _without_message(answer: Any) -> Any:
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        error = {key: value for key, value in answer["error"].items() if key != "message"}
        return answer | {"error": error}
    return answer


def _unequal(ours: Any, recorded: Any, where: str) -> list[str]:
    """Each place where two JSON values differ."""
    if isinstance(ours, dict) and isinstance(recorded, dict):
        found = []
        for key in {**recorded, **ours}:
            here = f"{where}.{key}"
            if key not in ours:
                found.append(f"{here}: missing, expected {_short(recorded[key])}")
            elif key not in recorded:
                found.append(f"{here}: not expected, got {_short(ours[key])}")
            else:
                found += _unequal(ours[key], recorded[key], here)
        return found
    if isinstance(ours, list) and isinstance(recorded, list) and len(ours) == len(recorded):
        pairs = enumerate(zip(ours, recorded, strict=True))
        return [text for i, (a, b) in pairs for text in _unequal(a, b, f"{where}[{i}]")]
    if _kind(ours) is _kind(recorded) and ours == recorded:
        return []
    return [f"{where}: got {_short(ours)}, expected {_short(recorded)}"]


def _kind(value: Any) -> type:
    """JSON has numbers, Python two kinds of them."""
    return float if type(value) is int else type(value)


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) < 200 else text[:200] + "…"


QUANTITY, DATA = "a quantity", "data"
HEX_FORMS = (
    (QUANTITY, re.compile(r"0x(0|[1-9a-f][0-9a-f]{0,63})")),
    (DATA, re.compile(r"0x([0-9a-f]{2})*")),
)
MAP_KEY = re.compile(r"0x[0-9a-fA-F]{40}|0x[0-9a-f]{64}|[0-9]+|[0-9a-f]{64}")
"""A key that is a value: an address, a slot, a nonce."""


OPTIONAL_KEYS = {
    # eth_capabilities: of what is forgotten one day.
    "deleteStrategy",
    # A step of a trace: where there is something to say.
    "error", "memory", "refund", "returnData", "storage",
}  # fmt: skip
"""Not required by the schemas of ethereum/execution-apis, whatever the recorded node had to say."""


@dataclass(frozen=True)
class Shape:
    """What a JSON value that stands for many looks like: kinds of values, keys of objects, forms of hex."""

    example: Any

    def misfits(self, value: Any, where: str) -> list[str]:
        """Each place where the value has another shape."""
        example = self.example
        if example is None:
            return []
        if _kind(value) is not _kind(example):
            return [f"{where}: got {_short(value)}, expected the like of {_short(example)}"]
        if isinstance(example, dict):
            return self._object_misfits(value, where)
        if isinstance(example, list):
            placed = ((f"{where}[{i}]", item) for i, item in enumerate(value))
            return _unlike_all(example, placed)
        if isinstance(example, str) and _forms(example) and not _forms(example) & _forms(value):
            return [f"{where}: got {_short(value)}, expected {' or '.join(_forms(example))}"]
        return []

    def _object_misfits(self, value: dict[str, Any], where: str) -> list[str]:
        example = self.example
        if all(MAP_KEY.fullmatch(key) for key in (*example, *value)):
            placed = ((f"{where}.{key}", item) for key, item in value.items())
            return _unlike_all(list(example.values()), placed)
        missing, added = example.keys() - value.keys(), value.keys() - example.keys()
        found = [f"{where}.{key}: missing" for key in sorted(missing - OPTIONAL_KEYS)]
        found += [f"{where}.{key}: not expected" for key in sorted(added - OPTIONAL_KEYS)]
        for key in example.keys() & value.keys():
            found += Shape(example[key]).misfits(value[key], f"{where}.{key}")
        return found


def _unlike_all(examples: Sequence[Any], placed: Iterable[tuple[str, Any]]) -> list[str]:
    """Misfits of those values that have the shape of no example; without examples any shape will do."""
    found: list[str] = []
    for where, item in placed:
        tried = [Shape(example).misfits(item, where) for example in examples]
        if tried and all(tried):
            found += min(tried, key=len)
    return found


def _forms(text: str) -> set[str]:
    return {name for name, pattern in HEX_FORMS if pattern.fullmatch(text)}


@contextmanager
def imported_chain() -> Iterator[str]:
    """The URL of a `zerog rpc --import` of the recorded chain."""
    command = [
        sys.executable, "-m", "node.cli", "rpc", "--import", str(FOLDER / "genesis.json"),
        str(FOLDER / "chain.rlp"), "--http.port", "0", "--log.format", "json",
    ]  # fmt: skip
    process = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=os.environ | {"ETH_HASH_BACKEND": "pysha3"},
    )
    try:
        yield _wait_for_url(process)
    finally:
        process.terminate()
        process.wait(10)


def _wait_for_url(process: subprocess.Popen[str]) -> str:
    """Until requests are answered and the pool, which is in another process, is reached."""
    assert process.stderr is not None
    deadline = time.monotonic() + START_SECONDS_MAX
    lines: list[str] = []
    while not (lines and "JSON-RPC at" in lines[-1]):
        lines.append(process.stderr.readline())
        # One that dies is started again, and says so: the log alone would never end.
        assert lines[-1] and time.monotonic() < deadline, "".join(lines)  # noqa: PT018
    url: str = json.loads(lines[-1])["message"].removeprefix("JSON-RPC at ")
    while not _ask(url, '{"jsonrpc": "2.0", "id": 1, "method": "net_listening"}')["result"]:
        assert time.monotonic() < deadline, "the pool's process is not reached"
    return url


@pytest.fixture(scope="session")
def url() -> Iterator[str]:
    with imported_chain() as started:
        yield started


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_request_is_answered_as_recorded(path: Path, url: str) -> None:
    found = differences(path, url)
    reason = EXCEPTIONS.get(name_of(path))
    if reason is None:
        assert found == [], "\n".join(found)
    else:
        assert found, f"passes, though it is listed as an exception: {reason}"


def test_the_head_is_the_recorded_one(url: str) -> None:
    choice = json.loads((FOLDER / "headfcu.json").read_text())["params"][0]
    for tag, key in (
        ("latest", "headBlockHash"),
        ("safe", "safeBlockHash"),
        ("finalized", "finalizedBlockHash"),
    ):
        request = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber"}
        answer = _ask(url, json.dumps(request | {"params": [tag, False]}))
        assert answer["result"]["hash"] == choice[key]


@pytest.mark.parametrize(
    ("ours", "recorded", "places"),
    [
        ({"a": "0x1", "b": [1, 2]}, {"b": [1, 2.0], "a": "0x1"}, []),
        ({"a": "0x1"}, {"a": "0x01"}, ["answer.a"]),
        ({"a": 1, "c": 1}, {"a": True, "b": 1}, ["answer.a", "answer.b", "answer.c"]),
        ({"a": [{"b": None}]}, {"a": [{"b": "0x"}]}, ["answer.a[0].b"]),
        ([1], [1, 2], ["answer"]),
    ],
)
def test_the_comparison_names_each_place_that_differs(
    ours: Any, recorded: Any, places: list[str]
) -> None:
    found = [text.partition(": ")[0] for text in _unequal(ours, recorded, "answer")]
    assert found == places


@pytest.mark.parametrize(
    ("value", "example", "places"),
    [
        ({"n": "0x0", "d": "0x00ff"}, {"n": "0x12", "d": "0x0102"}, []),
        ({"n": "0x012"}, {"n": "0x1"}, ["answer.n"]),
        ({"n": 1, "t": ""}, {"n": 0.5}, ["answer.t"]),
        ({}, {"n": 1, "error": "x"}, ["answer.n"]),
        ([{"a": 1}, {"b": 1}, {"c": 1}], [{"a": 1}, {"b": 2}], ["answer[2].a", "answer[2].c"]),
        ({"0x" + "11" * 20: 1}, {"0x" + "22" * 20: 2, "0x" + "33" * 20: 3}, []),
        ({"0x" + "11" * 20: "1"}, {"0x" + "22" * 20: 2}, ["answer.0x" + "11" * 20]),
        ({"a": None}, {"a": {"b": 1}}, ["answer.a"]),
        ([{"a": 1}], [], []),
    ],
)
def test_a_shape_is_kinds_keys_and_forms(value: Any, example: Any, places: list[str]) -> None:
    found = [text.partition(": ")[0] for text in Shape(example).misfits(value, "answer")]
    assert found == places


def test_at_least_95_of_100_files_are_no_exceptions() -> None:
    listed = [name for name in map(name_of, FILES) if name in EXCEPTIONS]
    assert len(FILES) - len(listed) >= SHARE_MIN * len(FILES)


def print_table(methods: Sequence[str]) -> None:
    """Passed and failed by method; `methods` empty: all of them."""
    counts: dict[str, list[int]] = {}
    with imported_chain() as url:
        for path in FILES:
            name = name_of(path)
            method = name.split("/")[0]
            if methods and method not in methods:
                continue
            found = differences(path, url)
            passed_and_failed = counts.setdefault(method, [0, 0])
            passed_and_failed[bool(found)] += 1
            if found:
                print(f"{name}:", *found[:10], sep="\n    ")
    for method, (passed, failed) in counts.items():
        print(f"{method:42}{passed:6} passed{failed:6} failed")
    passed, failed = (sum(column) for column in zip(*counts.values(), strict=True))
    print(f"{'all':42}{passed:6} passed{failed:6} failed")


if __name__ == "__main__":
    print_table(sys.argv[1:])
