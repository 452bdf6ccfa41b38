#!/usr/bin/env node
// Starts novactl on the Node the project is pinned to (the npm package `node`), whatever Node the
// machine has: TypeScript runs as it stands only from Node 24 on. Plain JavaScript for that reason.
import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const REQUIRED_NODE_MAJOR = 24;
const forwardedSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];

/** The pinned Node's binary; this process's own where that is new enough; undefined otherwise. */
function findNode() {
  try {
    const pinned = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    if (existsSync(pinned)) return pinned;
  } catch {
    // Not installed: fall through to the Node that runs this file.
  }
  return Number.parseInt(process.versions.node, 10) >= REQUIRED_NODE_MAJOR ? process.execPath : undefined;
}

function run(node) {
  const program = join(dirname(realpathSync(fileURLToPath(import.meta.url))), 'main.ts');
  const child = spawn(node, [program, ...process.argv.slice(2)], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both processes. This one stays until the child has ended, and passes on
  // what was sent to it alone.
  for (const signal of forwardedSignals) process.on(signal, () => { if (!process.stdin.isTTY || signal !== 'SIGINT') child.kill(signal); });
  child.on('error', (error) => {
    console.error(`novactl: cannot start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

const node = findNode();
if (node === undefined) {
  console.error(`novactl: needs Node ${String(REQUIRED_NODE_MAJOR)} and found ${process.version}. Run "npm ci" in the repository first.`);
  process.exitCode = 1;
} else {
  run(node);
}
