// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {G1Point} from "./BN254.sol";
import {IDASigners} from "./IDASigners.sol";
import {Owned} from "./Owned.sol";

/// The one caller from which the DASigners precompile takes registrations. A signer registers
/// itself, from an account without code, and has one vote for each 30 of native balance.
contract DARegistry is Owned {
    address public constant DA_SIGNERS = 0x0000000000000000000000000000000000001000;

    uint256 private constant TOKENS_PER_VOTE = 30 ether;
    uint256 private constant VOTES_MAX = 102_400;

    error ErrSenderNotOrigin();
    error ErrSenderNotSigner();
    error ErrSenderNotEligibleToVote();

    modifier onlyOrigin() {
        if (msg.sender != tx.origin) {
            revert ErrSenderNotOrigin();
        }
        _;
    }

    /// Make the sender a signer. `_signature` is its BLS key's signature of the registration message.
    function registerSigner(
        IDASigners.SignerDetail memory _signer,
        G1Point memory _signature
    ) external onlyOrigin {
        if (msg.sender != _signer.signer) {
            revert ErrSenderNotSigner();
        }
        _forward(
            abi.encodeCall(IDASigners.registerSigner, (_signer, _signature)),
            "registerSigner call failed: "
        );
    }

    /// Put the sender's votes into the next epoch's draw.
    function registerNextEpoch(G1Point memory _signature) external onlyOrigin {
        uint256 votes = msg.sender.balance / TOKENS_PER_VOTE;
        if (votes == 0) {
            revert ErrSenderNotEligibleToVote();
        }
        if (votes > VOTES_MAX) {
            votes = VOTES_MAX;
        }
        _forward(
            abi.encodeCall(IDASigners.registerNextEpoch, (msg.sender, _signature, votes)),
            "registerNextEpoch call failed: "
        );
    }

    /// A low-level call, because the precompile has no code before its first use.
    function _forward(bytes memory input, string memory failure) private {
        (bool ok, bytes memory answer) = DA_SIGNERS.call(input);
        require(ok, string.concat(failure, string(answer)));
    }
}
