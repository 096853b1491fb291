// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {Notebook} from "../src/Notebook.sol";

interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Several transactions in a row, as deployments are: nonces follow each other without waiting.
contract Deploy {
    Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    bool public IS_SCRIPT = true;

    function run() external returns (Notebook first, Notebook second) {
        vm.startBroadcast();
        first = new Notebook(1);
        second = new Notebook{salt: bytes32(uint256(1))}(2);
        first.write(1, "by forge");
        second.write(2, "at an address known before");
        vm.stopBroadcast();
        require(first.count() == 2 && second.count() == 3, "counted wrong");
    }
}
