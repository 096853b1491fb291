// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// Does on demand what a node must survive: endless loops, every kind of failure, many logs and
/// slots. Used by tests and benchmarks; never deployed at genesis.
contract TestProbe {
    mapping(uint256 slot => uint256) public stored;
    uint256 public received;

    event Marked(uint256 indexed number, bytes data);

    error Refused(uint256 code, string reason);

    receive() external payable {
        received += msg.value;
    }

    /// Runs until the gas or the time limit ends it.
    function loopForever() external view {
        while (gasleft() > 0) {}
    }

    /// Runs until `amount` gas is used.
    function burnGas(uint256 amount) external view {
        uint256 start = gasleft();
        while (start - gasleft() < amount) {}
    }

    function failWithReason(string calldata reason) external pure {
        revert(reason);
    }

    function failWithError(uint256 code, string calldata reason) external pure {
        revert Refused(code, reason);
    }

    function failWithoutData() external pure {
        assembly {
            revert(0, 0)
        }
    }

    /// Panic(0x11), an arithmetic overflow.
    function failWithPanic() external pure returns (uint256) {
        uint256 zero = 0;
        return zero - 1;
    }

    /// Consumes all gas.
    function failWithInvalidOpcode() external pure {
        assembly {
            invalid()
        }
    }

    function emitMany(uint256 count, bytes calldata data) external {
        for (uint256 i = 0; i < count; i++) {
            emit Marked(i, data);
        }
    }

    /// Sets the slots first, first + 1, … to `value`.
    function store(uint256 first, uint256 count, uint256 value) external {
        for (uint256 i = 0; i < count; i++) {
            stored[first + i] = value;
        }
    }

    /// Call on, and hand back what came: for calls of each kind into precompiles.
    function forward(
        address target,
        bytes calldata input
    ) external payable returns (bool ok, bytes memory answer) {
        return target.call{value: msg.value}(input);
    }

    function forwardStatic(
        address target,
        bytes calldata input
    ) external view returns (bool ok, bytes memory answer) {
        return target.staticcall(input);
    }

    function forwardDelegate(
        address target,
        bytes calldata input
    ) external returns (bool ok, bytes memory answer) {
        return target.delegatecall(input);
    }
}
