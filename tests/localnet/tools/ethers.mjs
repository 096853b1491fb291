// ethers v6 against a node: `node ethers.mjs URL WS_URL ARTIFACT PRIVATE_KEY`, run where ethers is installed.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { ethers } = createRequire(process.cwd() + "/")("ethers");
const [url, webSocketUrl, artifactPath, key] = process.argv.slice(2);
const { abi, bytecode } = JSON.parse(readFileSync(artifactPath, "utf8"));
const provider = new ethers.JsonRpcProvider(url, undefined, { pollingInterval: 100 });
const wallet = new ethers.NonceManager(new ethers.Wallet(key, provider));
const owner = await wallet.getAddress();

const factory = new ethers.ContractFactory(abi, bytecode, wallet);
const notebook = await (await factory.deploy(7n)).waitForDeployment();
assert.equal(await notebook.count(), 7n);
console.log("deployed and called");

const polled = new Promise((resolve) => notebook.once("Written", (writer, page, text) => resolve([page, text])));
const receipt = await (await notebook.write(1n, "first")).wait();
assert.equal(receipt.status, 1);
assert.deepEqual(await polled, [1n, "first"]);
assert.equal(await notebook.pages(1n), "first");
const [event] = await notebook.queryFilter(notebook.filters.Written(owner), receipt.blockNumber);
assert.equal(event.args.text, "first");
console.log("sent, heard of by a filter, found in the logs");

await assert.rejects(notebook.failWithReason(), (error) => error.code === "CALL_EXCEPTION" && error.reason === "the notebook is closed");
await assert.rejects(notebook.failWithError(3n), (error) => error.revert.name === "NotAllowed" && error.revert.args[1] === 3n);
await assert.rejects(notebook.failWithPanic(0n), (error) => error.revert.name === "Panic" && Number(error.revert.args[0]) === 0x12);
await assert.rejects(notebook.failWithReason.estimateGas(), (error) => error.code === "CALL_EXCEPTION");
console.log("reverts decoded");

const poor = ethers.Wallet.createRandom(provider);
await assert.rejects(poor.sendTransaction({ to: owner, value: 1n, gasLimit: 21000n }), (error) => error.code === "INSUFFICIENT_FUNDS");
const plain = new ethers.Wallet(key, provider);
await assert.rejects(plain.sendTransaction({ to: owner, nonce: 0 }), (error) => error.code === "NONCE_EXPIRED");
await assert.rejects(provider.send("eth_noSuchMethod", []), (error) => error.code === "UNSUPPORTED_OPERATION");
console.log("typed errors");

const unlocked = await provider.getSigner(1);
const paid = await (await unlocked.sendTransaction({ to: owner, value: 1n })).wait();
assert.equal(paid.status, 1);
assert.equal(ethers.verifyMessage("hello", await unlocked.signMessage("hello")), unlocked.address);
const typed = [{ name: "Test", chainId: 1n }, { Note: [{ name: "text", type: "string" }] }, { text: "hello" }];
assert.equal(ethers.verifyTypedData(...typed, await unlocked.signTypedData(...typed)), unlocked.address);
console.log("an unlocked account sends and signs");

const fees = await provider.getFeeData();
assert.ok(fees.maxFeePerGas > 0n && fees.gasPrice > 0n);
const block = await provider.getBlock("latest", true);
assert.equal(block.prefetchedTransactions.length, block.transactions.length);
assert.equal((await provider.getTransaction(paid.hash)).blockNumber, paid.blockNumber);
console.log("blocks, transactions, fees");

const listener = new ethers.WebSocketProvider(webSocketUrl);
const overSocket = new ethers.Contract(await notebook.getAddress(), abi, listener);
const pushed = new Promise((resolve) => overSocket.once("Written", (writer, page, text) => resolve(text)));
const head = new Promise((resolve) => listener.once("block", resolve));
await head;
await (await notebook.write(2n, "second")).wait();
assert.equal(await pushed, "second");
await listener.destroy();
console.log("blocks and logs over WebSocket");
provider.destroy();
console.log("done");
