// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Creates a contract at an address that depends on salt and init code alone. Behaves as the deployer
/// that tools expect at 0x4e59b44847b379578588920cA78FbF26c0B4956C: calldata is a 32-byte salt and the
/// init code, the answer is the bare 20-byte address, a failed creation reverts without data.
contract Create2Deployer {
    fallback() external payable {
        assembly {
            // Under 32 bytes the length wraps around, and the copy runs out of gas.
            let length := sub(calldatasize(), 32)
            calldatacopy(0, 32, length)
            let created := create2(callvalue(), 0, length, calldataload(0))
            if iszero(created) {
                revert(0, 0)
            }
            mstore(0, created)
            return(12, 20)
        }
    }
}
