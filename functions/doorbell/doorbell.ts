import type { ClockRow } from '../../shared/model/clock-row.ts';
import { isNewer } from '../../shared/model/clock-row.ts';
import type { Member } from '../../shared/model/ids.ts';
import { counterOf } from '../../shared/model/version-vector.ts';
import type { Item } from '../../shared/adapters/dynamodb/api-types.ts';
import { ledgerChangeOf } from '../../shared/adapters/dynamodb/dynamo-ledger.ts';
import type { LedgerChange } from '../../shared/ports/ledger.ts';
import { joinDelete } from '../../shared/replica/ledger-deletes.ts';
import { seenOf } from '../../shared/replica/position.ts';
import { noteLeavers } from '../../shared/replica/shared-settings.ts';
import { pullFrom } from '../../shared/replica/sync.ts';
import { eachPeer } from '../region/each-peer.ts';
import { invoke } from '../region/invocation.ts';
import type { BatchAnswer, LambdaHandler } from '../region/lambda.ts';
import type { OpenRegion } from '../region/open-region.ts';

/** The push of the same commit is under way as well; a pull for what it is bringing would do all the work twice. */
const GRACE_MS = 250;
const PEERS_AT_ONCE = 8;

/** A batch of the ledger's stream, as far as it is read. */
export interface StreamEvent { readonly Records: readonly { readonly dynamodb?: { readonly SequenceNumber?: string; readonly NewImage?: Item } }[] }

/** What a batch says: deletes in order, and of each member's clock rows the latest. */
interface Rung { readonly deletes: readonly { readonly sequenceNumber: string; readonly change: Extract<LedgerChange, { kind: 'delete' }> }[]; readonly clocks: ReadonlyMap<Member, ClockRow> }

/**
 * Follows the ledger's stream: joins deletes, pulls from a member whose clock moved when its push has not brought that by then, and notes who
 * has left.
 * Records may come repeated, merged and in any order. The first one that cannot be read or joined is told; Lambda sends the batch
 * again from there on, in halves, and gives it up to the dead letters in the end.
 */
export const doorbellHandler = (region: OpenRegion): LambdaHandler<StreamEvent, BatchAnswer> => async ({ Records }, context) => {
  const { failedAt } = await invoke(region, context, undefined, async (signal) => {
    const { rung, unreadable } = readRecords(region, Records);
    const { joined, failed } = await joinDeletes(region, rung);
    if ([...rung.clocks.values()].some(({ state }) => state === 'left')) await noteLeavers(region.replica);
    const pulled = await pullMissing(region, rung.clocks, signal);
    const failedAt = failed ?? unreadable;
    return { failedAt, counts: { deletesJoined: joined, pullFailures: pulled, recordsRefused: failedAt === undefined ? 0 : 1 } };
  });
  return { batchItemFailures: failedAt === undefined ? [] : [{ itemIdentifier: failedAt }] };
};

/** Reads up to the first record that is none of ours. */
function readRecords({ environment, logger }: OpenRegion, records: StreamEvent['Records']): { readonly rung: Rung; readonly unreadable: string | undefined } {
  const deletes: { sequenceNumber: string; change: Extract<LedgerChange, { kind: 'delete' }> }[] = [];
  const clocks = new Map<Member, ClockRow>();
  for (const { dynamodb } of records) {
    const sequenceNumber = dynamodb?.SequenceNumber ?? '';
    let change: LedgerChange | undefined;
    try {
      change = ledgerChangeOf(dynamodb?.NewImage);
    } catch (error) {
      logger.error('record-not-read', { sequenceNumber, reason: error instanceof Error ? error.message : String(error) });
      return { rung: { deletes, clocks }, unreadable: sequenceNumber };
    }
    if (change?.kind === 'delete') deletes.push({ sequenceNumber, change });
    else if (change !== undefined && change.clock.member !== environment.member) noteClock(clocks, change.clock);
  }
  return { rung: { deletes, clocks }, unreadable: undefined };
}

function noteClock(clocks: Map<Member, ClockRow>, clock: ClockRow): void {
  const known = clocks.get(clock.member);
  if (known === undefined || isNewer(clock, known)) clocks.set(clock.member, clock);
}

async function joinDeletes({ replica, logger }: OpenRegion, { deletes }: Rung): Promise<{ readonly joined: number; readonly failed: string | undefined }> {
  let joined = 0;
  for (const { sequenceNumber, change } of deletes) {
    try {
      // One that is deferred or refused is not at fault for being sent again; the schedule joins it once its member is known.
      if (await joinDelete(replica, change.delete) === 'applied') joined += 1;
    } catch (error) {
      logger.error('delete-not-joined', { sequenceNumber, member: change.delete.member, reason: error instanceof Error ? error.message : String(error) });
      return { joined, failed: sequenceNumber };
    }
  }
  return { joined, failed: undefined };
}

/** @returns how many pulls failed; the schedule makes up for them */
async function pullMissing(region: OpenRegion, clocks: Rung['clocks'], signal: AbortSignal): Promise<number> {
  const { replica } = region;
  if (clocks.size === 0 || (await missing(region, clocks)).size === 0) return 0;
  await replica.clock.sleep(GRACE_MS, signal);
  const behind = await missing(region, clocks);
  const outcomes = await eachPeer(region, PEERS_AT_ONCE, (peer) => pullFrom(replica, peer, signal), (member) => behind.has(member));
  return outcomes.filter(({ outcome }) => outcome === 'failed').length;
}

/** The members whose clock row says more than was seen here. */
async function missing({ replica }: OpenRegion, clocks: Rung['clocks']): Promise<ReadonlySet<Member>> {
  const seen = seenOf(await replica.store.state());
  return new Set([...clocks].filter(([, { incarnation, head }]) => counterOf(seen, incarnation) < head).map(([member]) => member));
}
