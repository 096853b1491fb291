// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IDASigners} from "./IDASigners.sol";
import {IDAVerifier} from "./IDAVerifier.sol";
import {IRoles} from "./IRoles.sol";

/// 0G's entrance for data availability: the precompile at 0x…da01, or the contract DAEntrance.
/// Data are announced and paid for here, commitments signed by a quorum are verified and kept, and
/// signers are paid for samples of what they store.
interface IDAEntrance is IDAVerifier, IRoles {
    struct SampleResponse {
        bytes32 sampleSeed;
        uint64 epoch;
        uint64 quorumId;
        /// Row of the quorum, 0 to 3,071.
        uint32 lineIndex;
        /// 32nd of the row.
        uint32 sublineIndex;
        uint256 quality;
        bytes32 dataRoot;
        bytes32[3] blobRoots;
        /// The 15 siblings from the subline up to the root of its blob.
        bytes32[] proof;
        /// 1,024 bytes.
        bytes data;
    }

    struct SampleTask {
        bytes32 sampleHash;
        uint256 podasTarget;
        uint64 restSubmissions;
    }

    struct SampleRange {
        uint64 startEpoch;
        uint64 endEpoch;
    }

    event DataUpload(
        address sender,
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId,
        uint256 blobPrice
    );
    event NewSampleRound(
        uint256 indexed sampleRound,
        uint256 sampleHeight,
        bytes32 sampleSeed,
        uint256 podasTarget
    );
    event DAReward(
        address indexed beneficiary,
        uint256 indexed sampleRound,
        uint256 indexed epoch,
        uint256 quorumId,
        bytes32 dataRoot,
        uint256 quality,
        uint256 lineIndex,
        uint256 sublineIndex,
        uint256 reward
    );
    /// Of OpenZeppelin's Escrow; the entrance keeps the payments itself.
    event Deposited(address indexed payee, uint256 weiAmount);
    event Withdrawn(address indexed payee, uint256 weiAmount);
    error AddressInsufficientBalance(address account);
    error FailedInnerCall();

    /// Once; the caller gets both roles. The precompile is initialized from its activation on.
    function initialize() external;

    // Data.

    /// Announce data roots to one quorum, the next in turn, for `blobPrice` each.
    function submitOriginalData(bytes32[] memory dataRoots) external payable;

    /// The newest commitment for data: its epoch and quorum, and whether that still samples.
    function latestCommitment(
        bytes32 dataRoot
    ) external view returns (bool exists, uint256 epoch, uint256 quorumId, bool samples);

    /// Whether 256 bytes are chunk number `index` (0 to 3·2^17 - 1) of the data with this root.
    /// `proof` are the 17 siblings from the chunk up to the root of its blob.
    function verifyChunk(
        bytes32 dataRoot,
        bytes32[3] memory blobRoots,
        uint256 index,
        bytes32[] memory proof,
        bytes memory chunk
    ) external pure returns (bool);

    // Sampling.

    function sync() external;

    function syncFixedTimes(uint256 times) external;

    function submitSamplingResponse(SampleResponse memory response) external;

    function sampleTask() external returns (SampleTask memory);

    function sampleRange() external returns (SampleRange memory);

    /// Into what base rewards are paid from.
    function donate() external payable;

    function payments(address account) external view returns (uint256);

    function withdrawPayments(address payable account) external;

    // State and parameters.

    function currentEpoch() external view returns (uint256);

    function currentSampleSeed() external view returns (bytes32);

    function sampleRound() external view returns (uint256);

    function nextSampleHeight() external view returns (uint256);

    function podasTarget() external view returns (uint256);

    function roundSubmissions() external view returns (uint256);

    function targetRoundSubmissions() external view returns (uint256);

    function targetRoundSubmissionsNext() external view returns (uint256);

    function currentEpochReward() external view returns (uint256);

    function activedReward() external view returns (uint256);

    function totalBaseReward() external view returns (uint256);

    function serviceFee() external view returns (uint256);

    function epochWindowSize() external view returns (uint256);

    function rewardRatio() external view returns (uint256);

    function baseReward() external view returns (uint256);

    function blobPrice() external view returns (uint256);

    function samplePeriod() external view returns (uint256);

    function serviceFeeRateBps() external view returns (uint256);

    function treasury() external view returns (address);

    function DA_SIGNERS() external view returns (IDASigners);

    function PARAMS_ADMIN_ROLE() external view returns (bytes32);

    function SLICE_NUMERATOR() external view returns (uint256);

    function SLICE_DENOMINATOR() external view returns (uint256);

    function MAX_PODAS_TARGET() external view returns (uint256);

    // Only with PARAMS_ADMIN_ROLE.

    function setRoundSubmissions(uint64 targetRoundSubmissions_) external;

    function setEpochWindowSize(uint64 epochWindowSize_) external;

    function setRewardRatio(uint64 rewardRatio_) external;

    function setBaseReward(uint256 baseReward_) external;

    function setSamplePeriod(uint64 samplePeriod_) external;

    function setBlobPrice(uint256 blobPrice_) external;

    function setServiceFeeRate(uint256 bps) external;

    function setTreasury(address treasury_) external;
}
