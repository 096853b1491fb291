"""Data announced for signing, and what is paid for it."""

from typing import Final

from eth_typing import Hash32

from precompiles import abi
from precompiles.contract import add, multiply, require
from precompiles.da_entrance import layout
from precompiles.da_entrance.entrance import Entrance
from precompiles.da_entrance.sync import Synchronizer
from precompiles.da_signers import quorums
from precompiles.solidity import prices
from precompiles.solidity.work import topic
from precompiles.storage import UINT64_MASK

DATA_UPLOAD: Final = topic("DataUpload(address,bytes32,uint256,uint256,uint256)")
_DATA_UPLOAD_TYPES: Final = abi.parse_types("(address,bytes32,uint256,uint256,uint256)")


def submit_original_data(
    synchronizer: Synchronizer, entrance: Entrance, data_roots: tuple[Hash32, ...]
) -> tuple[()]:
    """Announce data roots to one quorum, the next in turn; one log each (facts §2, "Submit")."""
    synchronizer.sync(entrance)
    call, price = entrance.call, entrance.load(layout.BLOB_PRICE)
    require(call.value >= multiply(len(data_roots), price), "Not enough da blob fee")
    earned = add(entrance.load(layout.CURRENT_EPOCH_REWARD), call.value)
    entrance.store(layout.CURRENT_EPOCH_REWARD, earned)
    epoch = entrance.load(layout.CURRENT_EPOCH)
    entrance.charge(prices.SLOT_READ)
    count = quorums.quorum_count(entrance.signers, epoch & UINT64_MASK)
    require(count > 0, "DAEntrance: No DA Signers")
    quorum_id = add(entrance.load(layout.QUORUM_INDEX), 1) % count
    entrance.store(layout.QUORUM_INDEX, quorum_id)
    for data_root in data_roots:
        values = (call.caller, data_root, epoch, quorum_id, price)
        entrance.emit((DATA_UPLOAD,), abi.encode(_DATA_UPLOAD_TYPES, values))
    return ()


def donate(synchronizer: Synchronizer, entrance: Entrance) -> tuple[()]:
    """Put the value sent into what base rewards are paid from."""
    synchronizer.sync(entrance)
    total = add(entrance.load(layout.TOTAL_BASE_REWARD), entrance.call.value)
    entrance.store(layout.TOTAL_BASE_REWARD, total)
    return ()
