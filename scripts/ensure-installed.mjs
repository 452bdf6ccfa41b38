// Installs the packages when node_modules does not match package-lock.json, so that every
// npm script works on a fresh clone. Runs before node_modules exists: no dependencies, Node 20.
//
// "Matches" means: the hash of package-lock.json recorded by the last install. File times are
// not looked at, because a clone or a copy makes them all new.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const repositoryRoot = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Why an install is needed, in words for the person waiting; undefined when none is. */
export function installReason(root) {
  if (!existsSync(join(root, 'node_modules'))) return 'node_modules is missing';
  if (!existsSync(join(root, 'node_modules', '.bin', 'node'))) return 'Node 24 is missing from node_modules';
  const recordPath = hashPath(root);
  if (!existsSync(recordPath)) return 'node_modules was not recorded as complete';
  const recorded = readFileSync(recordPath, 'utf8').trim();
  return recorded === lockHash(root) ? undefined : 'package-lock.json has changed';
}

/** Remembers that node_modules now holds what package-lock.json asks for. */
export function recordInstall(root) {
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(hashPath(root), `${lockHash(root)}\n`);
}

function hashPath(root) {
  return join(root, 'node_modules', '.novaedge-lock-hash');
}

function lockHash(root) {
  return createHash('sha256').update(readFileSync(join(root, 'package-lock.json'))).digest('hex');
}

/** Runs `npm ci` with the npm and the node that started this script, if npm started it. */
function install(root) {
  // Errors only: npm 11 on Node 20 warns about packages that will run on Node 24.
  const arguments_ = ['ci', '--loglevel=error'];
  const { npm_node_execpath: npmNode, npm_execpath: npmCli } = process.env;
  const [command, args] = npmNode && npmCli ? [npmNode, [npmCli, ...arguments_]] : ['npm', arguments_];
  return spawnSync(command, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}

function main(args) {
  if (args.includes('--record')) {
    recordInstall(repositoryRoot);
    return 0;
  }
  const reason = installReason(repositoryRoot);
  if (reason === undefined) return 0;
  console.error(`Installing packages with npm ci: ${reason}.`);
  const status = install(repositoryRoot);
  // The postinstall script records it too; not when npm is told to ignore scripts.
  if (status === 0) recordInstall(repositoryRoot);
  return status;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  process.exitCode = main(process.argv.slice(2));
}
