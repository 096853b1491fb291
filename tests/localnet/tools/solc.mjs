#!/usr/bin/env node
// npm's solc as the executable that forge expects: `--version`, and `--standard-json` on standard input.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const solc = createRequire(process.env.SOLC_PROJECT + "/")("solc");
if (process.argv.includes("--version")) {
  console.log("solc, the solidity compiler commandline interface");
  console.log("Version: " + solc.version().replace("Emscripten.clang", "Linux.g++"));
} else {
  process.stdout.write(solc.compile(readFileSync(0, "utf8")));
}
