import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

const TAIL_LINES = 6;

/**
 * A program that does not outlive us, however we end: a shell waits for the end of a pipe that only we hold open and then kills it.
 * It is killed, not asked to stop: etcd and the API server lose nothing by it, and it takes a tenth of the time. Nor does a terminal's Ctrl+C
 * reach it, which goes to a whole process group: it is in one of its own.
 */
export class LeashedProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<string>;
  readonly log: string;
  #how: string | undefined;
  #isKilled = false;

  constructor(program: string, args: readonly string[], log: string) {
    this.log = log;
    const output = openSync(log, 'a');
    this.#child = spawn(program, [...args], { stdio: ['ignore', output, output], detached: true });
    closeSync(output);
    const leash = this.#child.pid === undefined ? undefined
      : spawn('sh', ['-c', 'read -r _; kill -9 "$1" 2>/dev/null', 'leash', this.#child.pid.toString()], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
    leash?.stdin.on('error', () => undefined);
    this.#exited = new Promise((resolve) => {
      const end = (how: string): void => { this.#how = how; leash?.kill('SIGKILL'); resolve(how); };
      this.#child.once('exit', (code, signal) => { end(signal === null ? `exit code ${(code ?? 0).toString()}` : signal); });
      this.#child.once('error', (error) => { end(error.message); });
    });
  }

  get pid(): number | undefined { return this.#child.pid; }
  /** How it ended; undefined while it runs. */
  get ended(): string | undefined { return this.#how; }

  /** Calls `told` with how it ended, if it ends or has ended and was not killed by us. */
  onDeath(told: (how: string) => void): void {
    void this.#exited.then((how) => { if (!this.#isKilled) told(how); });
  }

  async kill(): Promise<void> {
    this.#isKilled ||= this.#how === undefined;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /** Stops it in its tracks, connections open, until `resume`: a machine that hangs. */
  pause(): void { this.#child.kill('SIGSTOP'); }
  resume(): void { this.#child.kill('SIGCONT'); }

  /** The last it said. */
  lastWords(): string { return readFileSync(this.log, 'utf8').trim().split('\n').slice(-TAIL_LINES).join('\n'); }
}
