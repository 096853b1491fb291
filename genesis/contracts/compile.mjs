// Compiles every Solidity source beside this file into artifacts/, one JSON file a contract; or those of
// another folder.
//
//   node compile.mjs [--sources DIR] [--out DIR]
//
// The compiler is the npm package that package-lock.json pins; it is installed into a temporary
// folder each time, so that nothing but Node.js and npm is needed and nothing is left behind.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = dirname(fileURLToPath(import.meta.url));
// Sources that hold only libraries, abstract contracts or types.
const WITHOUT_ARTIFACT = new Set(["BN254", "DAChunks", "DAVerification", "IRoles", "Owned", "Roles"]);
const SETTINGS = {
  evmVersion: "cancun",
  optimizer: { enabled: true, runs: 200 },
  // Without the metadata trailer the code depends on nothing but the statements of the sources.
  metadata: { appendCBOR: false, bytecodeHash: "none" },
};

function withCompiler(use) {
  const place = mkdtempSync(join(tmpdir(), "zerog-solc-"));
  try {
    for (const name of ["package.json", "package-lock.json"]) {
      copyFileSync(join(FOLDER, name), join(place, name));
    }
    execFileSync("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], {
      cwd: place,
      stdio: ["ignore", "ignore", "inherit"],
    });
    return use(createRequire(join(place, "package.json"))("solc"));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

function readSources(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith(".sol")).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

function compile(solc, sources) {
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: "Solidity",
        sources: Object.fromEntries(Object.entries(sources).map(([name, content]) => [name, { content }])),
        settings: {
          ...SETTINGS,
          outputSelection: { "*": { "*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"] } },
        },
      }),
    ),
  );
  const complaints = output.errors ?? [];
  if (complaints.length > 0) {
    throw new Error(complaints.map((complaint) => complaint.formattedMessage).join("\n"));
  }
  return output.contracts;
}

// SHA-256 over name and text of a source and all that it imports, in the order of the names.
function sourceHash(sources, name) {
  const reached = new Set();
  const visit = (one) => {
    if (reached.has(one)) return;
    reached.add(one);
    for (const [, imported] of sources[one].matchAll(/^import .* from "\.\/(.+)";$/gm)) visit(imported);
  };
  visit(name);
  const hash = createHash("sha256");
  for (const one of [...reached].sort()) hash.update(`${one}\n${sources[one]}`);
  return hash.digest("hex");
}

function artifact(solc, sources, contracts, sourceName) {
  const contractName = sourceName.replace(/\.sol$/, "");
  const compiled = contracts[sourceName][contractName];
  return {
    contractName,
    sourceName,
    abi: compiled.abi,
    bytecode: `0x${compiled.evm.bytecode.object}`,
    deployedBytecode: `0x${compiled.evm.deployedBytecode.object}`,
    compiler: { version: solc.version(), settings: SETTINGS },
    sourceHash: sourceHash(sources, sourceName),
  };
}

function option(name, otherwise) {
  const place = process.argv.indexOf(name);
  return place < 0 ? otherwise : process.argv[place + 1];
}

function main(folder, out) {
  const sources = readSources(folder);
  mkdirSync(out, { recursive: true });
  withCompiler((solc) => {
    const contracts = compile(solc, sources);
    for (const sourceName of Object.keys(sources)) {
      if (WITHOUT_ARTIFACT.has(sourceName.replace(/\.sol$/, ""))) continue;
      const made = artifact(solc, sources, contracts, sourceName);
      writeFileSync(join(out, `${made.contractName}.json`), `${JSON.stringify(made, null, 2)}\n`);
      console.log(`${made.contractName}: ${made.deployedBytecode.length / 2 - 1} bytes`);
    }
  });
}

main(option("--sources", FOLDER), option("--out", join(FOLDER, "artifacts")));
