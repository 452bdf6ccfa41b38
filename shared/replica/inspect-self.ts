import type { ClockRow } from '../model/clock-row.ts';
import { isNewer } from '../model/clock-row.ts';
import { ReplicaError } from '../ports/errors.ts';
import type { Replica } from './replica.ts';

/** What a region finds when it looks at itself, before its first commit (DESIGN §4, "Lost state"). */
export type SelfInspection =
  | { readonly kind: 'serving' }
  | { readonly kind: 'new' }
  | { readonly kind: 'recovering' }
  /** It has left, and never writes again, whatever became of its table since. */
  | { readonly kind: 'left' }
  /** `own` is the clock row by which it was found, `prior` the newest that anybody knows. */
  | { readonly kind: 'lost'; readonly reason: string; readonly own: ClockRow | undefined; readonly prior: ClockRow };

/** Looks in a row of which each met another instance that began an incarnation. Each of these takes a whole recovery. */
const MAX_LOOKS = 3;

/**
 * Compares the table with the clock row, which lives in the ledger and may know more. Other instances commit meanwhile, so what looks
 * like a loss counts only where it is none by the clock row as it stands afterwards either.
 *
 * @throws ReplicaError `busy` where other instances began one incarnation after the other meanwhile
 */
export async function inspectSelf(replica: Replica): Promise<SelfInspection> {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const found = await inspectOnce(replica);
    if (found !== 'moved') return found;
  }
  throw new ReplicaError('busy', 'other instances of this region began new incarnations while this one looked whether state was lost; try again');
}

async function inspectOnce(replica: Replica): Promise<SelfInspection | 'moved'> {
  const { clock, tableId } = await replica.store.state();
  const elsewhere = await replica.ledger.myClockElsewhere();
  if (clock === undefined) {
    if (elsewhere === undefined) return { kind: 'new' };
    return (await clockNow(replica)) === undefined ? { kind: 'lost', reason: 'this region has no state, but the other members know its clock row', own: undefined, prior: elsewhere } : 'moved';
  }
  const ahead = laterElsewhere(elsewhere, clock);
  if (ahead === undefined && clock.state === 'left') return { kind: 'left' };
  if (ahead === undefined && clock.tableId !== tableId) return restored(clock);
  // Begun is begun: its table ends before its head until it is done.
  if (ahead === undefined && clock.state === 'recovering') return { kind: 'recovering' };
  const last = (await replica.store.newestSegment(clock.incarnation))?.last ?? 0;
  if (ahead === undefined && last === clock.head) return { kind: 'serving' };

  const own = await clockNow(replica);
  if (own?.incarnation !== clock.incarnation || own.state !== clock.state) return 'moved';
  const prior = laterElsewhere(elsewhere, own);
  if (prior !== undefined) return { kind: 'lost', reason: `the other members know head ${prior.head.toString()} of this region, its own table ${own.head.toString()}`, own, prior };
  if (own.tableId !== tableId) return restored(own);
  // The segment was read between the two, and commits may have come before and after it.
  if (last < clock.head || last > own.head) return { kind: 'lost', reason: `the newest segment ends at ${last.toString()}, the clock row at ${own.head.toString()}`, own, prior: own };
  return { kind: own.state };
}

/** What the others know, if it is a later write or life. That the region recovers may not have come to them yet. */
const laterElsewhere = (elsewhere: ClockRow | undefined, own: ClockRow): ClockRow | undefined =>
  (elsewhere !== undefined && isNewer(elsewhere, own.state === 'recovering' ? { ...own, state: 'serving' } : own) ? elsewhere : undefined);

const restored = (own: ClockRow): SelfInspection => ({ kind: 'lost', reason: 'the table is another than the clock row says: it was restored from a backup', own, prior: own });

const clockNow = async (replica: Replica): Promise<ClockRow | undefined> => (await replica.store.state()).clock;
