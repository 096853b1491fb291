// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// What the tools deploy, call, watch and make fail.
contract Notebook {
    error NotAllowed(address who, uint256 page);

    event Written(address indexed writer, uint256 indexed page, string text);

    mapping(uint256 => string) public pages;
    uint256 public count;

    constructor(uint256 first) {
        count = first;
    }

    function write(uint256 page, string calldata text) external payable {
        pages[page] = text;
        count += 1;
        emit Written(msg.sender, page, text);
    }

    function failWithReason() external pure {
        revert("the notebook is closed");
    }

    function failWithError(uint256 page) external view {
        revert NotAllowed(msg.sender, page);
    }

    function failWithPanic(uint256 divisor) external pure returns (uint256) {
        return 1 / divisor;
    }
}
