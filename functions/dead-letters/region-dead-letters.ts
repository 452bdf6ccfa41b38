import type { HeldMessage } from '../../shared/adapters/sqs/queue.ts';
import { Queue } from '../../shared/adapters/sqs/queue.ts';
import type { BusEvent } from '../../shared/adapters/eventbridge/index.ts';
import type { DeadLetterList, DeadLetters, DiscardOutcome, LetterFailure, Replay, ReplayOutcome } from '../../shared/ports/dead-letters.ts';
import { MAX_LETTERS_A_LOOK } from '../../shared/ports/dead-letters.ts';
import { ReplicaError } from '../../shared/ports/errors.ts';
import { currentCorrelation } from '../../shared/wire/correlation.ts';
import type { FunctionName } from '../names.ts';
import type { OpenRegion } from '../region/open-region.ts';
import { tickEvent } from '../tick/tick-message.ts';
import type { Again } from './read-letter.ts';
import { readLetter } from './read-letter.ts';

/** As long as a call may take: a look that ends early lets go at once. */
const HOLD_SECONDS = 30;

type Parts = Pick<OpenRegion, 'environment' | 'aws' | 'bus' | 'logger' | 'replica'>;
interface Replayed { readonly replayed: number; readonly failures: readonly LetterFailure[] }
interface Met { readonly message: HeldMessage; readonly id: string; readonly again: Again }

/**
 * The dead letters of a region on AWS, in a queue for each function that has one. To replay one is to put on the bus what starts the
 * work: a commit's event as it was, or ticks of the jobs that do what was left undone. User's rules may see a commit's event again.
 */
export class RegionDeadLetters implements DeadLetters {
  readonly #parts: Parts;
  readonly #queues: ReadonlyMap<FunctionName, Queue>;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#queues = new Map([...parts.environment.deadLetterQueues].map(([name, url]) => [name, new Queue(parts.aws, url)]));
  }

  async list(source: string | undefined, signal: AbortSignal): Promise<DeadLetterList> {
    const looks = await Promise.all(this.#queuesOf(source, 'source').map(async ([name, queue]) => {
      const total = await reading(name, () => queue.count(signal));
      const letters = await holding(name, queue, signal, (held) => Promise.resolve({ result: held.map((message) => readLetter(name, message).letter), gone: new Set<HeldMessage>() }));
      return { letters, total: Math.max(total, letters.length) };
    }));
    return { letters: looks.flatMap(({ letters }) => letters).sort((a, b) => (a.id < b.id ? -1 : 1)), total: looks.reduce((sum, { total }) => sum + total, 0) };
  }

  async replay(which: Replay, signal: AbortSignal): Promise<ReplayOutcome> {
    const outcomes = await Promise.all(which.kind === 'all'
      ? this.#queuesOf(which.source, 'source').map(([name, queue]) => this.#replayFrom(name, queue, undefined, signal))
      : this.#queuesHolding(which.ids).map(([name, queue, ids]) => this.#replayFrom(name, queue, ids, signal)));
    const failures = outcomes.flatMap((outcome) => outcome.failures);
    return { replayed: outcomes.reduce((sum, { replayed }) => sum + replayed, 0), failed: failures.length, failures };
  }

  async discard(ids: readonly string[], signal: AbortSignal): Promise<DiscardOutcome> {
    const outcomes = await Promise.all(this.#queuesHolding(ids).map(([name, queue, wanted]) =>
      this.#takeOut(name, queue, wanted, ({ message, id }) => this.#throwAway(queue, message, id, signal), signal)));
    return { discarded: outcomes.reduce((sum, { taken }) => sum + taken, 0), failures: outcomes.flatMap(({ failures }) => failures) };
  }

  /** @throws ReplicaError `invalid` for an id of no queue, before any is touched */
  #queuesHolding(ids: readonly string[]): readonly (readonly [FunctionName, Queue, ReadonlySet<string>])[] {
    return [...Map.groupBy(ids, (id) => id.split('/')[0] ?? '')].flatMap(([source, named]) => this.#queuesOf(source, 'ids').map(([name, queue]) => [name, queue, new Set(named)] as const));
  }

  /** One queue, or all. @throws ReplicaError `invalid` naming those there are */
  #queuesOf(source: string | undefined, field: string): readonly (readonly [FunctionName, Queue])[] {
    const found = [...this.#queues].filter(([name]) => source === undefined || name === source);
    if (source !== undefined && found.length === 0) throw new ReplicaError('invalid', `${field}: ${JSON.stringify(source)} has no dead letters; expected ${[...this.#queues.keys()].join(', ') || 'none: the deployment names no queues'}`);
    return found;
  }

  async #replayFrom(source: FunctionName, queue: Queue, ids: ReadonlySet<string> | undefined, signal: AbortSignal): Promise<Replayed> {
    const { taken, failures } = await this.#takeOut(source, queue, ids, ({ message, id, again }) => this.#tryAgain(queue, message, id, again, signal), signal);
    return { replayed: taken, failures };
  }

  /** Has `take` take letters out of a queue, all it holds where no ids are given; it answers why not, where it fails. */
  #takeOut(source: FunctionName, queue: Queue, ids: ReadonlySet<string> | undefined, take: (met: Met) => Promise<string | undefined>, signal: AbortSignal): Promise<{ readonly taken: number; readonly failures: readonly LetterFailure[] }> {
    return holding(source, queue, signal, async (held) => {
      const gone = new Set<HeldMessage>();
      const failures: LetterFailure[] = [];
      const wanted = held.map((message): Met => {
        const { letter: { id }, again } = readLetter(source, message);
        return { message, id, again };
      }).filter(({ id }) => ids === undefined || ids.has(id));
      for (const met of wanted) {
        const reason = await take(met);
        if (reason === undefined) gone.add(met.message);
        else failures.push({ id: met.id, reason });
      }
      const known = new Set(wanted.map(({ id }) => id));
      const missing = [...(ids ?? [])].filter((id) => !known.has(id)).map((id) => ({ id, reason: 'it is not there: taken out already, held by another look for half a minute, or beyond what one look reads' }));
      return { result: { taken: gone.size, failures: [...failures, ...missing] }, gone };
    });
  }

  /** @returns why not, where it fails */
  async #throwAway(queue: Queue, message: HeldMessage, id: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      await queue.remove(message, signal);
    } catch (error) {
      return `the queue did not let go of it (${error instanceof Error ? error.message : String(error)})`;
    }
    this.#parts.logger.info('dead-letter-discarded', { id });
    return undefined;
  }

  /** @returns why not, where it fails */
  async #tryAgain(queue: Queue, message: HeldMessage, id: string, again: Again, signal: AbortSignal): Promise<string | undefined> {
    if (again.kind === 'nothing') return again.reason;
    try {
      const [refused] = (await this.#parts.bus.put(this.#eventsOf(again, message), signal)).filter((reason) => reason !== undefined);
      if (refused !== undefined) return `the bus did not take it (${refused})`;
    } catch (error) {
      return `the bus did not take it (${error instanceof Error ? error.message : String(error)})`;
    }
    this.#parts.logger.info('dead-letter-replayed', { id });
    try {
      await queue.remove(message, signal);
    } catch (error) {
      return `its work is being done, but the queue did not let go of it (${error instanceof Error ? error.message : String(error)})`;
    }
    return undefined;
  }

  #eventsOf(again: Exclude<Again, { kind: 'nothing' }>, { id }: HeldMessage): readonly BusEvent[] {
    if (again.kind === 'event') return [again.event];
    const { environment, replica } = this.#parts;
    const correlationId = currentCorrelation() ?? id;
    return again.jobs.map((job) => tickEvent(environment, { job, atMs: replica.clock.nowMs() }, correlationId));
  }
}

/** Holds what is in a queue while `work` goes on, and lets go of what it does not say is gone. */
async function holding<Result>(source: FunctionName, queue: Queue, signal: AbortSignal, work: (held: readonly HeldMessage[]) => Promise<{ readonly result: Result; readonly gone: ReadonlySet<HeldMessage> }>): Promise<Result> {
  const held = await reading(source, () => queue.hold(MAX_LETTERS_A_LOOK, HOLD_SECONDS, signal));
  const { result, gone } = await work(held);
  // What is not let go of comes back by itself.
  await queue.release(held.filter((message) => !gone.has(message)), signal).catch(() => undefined);
  return result;
}

/** @throws ReplicaError `unavailable` saying which queue does not answer, and why */
async function reading<Answer>(source: FunctionName, read: () => Promise<Answer>): Promise<Answer> {
  try {
    return await read();
  } catch (error) {
    throw new ReplicaError('unavailable', `the dead letters of ${source} cannot be read (${error instanceof Error ? error.message : String(error)}); try again, and check that its queue still exists and cluster-api's role may receive from it`, { cause: error });
  }
}
