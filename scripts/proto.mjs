// The wire contract's tools. All of it works offline.
//   generate  writes proto/gen from the .proto files
//   check     buf lint; buf breaking against proto/baseline.binpb; proto/gen is what generate would write
//   baseline  accepts the present contract as the one later changes must not break
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot, runCommand } from './run-step.mjs';

const protoFolder = join(repositoryRoot, 'proto');
const buf = (...args) => runCommand('buf', args, { cwd: protoFolder });

async function lint() {
  return buf('lint');
}

async function breaking() {
  if (!existsSync(join(protoFolder, 'baseline.binpb'))) {
    return { ok: false, output: 'proto/baseline.binpb is missing: run npm run proto:baseline and commit it.' };
  }
  return buf('breaking', '--against', 'baseline.binpb');
}

async function generate() {
  return buf('generate');
}

/** Generates into a temporary folder and compares every file with proto/gen. */
async function drift() {
  const folder = mkdtempSync(join(tmpdir(), 'novaedge-proto-'));
  try {
    const generated = await buf('generate', '--output', folder);
    if (!generated.ok) return generated;
    const expected = readTree(join(folder, 'gen'));
    const committed = readTree(join(protoFolder, 'gen'));
    const names = [...new Set([...expected.keys(), ...committed.keys()])].sort();
    const different = names.filter((name) => expected.get(name) !== committed.get(name));
    const output = different.map((name) => `proto/gen/${name} is not what the .proto files say: run npm run proto:generate.`).join('\n');
    return { ok: different.length === 0, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTree(folder) {
  if (!existsSync(folder)) return new Map();
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(files.map((entry) => {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
  }));
}

async function baseline() {
  const linted = await lint();
  return linted.ok ? buf('build', '--exclude-source-info', '-o', 'baseline.binpb') : linted;
}

const commands = { generate: [lint, generate], check: [lint, breaking, drift], baseline: [baseline] };
const command = process.argv[2] ?? '';
if (!Object.hasOwn(commands, command)) {
  console.error(`Usage: node scripts/proto.mjs ${Object.keys(commands).join('|')}`);
  process.exitCode = 2;
} else {
  for (const step of commands[command]) {
    const { ok, output } = await step();
    if (ok) continue;
    console.error(`proto ${step.name}:\n${output.trimEnd()}`);
    process.exitCode = 1;
  }
}
