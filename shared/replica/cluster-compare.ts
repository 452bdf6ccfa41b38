import { passesFilter } from '../model/federated-part.ts';
import type { ResourceKey } from '../model/ids.ts';
import { DIRECTIONS } from '../model/mass-delete.ts';
import type { Direction } from '../model/mass-delete.ts';
import { splitKey } from '../model/resource-key.ts';
import type { HeldRow } from '../model/row.ts';
import { MAX_PAGE_BYTES } from '../ports/peer.ts';
import type { BridgeCompareRequest, BridgeCompareResponse, ListedObject, Target } from '../ports/region.ts';
import { dropException, isApplied, shownOf } from './bridge-record.ts';
import { dropHeld } from './holds.ts';
import { isHolding } from './mass-delete.ts';
import { callingCluster, startNewLife } from './cluster-identity.ts';
import type { CallingCluster } from './cluster-identity.ts';
import { isEditedBack, isNewerVersion, tokenOf } from './observe.ts';
import { noteOwnObjects } from './own-objects.ts';
import { answerBytes, travellingPart } from './pages.ts';
import { filterInForce } from './policy.ts';
import type { Replica } from './replica.ts';
import { loadSettings } from './settings.ts';
import { targetFor } from './targets.ts';
import { withoutWithheld } from './withhold.ts';

/** Rows read for one stretch of a comparison. */
const ROWS_PER_STRETCH = 500;

/**
 * Compares a complete stretch of a cluster's objects, in key order, with the rows of this region: the bridge's resynchronization.
 * Objects are named by hash; only those that differ from what was shown need to be sent.
 */
export async function compareObjects(replica: Replica, request: BridgeCompareRequest): Promise<BridgeCompareResponse> {
  let facts = await callingCluster(replica, request);
  const recorded = facts.record.listResourceVersion;
  if (recorded !== undefined && isNewerVersion(recorded, request.listResourceVersion)) facts = await startNewLife(replica, facts);
  const filter = filterInForce(await loadSettings(replica));
  const { rows, readTo } = await stretchOfRows(replica, request);
  const objects = new Map(request.objects.filter(({ key }) => (readTo === undefined || key <= readTo) && passesFilter(filter, splitKey(key))).map((object) => [object.key, object]));

  const send: ResourceKey[] = [];
  const apply: Target[] = [];
  for (const object of objects.values()) {
    const verdict = await compareObject(replica, object, rows.get(object.key), facts);
    if (verdict === 'send') send.push(object.key);
    else if (verdict !== 'same') apply.push(verdict);
  }
  for (const [key, row] of rows) {
    if (objects.has(key) || !passesFilter(filter, splitKey(key))) continue;
    const target = await targetFor(replica, key, row, facts.record.clusterId, facts);
    const wasDeleted = target.before.kind === 'live' && isApplied(row, facts, key);
    if (wasDeleted) send.push(key);
    else if (target.show.kind === 'live' || target.before.kind === 'live') apply.push(target);
  }
  await noteOwnObjects(replica, facts, [...objects.values()], rows);
  const unsettled = new Set([...send, ...apply.map(({ key }) => key)]);
  // What the cluster does not have it cannot lose.
  const isHere = ({ key }: Target): boolean => objects.has(key);
  const shown = [...(await withoutWithheld(replica, facts, apply.filter(isHere))), ...apply.filter((target) => !isHere(target))];
  const holding: readonly Direction[] = facts.exceptions.size === 0 ? [] : await holdingDirections(replica);
  for (const key of facts.exceptions.keys()) {
    const isInStretch = (request.after === undefined || key > request.after) && (readTo ?? request.upTo ?? key) >= key;
    // A bridge that died may have left it; the object shows what it should.
    if (!isInStretch || unsettled.has(key)) continue;
    for (const direction of holding) await dropHeld(replica, direction, key);
    await dropException(replica, key);
  }
  return { send, apply: shown, readTo };
}

async function holdingDirections(replica: Replica): Promise<readonly Direction[]> {
  const found: Direction[] = [];
  for (const direction of DIRECTIONS) if (await isHolding(replica, direction)) found.push(direction);
  return found;
}

/** Rows after `after` up to `upTo`, as many as fit into an answer; `readTo` is undefined when these are all. */
async function stretchOfRows(replica: Replica, { after, upTo }: BridgeCompareRequest): Promise<{ rows: ReadonlyMap<ResourceKey, HeldRow>; readTo: ResourceKey | undefined }> {
  const page = await replica.store.list(after, ROWS_PER_STRETCH);
  const rows = new Map<ResourceKey, HeldRow>();
  let bytes = 0;
  let last: ResourceKey | undefined;
  for (const [key, row] of page.rows) {
    if (upTo !== undefined && key > upTo) return { rows, readTo: undefined };
    bytes += answerBytes({ kind: 'row', row: travellingPart(row) });
    if (bytes > MAX_PAGE_BYTES && last !== undefined) return { rows, readTo: last };
    rows.set(key, row);
    last = key;
  }
  const isAll = page.next === undefined || (upTo !== undefined && last !== undefined && last >= upTo);
  return { rows, readTo: isAll ? undefined : last };
}

async function compareObject(replica: Replica, object: ListedObject, row: HeldRow | undefined, facts: CallingCluster): Promise<'same' | 'send' | Target> {
  const shown = await shownOf(replica, object.key, row, facts);
  if (row === undefined || shown?.hash !== object.hash) return 'send';
  if (isEditedBack(await tokenOf(replica, object, facts.record), object.hash, shown)) return 'send';
  const target = await targetFor(replica, object.key, row, facts.record.clusterId, facts);
  const isShown = target.show.kind === 'live' && target.show.hash === object.hash && target.show.token === object.token;
  return isShown ? 'same' : target;
}
