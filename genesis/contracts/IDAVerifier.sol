// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point, G2Point} from "./BN254.sol";

/// Checks that a quorum of data availability signers has signed for the commitment of a blob.
interface IDAVerifier {
    /// What a quorum has signed, and with which keys.
    struct CommitRootSubmission {
        bytes32 dataRoot;
        uint256 epoch;
        uint256 quorumId;
        G1Point erasureCommitment;
        /// Bit i, counted from the lowest of the first byte: row i of the quorum has signed.
        bytes quorumBitmap;
        /// The sum of the signers' G2 keys, words in EIP-197's order: imaginary first.
        G2Point aggPkG2;
        /// The sum of the signers' signatures.
        G1Point signature;
    }

    event ErasureCommitmentVerified(bytes32 dataRoot, uint256 epoch, uint256 quorumId);

    /// Returns where the submission is right, reverts with the reason where it is not.
    function verify(CommitRootSubmission memory submission) external view;

    /// Verify each submission and keep its commitment; those known already are passed over.
    function submitVerifiedCommitRoots(CommitRootSubmission[] memory submissions) external;

    /// The commitment kept for a blob, (0, 0) where there is none.
    function verifiedErasureCommitment(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) external view returns (G1Point memory);

    function commitmentExists(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) external view returns (bool);
}
