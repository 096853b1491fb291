// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// One owner, named in the genesis allocation, with the external functions, events and errors that
/// tools know from OpenZeppelin's OwnableUpgradeable 5.
///
/// Slot 0 holds the owner in its low 20 bytes and the initialized flag in the byte above them.
abstract contract Owned {
    address private _owner;
    bool private _initialized;

    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
    event Initialized(uint64 version);

    error OwnableUnauthorizedAccount(address account);
    error OwnableInvalidOwner(address owner);
    error InvalidInitialization();

    modifier onlyOwner() {
        if (msg.sender != _owner) {
            revert OwnableUnauthorizedAccount(msg.sender);
        }
        _;
    }

    /// Anyone, once. An owner that the genesis set stays; where it set none, the caller becomes it.
    function initialize() external {
        if (_initialized) {
            revert InvalidInitialization();
        }
        _initialized = true;
        address first = _owner == address(0) ? msg.sender : _owner;
        _owner = first;
        emit OwnershipTransferred(address(0), first);
        emit Initialized(1);
    }

    function owner() public view returns (address) {
        return _owner;
    }

    function transferOwnership(address newOwner) external onlyOwner {
        if (newOwner == address(0)) {
            revert OwnableInvalidOwner(newOwner);
        }
        _changeOwner(newOwner);
    }

    function renounceOwnership() external onlyOwner {
        _changeOwner(address(0));
    }

    function _changeOwner(address newOwner) private {
        emit OwnershipTransferred(_owner, newOwner);
        _owner = newOwner;
    }
}
