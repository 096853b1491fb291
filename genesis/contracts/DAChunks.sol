// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Merkle trees of 0G's data: chunks of 256 bytes, three trees of 2^17 chunks, one root over the three.
library DAChunks {
    uint256 internal constant CHUNK_BYTES = 256;
    uint256 internal constant CHUNKS_PER_BLOB = 1 << 17;
    uint256 internal constant CHUNK_LEVELS = 17;
    uint256 internal constant BLOBS = 3;
    uint256 internal constant SUBLINE_BYTES = 1024;

    /// Whether chunk number `index` of the data with this root is `chunk`. `proof` are the siblings
    /// from the chunk up to the root of its blob.
    function contains(
        bytes32 dataRoot,
        bytes32[3] memory blobRoots,
        uint256 index,
        bytes32[] memory proof,
        bytes memory chunk
    ) internal pure returns (bool) {
        if (
            chunk.length != CHUNK_BYTES ||
            proof.length != CHUNK_LEVELS ||
            index >= BLOBS * CHUNKS_PER_BLOB
        ) {
            return false;
        }
        bytes32 root = rootAbove(keccak256(chunk), index % CHUNKS_PER_BLOB, proof);
        return root == blobRoots[index / CHUNKS_PER_BLOB] && rootOfBlobs(blobRoots) == dataRoot;
    }

    function rootOfBlobs(bytes32[3] memory blobRoots) internal pure returns (bytes32) {
        return _pair(_pair(blobRoots[0], blobRoots[1]), blobRoots[2]);
    }

    /// The root of a tree, from a node at `position` of its level and the siblings above it.
    function rootAbove(
        bytes32 node,
        uint256 position,
        bytes32[] memory siblings
    ) internal pure returns (bytes32) {
        for (uint256 i = 0; i < siblings.length; i++) {
            node = position & 1 == 1 ? _pair(siblings[i], node) : _pair(node, siblings[i]);
            position >>= 1;
        }
        return node;
    }

    /// The root over the four chunks of a subline of 1,024 bytes.
    function rootOfSubline(bytes memory data) internal pure returns (bytes32) {
        return
            _pair(
                _pair(_chunkHash(data, 0), _chunkHash(data, 1)),
                _pair(_chunkHash(data, 2), _chunkHash(data, 3))
            );
    }

    function _chunkHash(bytes memory data, uint256 index) private pure returns (bytes32 hash) {
        assembly ("memory-safe") {
            hash := keccak256(add(add(data, 0x20), shl(8, index)), CHUNK_BYTES)
        }
    }

    function _pair(bytes32 left, bytes32 right) private pure returns (bytes32) {
        return keccak256(abi.encodePacked(left, right));
    }
}
