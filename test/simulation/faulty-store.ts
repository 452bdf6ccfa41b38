import type { Store } from '../../shared/ports/store.ts';

/** A process died at this point; nothing of it goes on. */
export class Crash extends Error { override readonly name = 'Crash' }
/** A request was carried out, or not, and nobody was told. */
export class LostAnswer extends Error { override readonly name = 'LostAnswer' }

const WRITES: ReadonlySet<string> = new Set([
  'commit', 'putRow', 'putOffLog', 'advance', 'startIncarnation', 'moveFloor', 'dropSegmentsBelowFloor', 'putContent', 'sweepContents', 'putDocument', 'dropDocument', 'putIndex',
]);

/** What happens around one call of the store. */
export interface StoreFaults {
  /** Lets others go first. Called before every call. */
  turn(): Promise<void> | undefined;
  /** `crash`: the process dies before the write; `lost`: the write is done and its answer lost. */
  around(method: string): 'crash' | 'lost' | undefined;
  /** A write was carried out. */
  wrote(method: string, argument: unknown, result: unknown): void;
}

/** The store with faults between any two calls. Reads are never wrong: the store promises that. */
export function faultyStore(store: Store, faults: StoreFaults): Store {
  const methods = new Map<string | symbol, unknown>();
  return new Proxy(store, {
    get(target, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const method: unknown = Reflect.get(target, name);
      if (typeof method !== 'function' || typeof name !== 'string') return method;
      const call = method.bind(target) as (...args: readonly unknown[]) => Promise<unknown>;
      const faulty = (...args: readonly unknown[]): Promise<unknown> => run(name, call, args, faults);
      methods.set(name, faulty);
      return faulty;
    },
  });
}

async function run(name: string, call: (...args: readonly unknown[]) => Promise<unknown>, args: readonly unknown[], faults: StoreFaults): Promise<unknown> {
  const turn = faults.turn();
  if (turn !== undefined) await turn;
  if (!WRITES.has(name)) return call(...args);
  const fault = faults.around(name);
  if (fault === 'crash') throw new Crash(`before ${name}`);
  const result = await call(...args);
  faults.wrote(name, args[0], result);
  if (fault === 'lost') throw new LostAnswer(`after ${name}`);
  return result;
}
