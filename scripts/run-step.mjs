// Runs one program from node_modules and reports one line about it. Shared by check.mjs and test.mjs.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = join(fileURLToPath(import.meta.url), '..', '..');

// node_modules/.bin first, so that this works when started without npm as well.
const environment = () => ({ ...process.env, PATH: `${join(repositoryRoot, 'node_modules', '.bin')}:${process.env.PATH ?? ''}` });

/**
 * Runs a command and collects what it prints; never rejects. `cwd` defaults to the repository.
 * With `live` the output goes straight to the terminal and `output` stays empty.
 */
export function runCommand(command, args, { cwd = repositoryRoot, live = false } = {}) {
  return new Promise((resolve) => {
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    let output = '';
    const env = live ? environment() : { ...environment(), NO_COLOR: '1', FORCE_COLOR: undefined };
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', live ? 'inherit' : 'pipe', live ? 'inherit' : 'pipe'] });
    child.stdout?.on('data', (chunk) => { output += String(chunk); });
    child.stderr?.on('data', (chunk) => { output += String(chunk); });
    child.on('error', (error) => { resolve({ ok: false, output: `${command}: ${error.message}`, seconds: seconds() }); });
    child.on('close', (code) => { resolve({ ok: code === 0, output, seconds: seconds() }); });
  });
}

/** Prints `ok  types  3.2 s`, and the step's output under it when the step failed. */
export function reportStep(name, { ok, output, seconds }, note = '') {
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s${note === '' ? '' : `  ${note}`}`);
  if (!ok && output.trim() !== '') console.log(output.trimEnd().replace(/^/gm, '    '));
}
