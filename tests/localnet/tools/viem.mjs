// viem against a node: `node viem.mjs URL WS_URL ARTIFACT PRIVATE_KEY`, run where viem is installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const viem = require("viem");
const { privateKeyToAccount } = require("viem/accounts");
const [url, webSocketUrl, artifactPath, key] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifactPath, "utf8"));
const id = await viem.createPublicClient({ transport: viem.http(url) }).getChainId();
const chain = viem.defineChain({
  id,
  name: "zerog",
  nativeCurrency: { name: "0G", symbol: "0G", decimals: 18 },
  rpcUrls: { default: { http: [url], webSocket: [webSocketUrl] } },
  contracts: { multicall3: { address: "0xcA11bde05977b3631167028862bE2a173976CA11" } },
});
const client = viem.createPublicClient({ chain, transport: viem.http(url), pollingInterval: 100 });
const account = privateKeyToAccount(key);
const wallet = viem.createWalletClient({ account, chain, transport: viem.http(url) });
const mined = (hash) => client.waitForTransactionReceipt({ hash });

const { contractAddress: address } = await mined(await wallet.deployContract({ abi, bytecode, args: [7n] }));
assert.equal(await client.readContract({ address, abi, functionName: "count" }), 7n);
console.log("deployed and read");

const { request } = await client.simulateContract({ account, address, abi, functionName: "write", args: [1n, "first"] });
const receipt = await mined(await wallet.writeContract(request));
assert.equal(receipt.status, "success");
const [event] = await client.getContractEvents({ address, abi, eventName: "Written", fromBlock: receipt.blockNumber });
assert.equal(event.args.text, "first");
console.log("simulated, written, found in the logs");

const failing = (functionName, args = []) => client.readContract({ account, address, abi, functionName, args });
const cause = (error) => error.walk((inner) => inner instanceof viem.ContractFunctionRevertedError);
await assert.rejects(failing("failWithReason"), (error) => cause(error).reason === "the notebook is closed");
await assert.rejects(failing("failWithError", [3n]), (error) => cause(error).data.errorName === "NotAllowed" && cause(error).data.args[1] === 3n);
await assert.rejects(failing("failWithPanic", [0n]), (error) => cause(error).data.errorName === "Panic");
console.log("reverts decoded");

const isA = (kind) => (error) => Boolean(error.walk((inner) => inner instanceof kind));
const poor = privateKeyToAccount("0x" + "11".repeat(32));
await assert.rejects(
  wallet.sendTransaction({ account: poor, to: account.address, value: 1n, gas: 21000n }),
  isA(viem.InsufficientFundsError),
);
await assert.rejects(wallet.sendTransaction({ to: account.address, nonce: 0, gas: 21000n }), isA(viem.NonceTooLowError));
await assert.rejects(client.request({ method: "eth_noSuchMethod" }), isA(viem.MethodNotFoundRpcError));
await assert.rejects(client.getBlock({ blockNumber: 10n ** 9n }), isA(viem.BlockNotFoundError));
console.log("typed errors");

const calls = [1n, 2n].map((page) => ({ address, abi, functionName: "pages", args: [page] }));
const answers = await client.multicall({ contracts: calls });
assert.deepEqual(answers.map((answer) => answer.result), ["first", ""]);
console.log("multicall");

const [, unlocked] = await client.request({ method: "eth_accounts" });
const paid = await mined(await wallet.sendTransaction({ account: unlocked, to: account.address, value: 1n }));
assert.equal(paid.from, unlocked.toLowerCase());
const signature = await wallet.signMessage({ account: unlocked, message: "hello" });
assert.ok(await client.verifyMessage({ address: unlocked, message: "hello", signature }));
console.log("an unlocked account sends and signs");

assert.ok((await client.estimateFeesPerGas()).maxFeePerGas > 0n);
assert.equal((await client.getProof({ address, storageKeys: ["0x" + "00".repeat(32)] })).storageProof.length, 1);
assert.equal((await client.getFeeHistory({ blockCount: 4, rewardPercentiles: [25, 75] })).reward.length, 4);
const { accessList } = await client.createAccessList({ account, to: address, data: viem.encodeFunctionData({ abi, functionName: "count" }) });
assert.equal(accessList[0].address, address);
const [simulated] = await client.simulateBlocks({ blocks: [{ calls: [{ account, to: address, data: viem.encodeFunctionData({ abi, functionName: "count" }) }] }] });
assert.equal(simulated.calls[0].status, "success");
console.log("fees, proofs, access lists, simulated blocks");

const filter = await client.createContractEventFilter({ address, abi, eventName: "Written" });
const socket = viem.createPublicClient({ chain, transport: viem.webSocket(webSocketUrl) });
const heads = new Promise((resolve) => socket.watchBlocks({ onBlock: resolve }));
const pushed = new Promise((resolve) => socket.watchContractEvent({ address, abi, eventName: "Written", onLogs: resolve }));
await heads;
await mined(await wallet.writeContract({ address, abi, functionName: "write", args: [2n, "second"] }));
assert.equal((await pushed)[0].args.text, "second");
assert.equal((await client.getFilterChanges({ filter })).length, 1);
console.log("blocks and logs over WebSocket, and by a filter");
console.log("done");
process.exit(0);
