// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRoles} from "./IRoles.sol";

/// The Flow's market: the precompile at 0x…f10b, or 0G's own FixedPrice.
interface IMarket is IRoles {
    /// Of the precompile alone.
    event RewardWithdrawn(address indexed recipient, uint256 amount);
    error AddressInsufficientBalance(address account);

    /// Wei for a sector of 256 bytes.
    function pricePerSector() external view returns (uint256);

    /// Only with PARAMS_ADMIN_ROLE.
    function setPricePerSector(uint256 pricePerSector_) external;

    /// The Flow's alone; the precompile is charged without a call.
    function chargeFee(uint256 beforeLength, uint256 uploadSectors, uint256 paddingSectors) external;

    function flow() external view returns (address);

    /// Where the fees are.
    function reward() external view returns (address);

    /// Only with DEFAULT_ADMIN_ROLE; of the precompile alone. The recipient's code is not run.
    function withdrawReward(address recipient, uint256 amount) external;

    /// Once; the precompile is initialized from its activation on.
    function initialize(uint256 pricePerSector_, address flow_, address reward_) external;

    function PARAMS_ADMIN_ROLE() external view returns (bytes32);

    /// What comes here goes to the reward account with the next fee.
    receive() external payable;
}
