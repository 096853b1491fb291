"""The price of storage and the fees: 0G's FixedPrice, with the fees in an account of their own (facts §3).

What the deployed market hands to a reward contract waits here for the admin (docs/storage-flow.md).
"""

from typing import Final

from eth_typing import Address

from precompiles.contract import custom_error, multiply, require
from precompiles.solidity import prices, roles
from precompiles.solidity.work import Work, topic, word
from precompiles.storage_flow import layout
from precompiles.storage_flow.addresses import FLOW, MARKET, REWARD

REWARD_WITHDRAWN: Final = topic("RewardWithdrawn(address,uint256)")


def fee_of(work: Work, sectors: int) -> int:
    """Wei for so many sectors, called by the Flow; raises `Refusal`.

    Whatever the Flow has counts as paid, also what came with an earlier submission and was too much.
    """
    work.charge(2 * prices.SLOT_READ)
    price = work.call.storage_of(MARKET).load(layout.PRICE_PER_SECTOR)
    fee, paid = multiply(sectors, price), work.call.balances.get(FLOW)
    if fee > paid:
        raise custom_error("NotEnoughFee(uint256,uint256,uint256)", price, sectors, paid)
    return fee


def collect(work: Work, fee: int, padding: int) -> None:
    """Move the fee from the Flow to the reward account, and with it all that the market was sent."""
    # The contract splits the fee between padding and data; both parts reach the same account.
    multiply(fee, padding)
    if fee:
        work.move(FLOW, REWARD, fee)
    work.charge(prices.SLOT_READ)
    bonus = work.call.balances.get(MARKET)
    if bonus:
        work.move(MARKET, REWARD, bonus)


def price_per_sector(work: Work) -> tuple[int]:
    return (work.load(layout.PRICE_PER_SECTOR),)


def set_price_per_sector(work: Work, price: int) -> tuple[()]:
    roles.require_role(work, roles.PARAMS_ADMIN_ROLE)
    work.store(layout.PRICE_PER_SECTOR, price)
    return ()


def charge_fee(work: Work, before: int, sectors: int, padding: int) -> tuple[()]:
    """Refused: the Flow collects without a call."""
    require(False, "Sender does not have permission")
    return ()


def withdraw_reward(work: Work, recipient: Address, amount: int) -> tuple[()]:
    """The admin's alone; raises `Refusal` of more wei than there are."""
    roles.require_role(work, roles.DEFAULT_ADMIN_ROLE)
    work.move(REWARD, recipient, amount)
    work.emit((REWARD_WITHDRAWN, word(recipient)), word(amount))
    return ()
