import type { HeldRow } from '../../shared/model/row.ts';
import type { ResourceKey } from '../../shared/model/ids.ts';
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
  turn(isWrite: boolean): Promise<void> | undefined;
  /** `crash`: the process dies before the write; `lost`: the write is done and its answer lost. */
  around(method: string): 'crash' | 'lost' | undefined;
  /** Whether rows that are read together are read one by one, with others in between: a BatchGetItem is not one picture. */
  tears(): boolean;
  /** A write was carried out. */
  wrote(method: string, argument: unknown, result: unknown): void;
}

/** No method of a store has more than three parameters; a list of them made for every call would cost a hundredth of a run. */
type Call = (a: unknown, b: unknown, c: unknown) => Promise<unknown>;

/** The store with faults between any two calls. What it promises of reads it keeps; what it does not promise happens. */
export function faultyStore(store: Store, faults: StoreFaults): Store {
  const faulty: Record<string, unknown> = { rows: (keys: readonly ResourceKey[]) => readRows(store, keys, faults) };
  for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(store))) {
    const method: unknown = name in faulty || name === 'constructor' ? undefined : Reflect.get(store, name);
    if (typeof method !== 'function') continue;
    const call = method.bind(store) as Call;
    faulty[name] = WRITES.has(name) ? (a: unknown, b: unknown, c: unknown) => write(name, call, a, b, c, faults) : (a: unknown, b: unknown, c: unknown) => read(call, a, b, c, faults);
  }
  return faulty as unknown as Store;
}

function read(call: Call, a: unknown, b: unknown, c: unknown, faults: StoreFaults): Promise<unknown> {
  const turn = faults.turn(false);
  return turn === undefined ? call(a, b, c) : turn.then(() => call(a, b, c));
}

async function readRows(store: Store, keys: readonly ResourceKey[], faults: StoreFaults): Promise<ReadonlyMap<ResourceKey, HeldRow>> {
  const turn = faults.turn(false);
  if (turn === undefined) return store.rows(keys);
  await turn;
  if (keys.length < 2 || !faults.tears()) return store.rows(keys);
  const found = new Map<ResourceKey, HeldRow>();
  for (const key of keys) {
    for (const [name, row] of await store.rows([key])) found.set(name, row);
    await faults.turn(false);
  }
  return found;
}

async function write(name: string, call: Call, a: unknown, b: unknown, c: unknown, faults: StoreFaults): Promise<unknown> {
  const turn = faults.turn(true);
  if (turn !== undefined) await turn;
  const fault = faults.around(name);
  if (fault === 'crash') throw new Crash(`before ${name}`);
  const result = await call(a, b, c);
  faults.wrote(name, a, result);
  if (fault === 'lost') throw new LostAnswer(`after ${name}`);
  return result;
}
