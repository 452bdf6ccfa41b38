import { isObject } from '../model/content.ts';
import { passesFilter } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import { splitKey } from '../model/resource-key.ts';
import { hasLiveSibling } from '../model/row.ts';
import type { HeldRow } from '../model/row.ts';
import type { CleanUpRequest, CleanUpResponse, Target } from '../ports/region.ts';
import { putException, shownOf } from './bridge-record.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { callingCluster } from './cluster-identity.ts';
import { forgetOthers } from './own-objects.ts';
import { filterInForce } from './policy.ts';
import type { Replica } from './replica.ts';
import type { Settings } from './settings.ts';
import { DOCUMENTS, loadSettings } from './settings.ts';
import { targetAfter } from './targets.ts';

/** Rows looked through for one answer. */
const ROWS_PER_LOOK = 500;
/** Objects to remove in one answer at most, whatever is asked for. */
const MAX_REMOVALS = 200;

/** What is kept of a departure: since when, whether the cluster is to give back what it has from others, and how much it has. */
interface Departure { readonly leftAtMs: number; readonly cleanUp: 'not-asked' | 'asked' | 'done'; readonly removed: number }
const begun = ({ clock }: Replica): Departure => ({ leftAtMs: clock.nowMs(), cleanUp: 'not-asked', removed: 0 });

/** Undefined while the member has not left. */
export async function readDeparture(replica: Replica): Promise<Departure | undefined> {
  const value = (await replica.store.document(DOCUMENTS.departure))?.value;
  return isObject(value) ? (value as unknown as Departure) : undefined;
}

/** As `readDeparture`; reads only where the settings say that the member has left. A handler that died once it had left did not note it. */
export async function departureOf(replica: Replica, { left }: Settings): Promise<Departure | undefined> {
  if (!left.includes(replica.identity.member)) return undefined;
  return (await readDeparture(replica)) ?? noteDeparture(replica, { cleanUp: false });
}

/** Notes that the member has left, and asks the cluster to give back what it has from others, if it was not asked before. */
export async function noteDeparture(replica: Replica, { cleanUp }: { readonly cleanUp: boolean }): Promise<Departure> {
  const before = (await readDeparture(replica)) ?? begun(replica);
  const next: Departure = { ...before, cleanUp: cleanUp && before.cleanUp === 'not-asked' ? 'asked' : before.cleanUp };
  await replica.store.putDocument(DOCUMENTS.departure, { ...next }, undefined);
  return next;
}

/**
 * What the cluster of a member that has left is to remove next: what came from others, as it was last shown; anything else of that name is
 * somebody's own and stays. Whoever asks goes on after `next` once an answer has nothing more to remove.
 */
export async function cleanUp(replica: Replica, { done, after, ...identity }: CleanUpRequest): Promise<CleanUpResponse> {
  const facts = await callingCluster(replica, identity);
  const departure = await readDeparture(replica);
  if (departure?.cleanUp !== 'asked') return { remove: [], next: undefined };
  let { removed } = departure;
  for (const { key, kept } of done) {
    if (kept !== undefined) await putException(replica, { key, kind: 'not-shown', reason: 'KeptOnLeaving', message: kept, sinceMs: replica.clock.nowMs() });
    if (await forgetOthers(replica, key) && kept === undefined) removed += 1;
  }
  const page = await replica.store.list(after, ROWS_PER_LOOK);
  const remove: Target[] = [];
  for (const [key, row] of page.rows) {
    if (remove.length === MAX_REMOVALS) break;
    const target = await removalOf(replica, key, row, facts);
    if (target !== undefined) remove.push(target);
  }
  const isDone = remove.length === 0 && page.next === undefined;
  if (isDone || removed !== departure.removed) await replica.store.putDocument(DOCUMENTS.departure, { ...departure, cleanUp: isDone ? 'done' : 'asked', removed }, undefined);
  if (isDone) await replica.events.publish({ kind: 'SpecChanged' });
  return { remove, next: page.next };
}

async function removalOf(replica: Replica, key: ResourceKey, row: HeldRow, facts: CallingCluster): Promise<Target | undefined> {
  if (!row.local.fromOthers || !passesFilter(filterInForce(await loadSettings(replica)), splitKey(key))) return undefined;
  const target = await targetAfter(replica, key, undefined, facts.record.clusterId, await shownOf(replica, key, row, facts));
  return target.before.kind === 'nothing' ? undefined : target;
}

/** What a cluster has of the federation. */
export interface Belongings {
  /** Objects that came from others, some of them by name. */
  readonly fromOthers: number;
  readonly examples: readonly ResourceKey[];
  /** Objects of its own. */
  readonly own: number;
}

/** Counts what the cluster keeps and what it gives back when its member leaves. */
export async function countBelongings(replica: Replica, examples: number): Promise<Belongings> {
  const filter = filterInForce(await loadSettings(replica));
  const fromOthers: ResourceKey[] = [];
  let [others, own] = [0, 0];
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.list(after, ROWS_PER_LOOK);
    for (const [key, row] of page.rows) {
      if (!hasLiveSibling(row) || !passesFilter(filter, splitKey(key))) continue;
      if (!row.local.fromOthers) { own += 1; continue; }
      others += 1;
      if (fromOthers.length < examples) fromOthers.push(key);
    }
    after = page.next;
  } while (after !== undefined);
  // What was removed stands in the region still, and counts as nobody's.
  return { fromOthers: others, examples: fromOthers, own: own - ((await readDeparture(replica))?.removed ?? 0) };
}
