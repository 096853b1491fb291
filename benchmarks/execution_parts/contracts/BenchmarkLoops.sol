// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

/// @title Loops that burn gas on one thing.
contract BenchmarkLoops {
    mapping(uint256 => uint256) private held;

    function hash(uint256 rounds) external pure returns (bytes32 digest) {
        for (uint256 i = 0; i < rounds; i++) {
            digest = keccak256(abi.encode(digest, i));
        }
    }

    function store(uint256 begin, uint256 count) external {
        for (uint256 i = begin; i < begin + count; i++) {
            held[i] = i + 1;
        }
    }
}
