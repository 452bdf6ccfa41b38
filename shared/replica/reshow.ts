import { isObject } from '../model/content.ts';
import type { ResourceKey } from '../model/ids.ts';
import { splitKey } from '../model/resource-key.ts';
import type { HeldRow, Shown } from '../model/row.ts';
import type { Strategy } from '../model/view.ts';
import { ReplicaError } from '../ports/errors.ts';
import { STRATEGIES, viewHash, viewOf } from '../model/view.ts';
import { localSegment } from './apply.ts';
import type { ClusterFacts } from './bridge-record.ts';
import { contentIn, isPassed, readClusterFacts, view } from './bridge-record.ts';
import { loadContents } from './contents.ts';
import { held } from './local-part.ts';
import { moving } from './quiet.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS } from './settings.ts';

const PAGE = 100;

/** Notes, before another strategy is in force, that all conflicts are to be shown anew: a handler may die on the way. */
export const intendToReshow = async (replica: Replica, before: Strategy): Promise<void> => {
  await replica.store.putDocument(DOCUMENTS.reshow, { before }, undefined);
};

/** Does what was intended and not finished yet. */
export async function finishReshowing(replica: Replica): Promise<void> {
  const value = (await replica.store.document(DOCUMENTS.reshow))?.value;
  const before = isObject(value) ? STRATEGIES.find((strategy) => strategy === value['before']) : undefined;
  if (before === undefined) return;
  await reshowConflicts(replica, before);
  await replica.store.dropDocument(DOCUMENTS.reshow);
}

/**
 * After a change of strategy the rows are the same but what they present is not: each conflict is entered into the region's own log,
 * so that the cluster is shown its new view, and keeps beside it what the cluster has been shown until then.
 */
async function reshowConflicts(replica: Replica, before: Strategy): Promise<void> {
  const facts = await readClusterFacts(replica);
  let after: ResourceKey | undefined;
  do {
    const page = await replica.store.candidates('conflict', after, PAGE);
    for (const key of page.rows.keys()) await reshow(replica, key, before, facts);
    after = page.next;
  } while (after !== undefined);
  await replica.events.publish({ kind: 'RowsChanged' });
}

async function reshow(replica: Replica, key: ResourceKey, before: Strategy, facts: ClusterFacts): Promise<void> {
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const row = (await replica.store.rows([key])).get(key);
    const { local } = await replica.store.state();
    if (row === undefined || local === undefined) return;
    const nowMs = replica.clock.nowMs();
    const at = { log: local.log, counter: local.head + 1 };
    const shown = await shownUnder(replica, key, row, before, facts);
    const next = held(replica, row, row, { nowMs, shown: shown && (await withNewView(replica, key, row, shown)), offLog: at });
    if ((await moving(replica, () => replica.store.putOffLog({ puts: [{ key, next, if: row.local.revision }], segment: localSegment(at, key, nowMs), ifHead: local.head }))) === 'ok') return;
  }
}

/** The cluster may show the new view before it reports so, and the row may change meanwhile. */
async function withNewView(replica: Replica, key: ResourceKey, row: HeldRow, shown: Shown): Promise<Shown> {
  const hash = viewHash((await view(replica, key, row, { clusterId: shown.clusterId, shownHash: shown.hash ?? 'deleted' })).body);
  const reshown = shown.reshown ?? [];
  return hash === undefined || reshown.includes(hash) ? shown : { ...shown, reshown: [...reshown, hash] };
}

/**
 * Enters a row into the region's own log as it is, so that the cluster is told of it once more. For what the cluster was not shown
 * yet: what it holds is what the row keeps beside itself. Returns whether there is such a row.
 */
export async function showAnew(replica: Replica, key: ResourceKey): Promise<boolean> {
  for (let attempt = 0; attempt < replica.limits.writeAttempts; attempt += 1) {
    const row = (await replica.store.rows([key])).get(key);
    const { local } = await replica.store.state();
    if (row === undefined || local === undefined) return false;
    const nowMs = replica.clock.nowMs();
    const at = { log: local.log, counter: local.head + 1 };
    const next = held(replica, row, row, { nowMs, shown: row.local.shown, offLog: at });
    if ((await moving(replica, () => replica.store.putOffLog({ puts: [{ key, next, if: row.local.revision }], segment: localSegment(at, key, nowMs), ifHead: local.head }))) === 'ok') return true;
  }
  throw new ReplicaError('busy', `${key} kept changing; send it again`);
}

async function shownUnder(replica: Replica, key: ResourceKey, row: HeldRow, strategy: Strategy, facts: ClusterFacts): Promise<Shown | undefined> {
  const { record } = facts;
  if (record === undefined || !isPassed(row, facts, key)) return row.local.shown;
  const { body } = viewOf(splitKey(key).kind, row, strategy, { clusterId: record.clusterId, shownHash: row.local.shown?.hash }, await loadContents(replica, key, row));
  return { clusterId: record.clusterId, context: row.context, tokensCover: row.context, hash: viewHash(body), ...contentIn(body) };
}
