"""What the commands of `zerog validator` do: lines for people, or JSON for programs."""

import argparse
import http.client
import re
import sys
from collections.abc import Callable, Mapping
from decimal import Context, Decimal, InvalidOperation
from typing import Any

import orjson

from genesis.staking.layout import Status
from node.assembly import load_key
from node.client.json_rpc import NoJsonRpc, RpcClient, RpcError, WaitedTooLong
from node.client.sender import sender_of
from node.client.wallet import Sender
from node.errors import OperatorError
from node.initialization import read_genesis
from node.keystore import ValidatorKey
from node.layout import DataDirectory
from node.staking.possession import possession_of
from node.validator.staking_client import StakingClient, StakingRefusal, ValidatorStanding

EXIT_REFUSED = 1
DECIMALS = 18
WEI_PER_0G = 10**DECIMALS
DIGITS_MAX = 64
"""Of an amount: nothing is rounded."""
ALL = 2**256 - 1
"""More than anybody has: the contract takes it for everything."""

_Said = tuple[list[str], Mapping[str, Any]]


def run_command(name: str, options: argparse.Namespace) -> int:
    """The exit code: 0 done, 1 refused. Raises `OperatorError`, which is exit code 2."""
    try:
        client = RpcClient.of_url(options.rpc_url)
        lines, content = _COMMANDS[name](options, StakingClient(client))
    except (StakingRefusal, RpcError, WaitedTooLong) as error:
        print(f"zerog: {error}", file=sys.stderr)
        return EXIT_REFUSED
    except NoJsonRpc as error:
        raise OperatorError(f"--rpc-url {error}") from None
    except (ConnectionError, http.client.HTTPException, TimeoutError) as error:
        why = "nobody answers" if isinstance(error, ConnectionRefusedError) else error
        raise OperatorError(f"--rpc-url {options.rpc_url}: {why or type(error).__name__}") from None
    print(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode() if options.json
          else "\n".join(lines))  # fmt: skip
    return 0


def _create(options: argparse.Namespace, staking: StakingClient) -> _Said:
    amount = _amount(options.amount)
    key, sender = _consensus_key(options), sender_of(options, staking.client)
    owner = bytes.fromhex(sender.address[2:])
    proof = possession_of(key.secret, staking.client.number("eth_chainId"), owner)
    sent = staking.send(sender, "createValidator", *proof.arguments, value=amount)
    standing = staking.standing(f"0x{key.address.hex()}")
    if standing.status is Status.RANKED:
        prospect = (
            "among the highest by stake its node votes two blocks from now, and must be running"
        )
    else:
        prospect = "it votes when its stake reaches the minimum"
    return [
        f"validator {standing.address} is {standing.status.name.lower()} with {_shown(amount)} 0G",
        f"its owner is {sender.address}; {prospect}",
    ], {**_standing_json(standing), "transactionHash": sent}


def _delegate(options: argparse.Namespace, staking: StakingClient) -> _Said:
    amount, validator = _amount(options.amount), _validator(options)
    sender = sender_of(options, staking.client)
    sent = staking.send(sender, "delegate", validator, value=amount)
    return _delegation(staking, validator, sender, sent)


def _undelegate(options: argparse.Namespace, staking: StakingClient) -> _Said:
    amount = ALL if options.amount == "all" else _amount(options.amount)
    validator, sender = _validator(options), sender_of(options, staking.client)
    sent = staking.send(sender, "undelegate", validator, amount)
    return _delegation(staking, validator, sender, sent)


def _withdraw(options: argparse.Namespace, staking: StakingClient) -> _Said:
    validator, sender = _validator(options), sender_of(options, staking.client)
    before = staking.delegation(validator, sender.address)
    sent = staking.send(sender, "withdraw", validator)
    lines, content = _delegation(staking, validator, sender, sent)
    return [f"paid, {_shown(before.reward)} 0G of it rewards", *lines], content


def _exit(options: argparse.Namespace, staking: StakingClient) -> _Said:
    validator, sender = _validator(options), sender_of(options, staking.client)
    sent = staking.send(sender, "exit", validator)
    lines, content = _delegation(staking, validator, sender, sent)
    first = f"validator {validator} leaves the set two blocks from now; its node may stop then"
    return [first, *lines], content


def _rejoin(options: argparse.Namespace, staking: StakingClient) -> _Said:
    validator = _validator(options)
    sent = staking.send(sender_of(options, staking.client), "rejoin", validator)
    line = f"validator {validator} is back in the set two blocks from now, and must be running"
    return [line], {"validator": validator, "transactionHash": sent}


def _status(options: argparse.Namespace, staking: StakingClient) -> _Said:
    if options.validator or options.datadir:
        standing = staking.standing(_validator(options))
        delegation = staking.delegation(standing.address, standing.owner)
        lines = [
            *_table([standing]),
            f"owner        {standing.owner}, {_shown(delegation.stake)} 0G of its own",
            f"on its way   {_shown(standing.unbonding)} 0G of everybody's",
            f"reward       {_shown(delegation.reward)} 0G for the owner to withdraw",
            *([_HINTS[standing.status]] if standing.status in _HINTS else []),
        ]
        return lines, _standing_json(standing)
    standings = staking.standings()
    content = {
        "maxActive": staking.number("maxActive"),
        "minStake": hex(staking.number("minStake")),
        "unbondingBlocks": staking.number("unbondingBlocks"),
        "validators": [_standing_json(each) for each in standings],
    }
    first = (
        f"{len(standings)} ranked, at most {content['maxActive']} active; minimum stake "
        f"{_shown(staking.number('minStake'))} 0G, {content['unbondingBlocks']} blocks to unbond"
    )
    return [first, *_table(standings)], content


_HINTS = {
    Status.WAITING: "hint         it needs the minimum stake, or more than the last of the ranking",
    Status.ABSENT: "hint         it missed too many blocks; run its node, then `zerog validator rejoin`",
    Status.SLASHED: "hint         it contradicted itself; this key cannot come back",
}
_COMMANDS: Mapping[str, Callable[[argparse.Namespace, StakingClient], _Said]] = {
    "create": _create,
    "delegate": _delegate,
    "undelegate": _undelegate,
    "withdraw": _withdraw,
    "exit": _exit,
    "rejoin": _rejoin,
    "status": _status,
}


def _delegation(staking: StakingClient, validator: str, sender: Sender, sent: str) -> _Said:
    delegation = staking.delegation(validator, sender.address)
    lines = [f"{sender.address} has {_shown(delegation.stake)} 0G behind {validator}"]
    lines += [
        f"  {_shown(amount)} 0G on the way back, to be withdrawn from block {block} on"
        for amount, block in delegation.unbonding
    ]
    return lines, {
        "validator": validator,
        "delegator": sender.address,
        "stake": hex(delegation.stake),
        "reward": hex(delegation.reward),
        "unbonding": [
            {"amount": hex(amount), "fromBlock": block} for amount, block in delegation.unbonding
        ],
        "transactionHash": sent,
    }


def _table(standings: list[ValidatorStanding]) -> list[str]:
    rows = [("validator", "status", "power", "stake", "missed", "name")]
    rows += [
        (
            each.address,
            each.status.name.lower(),
            str(each.power),
            f"{_shown(each.stake)} 0G",
            str(each.missed_blocks),
            each.name,
        )
        for each in standings
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _standing_json(standing: ValidatorStanding) -> dict[str, Any]:
    return {
        "address": standing.address,
        "owner": standing.owner,
        "status": standing.status.name.lower(),
        "stake": hex(standing.stake),
        "unbonding": hex(standing.unbonding),
        "power": standing.power,
        "missedBlocks": standing.missed_blocks,
        "name": standing.name,
    }


def _validator(options: argparse.Namespace) -> str:
    """The address that --validator or --datadir names; raises `OperatorError`."""
    if options.validator is None and options.datadir is None:
        raise OperatorError("which validator? give --validator ADDRESS or --datadir DIR")
    if options.validator is None:
        return f"0x{_consensus_key(options).address.hex()}"
    if not re.fullmatch(r"0x[0-9a-fA-F]{40}", options.validator):
        raise OperatorError(
            f"--validator: expected 0x and 40 hex digits, got {options.validator!r}"
        )
    return str(options.validator).lower()


def _consensus_key(options: argparse.Namespace) -> ValidatorKey:
    data = DataDirectory(options.datadir)
    key = load_key(data, read_genesis(data.genesis), options.password_file)
    if key is None:
        raise OperatorError(
            f"{data.validator_key}: there is no consensus key: this is a full node's directory; "
            "make another with `zerog init` without --full-node"
        )
    return key


def _amount(text: str) -> int:
    """0G → wei; raises `OperatorError`."""
    try:
        wei = Decimal(text).scaleb(DECIMALS, Context(prec=DIGITS_MAX))
    except InvalidOperation:
        wei = Decimal(0)
    if not wei.is_finite() or wei <= 0 or wei != wei.to_integral_value() or wei >= 2**128:
        raise OperatorError(f"AMOUNT: expected 0G above zero, as 100 or 0.5, got {text!r}")
    return int(wei)


def _shown(wei: int) -> str:
    """0G without needless zeros."""
    whole, rest = divmod(wei, WEI_PER_0G)
    return f"{whole:,}.{rest:018}".rstrip("0").rstrip(".")
