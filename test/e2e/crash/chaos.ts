import { setTimeout as sleep } from 'node:timers/promises';
import type { SeededRandom } from '../../simulation/random.ts';
import type { LocalFederation } from '../local-federation.ts';
import { eventually } from '../local-federation.ts';

const RESTART_PATIENCE_MS = 60_000;
/** A member needs about a second to start on a busy machine, so this hits every point of it. */
const START_MS = 1200;

/** A member that has started compares its folder first; with a few hundred files in a fraction of this. */
const COMPARE_MS = 1500;

type Say = (what: string) => void;

/** Kills members and cuts connections, at times taken from a seed. */
export class Chaos {
  readonly #federation: LocalFederation;
  readonly #random: SeededRandom;
  readonly #say: Say;
  readonly counts = { kills: 0, killsWhileStarting: 0, cuts: 0, cutsOfCallsAlone: 0, heals: 0 };
  readonly #down = new Set<string>();
  constructor(federation: LocalFederation, random: SeededRandom, say: Say) {
    this.#federation = federation;
    this.#random = random;
    this.#say = say;
  }

  /** Killed, and not long enough up again to have compared everything. */
  isDown(member: string): boolean { return this.#down.has(member); }

  /** Kills a member after a while, starts it again, and kills it meanwhile too, now and then. */
  async kill(member: string, withinMs: number): Promise<void> {
    const [afterMs, downMs] = [this.#random.below(withinMs), this.#random.below(500)];
    const againMs = this.#random.happens(0.4) ? this.#random.below(START_MS) : undefined;
    await sleep(afterMs);
    this.#down.add(member);
    const killed = [await this.#killNow(member)];
    this.counts.kills += 1;
    this.#say(`kill ${member}`);
    await sleep(downMs);
    if (againMs !== undefined) {
      const started = this.#federation.control.startMember(member).catch(() => undefined);
      await sleep(againMs);
      killed.push(await this.#killNow(member));
      this.counts.killsWhileStarting += 1;
      this.#say(`kill ${member} ${againMs.toString()} ms into its start`);
      await started;
    }
    await this.#startAgain(member, killed);
    await sleep(COMPARE_MS);
    this.#down.delete(member);
  }

  /** Cuts or heals two members' connections after a while. */
  async disturb([a, b]: readonly [string, string], withinMs: number): Promise<void> {
    const [afterMs, what] = [this.#random.below(withinMs), this.#random.weighted({ cut: 3, cutCalls: 2, heal: 4 })];
    await sleep(afterMs);
    if (what === 'heal') await this.#federation.control.heal(a, b);
    else await this.#federation.control.cut(a, b, { rpcOnly: what === 'cutCalls' });
    this.counts[what === 'heal' ? 'heals' : what === 'cut' ? 'cuts' : 'cutsOfCallsAlone'] += 1;
    this.#say(`${what} ${a} ${b}`);
  }

  async #killNow(member: string): Promise<number | null> {
    const { members } = await this.#federation.control.localStatus();
    const pid = members.find(({ name }) => name === member)?.pid ?? null;
    if (pid !== null) process.kill(pid, 'SIGKILL');
    return pid;
  }

  /** Until another process than those killed says that it runs. */
  async #startAgain(member: string, killed: readonly (number | null)[]): Promise<void> {
    await eventually(`${member} runs again`, async () => {
      await this.#federation.control.startMember(member).catch(() => undefined);
      return (await this.#federation.control.localStatus()).members.find(({ name }) => name === member);
    }, (found) => found?.state === 'running' && !killed.includes(found.pid), RESTART_PATIENCE_MS);
  }
}
