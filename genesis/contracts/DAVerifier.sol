// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point} from "./BN254.sol";
import {DAVerification} from "./DAVerification.sol";
import {IDASigners} from "./IDASigners.sol";
import {IDAVerifier} from "./IDAVerifier.sol";

/// Verifies signed commitments as 0G's DAEntrance does, and keeps them; nothing else of it.
contract DAVerifier is IDAVerifier {
    IDASigners public constant DA_SIGNERS = DAVerification.DA_SIGNERS;
    uint256 public constant SLICE_NUMERATOR = DAVerification.SLICE_NUMERATOR;
    uint256 public constant SLICE_DENOMINATOR = DAVerification.SLICE_DENOMINATOR;

    mapping(bytes32 identifier => G1Point) private _commitments;

    function submitVerifiedCommitRoots(CommitRootSubmission[] memory submissions) external {
        for (uint256 i = 0; i < submissions.length; i++) {
            CommitRootSubmission memory one = submissions[i];
            if (commitmentExists(one.dataRoot, one.epoch, one.quorumId)) {
                continue;
            }
            DAVerification.check(one);
            bytes32 identifier = DAVerification.identifier(one.dataRoot, one.epoch, one.quorumId);
            _commitments[identifier] = one.erasureCommitment;
            emit ErasureCommitmentVerified(one.dataRoot, one.epoch, one.quorumId);
        }
    }

    function verify(CommitRootSubmission memory submission) external view {
        DAVerification.check(submission);
    }

    function verifiedErasureCommitment(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) external view returns (G1Point memory) {
        return _commitments[DAVerification.identifier(dataRoot, epoch, quorumId)];
    }

    /// A commitment at infinity counts as absent.
    function commitmentExists(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) public view returns (bool) {
        bytes32 identifier = DAVerification.identifier(dataRoot, epoch, quorumId);
        G1Point storage kept = _commitments[identifier];
        return kept.X != 0 || kept.Y != 0;
    }
}
