// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BN254, G1Point, G2Point} from "./BN254.sol";
import {IDASigners} from "./IDASigners.sol";
import {IDAVerifier} from "./IDAVerifier.sol";

/// Verifies signed commitments as 0G's DAEntrance does: the aggregate G1 key comes from the DASigners
/// precompile, the signature is checked by one pairing, and two thirds of the rows must have signed.
contract DAVerifier is IDAVerifier {
    IDASigners public constant DA_SIGNERS = IDASigners(0x0000000000000000000000000000000000001000);
    uint256 public constant SLICE_NUMERATOR = 2;
    uint256 public constant SLICE_DENOMINATOR = 3;

    mapping(bytes32 identifier => G1Point) private _commitments;

    function submitVerifiedCommitRoots(CommitRootSubmission[] memory submissions) external {
        for (uint256 i = 0; i < submissions.length; i++) {
            CommitRootSubmission memory one = submissions[i];
            if (commitmentExists(one.dataRoot, one.epoch, one.quorumId)) {
                continue;
            }
            verify(one);
            _commitments[_identifier(one.dataRoot, one.epoch, one.quorumId)] = one.erasureCommitment;
            emit ErasureCommitmentVerified(one.dataRoot, one.epoch, one.quorumId);
        }
    }

    function verify(CommitRootSubmission memory submission) public view {
        (G1Point memory aggPkG1, uint256 total, uint256 hit) = DA_SIGNERS.getAggPkG1(
            submission.epoch,
            submission.quorumId,
            submission.quorumBitmap
        );
        _checkSignature(
            _messagePoint(submission),
            aggPkG1,
            submission.aggPkG2,
            submission.signature
        );
        require(
            total * SLICE_NUMERATOR <= hit * SLICE_DENOMINATOR,
            "DARegistry: insufficient signed slices"
        );
    }

    function verifiedErasureCommitment(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) external view returns (G1Point memory) {
        return _commitments[_identifier(dataRoot, epoch, quorumId)];
    }

    /// A commitment at infinity counts as absent.
    function commitmentExists(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) public view returns (bool) {
        G1Point storage kept = _commitments[_identifier(dataRoot, epoch, quorumId)];
        return kept.X != 0 || kept.Y != 0;
    }

    /// The curve point that the signers multiply with their keys.
    function _messagePoint(
        CommitRootSubmission memory submission
    ) private view returns (G1Point memory) {
        return
            BN254.hashToG1(
                keccak256(
                    abi.encodePacked(
                        submission.dataRoot,
                        submission.epoch,
                        submission.quorumId,
                        submission.erasureCommitment.X,
                        submission.erasureCommitment.Y
                    )
                )
            );
    }

    /// e(S + γ·PK1, -G2) · e(H + γ·G1, PK2) = 1 proves both that S is H times the secret key of PK2
    /// and that PK1 and PK2 have the same one. γ binds them all; its order of fields is not the
    /// precompile's.
    function _checkSignature(
        G1Point memory message,
        G1Point memory aggPkG1,
        G2Point memory aggPkG2,
        G1Point memory signature
    ) private view {
        uint256 gamma = uint256(
            keccak256(abi.encode(signature, aggPkG1, aggPkG2, message))
        ) % BN254.GROUP_ORDER;
        G1Point memory left = _plusMultiple(signature, aggPkG1, gamma);
        G1Point memory right = _plusMultiple(message, BN254.generator(), gamma);
        (bool ok, bool cancel) = BN254.pairsCancel(left, right, aggPkG2);
        require(ok, "DARegistry: pairing precompile call failed");
        require(cancel, "DARegistry: signature is invalid");
    }

    /// point + scalar · other. A point off the curve makes the signature invalid.
    function _plusMultiple(
        G1Point memory point,
        G1Point memory other,
        uint256 scalar
    ) private view returns (G1Point memory) {
        (bool multiplied, G1Point memory product) = BN254.multiply(other, scalar);
        (bool added, G1Point memory sum) = BN254.add(point, product);
        require(multiplied && added, "DARegistry: signature is invalid");
        return sum;
    }

    function _identifier(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(dataRoot, epoch, quorumId));
    }
}
