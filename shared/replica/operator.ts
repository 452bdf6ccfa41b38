import type { ResourceKey } from '../model/ids.ts';
import { splitKey } from '../model/resource-key.ts';
import type { HeldRow } from '../model/row.ts';
import { isConflict } from '../model/row.ts';
import type { DeadLetters } from '../ports/dead-letters.ts';
import { noDeadLetters } from '../ports/dead-letters.ts';
import type { HistoryEntry, Operator, ResourceInfo } from '../ports/operator.ts';
import { view } from './bridge-record.ts';
import { conflictOf, listConflicts, resolveConflict } from './conflicts.ts';
import { approveHold, rejectHold } from './decide-hold.ts';
import { deny, listDenied, undeny } from './deny-list.ts';
import { leave } from './leave.ts';
import type { OperatorExchange } from './operator-exchange.ts';
import { operatorExchangeOf } from './operator-exchange.ts';
import { applyManifest, deleteResource } from './operator-writes.ts';
import { seenOf } from './position.ts';
import type { Replica } from './replica.ts';
import { federationStatus } from './status.ts';
import type { VersionNames } from './versions.ts';
import { manifestText, versionInfo, versionNames } from './versions.ts';

/** Rows read to fill one page of a filtered list. */
const LIST_SCAN = 500;
const MAX_LIST_LIMIT = 500;
/** Log segments looked through for a resource's history, over all logs. */
const HISTORY_SEGMENTS = 5000;

/** What an operator asks of a region that it does by itself. */
export type OwnOperator = Omit<Operator, keyof OperatorExchange>;

/** A region as operators call it, but for what it does with its peers. @param deadLetters what its functions gave up, where there are functions */
export function ownOperatorOf(replica: Replica, deadLetters: DeadLetters = noDeadLetters): OwnOperator {
  return {
    status: () => federationStatus(replica),
    get: (key) => getResource(replica, key),
    list: (filter, after, limit) => listResources(replica, filter, after, Math.min(limit, MAX_LIST_LIMIT)),
    apply: (manifest, requestId) => applyManifest(replica, manifest, requestId),
    delete: (key, requestId) => deleteResource(replica, key, requestId),
    conflicts: (all) => listConflicts(replica, all),
    conflict: (key) => conflictOf(replica, key),
    resolve: (key, keep, requestId) => resolveConflict(replica, key, keep, requestId),
    history: (key) => historyOf(replica, key),
    approve: (hold) => approveHold(replica, hold),
    reject: (hold, reason, requestId) => rejectHold(replica, hold, reason, requestId),
    leave: (request) => leave(replica, request),
    denied: () => listDenied(replica),
    deny: (entry, reason) => deny(replica, entry, reason),
    undeny: (entry) => undeny(replica, entry),
    deadLetters: (source, signal) => deadLetters.list(source, signal),
    replayDeadLetters: (which, _requestId, signal) => deadLetters.replay(which, signal),
    discardDeadLetters: (ids, _requestId, signal) => deadLetters.discard(ids, signal),
  };
}

/** A region as operators call it, all of it: for programs whose size does not matter. */
export const operatorOf = (replica: Replica, deadLetters?: DeadLetters): Operator => ({ ...ownOperatorOf(replica, deadLetters), ...operatorExchangeOf(replica) });

async function getResource(replica: Replica, key: ResourceKey): Promise<ResourceInfo | undefined> {
  const row = (await replica.store.rows([key])).get(key);
  return row === undefined ? undefined : resourceInfo(replica, key, row, await versionNames(replica));
}

/** Undefined for a row that presents nothing. */
async function resourceInfo(replica: Replica, key: ResourceKey, row: HeldRow, names: VersionNames): Promise<ResourceInfo | undefined> {
  const { body, conflict } = await view(replica, key, row, { clusterId: undefined, shownHash: undefined });
  if (body.kind !== 'live' || body.content === undefined) return undefined;
  return {
    key,
    manifest: manifestText(key, body.content),
    hash: body.hash,
    versions: await Promise.all(row.siblings.map((sibling) => versionInfo(replica, key, sibling, names))),
    conflict: isConflict(row) ? conflict?.status : undefined,
  };
}

async function listResources(replica: Replica, filter: { kind: string | undefined; namespace: string | undefined }, from: ResourceKey | undefined, limit: number): Promise<{ resources: readonly ResourceInfo[]; next: ResourceKey | undefined }> {
  const names = await versionNames(replica);
  const resources: ResourceInfo[] = [];
  let after = from;
  for (;;) {
    const page = await replica.store.list(after, LIST_SCAN);
    for (const [key, row] of page.rows) {
      const { kind, namespace } = splitKey(key);
      if ((filter.kind !== undefined && filter.kind.toLowerCase() !== kind.toLowerCase()) || (filter.namespace !== undefined && filter.namespace !== namespace)) continue;
      const info = await resourceInfo(replica, key, row, names);
      if (info === undefined) continue;
      resources.push(info);
      if (resources.length >= limit) return { resources, next: key };
    }
    if (page.next === undefined) return { resources, next: undefined };
    after = page.next;
  }
}

/** What the logs still tell of a resource, oldest first: every write that touched it, with what became of it. */
async function historyOf(replica: Replica, key: ResourceKey): Promise<readonly HistoryEntry[]> {
  const names = await versionNames(replica);
  const row = (await replica.store.rows([key])).get(key);
  const entries: HistoryEntry[] = [];
  for (const log of seenOf(await replica.store.state()).keys()) {
    for (const segment of await replica.store.segments(log, 0, HISTORY_SEGMENTS)) {
      for (const { counter, key: touched } of segment.entries) {
        if (touched !== key) continue;
        const dot = { incarnation: segment.log as never, counter };
        const { version, member } = names.of(dot);
        const standing = row?.siblings.find((sibling) => sibling.dot.incarnation === segment.log && sibling.dot.counter === counter);
        const what = standing === undefined ? 'superseded' : standing.body.kind === 'deleted' ? 'deleted' : 'written';
        entries.push({ version, member: member ?? replica.identity.member, committedAtMs: segment.committedAtMs, what });
      }
    }
  }
  return entries.sort((a, b) => (a.committedAtMs ?? 0) - (b.committedAtMs ?? 0));
}
