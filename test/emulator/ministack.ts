import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { emulatorPython } from './virtual-environment.ts';

const LAUNCHER = join(import.meta.dirname, 'launch_ministack.py');
/** It is ready in half a second; a busy machine may need this. */
const START_TIMEOUT_MS = 30_000;
/** It saves little or nothing when it ends, so it may be killed after this. */
const STOP_TIMEOUT_MS = 5000;
const POLL_MS = 50;

/** An emulated AWS on a port of its own. Everything in it is gone when it stops, unless it keeps its state somewhere. */
export interface Ministack {
  readonly url: string;
  /** Nothing of it moves, and nothing answers, until `resume`. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

export interface MinistackOptions {
  /** Further settings; see MiniStack's documentation. */
  readonly environment?: Readonly<Record<string, string>>;
  /** One that was free before, to come back where it was. */
  readonly port?: number;
}

/** Starts MiniStack and waits until it answers. */
export async function startMinistack({ environment = {}, port: given }: MinistackOptions = {}): Promise<Ministack> {
  const [python, port] = [await emulatorPython(), given ?? await freePort()];
  const home = mkdtempSync(join(tmpdir(), 'novaedge-emulator-'));
  const url = `http://127.0.0.1:${port.toString()}`;
  // Its own environment is handed on to every function it runs, so it gets only what is named here.
  const env = {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: home, TMPDIR: home, TZ: 'UTC', GATEWAY_PORT: port.toString(), BIND_HOST: '127.0.0.1',
    LAMBDA_EXECUTOR: 'local', LOG_LEVEL: 'WARNING', IOT_MTLS_ENABLED: '0', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', ...environment,
  };
  const server = spawn(python, [LAUNCHER], { cwd: home, env, stdio: ['ignore', 'ignore', 'pipe'] });
  const killWithUs = (): void => { server.kill('SIGKILL'); };
  process.once('exit', killWithUs);
  const pause = (): void => { server.kill('SIGSTOP'); };
  const resume = (): void => { server.kill('SIGCONT'); };
  const stop = async (): Promise<void> => {
    resume();
    process.removeListener('exit', killWithUs);
    await end(server);
    rmSync(home, { recursive: true, force: true });
  };
  const complaints = lastOf(server);
  for (let waitedMs = 0; waitedMs < START_TIMEOUT_MS && server.exitCode === null; waitedMs += POLL_MS) {
    if (await fetch(`${url}/_ministack/ready`).then((response) => response.ok, () => false)) return { url, pause, resume, stop };
    await sleep(POLL_MS);
  }
  await stop();
  throw new Error(`MiniStack did not start: ${complaints()}`);
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

/** The end of what a process wrote to its error output. */
function lastOf(server: ChildProcess): () => string {
  let text = '';
  server.stderr?.on('data', (chunk: Buffer) => { text = (text + chunk.toString()).slice(-2000); });
  return () => text;
}

/** A port that nobody listens on now. */
export const freePort = (): Promise<number> => new Promise((resolve, reject) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port } = probe.address() as AddressInfo;
    probe.close(() => { resolve(port); });
  });
  probe.once('error', reject);
});
