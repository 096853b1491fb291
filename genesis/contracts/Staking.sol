// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Validators, and the stake behind them. Nodes read from this contract's storage who decides: the
/// first `maxActive` of `ranking`, each with its stake in whole 0G as its power.
///
/// A validator is known by the address of its consensus key. Its owner is an ordinary account. Stake
/// that leaves stands behind its validator until it is withdrawn: it is cut with the rest.
contract Staking {
    enum Status {
        Unknown,
        Ranked,
        Waiting,
        Absent,
        Exited,
        Slashed
    }

    struct Validator {
        bytes32 keyX;
        address owner;
        uint8 keyPrefix;
        Status status;
        bool isActive;
        uint64 statusBlock;
        uint256 stake;
        uint256 shares;
        uint256 unbonding;
        uint256 unbondingShares;
        uint256 rewardMark;
        uint256 rewardPerShare;
    }

    struct Unbonding {
        uint64 releaseBlock;
        uint192 shares;
    }

    struct Delegation {
        uint256 shares;
        uint256 rewardMark;
        uint256 reward;
        Unbonding[] unbondings;
    }

    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;
    bytes32 private constant POSSESSION = keccak256("zerog-proof-of-possession/1");
    /// A cut of this amount takes nothing: the validator was absent, and is left out.
    uint256 private constant ABSENCE = 1 gwei;
    uint256 private constant SCALE = 1e18;
    uint256 private constant RANKED_MAX = 1_000;
    uint256 private constant UNBONDINGS_MAX = 16;

    /// Grows with every change of the ranking or of a stake in it.
    uint256 public revision;
    /// Of one wei of active stake since the beginning, times SCALE.
    uint256 public rewardPerStake;
    uint256 public activeStake;
    uint64 public maxActive;
    uint64 public unbondingBlocks;
    uint256 public minStake;
    /// Most stake first; of equals, the one that was there first.
    address[] private ranking;
    mapping(address => Validator) public validators;
    mapping(address => mapping(address => Delegation)) private delegations;

    event ValidatorCreated(address indexed validator, address indexed owner, uint256 amount);
    event Delegated(address indexed validator, address indexed delegator, uint256 amount);
    event Undelegated(
        address indexed validator, address indexed delegator, uint256 amount, uint256 releaseBlock
    );
    event Withdrawn(
        address indexed validator, address indexed delegator, uint256 stake, uint256 reward
    );
    event StatusChanged(address indexed validator, Status status);
    event Slashed(address indexed validator, uint256 amount);

    modifier onlySystem() {
        require(msg.sender == SYSTEM, "Staking: only the protocol may call this");
        _;
    }

    modifier onlyOwner(address validator) {
        require(msg.sender == validators[validator].owner, "Staking: not the validator's owner");
        _;
    }

    /// The distribution at the end of a block: the amount in wei as a bare word. It is credited
    /// before; with nobody active it stays here.
    fallback(bytes calldata input) external onlySystem returns (bytes memory) {
        require(input.length == 32, "Staking: expected one word");
        if (activeStake > 0) {
            rewardPerStake += uint256(bytes32(input)) * SCALE / activeStake;
        }
        return "";
    }

    /// Take stake from a validator for good and end its career. Never fails for a known validator,
    /// since the protocol stops at the first failure.
    function slashValidator(address validator, uint256 amount) external onlySystem {
        Validator storage v = validators[validator];
        require(v.status != Status.Unknown, "Staking: no such validator");
        if (amount == ABSENCE) {
            if (v.status == Status.Ranked) {
                _leave(validator, Status.Absent);
            }
            return;
        }
        if (v.status == Status.Ranked) {
            _leave(validator, Status.Slashed);
        } else {
            _setStatus(validator, Status.Slashed);
        }
        uint256 total = v.stake + v.unbonding;
        uint256 cut = amount < total ? amount : total;
        uint256 ofUnbonding = total == 0 ? 0 : cut * v.unbonding / total;
        v.unbonding -= ofUnbonding;
        v.stake -= cut - ofUnbonding;
        emit Slashed(validator, cut);
        payable(address(0)).transfer(cut);
    }

    /// Make the sender the owner of a new validator. (v, r, s) is the consensus key's signature of
    /// `possessionDigest(sender)`: nobody can use another's key.
    function createValidator(bytes32 keyX, bytes32 keyY, uint8 v, bytes32 r, bytes32 s)
        external
        payable
        returns (address validator)
    {
        validator = address(uint160(uint256(keccak256(abi.encode(keyX, keyY)))));
        require(
            ecrecover(possessionDigest(msg.sender), v, r, s) == validator,
            "Staking: not signed by the consensus key"
        );
        Validator storage made = validators[validator];
        require(made.status == Status.Unknown, "Staking: the key is a validator's already");
        require(msg.value >= minStake, "Staking: less than the minimum stake");
        made.keyX = keyX;
        made.keyPrefix = uint8(2 + uint256(keyY) % 2);
        made.owner = msg.sender;
        emit ValidatorCreated(validator, msg.sender, msg.value);
        _bond(validator, msg.value);
        _enter(validator);
    }

    /// Add to the sender's stake behind a validator.
    function delegate(address validator) external payable {
        Status status = validators[validator].status;
        require(msg.value > 0, "Staking: no amount");
        require(
            status == Status.Ranked || status == Status.Waiting || status == Status.Absent,
            "Staking: the validator takes no stake"
        );
        _bond(validator, msg.value);
        if (status == Status.Ranked) {
            _rise(_rankOf(validator));
        } else if (status == Status.Waiting && validators[validator].stake >= minStake) {
            _enter(validator);
        }
    }

    /// Begin to take stake back; `withdraw` pays it after `unbondingBlocks`. More than there is
    /// means all of it.
    function undelegate(address validator, uint256 amount) external returns (uint256) {
        return _undelegate(validator, amount);
    }

    /// Stop validating and begin to take back all of the owner's own stake.
    function exit(address validator) external onlyOwner(validator) {
        Status status = validators[validator].status;
        require(
            status != Status.Exited && status != Status.Slashed, "Staking: it has left already"
        );
        if (status == Status.Ranked) {
            _leaveByChoice(validator, Status.Exited);
        } else {
            _setStatus(validator, Status.Exited);
        }
        if (delegations[validator][msg.sender].shares > 0) {
            _undelegate(validator, type(uint256).max);
        }
    }

    /// Come back: after an absence, an exit, or having been pushed out of the ranking.
    function rejoin(address validator) external onlyOwner(validator) {
        Validator storage v = validators[validator];
        require(v.status != Status.Ranked, "Staking: it is in the ranking");
        require(v.status != Status.Slashed, "Staking: a slashed key cannot come back");
        require(v.stake >= minStake, "Staking: less than the minimum stake");
        _enter(validator);
        require(v.status == Status.Ranked, "Staking: the ranking is full");
    }

    /// Pay the sender's rewards and what it undelegated long enough ago.
    function withdraw(address validator) external returns (uint256 stake, uint256 reward) {
        Delegation storage d = _settle(validator, msg.sender);
        reward = d.reward;
        d.reward = 0;
        stake = _release(validators[validator], d.unbondings);
        require(stake + reward > 0, "Staking: nothing to withdraw yet");
        emit Withdrawn(validator, msg.sender, stake, reward);
        (bool ok,) = msg.sender.call{value: stake + reward}("");
        require(ok, "Staking: the payment was refused");
    }

    /// What a consensus key signs to become the validator of `owner`.
    function possessionDigest(address owner) public view returns (bytes32) {
        return keccak256(abi.encode(POSSESSION, block.chainid, address(this), owner));
    }

    /// All that may be active, most stake first; the first `maxActive` are.
    function ranked() external view returns (address[] memory) {
        return ranking;
    }

    /// A delegator's stake, what it can withdraw as reward, and what is on its way back.
    function delegationOf(address validator, address delegator)
        external
        view
        returns (uint256 stake, uint256 reward, uint256[] memory amounts, uint256[] memory blocks)
    {
        Validator storage v = validators[validator];
        Delegation storage d = delegations[validator][delegator];
        stake = v.shares == 0 ? 0 : d.shares * v.stake / v.shares;
        reward = d.reward + d.shares * (_rewardPerShare(v) - d.rewardMark) / SCALE;
        uint256 count = d.unbondings.length;
        amounts = new uint256[](count);
        blocks = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            Unbonding storage u = d.unbondings[i];
            amounts[i] = _onItsWay(v, u);
            blocks[i] = u.releaseBlock;
        }
    }

    // Stake.

    function _bond(address validator, uint256 amount) private {
        Validator storage v = validators[validator];
        Delegation storage d = _settle(validator, msg.sender);
        uint256 shares = v.shares == 0 ? amount : amount * v.shares / v.stake;
        require(shares > 0, "Staking: too small an amount");
        d.shares += shares;
        v.shares += shares;
        v.stake += amount;
        if (v.isActive) {
            activeStake += amount;
        }
        revision++;
        emit Delegated(validator, msg.sender, amount);
    }

    function _undelegate(address validator, uint256 amount) private returns (uint256) {
        Validator storage v = validators[validator];
        Delegation storage d = _settle(validator, msg.sender);
        require(d.shares > 0 && amount > 0, "Staking: nothing to undelegate");
        uint256 own = d.shares * v.stake / v.shares;
        uint256 shares = d.shares;
        if (amount < own) {
            // Rounded up, so that nobody takes a wei of the others.
            shares = (amount * v.shares + v.stake - 1) / v.stake;
        } else {
            amount = own;
        }
        d.shares -= shares;
        v.shares -= shares;
        v.stake -= amount;
        if (v.isActive) {
            activeStake -= amount;
        }
        uint256 releaseBlock = _beginUnbonding(v, d.unbondings, amount);
        if (v.status == Status.Ranked) {
            if (v.stake < minStake) {
                _leaveByChoice(validator, Status.Waiting);
            } else {
                _sink(_rankOf(validator), false);
            }
        }
        revision++;
        emit Undelegated(validator, msg.sender, amount, releaseBlock);
        return releaseBlock;
    }

    function _beginUnbonding(Validator storage v, Unbonding[] storage list, uint256 amount)
        private
        returns (uint256 releaseBlock)
    {
        require(list.length < UNBONDINGS_MAX, "Staking: withdraw first, too much is on its way");
        uint256 shares = v.unbonding == 0 ? amount : amount * v.unbondingShares / v.unbonding;
        require(shares <= type(uint192).max, "Staking: too large an amount");
        v.unbonding += amount;
        v.unbondingShares += shares;
        releaseBlock = block.number + unbondingBlocks;
        list.push(Unbonding(uint64(releaseBlock), uint192(shares)));
    }

    function _release(Validator storage v, Unbonding[] storage list)
        private
        returns (uint256 released)
    {
        uint256 kept = 0;
        uint256 count = list.length;
        for (uint256 i = 0; i < count; i++) {
            Unbonding memory u = list[i];
            if (u.releaseBlock > block.number) {
                list[kept++] = u;
                continue;
            }
            uint256 amount = _onItsWay(v, u);
            v.unbonding -= amount;
            v.unbondingShares -= u.shares;
            released += amount;
        }
        for (; count > kept; count--) {
            list.pop();
        }
    }

    /// What an entry is worth. One without shares was of dust that slashing had made worthless; it
    /// may be the last.
    function _onItsWay(Validator storage v, Unbonding memory u) private view returns (uint256) {
        return u.shares == 0 ? 0 : uint256(u.shares) * v.unbonding / v.unbondingShares;
    }

    // Rewards.

    function _rewardPerShare(Validator storage v) private view returns (uint256) {
        if (!v.isActive || v.shares == 0) {
            return v.rewardPerShare;
        }
        uint256 owed = v.stake * (rewardPerStake - v.rewardMark) / SCALE;
        return v.rewardPerShare + owed * SCALE / v.shares;
    }

    function _accrue(Validator storage v) private {
        v.rewardPerShare = _rewardPerShare(v);
        v.rewardMark = rewardPerStake;
    }

    function _settle(address validator, address delegator)
        private
        returns (Delegation storage d)
    {
        Validator storage v = validators[validator];
        d = delegations[validator][delegator];
        _accrue(v);
        d.reward += d.shares * (v.rewardPerShare - d.rewardMark) / SCALE;
        d.rewardMark = v.rewardPerShare;
    }

    // The ranking.

    function _setStatus(address validator, Status status) private {
        validators[validator].status = status;
        validators[validator].statusBlock = uint64(block.number);
        emit StatusChanged(validator, status);
    }

    /// Into the ranking; where it is full, in place of its last, or else to wait.
    function _enter(address validator) private {
        if (ranking.length >= RANKED_MAX) {
            address last = ranking[ranking.length - 1];
            if (validators[last].stake >= validators[validator].stake) {
                _setStatus(validator, Status.Waiting);
                return;
            }
            _leave(last, Status.Waiting);
        }
        _setStatus(validator, Status.Ranked);
        ranking.push(validator);
        if (ranking.length <= maxActive) {
            _activate(validator);
        }
        _rise(ranking.length - 1);
        revision++;
    }

    function _leaveByChoice(address validator, Status status) private {
        require(ranking.length > 1, "Staking: the last validator cannot leave");
        _leave(validator, status);
    }

    function _leave(address validator, Status status) private {
        _sink(_rankOf(validator), true);
        ranking.pop();
        if (validators[validator].isActive) {
            _retire(validator);
        }
        _setStatus(validator, status);
        revision++;
    }

    function _rankOf(address validator) private view returns (uint256 index) {
        while (ranking[index] != validator) {
            index++;
        }
    }

    function _rise(uint256 index) private {
        address validator = ranking[index];
        uint256 stake = validators[validator].stake;
        while (index > 0 && validators[ranking[index - 1]].stake < stake) {
            address other = ranking[index - 1];
            if (index == maxActive) {
                _retire(other);
                _activate(validator);
            }
            ranking[index] = other;
            index--;
        }
        ranking[index] = validator;
    }

    function _sink(uint256 index, bool toTheEnd) private {
        address validator = ranking[index];
        uint256 stake = validators[validator].stake;
        uint256 last = ranking.length - 1;
        while (index < last && (toTheEnd || validators[ranking[index + 1]].stake > stake)) {
            address other = ranking[index + 1];
            if (index + 1 == maxActive) {
                _retire(validator);
                _activate(other);
            }
            ranking[index] = other;
            index++;
        }
        ranking[index] = validator;
    }

    function _activate(address validator) private {
        Validator storage v = validators[validator];
        _accrue(v);
        v.isActive = true;
        activeStake += v.stake;
    }

    function _retire(address validator) private {
        Validator storage v = validators[validator];
        _accrue(v);
        v.isActive = false;
        activeStake -= v.stake;
    }
}
