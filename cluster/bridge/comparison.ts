import type { Filter } from '../../shared/model/federated-part.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
import type { BridgeCompareResponse, ListedObject } from '../../shared/ports/region.ts';
import type { Cluster } from './cluster-port.ts';
import { COMPARE_OBJECTS, KEYS_IN_WORK } from './limits.ts';
import type { RegionCaller } from './region-caller.ts';
import type { SettledStates } from './settled-states.ts';
import type { Workshop } from './workshop.ts';

export interface ComparisonParts {
  readonly cluster: Cluster;
  readonly region: RegionCaller;
  readonly workshop: Workshop;
  readonly settled: SettledStates;
  readonly filter: Filter;
  readonly signal: AbortSignal;
}

export interface Compared { readonly listResourceVersion: string; readonly objects: number; readonly sent: number; readonly applied: number }

/**
 * Lists everything and compares it with the region, stretch by stretch: the resynchronization. When it is done every difference was
 * settled or is an exception.
 */
export async function compareAll(parts: ComparisonParts): Promise<Compared> {
  const { cluster, filter, signal } = parts;
  const listing = await cluster.list(filter, signal);
  const run = new Run(parts, listing.resourceVersion);
  parts.settled.beginListing();
  const waiting: ListedObject[] = [];
  for await (const page of listing.pages) {
    waiting.push(...page);
    while (waiting.length > COMPARE_OBJECTS) await run.stretch(waiting.splice(0, COMPARE_OBJECTS), false);
  }
  await run.stretch(waiting, true);
  return run.finish();
}

class Run {
  readonly #parts: ComparisonParts;
  readonly #listResourceVersion: string;
  readonly #tasks = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;
  #after: ResourceKey | undefined;
  #objects = 0;
  #sent = 0;
  #applied = 0;

  constructor(parts: ComparisonParts, listResourceVersion: string) {
    this.#parts = parts;
    this.#listResourceVersion = listResourceVersion;
  }

  /**
   * Compares one stretch; the region may take it in several parts, where it has many rows between our objects. The next part is asked for
   * while this one is worked on: they have no object in common.
   */
  async stretch(objects: readonly ListedObject[], isLast: boolean): Promise<void> {
    const { workshop, settled } = this.#parts;
    const upTo = isLast ? undefined : objects.at(-1)?.key;
    this.#objects += objects.length;
    settled.listed(objects.map(({ key }) => key));
    for (let rest = objects, next = this.#ask(rest, upTo); ;) {
      const { asked, answer: { send, apply, readTo } } = await next;
      this.#after = readTo ?? upTo ?? this.#after;
      if (readTo !== undefined) {
        rest = rest.filter(({ key }) => key > readTo);
        next = this.#ask(rest, upTo);
        // Whatever it is, it is met in its turn.
        next.catch(() => undefined);
      }
      this.#sent += send.length;
      this.#applied += apply.length;
      for (const key of send) await this.#start(() => workshop.send(key));
      for (const target of apply) await this.#start(() => workshop.showCompared(target, asked));
      if (readTo === undefined) return;
    }
  }

  async #ask(objects: readonly ListedObject[], upTo: ResourceKey | undefined): Promise<{ readonly asked: number; readonly answer: BridgeCompareResponse }> {
    const { region, settled, signal } = this.#parts;
    const asked = settled.moment;
    return { asked, answer: await region.compare({ after: this.#after, upTo, objects, listResourceVersion: this.#listResourceVersion }, signal) };
  }

  async finish(): Promise<Compared> {
    await Promise.all(this.#tasks);
    this.#throwFailure();
    return { listResourceVersion: this.#listResourceVersion, objects: this.#objects, sent: this.#sent, applied: this.#applied };
  }

  /** Waits while as much is under way as can be worked on, so that a large difference is not held in memory. */
  async #start(task: () => Promise<void>): Promise<void> {
    while (this.#tasks.size >= KEYS_IN_WORK) await Promise.race(this.#tasks);
    this.#throwFailure();
    const running: Promise<void> = task()
      .catch((error: unknown) => { this.#failure ??= { error }; })
      .finally(() => { this.#tasks.delete(running); });
    this.#tasks.add(running);
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
