import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramHealth } from '../../cluster/program/http-server.ts';
import { freePort } from '../../local/kubernetes/free-port.ts';
import { until } from './until.ts';

const ROOT = join(import.meta.dirname, '..', '..');
/** What node is told in the image. */
const [, COMMAND = '[]'] = /^CMD (\[.+\])$/m.exec(readFileSync(join(ROOT, 'cluster', 'Dockerfile'), 'utf8')) ?? [];

export interface BridgeProgramOptions {
  readonly federationId: string;
  readonly member: string;
  readonly regionEndpoint: string;
  readonly kubeconfig: string;
  /** Secrets in the bridge's namespace. */
  readonly secrets: { readonly ca: string; readonly client: string };
  readonly createNamespaces?: boolean;
  /** Told each line that the program writes; without it they are lost, but for what is no log. */
  readonly onLine?: (line: string) => void;
}

/** The bridge's program in a process of its own, as a pod runs it. */
export class BridgeProgram {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#child = child;
  }

  /** Resolves when the process answers; it need not have begun to work. */
  static async start({ federationId, member, regionEndpoint, kubeconfig, secrets, createNamespaces = false, onLine }: BridgeProgramOptions): Promise<BridgeProgram> {
    const port = await freePort();
    const args = [
      '--federation-id', federationId, '--member', member, '--region-endpoint', regionEndpoint, '--ca-secret', secrets.ca, '--client-cert-secret', secrets.client,
      '--kubeconfig', kubeconfig, '--listen', `127.0.0.1:${port.toString()}`, ...(createNamespaces ? ['--create-namespaces'] : []),
    ];
    const child = spawn(process.execPath, [...(JSON.parse(COMMAND) as string[]), ...args], { cwd: ROOT, stdio: ['ignore', onLine === undefined ? 'ignore' : 'pipe', 'inherit'], env: {} });
    if (onLine !== undefined) tellLines(child, onLine);
    const program = new BridgeProgram(port, child);
    await until('the bridge\'s program answers', async () => (await program.get('/healthz')).status === 200);
    return program;
  }

  get pid(): number { return this.#child.pid ?? 0; }
  get isRunning(): boolean { return this.#child.exitCode === null && this.#child.signalCode === null; }

  async get(path: string): Promise<{ readonly status: number; readonly text: string }> {
    const response = await fetch(`http://127.0.0.1:${this.port.toString()}${path}`);
    return { status: response.status, text: await response.text() };
  }
  async health(): Promise<ProgramHealth> { return JSON.parse((await this.get('/status')).text) as ProgramHealth; }
  follows(patienceMs?: number): Promise<void> { return until('the bridge follows', async () => (await this.health()).state === 'following', patienceMs); }

  /** @returns its exit code */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | null> {
    if (!this.isRunning) return this.#child.exitCode;
    const ended = once(this.#child, 'exit') as Promise<[number | null]>;
    this.#child.kill(signal);
    return (await ended)[0];
  }
}

function tellLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    lines.forEach(onLine);
  });
}
