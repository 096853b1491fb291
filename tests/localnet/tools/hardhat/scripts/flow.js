// What OpenZeppelin's users do: a token, a collectible, a vote that moves money, a proxy that is upgraded.
const assert = require("node:assert/strict");
const { ethers } = require("hardhat");

const deployed = async (name, ...args) => (await ethers.deployContract(name, args)).waitForDeployment();
const mined = async (sending) => {
  const receipt = await (await sending).wait();
  assert.equal(receipt.status, 1);
  return receipt;
};

// hardhat hands the revert data of another node on as it is.
const failsWith = (contract, sending, name) =>
  assert.rejects(sending, (error) => contract.interface.parseError(error.data).name === name);

async function token(owner, friend) {
  const token = await deployed("Token");
  await mined(token.transfer(friend.address, 100n));
  assert.equal(await token.balanceOf(friend.address), 100n);
  await mined(token.approve(friend.address, 5n));
  await mined(token.connect(friend).transferFrom(owner.address, friend.address, 5n));
  await failsWith(token, token.connect(friend).transfer(owner.address, 10n ** 30n), "ERC20InsufficientBalance");
  assert.equal((await token.queryFilter(token.filters.Transfer(null, friend.address))).length, 2);
  const { chainId } = await ethers.provider.getNetwork();
  const domain = { name: "Token", version: "1", chainId, verifyingContract: await token.getAddress() };
  const fields = ["owner:address", "spender:address", "value:uint256", "nonce:uint256", "deadline:uint256"];
  const types = { Permit: fields.map((field) => ({ name: field.split(":")[0], type: field.split(":")[1] })) };
  const permit = { owner: owner.address, spender: friend.address, value: 9n, nonce: 0n, deadline: 2n ** 40n };
  const { v, r, s } = ethers.Signature.from(await owner.signTypedData(domain, types, permit));
  await mined(token.connect(friend).permit(permit.owner, permit.spender, permit.value, permit.deadline, v, r, s));
  assert.equal(await token.allowance(owner.address, friend.address), 9n);
  console.log("ERC-20 with a permit");
  return token;
}

async function collectible(owner, friend, token) {
  const picture = await deployed("Picture");
  await mined(picture.mint(owner.address, 1n));
  await mined(picture.transferFrom(owner.address, friend.address, 1n));
  assert.equal(await picture.ownerOf(1n), friend.address);
  await failsWith(picture, picture.mint(await token.getAddress(), 2n), "ERC721InvalidReceiver");
  console.log("ERC-721");
}

async function vote(owner, friend, token) {
  const parliament = await deployed("Parliament", await token.getAddress());
  const address = await parliament.getAddress();
  await mined(token.delegate(owner.address));
  await mined(token.transfer(address, 50n));
  const pay = token.interface.encodeFunctionData("transfer", [friend.address, 50n]);
  const action = [[await token.getAddress()], [0n], [pay]];
  const proposed = await mined(parliament.propose(...action, "pay"));
  const id = parliament.interface.parseLog(proposed.logs[0]).args.proposalId;
  const reaches = async (state) => {
    while ((await parliament.state(id)) !== state) await new Promise((resolve) => setTimeout(resolve, 100));
  };
  await reaches(1n);
  await mined(parliament.castVote(id, 1));
  await reaches(4n);
  const before = await token.balanceOf(friend.address);
  await mined(parliament.execute(...action, ethers.id("pay")));
  assert.equal((await token.balanceOf(friend.address)) - before, 50n);
  console.log("a proposal was voted for and carried out");
}

async function proxy(owner, friend) {
  const logic = await deployed("Switch");
  const start = logic.interface.encodeFunctionData("initialize", [owner.address]);
  const proxy = await deployed("SwitchProxy", await logic.getAddress(), start);
  const used = await ethers.getContractAt("Switch", await proxy.getAddress(), owner);
  await mined(used.set(21n));
  await assert.rejects(used.connect(friend).set(1n), /not the owner/);
  await mined(used.upgradeToAndCall(await (await deployed("DoublingSwitch")).getAddress(), "0x"));
  const upgraded = await ethers.getContractAt("DoublingSwitch", await proxy.getAddress(), owner);
  assert.equal(await upgraded.doubled(), 42n);
  console.log("a proxy, upgraded");
}

async function main() {
  const [, , owner, friend] = await ethers.getSigners();
  const useOwner = ethers.deployContract;
  ethers.deployContract = (name, args) => useOwner(name, args, owner);
  const first = await token(owner, friend);
  await collectible(owner, friend, first);
  await vote(owner, friend, first);
  await proxy(owner, friend);
  console.log("done");
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
