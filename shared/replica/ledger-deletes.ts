import { isObject } from '../model/content.ts';
import type { Incarnation } from '../model/ids.ts';
import { touchedKeys } from '../model/log.ts';
import type { HeldRow } from '../model/row.ts';
import { isDeleteOnly } from '../model/row.ts';
import { sameDot } from '../model/version-vector.ts';
import type { LedgerDelete } from '../ports/ledger.ts';
import { applyOffLog } from './apply.ts';
import { knownClocks, knownLogs } from './known-members.ts';
import { travellingPart } from './pages.ts';
import type { Replica } from './replica.ts';
import { DOCUMENTS } from './settings.ts';
import { reportMisbehaviour } from './trust.ts';

/** Segments of the own log looked through at a time. */
const OUTBOX_SEGMENTS = 50;

/**
 * Publishes deletes in the ledger, so that they travel even when an endpoint is down. Follows the own log, rather than standing in
 * the commit. Only a delete that is its row's only version: with others beside it, the row's context would cover what the writer
 * never saw (DESIGN §4).
 *
 * @returns how many were published
 */
export async function publishDeletes(replica: Replica): Promise<number> {
  const { clock } = await replica.store.state();
  if (clock?.state !== 'serving') return 0;
  let published = 0;
  for (;;) {
    const { position, revision } = await outboxPosition(replica, clock.incarnation);
    const segments = await replica.store.segments(clock.incarnation, position, OUTBOX_SEGMENTS);
    const last = segments.at(-1)?.last;
    if (last === undefined) return published;
    const keys = touchedKeys(segments);
    for (const [key, row] of await replica.store.rows(keys)) {
      const only = ownOnlyDelete(row, clock.incarnation);
      if (only === undefined) continue;
      await replica.ledger.putDelete({ member: replica.identity.member, key, dot: only.dot, row: travellingPart(row) });
      published += 1;
    }
    await replica.store.putDocument(DOCUMENTS.outbox, { incarnation: clock.incarnation, position: last }, revision);
  }
}

function ownOnlyDelete(row: HeldRow, incarnation: Incarnation): HeldRow['siblings'][number] | undefined {
  const [only, ...others] = row.siblings;
  return only !== undefined && others.length === 0 && only.body.kind === 'deleted' && only.dot.incarnation === incarnation ? only : undefined;
}

async function outboxPosition(replica: Replica, incarnation: Incarnation): Promise<{ position: number; revision: number | 'absent' }> {
  const document = await replica.store.document(DOCUMENTS.outbox);
  if (document === undefined) return { position: 0, revision: 'absent' };
  const { value, revision } = document;
  const isOfThisLife = isObject(value) && value['incarnation'] === incarnation && typeof value['position'] === 'number';
  return { position: isOfThisLife ? (value['position'] as number) : 0, revision };
}

/** Joins a delete that came by the ledger. One that is not its writer's own is refused. */
export async function joinDelete(replica: Replica, item: LedgerDelete): Promise<'applied' | 'deferred' | 'refused'> {
  if (item.member === replica.identity.member) return 'applied';
  const [only, ...others] = item.row.siblings;
  if (only === undefined || others.length > 0 || !isDeleteOnly(item.row) || !sameDot(only.dot, item.dot)) {
    await reportMisbehaviour(replica, item.member, `ledger item ${item.key} is not a single delete`);
    return 'refused';
  }
  const owner = knownLogs(await knownClocks(replica)).get(item.dot.incarnation)?.owner;
  if (owner === undefined) return 'deferred';
  if (owner !== item.member) {
    await reportMisbehaviour(replica, item.member, `ledger item ${item.key} carries a dot of ${owner}`);
    return 'refused';
  }
  const outcome = await applyOffLog(replica, [{ key: item.key, answer: { kind: 'row', row: item.row } }]);
  return outcome.kind === 'applied' ? 'applied' : 'deferred';
}

/** Joins whatever deletes stand in the ledger: the backstop of its stream. */
export async function joinAllDeletes(replica: Replica): Promise<number> {
  let joined = 0;
  for (const item of await replica.ledger.deletes()) if ((await joinDelete(replica, item)) === 'applied') joined += 1;
  return joined;
}

/** Takes own deletes out of the ledger once their row is gone or says something else. */
export async function dropLedgerDeletes(replica: Replica): Promise<number> {
  let dropped = 0;
  for (const item of await replica.ledger.deletes()) {
    if (item.member !== replica.identity.member) continue;
    const row = (await replica.store.rows([item.key])).get(item.key);
    if (row?.siblings.some(({ dot }) => sameDot(dot, item.dot)) === true) continue;
    await replica.ledger.dropDelete(item);
    dropped += 1;
  }
  return dropped;
}
