// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IRoles} from "./IRoles.sol";

/// Roles and who has them, in the storage of OpenZeppelin's AccessControlEnumerableUpgradeable 5.
abstract contract Roles is IRoles {
    struct RoleData {
        mapping(address account => bool) hasRole;
        bytes32 adminRole;
    }

    struct MemberSet {
        address[] accounts;
        /// Counted from 1; 0 is absent.
        mapping(address account => uint256) place;
    }

    struct InitializableStorage {
        uint64 version;
    }

    struct RolesStorage {
        mapping(bytes32 role => RoleData) roles;
    }

    struct RoleMembersStorage {
        mapping(bytes32 role => MemberSet) members;
    }

    bytes32 public constant DEFAULT_ADMIN_ROLE = bytes32(0);

    modifier onlyRole(bytes32 role) {
        _requireRole(role);
        _;
    }

    function hasRole(bytes32 role, address account) public view returns (bool) {
        return _rolesStorage().roles[role].hasRole[account];
    }

    function getRoleAdmin(bytes32 role) public view returns (bytes32) {
        return _rolesStorage().roles[role].adminRole;
    }

    function grantRole(bytes32 role, address account) external onlyRole(getRoleAdmin(role)) {
        _grantRole(role, account);
    }

    function revokeRole(bytes32 role, address account) external onlyRole(getRoleAdmin(role)) {
        _revokeRole(role, account);
    }

    function renounceRole(bytes32 role, address callerConfirmation) external {
        if (callerConfirmation != msg.sender) {
            revert AccessControlBadConfirmation();
        }
        _revokeRole(role, callerConfirmation);
    }

    function getRoleMember(bytes32 role, uint256 index) external view returns (address) {
        return _membersStorage().members[role].accounts[index];
    }

    function getRoleMemberCount(bytes32 role) external view returns (uint256) {
        return _membersStorage().members[role].accounts.length;
    }

    function getRoleMembers(bytes32 role) external view returns (address[] memory) {
        return _membersStorage().members[role].accounts;
    }

    /// ERC-165, IAccessControl and IAccessControlEnumerable.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return
            interfaceId == 0x01ffc9a7 || interfaceId == 0x7965db0b || interfaceId == 0x5a05180f;
    }

    function _requireRole(bytes32 role) private view {
        if (!hasRole(role, msg.sender)) {
            revert AccessControlUnauthorizedAccount(msg.sender, role);
        }
    }

    /// Once in the life of the contract.
    function _beginInitialization() internal {
        InitializableStorage storage initializable = _initializableStorage();
        if (initializable.version != 0) {
            revert InvalidInitialization();
        }
        initializable.version = 1;
    }

    function _grantRole(bytes32 role, address account) internal {
        if (hasRole(role, account)) {
            return;
        }
        _rolesStorage().roles[role].hasRole[account] = true;
        emit RoleGranted(role, account, msg.sender);
        MemberSet storage members = _membersStorage().members[role];
        members.accounts.push(account);
        members.place[account] = members.accounts.length;
    }

    /// The last of the list takes the place of the one that leaves.
    function _revokeRole(bytes32 role, address account) private {
        if (!hasRole(role, account)) {
            return;
        }
        _rolesStorage().roles[role].hasRole[account] = false;
        emit RoleRevoked(role, account, msg.sender);
        MemberSet storage members = _membersStorage().members[role];
        uint256 place = members.place[account];
        uint256 last = members.accounts.length;
        if (place != last) {
            address moved = members.accounts[last - 1];
            members.accounts[place - 1] = moved;
            members.place[moved] = place;
        }
        members.accounts.pop();
        delete members.place[account];
    }

    /// openzeppelin.storage.Initializable (ERC-7201).
    function _initializableStorage() private pure returns (InitializableStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00
        }
    }

    /// openzeppelin.storage.AccessControl (ERC-7201).
    function _rolesStorage() private pure returns (RolesStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0x02dd7bc7dec4dceedda775e58dd541e08a116c6c53815c0bd028192f7b626800
        }
    }

    /// openzeppelin.storage.AccessControlEnumerable (ERC-7201).
    function _membersStorage() private pure returns (RoleMembersStorage storage it) {
        assembly ("memory-safe") {
            it.slot := 0xc1f6fe24621ce81ec5827caf0253cadb74709b061630e6b55e82371705932000
        }
    }
}
