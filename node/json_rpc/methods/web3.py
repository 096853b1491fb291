"""The `web3_` namespace: the client's name, and keccak for those without one."""

from eth_hash.auto import keccak

from node.json_rpc.context import Services
from node.json_rpc.dispatch import Method, Runs
from node.json_rpc.encoding import data as hex_data
from node.json_rpc.parameters import Parameter, data


def _client_version(services: Services) -> str:
    return services.settings.client_version


def _sha3(_: Services, preimage: bytes) -> str:
    return hex_data(keccak(preimage))


METHODS = (
    Method("web3_clientVersion", _client_version, runs=Runs.WITH_SERVICES),
    Method("web3_sha3", _sha3, (Parameter(data),), Runs.WITH_SERVICES),
)
