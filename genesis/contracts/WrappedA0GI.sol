// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// The native coin as an ERC-20 token, in the manner of WETH9, which chosen minters can also mint
/// and burn: the WrappedA0GIBase precompile keeps their caps and moves the native coin behind it.
contract WrappedA0GI {
    string public constant name = "Wrapped A0GI";
    string public constant symbol = "WA0GI";
    uint8 public constant decimals = 18;
    address public constant WRAPPED_A0GI_BASE = 0x0000000000000000000000000000000000001002;

    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    event Approval(address indexed src, address indexed guy, uint256 wad);
    event Transfer(address indexed src, address indexed dst, uint256 wad);
    event Deposit(address indexed dst, uint256 wad);
    event Withdrawal(address indexed src, uint256 wad);
    event Mint(address indexed minter, address indexed dst, uint256 wad);
    event Burn(address indexed minter, address indexed src, uint256 wad);

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 wad) external {
        balanceOf[msg.sender] -= wad;
        payable(msg.sender).transfer(wad);
        emit Withdrawal(msg.sender, wad);
    }

    /// Every token stands for one native coin held here.
    function totalSupply() external view returns (uint256) {
        return address(this).balance;
    }

    function approve(address guy, uint256 wad) external returns (bool) {
        allowance[msg.sender][guy] = wad;
        emit Approval(msg.sender, guy, wad);
        return true;
    }

    function transfer(address dst, uint256 wad) external returns (bool) {
        return _move(msg.sender, dst, wad);
    }

    function transferFrom(address src, address dst, uint256 wad) external returns (bool) {
        return _move(src, dst, wad);
    }

    /// The caller mints against its cap: native coin to this contract, tokens to `recipient`.
    function mint(address recipient, uint256 wad) external {
        require(_callBase("mint(address,uint256)", wad), "wrapped a0gi base mint failed");
        balanceOf[recipient] += wad;
        emit Mint(msg.sender, recipient, wad);
    }

    function burn(uint256 wad) external {
        _burn(msg.sender, wad);
    }

    function burn(address src, uint256 wad) external {
        _burn(src, wad);
    }

    function burnFrom(address src, uint256 wad) external {
        _burn(src, wad);
    }

    /// The minter is the caller, whoever's tokens go; the precompile comes before the allowance.
    function _burn(address src, uint256 wad) private {
        require(_callBase("burn(address,uint256)", wad), "wrapped a0gi base burn failed");
        _spendAllowance(src, wad);
        balanceOf[src] -= wad;
        emit Burn(msg.sender, src, wad);
    }

    function _move(address src, address dst, uint256 wad) private returns (bool) {
        require(balanceOf[src] >= wad, "src insufficient balance");
        _spendAllowance(src, wad);
        balanceOf[src] -= wad;
        balanceOf[dst] += wad;
        emit Transfer(src, dst, wad);
        return true;
    }

    /// Nothing to spend where the owner acts itself or has allowed the largest amount.
    function _spendAllowance(address src, uint256 wad) private {
        uint256 allowed = src == msg.sender ? type(uint256).max : allowance[src][msg.sender];
        if (allowed == type(uint256).max) {
            return;
        }
        require(allowed >= wad, "insufficient allowance");
        allowance[src][msg.sender] = allowed - wad;
    }

    /// A low-level call, because the precompile has no code before its first use.
    function _callBase(string memory signature, uint256 wad) private returns (bool ok) {
        (ok, ) = WRAPPED_A0GI_BASE.call(abi.encodeWithSignature(signature, msg.sender, wad));
    }
}
