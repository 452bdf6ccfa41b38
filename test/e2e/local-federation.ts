import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { SupervisorClient } from '../../cli/supervisor-client.ts';
import { ConnectOperator } from '../../shared/adapters/connect/index.ts';
import { makePlan } from '../../local/supervisor/plan.ts';
import { asMember } from '../../shared/model/ids.ts';
import type { Operator } from '../../shared/ports/operator.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const EXAMPLES = join(ROOT, 'docs', 'examples');
const START_TIMEOUT_MS = 60_000;
/** Machines are shared and slow at times; how fast it is, the bench tells. */
const PATIENCE_MS = 30_000;
const LOOK_MS = 20;
const OPERATOR_TIMEOUT_MS = 10_000;

export interface ProgramResult { readonly code: number; readonly stdout: string; readonly stderr: string }

/** Somewhere in a wide range, so that federations of several test runs do not meet. */
export const randomPort = (): number => 20_000 + Math.floor(Math.random() * 480) * 20;

/** Runs one of the repository's programs to its end. */
export function runProgram(program: string, args: readonly string[], cwd: string = ROOT): Promise<ProgramResult> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(ROOT, program), ...args], { cwd, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr });
    });
  });
}

/** A federation as `npm start` runs it, in a temporary folder. */
export class LocalFederation {
  readonly data: string;
  /** Steers it as `novactl local` does, without a process for each word. */
  readonly control: SupervisorClient;
  readonly #operators = new Map<string, ConnectOperator>();
  readonly #ended = new AbortController();
  #process: ChildProcess | undefined;
  #isNew = true;
  output = '';

  private constructor(data: string) {
    this.data = data;
    this.control = new SupervisorClient(data, this.#ended.signal);
  }

  /** @param options of `npm start`, for the first time */
  static async start(...options: readonly string[]): Promise<LocalFederation> {
    const federation = new LocalFederation(join(await mkdtemp(join(tmpdir(), 'novaedge-e2e-')), 'data'));
    await federation.start(...options);
    return federation;
  }

  /** Resolves when it says that it runs. */
  async start(...options: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [join(ROOT, 'local', 'main.ts'), '--data', this.data, ...options, ...(this.#isNew ? ['--port', randomPort().toString()] : [])], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    this.#isNew = false;
    this.output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => { this.output += text.toString(); });
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    while (!this.output.includes('is running')) {
      if (child.exitCode !== null || Date.now() > deadlineMs) throw new Error(`the federation did not start:\n${this.output}`);
      await sleep(LOOK_MS);
    }
  }

  /** As Ctrl-C does. Returns the exit code. */
  async stop(): Promise<number | null> {
    const child = this.#process;
    if (child === undefined) return null;
    const exited = new Promise<number | null>((resolve) => { child.once('exit', (code) => { resolve(code); }); });
    child.kill('SIGINT');
    this.#process = undefined;
    return exited;
  }

  /** A member's region as an operator calls it. */
  operator(member: string): Operator {
    const known = this.#operators.get(member);
    if (known !== undefined) return known;
    const pem = (name: string): string => readFileSync(join(this.data, 'certificates', name), 'utf8');
    const tls = { cert: pem('operator.crt'), key: pem('operator.key'), ca: pem('authority.crt') };
    const { members, firstPort } = JSON.parse(readFileSync(join(this.data, 'setup.json'), 'utf8')) as { members: number; firstPort: number };
    const plan = makePlan(this.data, members, firstPort);
    const port = plan.members.find(({ name }) => name === member)?.port ?? 0;
    const operator = new ConnectOperator({ federationId: plan.federationId, member: asMember(member), endpoint: `127.0.0.1:${port.toString()}`, tls: () => tls, callTimeoutMs: OPERATOR_TIMEOUT_MS });
    this.#operators.set(member, operator);
    return operator;
  }

  async remove(): Promise<void> {
    await this.stop();
    for (const operator of this.#operators.values()) operator.close();
    await rm(join(this.data, '..'), { recursive: true, force: true });
  }

  folder(member: string): string { return join(this.data, 'clusters', member); }
  file(member: string, path: string): string { return join(this.folder(member), path); }

  /** A manifest as it stands in a member's folder; undefined where there is none. */
  async manifest(member: string, path: string): Promise<unknown> {
    return readFile(this.file(member, path), 'utf8').then((text) => parse(text) as unknown, () => undefined);
  }

  async edit(member: string, path: string, change: (text: string) => string): Promise<void> {
    await writeFile(this.file(member, path), change(await readFile(this.file(member, path), 'utf8')));
  }

  novactl(...args: readonly string[]): Promise<ProgramResult> {
    return runProgram('cli/main.ts', ['--config', join(this.data, 'novactl.yaml'), ...args]);
  }

  /** `novactl local …`, which finds its supervisor by the data folder. */
  local(...args: readonly string[]): Promise<ProgramResult> {
    return runProgram('cli/main.ts', ['local', ...args, '--data', this.data]);
  }
}

/** Looks until it is so. @throws with what was there last */
export async function eventually<Value>(what: string, look: () => Promise<Value>, isSo: (value: Value) => boolean, patienceMs = PATIENCE_MS, lookMs = LOOK_MS): Promise<Value> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const value = await look();
    if (isSo(value)) return value;
    if (Date.now() > deadlineMs) throw new Error(`not so after ${patienceMs.toString()} ms: ${what}; last seen: ${JSON.stringify(value, undefined, 1)}`);
    await sleep(lookMs);
  }
}
