"""Who a command's transactions come from: the account of its flags, or one that the node signs for."""

import argparse

from node.client.account_key import account_key
from node.client.json_rpc import RpcClient
from node.client.wallet import Sender, UnlockedAccount, Wallet
from node.errors import OperatorError


def sender_of(options: argparse.Namespace, client: RpcClient) -> Sender:
    """The account of the flags, else the node's first; raises `OperatorError` where there is neither."""
    key = account_key(options)
    if key is not None:
        return Wallet(client, key, client.number("eth_chainId"))
    accounts = client.call("eth_accounts")
    if not accounts:
        raise OperatorError(
            f"no account to send from, and {options.rpc_url} has none of its own; give "
            "--private-key, --account-file or ZEROG_PRIVATE_KEY"
        )
    return UnlockedAccount(client, accounts[0])
