import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { Direction } from '../model/mass-delete.ts';
import { DIRECTIONS } from '../model/mass-delete.ts';
import type { Hold } from '../ports/operator.ts';
import type { ClusterFacts } from './bridge-record.ts';
import type { Replica } from './replica.ts';

/** The reason of an exception that the guard makes. */
export const MASS_DELETE_HELD = 'MassDeleteHeld';

/** One delete that waits for a person, or that a person has decided on. */
export interface HeldDelete {
  readonly hold: string;
  readonly atMs: number;
  readonly state: 'held' | 'approved' | 'rejected';
  /** When it was decided. */
  readonly ruledAtMs: number | undefined;
}

/** What was decided is in force for this long: a bridge tries a held delete again every half minute. Later it is another delete. */
export const RULING_LIFE_MS = 60 * 60_000;
/** Documents written at once: enough for 20,000 within a call of half a minute, without flooding the store. */
const AT_ONCE = 25;
/** Keys shown of each hold. */
const MAX_EXAMPLES = 10;

const PREFIX = 'held/';
const nameOf = (direction: Direction, key: ResourceKey): string => `${PREFIX}${direction}/${key}`;

/** `up-1a2b3c`: a person has to type it. */
export const directionOf = (hold: string): Direction | undefined => DIRECTIONS.find((direction) => hold.startsWith(`${direction}-`));

export const putHeld = async (replica: Replica, direction: Direction, key: ResourceKey, { hold, atMs, state, ruledAtMs }: HeldDelete): Promise<void> => {
  await replica.store.putDocument(nameOf(direction, key), { hold, atMs, state, ...(ruledAtMs !== undefined && { ruledAtMs }) }, undefined);
};
export const dropHeld = (replica: Replica, direction: Direction, key: ResourceKey): Promise<void> => replica.store.dropDocument(nameOf(direction, key));

/** Another cluster: what the one before was to lose or has deleted is nothing to it. */
export async function dropAllHeld(replica: Replica): Promise<void> {
  for (const direction of DIRECTIONS) for (const key of (await heldDeletes(replica, direction)).keys()) await dropHeld(replica, direction, key);
}

/** What is held or was decided of one delete; undefined also where the decision is too old to count. */
export async function heldDelete(replica: Replica, direction: Direction, key: ResourceKey): Promise<HeldDelete | undefined> {
  const document = await replica.store.document(nameOf(direction, key));
  return document === undefined ? undefined : inForce(replica, document.value);
}

/** All deletes of a hold that were not decided the other way; none where there is no such hold. */
export async function deletesOf(replica: Replica, hold: string, decided: 'approved' | 'rejected'): Promise<ReadonlyMap<ResourceKey, HeldDelete>> {
  const direction = directionOf(hold);
  const all = direction === undefined ? new Map<ResourceKey, HeldDelete>() : await heldDeletes(replica, direction);
  return new Map([...all].filter(([, held]) => held.hold === hold && (held.state === 'held' || held.state === decided)));
}

/** What waits for a person, for those who look at the status. */
export async function listHolds(replica: Replica): Promise<readonly Hold[]> {
  const holds: Hold[] = [];
  for (const direction of DIRECTIONS) {
    const byHold = Map.groupBy([...(await heldDeletes(replica, direction))].filter(([, { state }]) => state === 'held'), ([, { hold }]) => hold);
    for (const [id, held] of byHold) {
      holds.push({
        id, direction, reason: 'MassDeletion', message: explain(id, direction, held.length),
        sinceMs: Math.min(...held.slice(0, MAX_COUNTED_FOR_TIME).map(([, { atMs }]) => atMs)), resources: held.length, examples: held.slice(0, MAX_EXAMPLES).map(([key]) => key),
      });
    }
  }
  return holds;
}
/** Arguments a function takes. */
const MAX_COUNTED_FOR_TIME = 10_000;

const explain = (id: string, direction: Direction, count: number): string =>
  `${count.toString()} ${count === 1 ? 'delete' : 'deletes'} on the way ${direction === 'up' ? 'from this cluster to the federation' : 'from the federation to this cluster'}, more within spec.sync.massDelete.window than it allows: novactl federation approve ${id}, or reject ${id}`;

/** Does something with each of many keys, a bounded number at a time. */
export async function forEachKey(keys: Iterable<ResourceKey>, work: (key: ResourceKey) => Promise<void>): Promise<void> {
  const left = [...keys];
  while (left.length > 0) await Promise.all(left.splice(0, AT_ONCE).map(work));
}

/** Whether a delete is withheld from the cluster: it still holds the object, and was never told. */
export function isWithheld({ exceptions }: Pick<ClusterFacts, 'exceptions'>, key: ResourceKey): boolean {
  const exception = exceptions.get(key);
  return exception?.reason === MASS_DELETE_HELD && exception.kind === 'not-shown';
}

async function heldDeletes(replica: Replica, direction: Direction): Promise<ReadonlyMap<ResourceKey, HeldDelete>> {
  const prefix = `${PREFIX}${direction}/`;
  const found = new Map<ResourceKey, HeldDelete>();
  for (const [name, { value }] of await replica.store.documents(prefix)) {
    const held = inForce(replica, value);
    const key = name.slice(prefix.length) as ResourceKey;
    if (held === undefined) await dropHeld(replica, direction, key);
    else found.set(key, held);
  }
  return found;
}

function inForce({ clock }: Replica, value: Json): HeldDelete | undefined {
  if (!isObject(value)) return undefined;
  const held = value as unknown as HeldDelete;
  return held.state !== 'held' && clock.nowMs() - (held.ruledAtMs ?? 0) >= RULING_LIFE_MS ? undefined : held;
}
