// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point} from "./BN254.sol";
import {DAChunks} from "./DAChunks.sol";
import {DAVerification} from "./DAVerification.sol";
import {IDAEntrance} from "./IDAEntrance.sol";
import {IDASigners} from "./IDASigners.sol";
import {Roles} from "./Roles.sol";

/// 0G's DAEntrance as a contract that runs on any chain with the precompile DASigners. Its external
/// interface, checks, texts and storage are those of the contract that 0G has deployed, and those of
/// the precompile at 0x…da01; the payments of its escrow lie in its own storage.
contract DAEntrance is IDAEntrance, Roles {
    /// The struct 0g.storage.DAEntrance, member by member.
    struct EntranceStorage {
        mapping(bytes32 identifier => G1Point) commitments;
        uint256 quorumIndex;
        mapping(bytes32 key => bool) sampled;
        uint256 currentEpoch;
        bytes32 currentSampleSeed;
        uint256 sampleRound;
        uint256 nextSampleHeight;
        uint256 podasTarget;
        uint256 roundSubmissions;
        uint256 targetRoundSubmissions;
        uint256 currentEpochReward;
        uint256 activedReward;
        uint256 totalBaseReward;
        uint256 serviceFee;
        uint256 targetRoundSubmissionsNext;
        uint256 epochWindowSize;
        uint256 rewardRatio;
        uint256 baseReward;
        uint256 blobPrice;
        uint256 samplePeriod;
        uint256 serviceFeeRateBps;
        address treasury;
    }

    struct PaymentStorage {
        mapping(address account => uint256) owed;
    }

    struct NewestStorage {
        /// 2^128 + epoch · 2^64 + quorum id.
        mapping(bytes32 dataRoot => uint256) newest;
    }

    IDASigners public constant DA_SIGNERS = DAVerification.DA_SIGNERS;
    bytes32 public constant PARAMS_ADMIN_ROLE = keccak256("PARAMS_ADMIN_ROLE");
    uint256 public constant SLICE_NUMERATOR = DAVerification.SLICE_NUMERATOR;
    uint256 public constant SLICE_DENOMINATOR = DAVerification.SLICE_DENOMINATOR;
    uint256 public constant MAX_PODAS_TARGET = type(uint256).max / 128;

    uint256 private constant BPS = 10_000;
    uint256 private constant TARGET_SCALE_BITS = 32;
    uint256 private constant TARGET_DAMPING = 8;
    uint32 private constant ROWS_PER_BLOB = 1024;
    uint32 private constant SUBLINES = 32;
    uint256 private constant NEWEST_IS_PRESENT = 1 << 128;

    function initialize() external {
        _beginInitialization();
        _grantRole(DEFAULT_ADMIN_ROLE, msg.sender);
        _grantRole(PARAMS_ADMIN_ROLE, msg.sender);
        EntranceStorage storage it = _entrance();
        it.currentEpoch = DA_SIGNERS.epochNumber();
        it.samplePeriod = 30;
        it.nextSampleHeight = (block.number / 30 + 1) * 30;
        it.podasTarget = MAX_PODAS_TARGET;
        it.targetRoundSubmissionsNext = 20;
        it.epochWindowSize = 300;
        it.rewardRatio = 1_200_000;
        emit Initialized(1);
    }

    // Data.

    function submitOriginalData(bytes32[] memory dataRoots) external payable {
        sync();
        EntranceStorage storage it = _entrance();
        uint256 price = it.blobPrice;
        require(msg.value >= dataRoots.length * price, "Not enough da blob fee");
        it.currentEpochReward += msg.value;
        uint256 epoch = it.currentEpoch;
        uint256 count = DA_SIGNERS.quorumCount(epoch);
        require(count > 0, "DAEntrance: No DA Signers");
        uint256 quorumId = (it.quorumIndex + 1) % count;
        it.quorumIndex = quorumId;
        for (uint256 i = 0; i < dataRoots.length; i++) {
            emit DataUpload(msg.sender, dataRoots[i], epoch, quorumId, price);
        }
    }

    function submitVerifiedCommitRoots(CommitRootSubmission[] memory submissions) external {
        for (uint256 i = 0; i < submissions.length; i++) {
            CommitRootSubmission memory one = submissions[i];
            if (commitmentExists(one.dataRoot, one.epoch, one.quorumId)) {
                continue;
            }
            DAVerification.check(one);
            bytes32 identifier = DAVerification.identifier(one.dataRoot, one.epoch, one.quorumId);
            _entrance().commitments[identifier] = one.erasureCommitment;
            _rememberNewest(one);
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
        return _entrance().commitments[DAVerification.identifier(dataRoot, epoch, quorumId)];
    }

    /// A commitment at infinity counts as absent.
    function commitmentExists(
        bytes32 dataRoot,
        uint256 epoch,
        uint256 quorumId
    ) public view returns (bool) {
        bytes32 identifier = DAVerification.identifier(dataRoot, epoch, quorumId);
        G1Point storage kept = _entrance().commitments[identifier];
        return kept.X != 0 || kept.Y != 0;
    }

    function latestCommitment(
        bytes32 dataRoot
    ) external view returns (bool exists, uint256 epoch, uint256 quorumId, bool samples) {
        uint256 packed = _newest().newest[dataRoot];
        if (packed != 0) {
            exists = true;
            epoch = uint64(packed >> 64);
            quorumId = uint64(packed);
            uint256 current = DA_SIGNERS.epochNumber();
            samples = epoch < current && current <= epoch + _entrance().epochWindowSize;
        }
    }

    function verifyChunk(
        bytes32 dataRoot,
        bytes32[3] memory blobRoots,
        uint256 index,
        bytes32[] memory proof,
        bytes memory chunk
    ) external pure returns (bool) {
        return DAChunks.contains(dataRoot, blobRoots, index, proof, chunk);
    }

    // Catching up.

    function sync() public {
        _syncEpoch();
        while (block.number >= _entrance().nextSampleHeight) {
            _beginSampleRound();
        }
    }

    function syncFixedTimes(uint256 times) external {
        _syncEpoch();
        for (uint256 i = 0; i < times; i++) {
            if (block.number >= _entrance().nextSampleHeight) {
                _beginSampleRound();
            }
        }
    }

    function _syncEpoch() private {
        (bool made, ) = address(DA_SIGNERS).call(abi.encodeCall(IDASigners.makeEpoch, ()));
        require(made, "DAEntrance: make epoch failed");
        EntranceStorage storage it = _entrance();
        uint256 epoch = DA_SIGNERS.epochNumber();
        if (it.currentEpoch == epoch) {
            return;
        }
        it.currentEpoch = epoch;
        uint256 earned = it.currentEpochReward;
        uint256 fee = (earned * it.serviceFeeRateBps) / BPS;
        it.activedReward += earned - fee;
        it.currentEpochReward = 0;
        if (fee > 0) {
            _send(payable(it.treasury), fee);
        }
    }

    function _beginSampleRound() private {
        EntranceStorage storage it = _entrance();
        if (it.sampleRound > 0) {
            it.podasTarget = _adjustedTarget(
                it.podasTarget,
                it.roundSubmissions,
                it.targetRoundSubmissions
            );
        }
        uint256 height = it.nextSampleHeight;
        it.sampleRound += 1;
        it.currentSampleSeed = blockhash(height - 1);
        it.nextSampleHeight = height + it.samplePeriod;
        it.targetRoundSubmissions = it.targetRoundSubmissionsNext;
        it.roundSubmissions = 0;
        emit NewSampleRound(it.sampleRound, height, it.currentSampleSeed, it.podasTarget);
    }

    /// Harder after a round with more responses than wanted, easier after one with fewer.
    function _adjustedTarget(
        uint256 target,
        uint256 submissions,
        uint256 wanted
    ) private pure returns (uint256) {
        uint256 scaled = target >> TARGET_SCALE_BITS;
        bool isHarder = submissions > wanted;
        uint256 off = isHarder ? submissions - wanted : wanted - submissions;
        uint256 delta = (scaled * off) / wanted / TARGET_DAMPING;
        scaled = isHarder ? scaled - delta : scaled + delta;
        if (scaled >= MAX_PODAS_TARGET >> TARGET_SCALE_BITS) {
            return MAX_PODAS_TARGET;
        }
        return scaled << TARGET_SCALE_BITS;
    }

    // Sampling.

    function submitSamplingResponse(SampleResponse memory response) external {
        sync();
        _checkRound(response);
        _checkEpoch(response);
        _checkData(response);
        EntranceStorage storage it = _entrance();
        address beneficiary = DA_SIGNERS.getQuorumRow(
            response.epoch,
            response.quorumId,
            response.lineIndex
        );
        it.roundSubmissions += 1;
        uint256 reward = _takeReward();
        if (reward > 0) {
            _payments().owed[beneficiary] += reward;
            emit Deposited(beneficiary, reward);
        }
        emit DAReward(
            beneficiary,
            it.sampleRound,
            response.epoch,
            response.quorumId,
            response.dataRoot,
            response.quality,
            response.lineIndex,
            response.sublineIndex,
            reward
        );
    }

    function sampleTask() external returns (SampleTask memory) {
        sync();
        EntranceStorage storage it = _entrance();
        uint256 rest = it.targetRoundSubmissions * 2 - it.roundSubmissions;
        return SampleTask(it.currentSampleSeed, it.podasTarget, uint64(rest));
    }

    function sampleRange() external returns (SampleRange memory) {
        sync();
        EntranceStorage storage it = _entrance();
        uint256 last = it.currentEpoch > 0 ? it.currentEpoch - 1 : 0;
        uint256 window = it.epochWindowSize;
        uint256 first = last >= window ? last - (window - 1) : 0;
        return SampleRange(uint64(first), uint64(last));
    }

    function donate() external payable {
        sync();
        _entrance().totalBaseReward += msg.value;
    }

    function payments(address account) external view returns (uint256) {
        return _payments().owed[account];
    }

    /// Anybody may ask for it; it goes to the account that it belongs to.
    function withdrawPayments(address payable account) external {
        uint256 amount = _payments().owed[account];
        _payments().owed[account] = 0;
        if (amount > 0) {
            _send(account, amount);
        }
        emit Withdrawn(account, amount);
    }

    function _checkRound(SampleResponse memory response) private {
        EntranceStorage storage it = _entrance();
        bytes32 key = keccak256(
            abi.encodePacked(
                response.dataRoot,
                response.sampleSeed,
                response.epoch,
                response.quorumId,
                response.lineIndex,
                response.sublineIndex
            )
        );
        require(!it.sampled[key], "Duplicated submission");
        it.sampled[key] = true;
        require(it.sampleRound > 0, "Sample round 0 cannot be mined");
        require(
            it.roundSubmissions < it.targetRoundSubmissions * 2,
            "Too many submissions in one round"
        );
        require(response.sampleSeed == it.currentSampleSeed, "Unmatched sample seed");
        require(response.quality <= it.podasTarget, "Quality not reached");
    }

    function _checkEpoch(SampleResponse memory response) private view {
        EntranceStorage storage it = _entrance();
        uint256 epoch = response.epoch;
        require(
            commitmentExists(response.dataRoot, epoch, response.quorumId),
            "Unrecorded commitment"
        );
        require(epoch + it.epochWindowSize >= it.currentEpoch, "Epoch has stopped sampling");
        require(epoch < it.currentEpoch, "Cannot sample current epoch");
    }

    /// The data are where they should be in the data root, and have the quality that was claimed.
    function _checkData(SampleResponse memory response) private pure {
        require(response.sampleSeed != bytes32(0), "Sample seed cannot be empty");
        require(response.lineIndex < DAChunks.BLOBS * ROWS_PER_BLOB, "Incorrect line index");
        require(response.sublineIndex < SUBLINES, "Incorrect sub-line index");
        _checkQuality(response);
        require(response.data.length == DAChunks.SUBLINE_BYTES, "Incorrect data length");
        require(
            DAChunks.rootOfBlobs(response.blobRoots) == response.dataRoot,
            "Incorrect dataRoot"
        );
        uint256 position = uint256(response.lineIndex % ROWS_PER_BLOB) *
            SUBLINES +
            response.sublineIndex;
        bytes32 root = DAChunks.rootOfSubline(response.data);
        require(
            DAChunks.rootAbove(root, position, response.proof) ==
                response.blobRoots[response.lineIndex / ROWS_PER_BLOB],
            "Incorrect blob Root"
        );
    }

    function _checkQuality(SampleResponse memory response) private pure {
        uint256 lineQuality = uint256(
            keccak256(
                abi.encodePacked(
                    response.sampleSeed,
                    uint256(response.epoch),
                    uint256(response.quorumId),
                    response.dataRoot,
                    uint64(response.lineIndex)
                )
            )
        );
        uint256 dataQuality = uint256(
            keccak256(
                abi.encodePacked(lineQuality, uint256(response.sublineIndex), response.data)
            )
        );
        require(dataQuality <= type(uint256).max - lineQuality, "Quality overflow");
        require(lineQuality + dataQuality == response.quality, "Incorrect quality");
    }

    /// A fraction of what epochs have earned, and the base reward as long as donations last.
    function _takeReward() private returns (uint256) {
        EntranceStorage storage it = _entrance();
        uint256 reward = it.activedReward / it.rewardRatio;
        it.activedReward -= reward;
        uint256 extra = it.totalBaseReward > it.baseReward ? it.baseReward : it.totalBaseReward;
        it.totalBaseReward -= extra;
        return reward + extra;
    }

    function _send(address payable recipient, uint256 amount) private {
        if (address(this).balance < amount) {
            revert AddressInsufficientBalance(address(this));
        }
        (bool sent, ) = recipient.call{value: amount}("");
        if (!sent) {
            revert FailedInnerCall();
        }
    }

    /// DASigners takes epochs modulo 2^64: what is larger is an alias, and is not kept.
    function _rememberNewest(CommitRootSubmission memory one) private {
        bool isInfinity = one.erasureCommitment.X == 0 && one.erasureCommitment.Y == 0;
        if (isInfinity || one.epoch > type(uint64).max || one.quorumId > type(uint64).max) {
            return;
        }
        uint256 before = _newest().newest[one.dataRoot];
        if (uint64(before >> 64) <= one.epoch) {
            _newest().newest[one.dataRoot] = NEWEST_IS_PRESENT | (one.epoch << 64) | one.quorumId;
        }
    }

    // State.

    function currentEpoch() external view returns (uint256) {
        return _entrance().currentEpoch;
    }

    function currentSampleSeed() external view returns (bytes32) {
        return _entrance().currentSampleSeed;
    }

    function sampleRound() external view returns (uint256) {
        return _entrance().sampleRound;
    }

    function nextSampleHeight() external view returns (uint256) {
        return _entrance().nextSampleHeight;
    }

    function podasTarget() external view returns (uint256) {
        return _entrance().podasTarget;
    }

    function roundSubmissions() external view returns (uint256) {
        return _entrance().roundSubmissions;
    }

    function targetRoundSubmissions() external view returns (uint256) {
        return _entrance().targetRoundSubmissions;
    }

    function targetRoundSubmissionsNext() external view returns (uint256) {
        return _entrance().targetRoundSubmissionsNext;
    }

    function currentEpochReward() external view returns (uint256) {
        return _entrance().currentEpochReward;
    }

    function activedReward() external view returns (uint256) {
        return _entrance().activedReward;
    }

    function totalBaseReward() external view returns (uint256) {
        return _entrance().totalBaseReward;
    }

    function serviceFee() external view returns (uint256) {
        return _entrance().serviceFee;
    }

    function epochWindowSize() external view returns (uint256) {
        return _entrance().epochWindowSize;
    }

    function rewardRatio() external view returns (uint256) {
        return _entrance().rewardRatio;
    }

    function baseReward() external view returns (uint256) {
        return _entrance().baseReward;
    }

    function blobPrice() external view returns (uint256) {
        return _entrance().blobPrice;
    }

    function samplePeriod() external view returns (uint256) {
        return _entrance().samplePeriod;
    }

    function serviceFeeRateBps() external view returns (uint256) {
        return _entrance().serviceFeeRateBps;
    }

    function treasury() external view returns (address) {
        return _entrance().treasury;
    }

    // Parameters.

    function setRoundSubmissions(
        uint64 targetRoundSubmissions_
    ) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        EntranceStorage storage it = _entrance();
        uint256 target = it.targetRoundSubmissions;
        require(targetRoundSubmissions_ <= target * 4, "Increase round submissions too large");
        require(targetRoundSubmissions_ >= target / 4, "Decrease round submissions too large");
        require(targetRoundSubmissions_ > 0, "Round submissions cannot be zero");
        it.targetRoundSubmissionsNext = targetRoundSubmissions_;
    }

    function setEpochWindowSize(uint64 epochWindowSize_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        require(epochWindowSize_ > 0, "Epoch window size cannot be zero");
        _entrance().epochWindowSize = epochWindowSize_;
    }

    function setRewardRatio(uint64 rewardRatio_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        require(rewardRatio_ > 0, "Reward ratio must be non-zero");
        _entrance().rewardRatio = rewardRatio_;
    }

    function setBaseReward(uint256 baseReward_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        _entrance().baseReward = baseReward_;
    }

    /// Before the first round its height moves too.
    function setSamplePeriod(uint64 samplePeriod_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        EntranceStorage storage it = _entrance();
        it.samplePeriod = samplePeriod_;
        if (it.sampleRound == 0) {
            it.nextSampleHeight = (block.number / samplePeriod_ + 1) * samplePeriod_;
        }
    }

    function setBlobPrice(uint256 blobPrice_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        _entrance().blobPrice = blobPrice_;
    }

    function setServiceFeeRate(uint256 bps) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        _entrance().serviceFeeRateBps = bps;
    }

    function setTreasury(address treasury_) external onlyRole(PARAMS_ADMIN_ROLE) {
        sync();
        _entrance().treasury = treasury_;
    }

    // Storage.

    /// 0g.storage.DAEntrance (ERC-7201).
    function _entrance() private pure returns (EntranceStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0x1f01119f54caddd4b5bcce29799619f00bb427288e5c1c0713537061bd123800
        }
    }

    /// 0g.storage.PullPayment (ERC-7201).
    function _payments() private pure returns (PaymentStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0x18886ccf3cb33ec4f8e31fd4f09d61266d4695ceab87fb3d39636905b707c100
        }
    }

    /// zerog.storage.DAEntrance (ERC-7201).
    function _newest() private pure returns (NewestStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0xb05de648f6ee3b21bb373cad2ef15e3af895eabccf6dd5cb1ace7b687072e700
        }
    }
}
