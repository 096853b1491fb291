// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

interface ITally {
    event Voted(address indexed voter, bytes32 indexed topic, uint256 votes);

    function vote(bytes32 topic) external returns (uint256 votes);

    function votesOf(bytes32 topic) external view returns (uint256 votes);
}

/// Votes through a plug-in as through any contract: the example of docs/tutorial-precompile.md.
contract TallyVoter {
    ITally public constant TALLY = ITally(0x0000000000000000000000000000000000007701);
    uint256 public lastVotes;

    function voteFor(string calldata topic) external returns (uint256 votes) {
        bytes32 hash = keccak256(bytes(topic));
        votes = TALLY.vote(hash);
        require(TALLY.votesOf(hash) == votes, "the tally contradicts itself");
        lastVotes = votes;
    }

    /// A refusal is an ordinary revert: its reason can be caught, and the gas that is left is kept.
    function tryVoteFor(string calldata topic) external returns (string memory reason) {
        try TALLY.vote(keccak256(bytes(topic))) {} catch Error(string memory why) {
            reason = why;
        }
    }
}
