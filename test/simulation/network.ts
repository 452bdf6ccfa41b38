import type { Incarnation, Member } from '../../shared/model/ids.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { Row } from '../../shared/model/row.ts';
import { withDot } from '../../shared/model/version-vector.ts';
import type { Page, Peer, PullRequest, PushRequest } from '../../shared/ports/peer.ts';
import type { PeerHandlers } from '../../shared/replica/peer-handlers.ts';
import type { Faults } from './faults.ts';
import type { SeededRandom } from './random.ts';

/** Something that was sent and may arrive again, hours later; or was asked for, and is answered again. */
interface Straggler { readonly from: Member; readonly to: Member; readonly request: PushRequest | { readonly kind: 'pull'; readonly asked: PullRequest } }

/** Shares of calls that something happens to while it storms. */
const SHARES = { 'request-lost': 0.1, 'answer-lost': 0.1, truncated: 0.15 } as const;
/** Share of what is sent that may arrive again. */
const KEPT_SHARE = 0.4;
const MAX_STRAGGLERS = 40;

/** How members reach each other. */
export class Network {
  /** Whether calls get lost just now. */
  storms = false;
  /** Whether what is sent may arrive again. */
  keeps = true;
  readonly #faults: Faults;
  readonly #random: SeededRandom;
  readonly #cuts = new Set<string>();
  readonly #stragglers: Straggler[] = [];
  readonly #handlers = new Map<Member, () => PeerHandlers | undefined>();

  constructor(random: SeededRandom, faults: Faults) {
    this.#random = random;
    this.#faults = faults;
  }

  /** @param handlers undefined while the member does not run */
  connect(member: Member, handlers: () => PeerHandlers | undefined): void { this.#handlers.set(member, handlers); }
  /** `from` cannot call `to` any more. */
  cut(from: Member, to: Member): void { this.#cuts.add(`${from} ${to}`); }
  heal(): void { this.#cuts.clear(); }
  reaches(from: Member, to: Member): boolean { return !this.#isCut(from, to) && this.#handlers.get(to)?.() !== undefined; }
  #isCut(from: Member, to: Member): boolean { return this.#cuts.size > 0 && this.#cuts.has(`${from} ${to}`); }

  /** Takes out something that was sent once. */
  straggler(): Straggler | undefined { return this.#stragglers.length === 0 ? undefined : this.#random.pick(this.#stragglers); }

  /** How `from` calls `to`. */
  peer(from: Member, to: Member): Peer {
    return {
      member: to,
      pull: async (request, signal) => {
        const page = await this.#call(from, to, (handlers) => handlers.pull(from, request, signal));
        if (page.kind === 'page' && page.segments.length > 0) {
          this.#keep({ from: to, to: from, request: { kind: 'page', page } });
          this.#keep({ from, to, request: { kind: 'pull', asked: request } });
        }
        return page.kind === 'page' && this.#strikes('truncated') ? truncated(page, this.#random) : page;
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
    if (handlers === undefined || this.#isCut(from, to)) throw new Error(`${to} cannot be reached`);
    if (this.#strikes('request-lost')) throw new Error(`request to ${to} lost`);
    const answer = await call(handlers);
    if (this.#strikes('answer-lost')) throw new Error(`answer of ${to} lost`);
    return answer;
  }

  #strikes(fault: keyof typeof SHARES): boolean { return this.storms && this.#faults.strikes(fault, SHARES[fault]); }

  #keep(straggler: Straggler): void {
    if (!this.keeps || !this.#random.happens(KEPT_SHARE)) return;
    this.#stragglers.push(straggler);
    if (this.#stragglers.length > MAX_STRAGGLERS) this.#stragglers.splice(this.#random.below(MAX_STRAGGLERS), 1);
  }
}

/** A page that lost answers or segments on its way. */
function truncated(page: Page, random: SeededRandom): Page {
  return random.happens(0.5)
    ? { ...page, answers: page.answers.filter(() => random.happens(0.6)) }
    : { ...page, segments: page.segments.filter(() => random.happens(0.6)) };
}

/** A row with a delete that covers everything, under a dot which its author never issued. */
export function forgedRow(key: ResourceKey, row: Row, author: Member, log: Incarnation, counter: number, nowMs: number): PushRequest {
  const dot = { incarnation: log, counter };
  const context = withDot(row.context, dot);
  return {
    kind: 'repair', from: author,
    answers: [{ key, answer: { kind: 'row', row: { context, siblings: [{ dot, stamp: { ms: nowMs, counter: 0, member: author }, writerContext: context, covers: [], origin: 'operator', body: { kind: 'deleted' } }] } } }],
  };
}
