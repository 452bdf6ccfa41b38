import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { MemberPlan, Plan } from './plan.ts';
import type { LocalLink, LocalMember } from '../../cli/local-control.ts';
import { memberMessageSchema } from '../member/member-message.ts';
import { Relay } from './relay.ts';

const MEMBER_PROGRAM = fileURLToPath(new URL('../member/main.ts', import.meta.url));
/** Eight processes start at once on a laptop that does other things. */
const START_TIMEOUT_MS = 60_000;
/** A member that has not stopped by then is killed; its state survives that. */
const STOP_TIMEOUT_MS = 8000;

type Ended = { readonly state: 'stopped' } | { readonly state: 'failed'; readonly error: string };

/** Someone asked for a member that is not there. */
export class UnknownMemberError extends Error { override readonly name = 'UnknownMemberError' }

export interface SupervisorListener {
  /** A member ended without being told to. */
  ended(member: string, how: string): void;
  /** Before a member starts, each time: makes its cluster, where it is not. */
  prepare(member: MemberPlan): Promise<void>;
  /** All that is wrong in a member's folder, whenever that changes. */
  problems(member: string, now: readonly string[], before: readonly string[]): void;
}

/** Starts and stops members' processes and the relays between them. */
export class Supervisor {
  readonly plan: Plan;
  readonly #processes = new Map<string, ChildProcess>();
  readonly #starting = new Map<string, Promise<void>>();
  readonly #ended = new Map<string, Ended>();
  readonly #told = new WeakSet<ChildProcess>();
  readonly #relays = new Map<string, Relay>();
  readonly #problems = new Map<string, readonly string[]>();
  readonly #listener: SupervisorListener;

  constructor(plan: Plan, listener: SupervisorListener) {
    this.plan = plan;
    this.#listener = listener;
  }

  #isStopping = false;

  /** @throws when `stop` was called meanwhile */
  async start(): Promise<void> {
    for (const { from, to, kind, port, targetPort } of this.plan.relays) {
      const relay = new Relay(targetPort);
      await relay.listen(port);
      this.#relays.set(relayName(from, to, kind), relay);
    }
    await Promise.all(this.plan.members.map(({ name }) => this.startMember(name)));
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all(this.plan.members.map(({ name }) => this.stopMember(name)));
    for (const relay of this.#relays.values()) relay.close();
  }

  /** Resolves once its API answers. Starting one that runs does nothing. */
  async startMember(name: string): Promise<void> {
    const member = this.#member(name);
    const starting = this.#starting.get(name);
    if (starting !== undefined) return starting;
    if (this.#processes.has(name)) return;
    await this.#listener.prepare(member);
    if (this.#isStopping) throw new Error(`${name} is not started: the federation is being stopped`);
    const child = fork(MEMBER_PROGRAM, [member.config], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#processes.set(name, child);
    let complaints = '';
    child.stderr?.on('data', (text: Buffer) => { complaints = (complaints + text.toString()).slice(-4000); });
    child.on('message', (message) => {
      const told = memberMessageSchema.parse(message);
      if (told.kind === 'problems') this.#takeProblems(name, told.problems);
    });
    child.once('exit', (code, signal) => {
      this.#processes.delete(name);
      this.#problems.delete(name);
      const how = signal === null ? `it ended with exit code ${(code ?? 0).toString()}${complaints === '' ? '' : `: ${complaints.trim()}`}` : `it was ended by ${signal}`;
      const wasTold = this.#told.has(child);
      this.#ended.set(name, wasTold ? { state: 'stopped' } : { state: 'failed', error: how });
      if (!wasTold) this.#listener.ended(name, how);
    });
    const started = ready(child, name, member.log).finally(() => { this.#starting.delete(name); });
    this.#starting.set(name, started);
    return started;
  }

  async stopMember(name: string, how: 'stop' | 'kill' = 'stop'): Promise<void> {
    this.#member(name);
    const child = this.#processes.get(name);
    if (child === undefined) return;
    this.#told.add(child);
    const exited = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
    child.kill(how === 'kill' ? 'SIGKILL' : 'SIGTERM');
    const timer = setTimeout(() => { child.kill('SIGKILL'); }, STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(timer);
  }

  /** Parts two members, both ways; the ledger too, unless `rpcOnly`. */
  setLink(a: string, b: string, cut: boolean, rpcOnly: boolean): void {
    this.#member(a);
    this.#member(b);
    for (const [from, to] of [[a, b], [b, a]] as const) {
      for (const kind of rpcOnly ? (['rpc'] as const) : (['rpc', 'ledger'] as const)) {
        const relay = this.#relays.get(relayName(from, to, kind));
        if (cut) relay?.cut();
        else relay?.heal();
      }
    }
  }

  member(name: string): LocalMember {
    const { port, folder } = this.#member(name);
    const pid = this.#processes.get(name)?.pid ?? null;
    const ended = this.#ended.get(name);
    const state = this.#starting.has(name) ? 'starting' : pid !== null ? 'running' : (ended?.state ?? 'stopped');
    return { name, state, endpoint: `127.0.0.1:${port.toString()}`, folder, pid, error: pid === null && ended?.state === 'failed' ? ended.error : null, problems: this.#problems.get(name) ?? [] };
  }

  #takeProblems(name: string, problems: readonly string[]): void {
    const before = this.#problems.get(name) ?? [];
    this.#problems.set(name, problems);
    this.#listener.problems(name, problems, before);
  }

  members(): readonly LocalMember[] { return this.plan.members.map(({ name }) => this.member(name)); }

  /** The pairs that are cut. */
  links(): readonly LocalLink[] {
    const { members } = this.plan;
    const pairs = members.flatMap((a, at) => members.slice(at + 1).map((b) => [a.name, b.name] as const));
    return pairs.filter(([a, b]) => this.#isCut(a, b, 'rpc')).map(([a, b]) => ({ a, b, rpcOnly: !this.#isCut(a, b, 'ledger') }));
  }

  #isCut(a: string, b: string, kind: 'rpc' | 'ledger'): boolean { return this.#relays.get(relayName(a, b, kind))?.isCut === true; }

  #member(name: string): MemberPlan {
    const member = this.plan.members.find((candidate) => candidate.name === name);
    if (member === undefined) throw new UnknownMemberError(`${name} is no member; there are ${this.plan.members.map((candidate) => candidate.name).join(', ')}`);
    return member;
  }
}

const relayName = (from: string, to: string, kind: string): string => `${from} ${to} ${kind}`;

function ready(child: ChildProcess, name: string, log: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => { reject(new Error(`${name} did not start within ${(START_TIMEOUT_MS / 1000).toString()} s; its log is ${log}`)); }, START_TIMEOUT_MS);
    child.on('message', (message) => {
      if (memberMessageSchema.parse(message).kind === 'ready') { clearTimeout(timer); resolve(); }
    });
    child.once('exit', () => { clearTimeout(timer); reject(new Error(`${name} ended while starting; its log is ${log}`)); });
  });
}
