import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicMs } from '../samples.ts';
import type { Rig } from './rig.ts';
import { FLOOR_NAMESPACE } from './rig.ts';
import { routeOf } from './site.ts';

/** Routes that are edited in turns, all there before anything is measured. */
const ROUTES = 20;
const NAMESPACE = 'default';
/** Between two edits: nobody waits for another's. */
const PAUSE_MS = 40;
const ARRIVAL_TIMEOUT_MS = 30_000;

/** From the API server's acknowledgement in one cluster to the watch event in the other, in milliseconds. */
export interface EditLatencies { readonly visibleMs: readonly number[]; readonly floorMs: readonly number[] }

/**
 * Edits routes in turns with the floor: in a namespace that the federation leaves out, a relay of this process that watches routes in the
 * one cluster and applies them in the other, and knows and keeps nothing. Bridges of both clusters follow.
 */
export async function measureEdits({ origin, other }: Rig, samples: number, warmUp: number): Promise<EditLatencies> {
  const arrivals = new Arrivals();
  await other.watches(NAMESPACE, (edit) => { arrivals.note(edit); });
  await other.watches(FLOOR_NAMESPACE, (edit) => { arrivals.note(edit); });
  await origin.watches(FLOOR_NAMESPACE, (_, { apiVersion = '', kind = '', metadata, spec = {} }) => {
    const { name = '', namespace = '', labels = {}, annotations = {} } = metadata as Readonly<Record<string, string>>;
    void other.applies({ apiVersion, kind, metadata: { name, namespace, labels, annotations }, spec });
  });
  const carry = async (namespace: string, number: number, edit: string): Promise<number> => {
    await origin.applies(routeOf(number % ROUTES, namespace, edit));
    const acknowledgedMs = monotonicMs();
    const arrivedMs = await arrivals.of(edit);
    await sleep(PAUSE_MS);
    return arrivedMs - acknowledgedMs;
  };
  const [visibleMs, floorMs]: [number[], number[]] = [[], []];
  for (let number = 0; number < ROUTES + warmUp + samples; number += 1) {
    const [visible, floor] = [await carry(NAMESPACE, number, `visible-${number.toString()}`), await carry(FLOOR_NAMESPACE, number, `floor-${number.toString()}`)];
    if (number < ROUTES + warmUp) continue;
    visibleMs.push(visible);
    floorMs.push(floor);
  }
  return { visibleMs, floorMs };
}

/** When each edit was seen first. */
class Arrivals {
  readonly #seen = new Map<string, number>();
  readonly #waiting = new Map<string, (atMs: number) => void>();

  note(edit: string): void {
    if (this.#seen.has(edit)) return;
    const nowMs = monotonicMs();
    this.#seen.set(edit, nowMs);
    this.#waiting.get(edit)?.(nowMs);
  }

  async of(edit: string): Promise<number> {
    const seen = this.#seen.get(edit);
    if (seen !== undefined) return seen;
    const late = new AbortController();
    try {
      return await Promise.race([
        new Promise<number>((resolve) => { this.#waiting.set(edit, resolve); }),
        sleep(ARRIVAL_TIMEOUT_MS, undefined, { signal: late.signal }).then(() => { throw new Error(`the edit ${edit} did not arrive`); }),
      ]);
    } finally {
      late.abort();
      this.#waiting.delete(edit);
    }
  }
}
