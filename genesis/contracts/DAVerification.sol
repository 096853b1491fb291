// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {BN254, G1Point, G2Point} from "./BN254.sol";
import {IDASigners} from "./IDASigners.sol";
import {IDAVerifier} from "./IDAVerifier.sol";

/// How 0G's DAEntrance verifies a signed commitment: the aggregate G1 key comes from the DASigners
/// precompile, the signature is checked by one pairing, and two thirds of the rows must have signed.
library DAVerification {
    IDASigners internal constant DA_SIGNERS = IDASigners(0x0000000000000000000000000000000000001000);
    uint256 internal constant SLICE_NUMERATOR = 2;
    uint256 internal constant SLICE_DENOMINATOR = 3;

    /// Returns where the submission is right, reverts with the reason where it is not.
    function check(IDAVerifier.CommitRootSubmission memory submission) internal view {
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

    /// The key under which a commitment is kept.
    function identifier(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(dataRoot, epoch, quorumId));
    }

    /// The curve point that the signers multiply with their keys.
    function _messagePoint(
        IDAVerifier.CommitRootSubmission memory submission
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
}
