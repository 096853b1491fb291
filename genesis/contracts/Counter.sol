// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A first contract to deploy and call: it counts, and tells who counted.
contract Counter {
    uint256 public constant STEP_MAX = 1_000;

    uint256 public count;
    address public lastCaller;

    event Counted(address indexed caller, uint256 step, uint256 count);

    error StepTooLarge(uint256 got, uint256 largest);

    function increment() external {
        _count(1);
    }

    /// Count `step` at once, between 1 and STEP_MAX.
    function add(uint256 step) external {
        require(step > 0, "Counter: step is zero");
        if (step > STEP_MAX) {
            revert StepTooLarge(step, STEP_MAX);
        }
        _count(step);
    }

    function _count(uint256 step) private {
        count += step;
        lastCaller = msg.sender;
        emit Counted(msg.sender, step, count);
    }
}
