// Compiles Notebook.sol with npm's solc: `node compile.mjs SOURCE OUT`, run where solc is installed.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(process.cwd() + "/")("solc");
const [source, out] = process.argv.slice(2);
const input = {
  language: "Solidity",
  sources: { "Notebook.sol": { content: readFileSync(source, "utf8") } },
  settings: {
    optimizer: { enabled: true },
    evmVersion: "cancun",
    outputSelection: { "*": { "*": ["abi", "evm.bytecode.object"] } },
  },
};
const output = JSON.parse(solc.compile(JSON.stringify(input)));
const failures = (output.errors ?? []).filter((error) => error.severity === "error");
if (failures.length) throw new Error(failures.map((error) => error.formattedMessage).join("\n"));
const { abi, evm } = output.contracts["Notebook.sol"].Notebook;
writeFileSync(out, JSON.stringify({ abi, bytecode: "0x" + evm.bytecode.object }));
