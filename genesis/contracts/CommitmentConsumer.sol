// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point} from "./BN254.sol";
import {IDAEntrance} from "./IDAEntrance.sol";

/// An example of a rollup's contract: it goes on with a batch only once a quorum has signed that the
/// batch's data are available, and then takes pieces of them for granted. The entrance is the
/// precompile at 0x…da01 or a contract with its interface.
contract CommitmentConsumer {
    struct Batch {
        uint256 epoch;
        uint256 quorumId;
        G1Point erasureCommitment;
    }

    IDAEntrance public immutable entrance;
    bytes32 public latest;
    mapping(bytes32 dataRoot => Batch) private _batches;

    event BatchAccepted(bytes32 indexed dataRoot, uint256 epoch, uint256 quorumId);

    error NotAvailable(bytes32 dataRoot);
    error NotInBatch(bytes32 dataRoot, uint256 index);

    constructor(IDAEntrance entrance_) {
        entrance = entrance_;
    }

    /// Anyone, once the commitment is verified.
    function accept(bytes32 dataRoot) external {
        (bool exists, uint256 epoch, uint256 quorumId, ) = entrance.latestCommitment(dataRoot);
        if (!exists) {
            revert NotAvailable(dataRoot);
        }
        G1Point memory commitment = entrance.verifiedErasureCommitment(dataRoot, epoch, quorumId);
        _batches[dataRoot] = Batch(epoch, quorumId, commitment);
        latest = dataRoot;
        emit BatchAccepted(dataRoot, epoch, quorumId);
    }

    function batch(bytes32 dataRoot) external view returns (Batch memory) {
        return _batches[dataRoot];
    }

    /// The first word of a chunk of an accepted batch, proven by Merkle siblings.
    function firstWord(
        bytes32 dataRoot,
        bytes32[3] memory blobRoots,
        uint256 index,
        bytes32[] memory proof,
        bytes memory chunk
    ) external view returns (bytes32) {
        if (_batches[dataRoot].erasureCommitment.X == 0) {
            revert NotAvailable(dataRoot);
        }
        if (!entrance.verifyChunk(dataRoot, blobRoots, index, proof, chunk)) {
            revert NotInBatch(dataRoot, index);
        }
        return bytes32(chunk);
    }
}
