"""What the precompile answers, also about signers that mean no good."""

from typing import Any

import pytest
from eth_hash.auto import keccak
from eth_typing import Address

from genesis.dev_accounts import dev_accounts
from node.client.json_rpc import RpcClient
from node.da.da_signers import LOG_BLOCKS_MAX, DaSigners, EpochState, logs_of
from node.da.errors import NoPrecompile, NotASigner
from node.da.keys import BlsKey
from node.da.registration import REGISTRY, succeeded
from precompiles.abi import encode, parse_types

NO_UTF8 = b"\xff\xfe http://"
ACCOUNT = 7


def test_a_socket_that_is_no_text_does_not_hide_the_other_signers(chain: Any) -> None:
    signers = chain.signers()
    address, key = dev_accounts()[ACCOUNT][0], BlsKey(4_711)
    (x, y) = key.g2
    types = "((address,string,(uint256,uint256),(uint256[2],uint256[2])),(uint256,uint256))"
    selector = keccak(f"registerSigner{types}".encode())[:4]
    signature = key.registration_signature(address, signers.chain_id)
    data = selector + encode(parse_types(types), ((address, NO_UTF8, key.g1, (x, y)), signature))
    succeeded(signers, chain.wallet(ACCOUNT).send(REGISTRY, data, gas=500_000), "registerSigner")
    other = chain.settings.accounts[0].address
    found = signers.details([other, address])
    assert found[address].socket == "\ufffd\ufffd http://"
    assert found[address].key_g1 == key.g1
    assert found[other].key_g1 == chain.settings.accounts[0].key.g1
    assert address in signers.registered_signers(0, signers.epoch_state().head)


def test_a_stranger_among_signers_is_named(chain: Any) -> None:
    stranger = Address(b"\x55" * 20)
    with pytest.raises(NotASigner, match="0x5555"):
        chain.signers().details([chain.settings.accounts[0].address, stranger])


def test_parameters_are_0gs_with_the_chains_epoch_length(chain: Any) -> None:
    parameters = chain.signers().parameters()
    assert parameters.vote_wei == 30 * 10**18
    assert (parameters.votes_max, parameters.quorums_max, parameters.rows) == (102_400, 10, 3_072)
    assert parameters.epoch_blocks == 100


@pytest.mark.parametrize(
    ("state", "due_block", "is_due"),
    [
        (EpochState(0, 0, 100, 5), 0, True),
        (EpochState(1, 10, 100, 108), 110, False),
        (EpochState(1, 10, 100, 109), 110, True),
    ],
)
def test_an_epoch_is_due_when_the_next_block_may_begin_another(
    state: EpochState, due_block: int, is_due: bool
) -> None:
    assert (state.due_block, state.is_due) == (due_block, is_due)


class Recorder(RpcClient):
    """Answers eth_getLogs with the range asked for; any other method as a chain without 0G's rules."""

    def __init__(self) -> None:
        super().__init__("127.0.0.1", 1)
        self.ranges: list[tuple[int, int]] = []

    def call(self, method: str, *parameters: Any) -> Any:
        if method != "eth_getLogs":
            return "0x"
        first, last = (int(parameters[0][name], 16) for name in ("fromBlock", "toBlock"))
        self.ranges.append((first, last))
        return [{"blockNumber": hex(first)}]


def test_logs_are_asked_for_a_hundred_blocks_at_a_time() -> None:
    client = Recorder()
    found = logs_of(client, "0x", "0x", 5, 5 + 2 * LOG_BLOCKS_MAX)
    assert client.ranges == [(5, 104), (105, 204), (205, 205)]
    assert len(found) == 3
    assert logs_of(client, "0x", "0x", 6, 5) == []


def test_a_chain_without_the_precompile_is_named() -> None:
    with pytest.raises(NoPrecompile, match="no DASigners precompile"):
        DaSigners(Recorder()).parameters()
