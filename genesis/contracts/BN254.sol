// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// A point of BN254's G1; (0, 0) is the point at infinity.
struct G1Point {
    uint256 X;
    uint256 Y;
}

/// A point of BN254's G2. Which word of a coordinate is the imaginary part depends on who reads it:
/// EIP-197 puts it first, the DASigners precompile last.
struct G2Point {
    uint256[2] X;
    uint256[2] Y;
}

/// Arithmetic on BN254 over the EVM's precompiles 0x05 to 0x08 (EIP-196, 197, 198).
library BN254 {
    uint256 internal constant FIELD_MODULUS =
        21888242871839275222246405745257275088696311157297823662689037894645226208583;
    uint256 internal constant GROUP_ORDER =
        21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// (FIELD_MODULUS + 1) / 4: raising to it gives a square root where there is one.
    uint256 private constant SQUARE_ROOT_EXPONENT =
        0xc19139cb84c680a6e14116da060561765e05aa45a1c72a34f082305b61f3f52;

    /// Enough for two pairs (113,000); a call that the precompile refuses burns no more than this.
    uint256 private constant PAIRING_GAS = 120_000;

    uint256 private constant NEGATED_G2_X_IMAGINARY =
        11559732032986387107991004021392285783925812861821192530917403151452391805634;
    uint256 private constant NEGATED_G2_X_REAL =
        10857046999023057135944570762232829481370756359578518086990519993285655852781;
    uint256 private constant NEGATED_G2_Y_IMAGINARY =
        17805874995975841540914202342111839520379459829704422454583296818431106115052;
    uint256 private constant NEGATED_G2_Y_REAL =
        13392588948715843804641432497768002650278120570034223513918757245338268106653;

    function generator() internal pure returns (G1Point memory) {
        return G1Point(1, 2);
    }

    /// The sum of two points; `ok` is false where one of them is not on the curve.
    function add(
        G1Point memory left,
        G1Point memory right
    ) internal view returns (bool ok, G1Point memory sum) {
        uint256[4] memory input = [left.X, left.Y, right.X, right.Y];
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x06, input, 0x80, sum, 0x40)
        }
    }

    /// `scalar` times a point; `ok` is false where the point is not on the curve.
    function multiply(
        G1Point memory point,
        uint256 scalar
    ) internal view returns (bool ok, G1Point memory product) {
        uint256[3] memory input = [point.X, point.Y, scalar];
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x07, input, 0x60, product, 0x40)
        }
    }

    /// Whether e(left, -G2) times e(right, key) is one. `ok` is false where the precompile refuses
    /// its input. The words of `key` are in EIP-197's order, imaginary first.
    function pairsCancel(
        G1Point memory left,
        G1Point memory right,
        G2Point memory key
    ) internal view returns (bool ok, bool cancel) {
        uint256[12] memory input = [
            left.X,
            left.Y,
            NEGATED_G2_X_IMAGINARY,
            NEGATED_G2_X_REAL,
            NEGATED_G2_Y_IMAGINARY,
            NEGATED_G2_Y_REAL,
            right.X,
            right.Y,
            key.X[0],
            key.X[1],
            key.Y[0],
            key.Y[1]
        ];
        uint256[1] memory answer;
        assembly ("memory-safe") {
            ok := staticcall(PAIRING_GAS, 0x08, input, 0x180, answer, 0x20)
        }
        cancel = answer[0] != 0;
    }

    /// Try and increment: the first x at or after `digest`, modulo the field, with a point above it.
    function hashToG1(bytes32 digest) internal view returns (G1Point memory) {
        uint256 x = uint256(digest) % FIELD_MODULUS;
        while (true) {
            uint256 square = addmod(
                mulmod(mulmod(x, x, FIELD_MODULUS), x, FIELD_MODULUS),
                3,
                FIELD_MODULUS
            );
            uint256 y = _power(square, SQUARE_ROOT_EXPONENT);
            if (mulmod(y, y, FIELD_MODULUS) == square) {
                return G1Point(x, y);
            }
            x = addmod(x, 1, FIELD_MODULUS);
        }
        revert();
    }

    function _power(uint256 base, uint256 exponent) private view returns (uint256) {
        uint256[6] memory input = [uint256(32), 32, 32, base, exponent, FIELD_MODULUS];
        uint256[1] memory result;
        bool ok;
        assembly ("memory-safe") {
            ok := staticcall(gas(), 0x05, input, 0xc0, result, 0x20)
        }
        require(ok, "BN254: modexp call failed");
        return result[0];
    }
}
