// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {Owned} from "./Owned.sol";

/// The one caller from which the WrappedA0GIBase precompile takes minters' caps: its owner decides.
contract WrappedA0GIBaseAgency is Owned {
    address public constant WRAPPED_A0GI_BASE = 0x0000000000000000000000000000000000001002;

    /// Give `minter` a cap and an initial supply, replacing those it had.
    function setMinterCap(address minter, uint256 cap, uint256 initialSupply) external onlyOwner {
        // A low-level call, because the precompile has no code before its first use.
        (bool ok, ) = WRAPPED_A0GI_BASE.call(
            abi.encodeWithSignature(
                "setMinterCap(address,uint256,uint256)",
                minter,
                cap,
                initialSupply
            )
        );
        require(ok, "wrapped a0gi base setMinterCap failed");
    }
}
