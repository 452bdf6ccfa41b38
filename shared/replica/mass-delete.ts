import type { Json } from '../model/content.ts';
import { isObject } from '../model/content.ts';
import { passesFilter } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import type { CountedDelete, Direction, MassDeleteSettings } from '../model/mass-delete.ts';
import { countOn, countedId, deletesAllowed, isGuarded, withinWindow } from '../model/mass-delete.ts';
import { splitKey } from '../model/resource-key.ts';
import { hasLiveSibling } from '../model/row.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { HeldDelete } from './holds.ts';
import { RULING_LIFE_MS, forEachKey, heldDelete, putHeld } from './holds.ts';
import { filterInForce } from './policy.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';

/** What becomes of a delete. `put-back`: somebody rejected it, and the object is to be shown again. */
export type Verdict = { readonly kind: 'pass' } | { readonly kind: 'put-back' } | { readonly kind: 'held'; readonly message: string };

/** The count of one direction: one document, changed on condition, so that handlers side by side count right. */
interface DeleteCount {
  readonly recent: readonly CountedDelete[];
  /** How many objects the member had before these deletes, when that was last asked. */
  readonly objects: { readonly count: number; readonly atMs: number } | undefined;
  /** What further deletes are added to. */
  readonly hold: string | undefined;
  /** Until when a decision may be in force. */
  readonly ruledUntilMs: number;
}
type StoredCount = DeleteCount & { readonly revision: number | 'absent' };

const ATTEMPTS = 10;
const COUNT_PAGE = 500;
/** Three bytes: a person types it, and there are a few at a time. */
const HOLD_ID_BYTES = 3;
const PASS: Verdict = { kind: 'pass' };

/**
 * Decides on deletes that are about to be committed (`up`) or carried out in the cluster (`down`), and counts them. What comes at once
 * is let through or held as a whole. A delete that was held stays so until a person decides, whatever the count is by then.
 *
 * Costs a read and a write of one document where there is something to count, and one read for each delete while there is a hold.
 *
 * @throws ReplicaError `busy`
 */
export async function judgeDeletes(replica: Replica, direction: Direction, keys: readonly ResourceKey[]): Promise<ReadonlyMap<ResourceKey, Verdict>> {
  const settings = (await loadSettings(replica)).spec?.sync.massDelete;
  const passing = new Map(keys.map((key): [ResourceKey, Verdict] => [key, PASS]));
  if (keys.length === 0 || settings === undefined || !isGuarded(settings)) return passing;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const nowMs = replica.clock.nowMs();
    const count = await readCount(replica, direction);
    const decided = await decisions(replica, direction, keys, count);
    const known = new Map(withinWindow(count.recent, nowMs, settings.windowMs).map((counted) => [counted.id, counted]));
    const fresh = keys.filter((key) => !decided.has(key) && !known.has(countedId(key)));
    const next = await countFresh(replica, direction, settings, { ...count, recent: [...known.values()] }, fresh);
    if (fresh.length > 0 && (await putCount(replica, direction, next, count.revision)) === 'stale') continue;
    const isNowHeld = new Set(next.recent.filter(({ isHeld }) => isHeld).map(({ id }) => id));
    const held = keys.filter((key) => !decided.has(key) && isNowHeld.has(countedId(key)));
    const hold = next.hold ?? newHold(replica, direction);
    await forEachKey(held, (key) => putHeld(replica, direction, key, { hold, atMs: nowMs, state: 'held', ruledAtMs: undefined }));
    if (held.length > 0 && fresh.length > 0) replica.logger.warn('mass-delete-held', { direction, hold, count: held.length });
    for (const key of held) passing.set(key, heldIn(hold));
    for (const [key, decision] of decided) passing.set(key, verdictOf(decision));
    return passing;
  }
  throw new ReplicaError('busy', 'the count of deletes kept changing; send it again');
}

/** Whether there may be deletes of this direction that are held, or that were decided on lately: else there is nothing to look for. */
export async function isHolding(replica: Replica, direction: Direction): Promise<boolean> {
  return mayHold(replica, await readCount(replica, direction));
}
const mayHold = ({ clock }: Replica, { hold, ruledUntilMs }: DeleteCount): boolean => hold !== undefined || clock.nowMs() < ruledUntilMs;

/** A hold that was decided on takes no more, and counting starts anew: a person has just looked. */
export async function closeHold(replica: Replica, direction: Direction, hold: string): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const count = await readCount(replica, direction);
    const isOpen = count.hold === undefined || count.hold === hold;
    const next: DeleteCount = { ...count, ...(isOpen && { recent: [], hold: undefined }), ruledUntilMs: replica.clock.nowMs() + RULING_LIFE_MS };
    if ((await putCount(replica, direction, next, count.revision)) === 'ok') return;
  }
  throw new ReplicaError('busy', 'the count of deletes kept changing; send it again');
}

const heldIn = (hold: string): Verdict => ({ kind: 'held', message: `one of many deletes at once, held until somebody decides: novactl federation approve ${hold}, or reject ${hold}` });

function verdictOf({ state, hold }: HeldDelete): Verdict {
  if (state === 'approved') return PASS;
  return state === 'rejected' ? { kind: 'put-back' } : heldIn(hold);
}

/** What is held or decided already. Rejected on the way down is over: the object was written anew. */
async function decisions(replica: Replica, direction: Direction, keys: readonly ResourceKey[], count: DeleteCount): Promise<ReadonlyMap<ResourceKey, HeldDelete>> {
  const found = new Map<ResourceKey, HeldDelete>();
  if (!mayHold(replica, count)) return found;
  await forEachKey(keys, async (key) => {
    const held = await heldDelete(replica, direction, key);
    if (held !== undefined && !(direction === 'down' && held.state === 'rejected')) found.set(key, held);
  });
  return found;
}

async function countFresh(replica: Replica, direction: Direction, settings: MassDeleteSettings, count: DeleteCount, fresh: readonly ResourceKey[]): Promise<DeleteCount> {
  const nowMs = replica.clock.nowMs();
  const total = count.recent.length + fresh.length;
  let { objects } = count;
  // Few are never too many, and counting all objects reads them all.
  const isFew = total <= settings.threshold;
  if (!isFew && (objects === undefined || Math.abs(nowMs - objects.atMs) >= settings.windowMs)) {
    // As many as there were before. On the way down the rows are deleted already, the cluster's objects are not.
    const gone = count.recent.filter(({ isHeld }) => !isHeld).length + (direction === 'down' ? fresh.length : 0);
    objects = { count: (await countObjects(replica)) + gone, atMs: nowMs };
  }
  const isOver = !isFew && total > deletesAllowed(settings, objects?.count ?? 0);
  const hold = isOver && fresh.length > 0 ? (count.hold ?? newHold(replica, direction)) : count.hold;
  return { ...count, objects, hold, recent: countOn(count.recent, fresh.map(countedId), nowMs, isOver) };
}

const newHold = ({ random }: Replica, direction: Direction): string => `${direction}-${Buffer.from(random.bytes(HOLD_ID_BYTES)).toString('hex')}`;

/** The objects that the member's cluster shows, or is to show. */
async function countObjects(replica: Replica): Promise<number> {
  const filter = filterInForce(await loadSettings(replica));
  let count = 0;
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.list(after, COUNT_PAGE);
    for (const [key, row] of page.rows) if (hasLiveSibling(row) && passesFilter(filter, splitKey(key))) count += 1;
    after = page.next;
  } while (after !== undefined);
  return count;
}

const documentOf = (direction: Direction): string => `mass-delete/${direction}`;

async function readCount(replica: Replica, direction: Direction): Promise<StoredCount> {
  const document = await replica.store.document(documentOf(direction));
  const none: StoredCount = { recent: [], objects: undefined, hold: undefined, ruledUntilMs: 0, revision: 'absent' };
  if (document === undefined) return none;
  const value = isObject(document.value) ? (document.value as unknown as Omit<Partial<DeleteCount>, 'recent'> & { readonly recent?: readonly (readonly [string, number, number])[] }) : {};
  return { ...none, ...value, recent: (value.recent ?? []).map(([id, atMs, isHeld]) => ({ id, atMs, isHeld: isHeld === 1 })), revision: document.revision };
}

function putCount(replica: Replica, direction: Direction, { recent, objects, hold, ruledUntilMs }: DeleteCount, condition: number | 'absent'): Promise<'ok' | 'stale'> {
  const value: Json = { recent: recent.map(({ id, atMs, isHeld }) => [id, atMs, isHeld ? 1 : 0]), ruledUntilMs, ...(objects !== undefined && { objects }), ...(hold !== undefined && { hold }) };
  return replica.store.putDocument(documentOf(direction), value, condition);
}
