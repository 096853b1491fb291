// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

interface IToken {
    function balanceOf(address owner) external view returns (uint256);
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// @title A constant-product pair: the work of a swap through a router, in one contract.
contract BenchmarkPair {
    IToken public immutable first;
    IToken public immutable second;
    uint112 private reserveOfFirst;
    uint112 private reserveOfSecond;
    uint32 private updatedAt;
    uint256 public firstPriceSum;
    uint256 public secondPriceSum;
    uint256 private entered = 1;

    event Swap(address indexed sender, uint256 given, uint256 taken, bool givesFirst, address indexed to);
    event Sync(uint112 reserveOfFirst, uint112 reserveOfSecond);

    constructor(IToken first_, IToken second_) {
        first = first_;
        second = second_;
    }

    /// Takes what lies here as the reserves.
    function sync() external {
        _update(first.balanceOf(address(this)), second.balanceOf(address(this)));
    }

    /// Gives `given` of one token, takes the other at the product's price less 0.3 %.
    function swap(uint256 given, uint256 takenMin, bool givesFirst, address to) external returns (uint256 taken) {
        require(entered == 1, "entered");
        entered = 2;
        (IToken source, IToken target) = givesFirst ? (first, second) : (second, first);
        (uint256 x, uint256 y) = givesFirst
            ? (uint256(reserveOfFirst), uint256(reserveOfSecond))
            : (uint256(reserveOfSecond), uint256(reserveOfFirst));
        require(source.transferFrom(msg.sender, address(this), given), "not paid");
        uint256 counted = given * 997;
        taken = (counted * y) / (x * 1000 + counted);
        require(taken >= takenMin && taken < y, "too little");
        require(target.transfer(to, taken), "not given");
        _settle(given, givesFirst, x * y);
        emit Swap(msg.sender, given, taken, givesFirst, to);
        entered = 1;
    }

    /// The product of what lies here, less the fee, has not shrunk.
    function _settle(uint256 given, bool givesFirst, uint256 product) private {
        uint256 a = first.balanceOf(address(this));
        uint256 b = second.balanceOf(address(this));
        uint256 afterA = givesFirst ? a * 1000 - given * 3 : a * 1000;
        uint256 afterB = givesFirst ? b * 1000 : b * 1000 - given * 3;
        require(afterA * afterB >= product * 1000 ** 2, "K");
        _update(a, b);
    }

    function _update(uint256 a, uint256 b) private {
        require(a <= type(uint112).max && b <= type(uint112).max, "overflow");
        uint32 time = uint32(block.timestamp);
        unchecked {
            uint32 passed = time - updatedAt;
            if (passed > 0 && reserveOfFirst != 0 && reserveOfSecond != 0) {
                firstPriceSum += (uint256(reserveOfSecond) << 112) / reserveOfFirst * passed;
                secondPriceSum += (uint256(reserveOfFirst) << 112) / reserveOfSecond * passed;
            }
        }
        (reserveOfFirst, reserveOfSecond, updatedAt) = (uint112(a), uint112(b), time);
        emit Sync(reserveOfFirst, reserveOfSecond);
    }
}
