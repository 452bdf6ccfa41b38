import type { Member } from '../../shared/model/ids.ts';
import type { Page, Peer, PushRequest } from '../../shared/ports/peer.ts';
import type { PeerHandlers } from '../../shared/replica/peer-handlers.ts';
import type { SeededRandom } from './random.ts';

/** Shares of calls that something happens to. */
export interface NetworkFaults { readonly lost: number; readonly answerLost: number; readonly truncated: number; readonly kept: number }
export const noNetworkFaults: NetworkFaults = { lost: 0, answerLost: 0, truncated: 0, kept: 0 };

/** Something that was sent and may arrive again, hours later. */
export interface Straggler { readonly from: Member; readonly to: Member; readonly request: PushRequest }

/** How members reach each other. */
export class Network {
  faults: NetworkFaults = noNetworkFaults;
  readonly cuts = new Set<string>();
  readonly stragglers: Straggler[] = [];
  readonly counts: Record<string, number> = {};
  readonly #random: SeededRandom;
  readonly #handlers = new Map<Member, () => PeerHandlers | undefined>();

  constructor(random: SeededRandom) { this.#random = random; }

  connect(member: Member, handlers: () => PeerHandlers | undefined): void { this.#handlers.set(member, handlers); }
  cut(a: Member, b: Member): void { this.cuts.add(`${a} ${b}`); this.cuts.add(`${b} ${a}`); }
  heal(): void { this.cuts.clear(); }

  /** How `from` calls `to`. */
  peer(from: Member, to: Member): Peer {
    return {
      member: to,
      pull: async (request, signal) => {
        const page = await this.#call(from, to, (handlers) => handlers.pull(from, request, signal));
        if (page.kind === 'page') this.#keep({ from: to, to: from, request: { kind: 'page', page } });
        return page.kind === 'page' && this.#happens('truncated', this.faults.truncated) ? truncated(page, this.#random) : page;
      },
      push: (request, signal) => {
        this.#keep({ from, to, request });
        return this.#call(from, to, (handlers) => handlers.push(from, request, signal));
      },
      heartbeat: (beat, signal) => this.#call(from, to, (handlers) => handlers.heartbeat(from, beat, signal)),
      compareDigests: (request, signal) => this.#call(from, to, (handlers) => handlers.compareDigests(from, request, signal)),
      fetchRows: async (request, signal) => {
        const answer = await this.#call(from, to, (handlers) => handlers.fetchRows(from, request, signal));
        this.#keep({ from: to, to: from, request: { kind: 'repair', from: to, answers: answer.answers } });
        return answer;
      },
      fetchContents: (request, signal) => this.#call(from, to, (handlers) => handlers.fetchContents(from, request, signal)),
    };
  }

  async #call<Answer>(from: Member, to: Member, call: (handlers: PeerHandlers) => Promise<Answer>): Promise<Answer> {
    const handlers = this.#handlers.get(to)?.();
    if (this.cuts.has(`${from} ${to}`) || handlers === undefined) throw new Error(`${to} cannot be reached`);
    if (this.#happens('lost', this.faults.lost)) throw new Error(`request to ${to} lost`);
    const answer = await call(handlers);
    if (this.#happens('answerLost', this.faults.answerLost)) throw new Error(`answer of ${to} lost`);
    return answer;
  }

  #keep(straggler: Straggler): void {
    if (!this.#happens('kept', this.faults.kept)) return;
    this.stragglers.push(straggler);
    if (this.stragglers.length > 40) this.stragglers.splice(this.#random.below(40), 1);
  }

  #happens(kind: string, share: number): boolean {
    if (!this.#random.happens(share)) return false;
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    return true;
  }
}

/** A page that lost answers or segments on its way. */
function truncated(page: Page, random: SeededRandom): Page {
  return random.happens(0.5)
    ? { ...page, answers: page.answers.filter(() => random.happens(0.6)) }
    : { ...page, segments: page.segments.filter(() => random.happens(0.6)) };
}
