// Runs in a project that has one of 0G's npm SDKs and ethers: jobs, a JSON list, from the command line.
//
//     node typescript_sdk.mjs @0gfoundation/0g-ts-sdk '[{"do": "upload", "path": …, "indexer": …}]'
//
// The last line of what it prints is the list of its answers, as JSON.

import { createRequire } from "node:module";
import path from "node:path";

const [name, jobs] = process.argv.slice(2);
const need = createRequire(path.join(process.cwd(), "package.json"));
const sdk = need(name);
// The SDK's own ethers: a signer of another version is a stranger to it.
const { ethers } = createRequire(need.resolve(name))("ethers");

function signer(job) {
  return new ethers.Wallet(job.key, new ethers.JsonRpcProvider(job.rpc));
}

async function upload(job) {
  const file = await sdk.ZgFile.fromFilePath(job.path);
  const options = { tags: "0x", finalityRequired: true, taskSize: 1, expectedReplica: 1, skipTx: false, fee: 0n, ...job.options };
  if (job.fragmentSize) options.fragmentSize = job.fragmentSize;
  if (job.aesKey) options.encryption = { type: "aes256", key: Uint8Array.from(Buffer.from(job.aesKey, "hex")) };
  try {
    const [result, error] = await new sdk.Indexer(job.indexer).upload(file, job.rpc, signer(job), options);
    return { result, error: error && String(error) };
  } finally {
    await file.close();
  }
}

async function download(job) {
  const indexer = new sdk.Indexer(job.indexer);
  if (job.aesKey) {
    const key = Uint8Array.from(Buffer.from(job.aesKey, "hex"));
    const [blob, error] = await indexer.downloadToBlob(job.root, { decryption: { symmetricKey: key } });
    if (!error) need("fs").writeFileSync(job.path, Buffer.from(await blob.arrayBuffer()));
    return { error: error && String(error) };
  }
  const error = await indexer.download(job.root, job.path, job.proof ?? false);
  return { error: error && String(error) };
}

async function batchSubmit(job) {
  const flow = new ethers.Contract(job.flow, job.abi, signer(job));
  const sent = await flow.batchSubmit(job.submissions, { value: BigInt(job.value) });
  const receipt = await sent.wait();
  return { status: receipt.status, logs: receipt.logs.length };
}

const answers = [];
for (const job of JSON.parse(jobs)) answers.push(await { upload, download, batchSubmit }[job.do](job));
console.log(JSON.stringify(answers, (_, value) => (typeof value === "bigint" ? value.toString() : value)));
process.exit(0);
