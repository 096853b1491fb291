// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IDigestHistory} from "./IDigestHistory.sol";
import {IRoles} from "./IRoles.sol";

/// 0G's storage Flow: the precompile at 0x…f10a, or 0G's own FixedPriceFlow.
/// Whoever stores a file submits the roots of its complete subtrees here and pays for their sectors of
/// 256 bytes; storage nodes take the file's data once they have seen the log.
interface IFlow is IRoles {
    struct SubmissionNode {
        bytes32 root;
        /// The subtree has 2^height sectors.
        uint256 height;
    }

    struct SubmissionData {
        /// Bytes of the file.
        uint256 length;
        bytes tags;
        /// Strictly falling heights, the first under 64, the last less than 4 below it.
        SubmissionNode[] nodes;
    }

    struct Submission {
        SubmissionData data;
        /// Whom the log names; not zero.
        address submitter;
    }

    struct EpochRange {
        uint128 start;
        uint128 end;
    }

    struct EpochRangeWithContextDigest {
        uint128 start;
        uint128 end;
        bytes32 digest;
    }

    struct MineContext {
        uint256 epoch;
        /// The block with which the epoch before ended.
        uint256 mineStart;
        bytes32 flowRoot;
        uint256 flowLength;
        bytes32 blockDigest;
        bytes32 digest;
    }

    event Submit(
        address indexed sender,
        bytes32 indexed identity,
        uint256 submissionIndex,
        uint256 startPos,
        uint256 length,
        SubmissionData submission
    );
    event NewEpoch(
        address indexed sender,
        uint256 indexed index,
        bytes32 startMerkleRoot,
        uint256 submissionIndex,
        uint256 flowLength,
        bytes32 context
    );
    event Paused(address account);
    event Unpaused(address account);
    error NotEnoughFee(uint256 price, uint256 amount, uint256 paid);
    error EnforcedPause();
    error ExpectedPause();
    error AddressInsufficientBalance(address account);

    // Submissions. The fee is the number of sectors times the market's pricePerSector().

    function submit(
        Submission memory submission
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length);

    function batchSubmit(
        Submission[] memory submissions
    )
        external
        payable
        returns (
            uint256[] memory indexes,
            bytes32[] memory digests,
            uint256[] memory startIndexes,
            uint256[] memory lengths
        );

    /// The older form: the caller is the submitter.
    function submit(
        SubmissionData memory submission
    ) external payable returns (uint256 index, bytes32 digest, uint256 startIndex, uint256 length);

    function batchSubmit(
        SubmissionData[] memory submissions
    )
        external
        payable
        returns (
            uint256[] memory indexes,
            bytes32[] memory digests,
            uint256[] memory startIndexes,
            uint256[] memory lengths
        );

    // The tree of everything submitted.

    function computeFlowRoot() external returns (bytes32);

    /// The tree's root after a submission.
    function getFlowRootByTxSeq(uint256 txSeq) external view returns (bytes32);

    function numSubmissions() external view returns (uint256);

    function submissionIndex() external view returns (uint256);

    function tree() external view returns (uint256 currentLength, uint256 unstagedHeight);

    // Contexts: what miners work on, one an epoch.

    function makeContext() external;

    /// cnt + 1 epochs at most.
    function makeContextFixedTimes(uint256 cnt) external;

    function makeContextWithResult() external returns (MineContext memory);

    function queryContextAtPosition(
        uint128 targetPosition
    ) external returns (EpochRangeWithContextDigest memory range);

    function getContext() external view returns (MineContext memory);

    function getEpochRange(bytes32 digest) external view returns (EpochRange memory);

    function getEpochRangeHistory(
        uint256 index
    ) external view returns (EpochRangeWithContextDigest memory);

    function epoch() external view returns (uint256);

    function epochStartPosition() external view returns (uint256);

    function rootHistory() external view returns (IDigestHistory);

    // Parameters.

    function market() external view returns (address payable);

    function firstBlock() external view returns (uint256);

    function blocksPerEpoch() external view returns (uint256);

    function deployDelay() external view returns (uint256);

    /// Fills what is not set; of the precompile everything is.
    function setParams(uint256 blocksPerEpoch_, uint256 firstBlock_, address rootHistory_) external;

    /// Once; the precompile is initialized from its activation on.
    function initialize(address market_, uint256 blocksPerEpoch_) external;

    // Only with PAUSER_ROLE.

    function pause() external;

    function unpause() external;

    function paused() external view returns (bool);

    function PAUSER_ROLE() external view returns (bytes32);
}
