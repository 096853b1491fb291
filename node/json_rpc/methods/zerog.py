"""The `zerog_` namespace: consensus, so that anybody outside can check what the node claims."""

from dataclasses import asdict
from typing import Any

import orjson
from eth_hash.auto import keccak

from consensus.header import ConsensusHeader
from consensus.validators import ValidatorSet
from consensus.values import Certificate, Round
from node.consensus_records import (
    read_absences,
    read_certificate,
    read_consensus_header,
    read_next_validators,
    read_set_of,
)
from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import Json, data, quantity
from node.json_rpc.errors import server_error
from node.json_rpc.parameters import Parameter, uint64
from node.json_rpc.worker_pool import job_of
from node.local_socket import LocalSocketError

_FIRST_ROUND = Round(0)
DA_SIGNERS = 0x1000.to_bytes(20, "big")
DA_ENTRANCE = 0xDA01.to_bytes(20, "big")


def _certificate(services: Services, height: int) -> Json | None:
    """All that a verifier without a node needs: what was signed, by whom, of which set; or null."""
    with services.store.snapshot() as snapshot:
        header = read_consensus_header(snapshot, height)
        certificate = read_certificate(snapshot, height)
        kept = read_set_of(snapshot, height)
    if header is None or certificate is None:
        return None
    validators = services.validators if kept is None else kept
    if validators.hash() != header.validators_hash:
        raise server_error(f"the validator set of height {height} is not kept")
    return {
        "chainIdentity": data(services.document.identity),
        "header": _header_json(header),
        "certificate": _certificate_json(certificate),
        "validators": _validators_json(validators),
        "totalPower": quantity(validators.total_power),
    }


def _validators(services: Services) -> Json:
    """The set that decides the next height, and whose turn it is to propose there in round 0.

    `missedBlocks`: in a row, up to the last certificate that a block carries.
    """
    with services.store.snapshot() as snapshot:
        stored = read_next_validators(snapshot)
        absences = read_absences(snapshot)
    validators = services.validators if stored is None else stored
    missed = [quantity(absences.get(address, 0)) for address in validators.addresses]
    return {
        "validators": [
            member | {"missedBlocks": blocks}
            for member, blocks in zip(_validators_json(validators), missed, strict=True)
        ],
        "totalPower": quantity(validators.total_power),
        "hash": data(validators.hash()),
        "nextProposer": data(validators.proposer(_FIRST_ROUND)),
    }


async def _status(services: Services) -> Json:
    """The chain as the database has it, and what the running node says of itself (null if none)."""
    with services.queries.view() as view:
        head = view.head
    answer: Json = {
        "chainId": quantity(services.config.chain_id),
        "chainIdentity": data(services.document.identity),
        "blockNumber": quantity(head.number),
        "blockHash": data(head.hash),
        "stateRoot": data(head.state_root),
        "node": None,
    }
    try:
        answer["node"] = _node_json(asdict(await services.node.status()))
    except LocalSocketError:
        return answer
    return answer


def _header_json(header: ConsensusHeader) -> Json:
    return {
        "height": quantity(header.height),
        "timeMs": quantity(header.time_ms),
        "proposer": data(header.proposer),
        "parentHash": data(header.parent_hash),
        "validatorsHash": data(header.validators_hash),
        "nextValidatorsHash": data(header.next_validators_hash),
        "lastCertificateHash": data(header.last_certificate_hash),
        "evidenceHash": data(header.evidence_hash),
        "payloadHash": data(header.payload_hash),
        "executionHash": data(header.execution_hash),
        "hash": data(header.hash),
    }


def _certificate_json(certificate: Certificate) -> Json:
    return {
        "height": quantity(certificate.height),
        "round": quantity(certificate.round),
        "valueId": data(certificate.value_id),
        "signatures": [
            {"validator": data(validator), "signature": data(signature)}
            for validator, signature in certificate.signatures
        ],
    }


def _validators_json(validators: ValidatorSet) -> list[Json]:
    return [
        {
            "address": data(address),
            "publicKey": data(validator.public_key),
            "power": quantity(validator.power),
            "name": validator.name,
        }
        for address, validator in zip(validators.addresses, validators.validators, strict=True)
    ]


def _node_json(status: dict[str, Any]) -> Json:
    return {
        "height": quantity(status["height"]),
        "peers": quantity(status["peers"]),
        "highestKnown": quantity(status["highest_known"]),
        "pending": quantity(status["pending"]),
        "queued": quantity(status["queued"]),
        "consensus": status["consensus"],
    }


async def _da_status(services: Services) -> Json | None:
    """As the DASigners contract has it at the head."""
    with services.queries.view() as view:
        head = view.head
    rules = services.config.rules(head.number, head.timestamp)
    if not rules.has_zero_g_precompiles:
        return None
    epoch = await _ask_da_signers(services, "epochNumber()")
    quorums = await _ask_da_signers(services, "quorumCount(uint256)", epoch)
    return {
        "epoch": quantity(epoch),
        "quorums": quantity(quorums),
        "epochBlocks": quantity(rules.da_epoch_blocks),
        "signersContract": data(DA_SIGNERS),
        "entrance": None if rules.da_entrance_admin is None else data(DA_ENTRANCE),
    }


async def _ask_da_signers(services: Services, function: str, *arguments: int) -> int:
    """A function of numbers that answers one."""
    words = b"".join(argument.to_bytes(32, "big") for argument in arguments)
    call = {"to": data(DA_SIGNERS), "input": data(keccak(function.encode())[:4] + words)}
    answer = await services.call_workers.run(job_of("eth_call", [call]))
    return int(orjson.loads(answer), 16)


METHODS = (
    Method("zerog_daStatus", _da_status, runs=Runs.WITH_SERVICES),
    Method("zerog_getCertificate", _certificate, (Parameter(uint64),), Runs.WITH_SERVICES),
    Method("zerog_validators", _validators, runs=Runs.WITH_SERVICES),
    Method("zerog_status", _status, runs=Runs.WITH_SERVICES),
)
