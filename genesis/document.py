"""The genesis document: geth's `genesis.json` with our sections in it, parsed and checked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from eth_typing import Address, Hash32

from chain.config import ChainConfig
from chain.engine import AccountChange
from chain.errors import InvalidConfig
from chain.forks.fork import Fork
from consensus.validators import ValidatorSet
from genesis.alloc import read_alloc
from genesis.da_entrance_alloc import check_da_entrance
from genesis.errors import InvalidGenesis, shown
from genesis.fields import WORD_MAX, Section
from genesis.identity import chain_identity
from genesis.plugin_alloc import check_plugins
from genesis.predeploys import check_owner
from genesis.staking.alloc import check_staking
from genesis.storage_flow_alloc import check_storage_flow
from genesis.validator_list import read_owners, read_validators

EXTRA_DATA_BYTES_MAX = 32
"""web3.py refuses blocks with more; of foreign chains any length is taken."""
DEPTH_MAX = 64
"""Levels of objects and lists; geth's documents have four."""
_STRINGS_AND_BRACKETS = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]', re.DOTALL)
DOCUMENT_BYTES_MAX = 256 * 2**20
"""Size of a document's text; go-ethereum's largest is 9 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainGenesis:
    """How any Ethereum chain begins: rules, first state, and the header fields that are free."""

    config: ChainConfig
    alloc: tuple[AccountChange, ...]
    """Ascending by address."""
    number: int
    timestamp: int
    """Seconds."""
    gas_limit: int
    gas_used: int
    difficulty: int
    nonce: int
    extra_data: bytes
    mix_hash: Hash32
    coinbase: Address
    parent_hash: Hash32
    base_fee: int | None
    """Wei; None where the document has none, and the fork decides."""
    excess_blob_gas: int
    blob_gas_used: int
    identity: Hash32
    """Keccak of the document's canonical JSON."""

    @property
    def is_devnet(self) -> bool:
        """Whether unlocked accounts, fault injection and plain key files are allowed."""
        return self.config.is_devnet


@dataclass(frozen=True, slots=True, kw_only=True)
class GenesisDocument(ChainGenesis):
    """How a chain of ours begins: with validators, at Prague, at block zero."""

    validators: ValidatorSet


def parse_document(text: str | bytes) -> GenesisDocument:
    """Load a document from its JSON text (bytes: UTF-8). Raises InvalidGenesis."""
    return load_document(parse_json(text))


def load_document(document: Mapping[str, object]) -> GenesisDocument:
    """Check a document that is parsed JSON; raises InvalidGenesis, which names field and expectation.

    Keys that are not known are errors inside `config.zerog` and `validators` and ignored elsewhere.
    Numbers may be strings, hex or decimal; hex may lack its 0x.
    """
    root = Section.of("", document)
    values = _chain_values(root)
    loaded = GenesisDocument(**values, validators=read_validators(root))
    _check_beginning(loaded)
    check_owner(loaded.config.owner, loaded.alloc)
    check_da_entrance(loaded.config, loaded.alloc)
    check_storage_flow(loaded.config, loaded.alloc)
    check_plugins(loaded.config, loaded.alloc)
    check_staking(loaded.config, loaded.timestamp, read_owners(root), loaded.alloc)
    return loaded


def load_chain_genesis(document: Mapping[str, object]) -> ChainGenesis:
    """The genesis of a chain that is only imported or replayed: any fork, no validators needed."""
    return ChainGenesis(**_chain_values(Section.of("", document)))


def parse_json(text: str | bytes) -> Mapping[str, object]:
    """Parse the text of a document; a key that stands twice in an object is an error, as NaN is."""
    if len(text) > DOCUMENT_BYTES_MAX:
        raise InvalidGenesis("document", f"at most {DOCUMENT_BYTES_MAX} bytes", str(len(text)))
    try:
        text = text if isinstance(text, str) else text.decode("utf-8")
        _check_depth(text)
        parsed = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except ValueError as error:
        raise InvalidGenesis("document", "JSON", f"something else ({error})") from error
    return Section.of("", parsed).values


def _chain_values(root: Section) -> dict[str, Any]:
    return {
        "config": _config(root),
        "alloc": read_alloc(root),
        "number": root.integer("number", 0),
        "timestamp": root.integer("timestamp", 0),
        "gas_limit": root.integer("gasLimit", least=1),
        "gas_used": root.integer("gasUsed", 0),
        "difficulty": root.integer("difficulty", 0, most=WORD_MAX),
        "nonce": root.integer("nonce", 0),
        "extra_data": root.data("extraData", b""),
        "mix_hash": root.hash32("mixHash"),
        "coinbase": Address(root.data("coinbase", bytes(20), 20)),
        "parent_hash": root.hash32("parentHash"),
        "base_fee": root.integer("baseFeePerGas", most=WORD_MAX)
        if root.has("baseFeePerGas")
        else None,
        "excess_blob_gas": root.integer("excessBlobGas", 0),
        "blob_gas_used": root.integer("blobGasUsed", 0),
        "identity": chain_identity(root.values),
    }


def _config(root: Section) -> ChainConfig:
    try:
        return ChainConfig.from_genesis(root.section("config").values)
    except InvalidConfig as error:
        raise InvalidGenesis(f"config.{error.field}", error.expected, shown(error.got)) from error


def _check_beginning(document: GenesisDocument) -> None:
    """What a chain of ours needs beyond geth's rules."""
    fork = document.config.fork_at(document.number, document.timestamp)
    if fork < Fork.PRAGUE:
        expected = "Prague at the genesis timestamp, and every fork before it"
        raise InvalidGenesis("config.pragueTime", expected, f"{fork.name.title()} there")
    for field, value in (
        ("number", document.number),
        ("gasUsed", document.gas_used),
        ("difficulty", document.difficulty),
    ):
        if value:
            raise InvalidGenesis(field, "0", str(value))
    if len(document.extra_data) > EXTRA_DATA_BYTES_MAX:
        expected = f"at most {EXTRA_DATA_BYTES_MAX} bytes"
        raise InvalidGenesis("extraData", expected, f"{len(document.extra_data)} bytes")


def _check_depth(text: str) -> None:
    """A C stack that overflows in the JSON parser ends the process, and libraries raise Python's limit."""
    depth = 0
    for bracket in _STRINGS_AND_BRACKETS.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(bracket[0], 0)
        if depth > DEPTH_MAX:
            raise InvalidGenesis("document", f"JSON of at most {DEPTH_MAX} levels", "more")


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    parsed = dict(pairs)
    if len(parsed) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise InvalidGenesis(twice, "each key once in an object", "it twice")
    return parsed


def _refuse_constant(constant: str) -> NoReturn:
    raise InvalidGenesis("document", "JSON numbers", constant)
