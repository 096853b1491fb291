// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point, G2Point} from "./BN254.sol";

/// The precompile at 0x…1000: who signs for data availability, and in which quorums.
/// The words of a G2 coordinate are here real first, imaginary second.
interface IDASigners {
    struct SignerDetail {
        address signer;
        string socket;
        G1Point pkG1;
        G2Point pkG2;
    }

    struct Params {
        uint256 tokensPerVote;
        uint256 maxVotesPerSigner;
        uint256 maxQuorums;
        uint256 epochBlocks;
        uint256 encodedSlices;
    }

    event NewSigner(address indexed signer, G1Point pkG1, G2Point pkG2);
    event SocketUpdated(address indexed signer, string socket);

    function params() external view returns (Params memory);

    function epochNumber() external view returns (uint256);

    function quorumCount(uint256 epoch) external view returns (uint256);

    function isSigner(address account) external view returns (bool);

    function getSigner(address[] memory accounts) external view returns (SignerDetail[] memory);

    function getQuorum(uint256 epoch, uint256 quorumId) external view returns (address[] memory);

    function getQuorumRow(
        uint256 epoch,
        uint256 quorumId,
        uint32 rowIndex
    ) external view returns (address);

    /// Only through the registry at 0x20f3…12fc.
    function registerSigner(SignerDetail memory signer, G1Point memory signature) external;

    function updateSocket(string memory socket) external;

    function registeredEpoch(address account, uint256 epoch) external view returns (bool);

    /// Only through the registry at 0x20f3…12fc.
    function registerNextEpoch(address signer, G1Point memory signature, uint256 votes) external;

    function makeEpoch() external;

    function getAggPkG1(
        uint256 epoch,
        uint256 quorumId,
        bytes memory quorumBitmap
    ) external view returns (G1Point memory aggPkG1, uint256 total, uint256 hit);
}
