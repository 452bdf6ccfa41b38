import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** A first installation takes seconds; a slow network may take this. */
const INSTALL_TIMEOUT_MS = 180_000;
const POLL_MS = 200;

/**
 * The Python of a virtual environment that holds what `requirements.txt` pins, in the user's cache folder. It is made when it is
 * first asked for and again when the pins change; test processes that ask at once wait for the one that makes it.
 *
 * @throws Error in one line where there is no Python 3 or no package index
 */
export async function emulatorPython(): Promise<string> {
  const pins = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'novaedge', `emulator-${pins}`);
  const [python, complete] = [join(folder, 'bin', 'python'), join(folder, 'complete')];
  const lock = `${folder}.lock`;
  mkdirSync(join(folder, '..'), { recursive: true });
  for (let waitedMs = 0; waitedMs < INSTALL_TIMEOUT_MS; waitedMs += POLL_MS) {
    if (existsSync(complete)) return python;
    if (await whileLocked(lock, () => install(folder, python, complete))) return python;
    await sleep(POLL_MS);
  }
  throw new Error(`the AWS emulator was not installed within ${(INSTALL_TIMEOUT_MS / 1000).toString()} s; remove ${lock} if no other test is installing it`);
}

/** Runs `task` if nobody else does. Making a folder either succeeds or finds it there. */
async function whileLocked(lock: string, task: () => Promise<void>): Promise<boolean> {
  try {
    mkdirSync(lock);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
  try {
    await task();
    return true;
  } finally {
    rmSync(lock, { recursive: true });
  }
}

async function install(folder: string, python: string, complete: string): Promise<void> {
  if (existsSync(complete)) return;
  rmSync(folder, { recursive: true, force: true });
  const version = await run('python3', ['--version']).catch(() => undefined);
  if (version === undefined) throw new Error('python3 is missing: the tests against the AWS emulator need Python 3.10 or later (set up as docs/storage.md says, or leave these suites out)');
  try {
    await run('python3', ['-m', 'venv', folder], { timeout: INSTALL_TIMEOUT_MS });
    await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS], { timeout: INSTALL_TIMEOUT_MS });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n').find((line) => line.startsWith('ERROR')) ?? cause.message.split('\n')[0] : String(cause);
    throw new Error(`the AWS emulator could not be installed: ${why ?? ''}`, { cause });
  }
  writeFileSync(complete, '');
}
