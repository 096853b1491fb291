"""web3.py over a persistent WebSocket, as a user has it: calls, subscriptions, unlocked accounts."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from web3 import AsyncWeb3, WebSocketProvider

from genesis.contracts import artifact
from genesis.dev_accounts import dev_accounts

WAIT_S = 20.0
Flow = Callable[[Any], Awaitable[None]]


@pytest.fixture(scope="module")
def rpc(node: Any) -> Any:
    node.mines_at_once = True
    return node.rpc(unlocked_keys=[key.hex() for _, key in dev_accounts()])


@pytest.fixture
def run(rpc: Any) -> Callable[[Flow], None]:
    """Runs a flow over a connection of its own."""

    async def connected(flow: Flow) -> None:
        async with (
            asyncio.timeout(WAIT_S),
            AsyncWeb3(WebSocketProvider(f"ws://127.0.0.1:{rpc.port}")) as web3,
        ):
            await flow(web3)

    return lambda flow: asyncio.run(connected(flow))


async def next_result(web3: Any) -> Any:
    async for message in web3.socket.process_subscriptions():
        return message["result"]
    raise AssertionError("the connection ended")


def test_heads_and_logs_are_heard_while_a_contract_is_used(run: Any) -> None:
    async def flow(web3: Any) -> None:
        sender = (await web3.eth.accounts)[0]
        compiled = artifact("Counter")
        factory = web3.eth.contract(abi=list(compiled.abi), bytecode=compiled.bytecode)
        deployed = await factory.constructor().transact({"from": sender})
        receipt = await web3.eth.wait_for_transaction_receipt(deployed, timeout=10)
        counter = web3.eth.contract(address=receipt["contractAddress"], abi=list(compiled.abi))

        await web3.eth.subscribe("logs", {"address": counter.address})
        sent = await counter.functions.add(5).transact({"from": sender})
        log = await next_result(web3)
        assert log["transactionHash"] == sent
        assert counter.events.Counted().process_log(log)["args"]["step"] == 5

        heads = await web3.eth.subscribe("newHeads")
        await counter.functions.add(6).transact({"from": sender})
        kinds = [await next_result(web3) for _ in range(2)]
        (head,) = [item for item in kinds if "parentHash" in item]
        assert head["number"] == await web3.eth.block_number
        assert await web3.eth.unsubscribe(heads) is True
        assert await counter.functions.count().call() == 11

    run(flow)


@pytest.mark.parametrize("has_bodies", [False, True])
def test_pending_transactions_are_heard(run: Any, has_bodies: bool) -> None:
    async def flow(web3: Any) -> None:
        sender, receiver, *_ = await web3.eth.accounts
        await web3.eth.subscribe("newPendingTransactions", has_bodies)
        sent = await web3.eth.send_transaction({"from": sender, "to": receiver, "value": 1})
        heard = await next_result(web3)
        assert (heard["hash"] if has_bodies else heard) == sent

    run(flow)


def test_calls_are_batched_and_made_at_once(run: Any) -> None:
    async def flow(web3: Any) -> None:
        async with web3.batch_requests() as batch:
            batch.add(web3.eth.get_block("latest"))
            batch.add(web3.eth.get_balance("0x" + "00" * 20))
            block, balance = await batch.async_execute()
        assert (block["number"], balance) == (await web3.eth.block_number, 0)
        numbers = await asyncio.gather(*(web3.eth.get_block(n) for n in (0, "latest", 0)))
        assert [found["number"] for found in numbers] == [0, block["number"], 0]

    run(flow)


def test_messages_and_transactions_are_signed_by_the_node(run: Any) -> None:
    async def flow(web3: Any) -> None:
        sender, receiver, *_ = await web3.eth.accounts
        signature = await web3.eth.sign(sender, text="hello")
        assert len(signature) == 65
        signed = await web3.eth.sign_transaction(
            {
                "from": sender,
                "to": receiver,
                "value": 1,
                "gas": 21_000,
                "gasPrice": 10**10,
                "nonce": await web3.eth.get_transaction_count(sender),
            }
        )
        assert await web3.eth.send_raw_transaction(signed["raw"]) == signed["tx"]["hash"]

    run(flow)
