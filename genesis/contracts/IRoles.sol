// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Roles and who has them: what tools know from OpenZeppelin's AccessControlEnumerable 5.
interface IRoles {
    event RoleGranted(bytes32 indexed role, address indexed account, address indexed sender);
    event RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender);
    event RoleAdminChanged(
        bytes32 indexed role,
        bytes32 indexed previousAdminRole,
        bytes32 indexed newAdminRole
    );
    event Initialized(uint64 version);

    error AccessControlUnauthorizedAccount(address account, bytes32 neededRole);
    error AccessControlBadConfirmation();
    error InvalidInitialization();

    function DEFAULT_ADMIN_ROLE() external view returns (bytes32);

    function hasRole(bytes32 role, address account) external view returns (bool);

    function getRoleAdmin(bytes32 role) external view returns (bytes32);

    function grantRole(bytes32 role, address account) external;

    function revokeRole(bytes32 role, address account) external;

    /// The caller gives up a role of its own, and names itself so that it means it.
    function renounceRole(bytes32 role, address callerConfirmation) external;

    function getRoleMember(bytes32 role, uint256 index) external view returns (address);

    function getRoleMemberCount(bytes32 role) external view returns (uint256);

    function getRoleMembers(bytes32 role) external view returns (address[] memory);

    function supportsInterface(bytes4 interfaceId) external pure returns (bool);
}
