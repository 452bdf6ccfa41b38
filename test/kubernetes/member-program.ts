import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberConfig } from '../../local/member/member-config.ts';
import { memberMessageSchema } from '../../local/member/member-message.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'local', 'member', 'main.ts');

/** A member's process, as `npm start` has one for each. */
export class MemberProgram {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** Resolves when its API answers. @param file where its configuration is written */
  static async start(config: MemberConfig, file: string): Promise<MemberProgram> {
    writeFileSync(file, JSON.stringify(config));
    const child = fork(MAIN, [file], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const ended = once(child, 'exit').then(() => { throw new Error(`${config.member} ended before it was ready`); });
    const ready = new Promise<void>((resolve) => { child.on('message', (message) => { if (memberMessageSchema.parse(message).kind === 'ready') resolve(); }); });
    await Promise.race([ready, ended]);
    ended.catch(() => undefined);
    return new MemberProgram(child);
  }

  get pid(): number { return this.#child.pid ?? 0; }

  /** It hangs, its connections open, until `resume`. */
  pause(): void { this.#child.kill('SIGSTOP'); }
  resume(): void { this.#child.kill('SIGCONT'); }

  /** With SIGKILL nothing is finished, wherever it was. */
  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill(signal);
    await ended;
  }
}
