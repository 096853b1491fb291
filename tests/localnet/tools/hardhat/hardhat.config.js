// hardhat 2 with npm's solc instead of a compiler from the network.
const path = require("node:path");
const { subtask } = require("hardhat/config");
const { TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD } = require("hardhat/builtin-tasks/task-names");
require("@nomicfoundation/hardhat-ethers");

const VERSION = require("solc/package.json").version;

subtask(TASK_COMPILE_SOLIDITY_GET_SOLC_BUILD, async () => ({
  compilerPath: require.resolve("solc/soljson.js"),
  isSolcJs: true,
  version: VERSION,
  longVersion: require("solc").version(),
}));

module.exports = {
  solidity: { version: VERSION, settings: { optimizer: { enabled: true }, evmVersion: "cancun" } },
  networks: { zerog: { url: process.env.ZEROG_URL, accounts: "remote" } },
  defaultNetwork: "zerog",
};
