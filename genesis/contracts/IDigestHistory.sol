// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// The Flow's roots at the ends of its last thousand epochs: the precompile at 0x…f10c, or the contract
/// that 0G's own Flow makes for itself.
interface IDigestHistory {
    error UnavailableIndex(uint256 index);
    error OwnableUnauthorizedAccount(address account);

    /// Of an epoch, from 0; refused of one that is not over, or over for a thousand epochs.
    function at(uint256 index) external view returns (bytes32);

    function available(uint256 index) external view returns (bool);

    function contains(bytes32 input) external view returns (bool);

    /// The Flow, from which alone the others take a call.
    function owner() external view returns (address);

    function insert(bytes32 data) external returns (uint256);

    function transferOwnership(address newOwner) external;

    function renounceOwnership() external;
}
