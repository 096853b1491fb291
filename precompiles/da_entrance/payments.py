"""Rewards wait until somebody has them sent to whom they belong (OpenZeppelin's PullPayment and Escrow).

The deployed contract keeps them in an escrow of its own making; here they lie in the entrance, which
emits the escrow's events itself.
"""

from typing import Final

from eth_typing import Address

from precompiles.contract import add
from precompiles.da_entrance import layout
from precompiles.da_entrance.entrance import Entrance
from precompiles.solidity import slots
from precompiles.solidity.work import topic, word

DEPOSITED: Final = topic("Deposited(address,uint256)")
WITHDRAWN: Final = topic("Withdrawn(address,uint256)")


def payments(entrance: Entrance, account: Address) -> tuple[int]:
    return (entrance.load(slots.item(layout.PAYMENTS, account)),)


def pay_later(entrance: Entrance, account: Address, amount: int) -> None:
    slot = slots.item(layout.PAYMENTS, account)
    entrance.store(slot, add(entrance.load(slot), amount))
    entrance.emit((DEPOSITED, word(account)), word(amount))


def withdraw_payments(entrance: Entrance, account: Address) -> tuple[()]:
    """Anybody may ask for it; the wei go to the account that they belong to."""
    slot = slots.item(layout.PAYMENTS, account)
    amount = entrance.load(slot)
    entrance.store(slot, 0)
    if amount:
        entrance.send(account, amount)
    entrance.emit((WITHDRAWN, word(account)), word(amount))
    return ()
